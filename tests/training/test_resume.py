"""A fit that was broken off and resumed comes to what it would have come to."""

import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest

from tests import tiny
from tfnews.errors import DataError, FitInterruptedError, RunError, UsageError, WeightsError
from tfnews.evaluation.publish import read_predictions
from tfnews.models import load
from tfnews.models.embedding.module import build_module
from tfnews.runs import Run
from tfnews.training import fit as module
from tfnews.training import keeping, refit
from tfnews.training import train as training
from tfnews.training.checkpoints import SaveState
from tfnews.training.fit import fit
from tools import kill_and_resume

# 70 texts in batches of 16: five an epoch, the last one smaller. The head has dropout.
SWIVEL = {"arch": "swivel20", **tiny.SWIVEL, "batch_size": 16, "floor": False}
PATIENCE = {"epochs": 5, "assignments": ["min_delta=100.0", "patience=2"]}  # stops after three
KINDS = {
    "trainable": {},
    "frozen": {"trainable": False, "weights": "module"},
    "bfloat16": {"precision": "mixed_bfloat16"},
    "patience": PATIENCE,
    "balanced": {"class_weight": "balanced"},
    "steps": {"assignments": ["checkpoint_steps=2"]},
    "transformer": {
        "arch": "bert-tiny",
        "max_tokens": 24,
        "assignments": ["accumulate=2", "dropout=0.3", "hidden_dim=32"],
    },
}


class DiedError(Exception):
    """Stands for the end of a process that could save nothing."""


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("splits"))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    """Give the options of a kind of fit, with a module of weights where it starts from one."""
    vectors = np.random.default_rng(0).normal(size=(4, 20)).astype("float32")
    words = ["the", "a", "shocking", "board"]
    folder = tmp_path_factory.mktemp("module") / "module"
    build_module(words, vectors, folder, normalise="words")

    def of(kind):
        weights = {"weights": str(folder)} if "weights" in KINDS[kind] else {}
        return {**SWIVEL, **KINDS[kind], **weights}

    return of


@pytest.fixture
def begin(splits, root, options):
    def begin(name, kind="trainable", **changes):
        return fit(splits.path, name=name, root=root, **{**options(kind), **changes})

    return begin


@pytest.fixture
def resume(root):
    """Resume a run in a process whose random state is another; give it and what it said."""

    def resume(name):
        keras.utils.set_random_seed(99)
        said = []
        return fit(resume=name, root=root, floor=False, say=said.append), said

    return resume


@pytest.fixture
def broken_off(monkeypatch):
    """Run a fit that is interrupted, or dies, at the end of a given epoch's batch."""

    def broken_off(begin, name, epoch, batch, dies=False, **options):
        class Broken(SaveState):
            def on_train_batch_end(self, number, logs=None):
                if (self.epoch, self.offset + number) == (epoch, batch):
                    if dies:
                        raise DiedError
                    self.interrupted = True
                super().on_train_batch_end(number, logs)

        with monkeypatch.context() as patch:
            patch.setattr(training, "SaveState", Broken)
            with pytest.raises(DiedError if dies else FitInterruptedError):
                begin(name, **options)

    return broken_off


@pytest.fixture
def whole(begin, root):
    """Give the uninterrupted run of a kind, trained once for all tests."""

    def whole(kind):
        name = f"whole-{kind}"
        return Run.open(root / name) if (root / name).is_dir() else begin(name, kind)

    return whole


def assert_same(run, expected):
    """Compare weights, history, and the validation split's predictions."""
    assert run.config.state == expected.config.state == "complete"
    assert len(run.history()) == len(expected.history())
    found = kill_and_resume.differences(run, expected)
    assert found == pytest.approx(dict.fromkeys(found, 0.0), abs=1e-6)


# Equal to the uninterrupted fit


@pytest.mark.slow  # a process ended by a signal, below, shows one such break
def test_a_fit_may_be_broken_off_again_and_again(begin, broken_off, resume, whole, root):
    """In an epoch, at its last batch, at the next one's first, and where nothing is left."""
    broken_off(begin, "often", 0, 2)
    seconds = Run(root / "often").config.fit_seconds
    broken_off(resume, "often", 0, 4)
    broken_off(resume, "often", 1, 0)
    broken_off(resume, "often", 2, 4)
    run, said = resume("often")
    assert "Going on with epoch 4, batch 1 of 5" in said
    assert_same(run, whole("trainable"))
    assert run.config.fit_seconds > seconds  # those of all legs
    assert not run.checkpoints_dir.exists()


@pytest.mark.parametrize(
    "kind",
    ["bfloat16", *(pytest.param(one, marks=pytest.mark.slow) for one in ("frozen", "transformer"))],
)
def test_a_resumed_fit_equals_the_uninterrupted_one(begin, broken_off, resume, whole, kind):
    broken_off(begin, kind, 1, 1, kind=kind)
    run, said = resume(kind)
    assert "Going on with epoch 2, batch 3 of 5" in said
    assert_same(run, whole(kind))


@pytest.mark.parametrize(
    ("epoch", "batch", "said"),
    [
        (0, 0, "Going on with epoch 1, batch 1 of 5"),  # before anything was saved
        (1, 2, "Going on with epoch 2, batch 3 of 5"),
    ],
)
def test_a_fit_that_died_goes_on_from_its_newest_checkpoint(
    begin, broken_off, resume, whole, epoch, batch, said
):
    name = f"died-{epoch}-{batch}"
    broken_off(begin, name, epoch, batch, dies=True, kind="steps")
    run, lines = resume(name)
    assert said in lines
    assert_same(run, whole("trainable"))


def test_an_epoch_that_was_recorded_but_not_saved_is_trained_again(
    begin, resume, whole, monkeypatch
):
    """A process may die between the history's line and the checkpoint."""

    def die(checkpoint, epoch, logs=None):
        raise DiedError

    with monkeypatch.context() as patch:
        patch.setattr(SaveState, "on_epoch_end", die)
        with pytest.raises(DiedError):
            begin("recorded")
    run, _ = resume("recorded")
    assert_same(run, whole("trainable"))


def test_early_stopping_goes_on_where_it_was(begin, broken_off, resume, whole):
    """A patience that began again would train longer than the uninterrupted fit."""
    broken_off(begin, "patient", 1, 1, kind="patience")
    broken_off(resume, "patient", 2, 4)  # nothing is left to train, though epochs are
    run, _ = resume("patient")
    assert len(run.history()) == 3
    assert_same(run, whole("patience"))


def test_a_run_of_a_version_that_knew_fewer_settings(copy, resume, whole):
    recipe = {name: value for name, value in copy.config.recipe.items() if name != "clip"}
    copy.update(recipe=recipe)
    run, _ = resume(copy.name)
    assert_same(run, whole("frozen"))


def test_a_model_that_is_solved_is_solved_again(splits, root, resume, monkeypatch):
    def die(*arguments):
        raise DiedError

    with monkeypatch.context() as patch:
        patch.setattr(keeping, "save", die)
        with pytest.raises(DiedError):
            fit(splits.path, name="solved", root=root, floor=False)
    run, _ = resume("solved")
    assert run.config.state == "complete"


# Training once more on train and validation


def test_a_fit_from_a_run_is_resumed_where_it_was_trained_once_more(
    begin, resume, whole, splits, root, monkeypatch
):
    """It starts from the parent again, and ends as a fit does that nobody interrupted."""

    def interrupted(*arguments):
        raise KeyboardInterrupt

    parent = whole("trainable")
    settings = {"arch": None, "weights": None, "from_run": parent.path, "refit": True}
    with monkeypatch.context() as patch:
        patch.setattr(refit, "train_for", interrupted)
        with pytest.raises(FitInterruptedError, match=r"Go on with: tfnews fit --resume child$"):
            begin("child", **settings)
    assert Run(root / "child").config.refit_epochs is None
    run, said = resume("child")
    assert [one.run for one in run.config.lineage] == [parent.name]
    epochs = run.config.refit_epochs
    assert any(f"of train and validation for {epochs} epoch" in line for line in said)
    texts = splits.frame("validation")["combined_text"].tolist()
    judged = read_predictions(run, "validation")
    assert np.abs(load(run.path).probabilities(texts) - judged).max() > 1e-3
    elder = begin("elder", **settings)
    assert elder.config.refit_epochs == epochs > 0
    assert_same(run, elder)


# What is refused


@pytest.mark.parametrize(
    "given",
    [
        {"epochs": 9},
        {"seed": 0},
        {"trainable": True},
        {"refit": True},
        {"from_run": "x"},
        {"config": "x.toml"},
    ],
)
def test_nothing_may_be_changed_on_the_way(root, given):
    name = next(iter(given)).removesuffix("_run")
    with pytest.raises(UsageError, match=f"the run was started with; .*Received besides: {name}"):
        fit(resume="mine", root=root, **given)


def test_a_run_that_is_not_there(root, resume):
    with pytest.raises(RunError, match="No run 'nowhere'"):
        resume("nowhere")


def test_a_complete_run(whole, resume):
    run = whole("trainable")
    before = run.config_path.read_bytes()
    with pytest.raises(RunError, match="is complete: there is nothing to resume"):
        resume(run.name)
    assert run.config_path.read_bytes() == before


@pytest.fixture(scope="module")
def stopped(splits, root, options):
    """Give a run that died before its first batch ended."""

    def die(checkpoint, batch, logs=None):
        raise DiedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SaveState, "on_train_batch_end", die)
        with pytest.raises(DiedError):
            fit(splits.path, name="stopped", root=root, **options("frozen"))
    return root / "stopped"


@pytest.fixture
def copy(stopped, root, request):
    """Give a copy of it under the name of the test."""
    return Run(shutil.copytree(stopped, root / request.node.name))


def test_a_run_that_another_process_completed_meanwhile(copy, resume, monkeypatch):
    build = module.again

    def complete_meanwhile(run, splits, **options):
        Run(run.path).update(state="complete")
        return build(run, splits, **options)

    monkeypatch.setattr(module, "again", complete_meanwhile)
    with pytest.raises(RunError, match="is complete"):
        resume(copy.name)


def test_splits_that_changed(copy, splits, resume, tmp_path):
    changed = shutil.copytree(splits.path, tmp_path / "changed")
    (changed / "manifest.json").unlink()  # which would tell the same of its own files
    lines = (changed / "train.csv").read_text().splitlines(keepends=True)
    (changed / "train.csv").write_text("".join(lines[:-1]))
    copy.update(splits=replace(copy.config.splits, path=str(changed)))
    with pytest.raises(DataError, match=f"The train split in .* is not the one {copy.name} was"):
        resume(copy.name)
    shutil.rmtree(changed)
    with pytest.raises(DataError, match="no longer at"):
        resume(copy.name)


def test_weights_that_changed(copy, resume, tmp_path):
    changed = tmp_path / "changed"
    build_module(["the", "a", "board"], np.eye(3, dtype="float32"), changed, normalise="words")
    copy.update(recipe={**copy.config.recipe, "weights": str(changed)})
    with pytest.raises(WeightsError, match=f"What {copy.name} started from has changed since"):
        resume(copy.name)


def test_a_second_fit_of_the_same_name(copy, begin):
    before = sorted(copy.path.rglob("*"))
    with pytest.raises(RunError, match=f"A run named '{copy.name}' exists"):
        begin(copy.name)
    assert sorted(copy.path.rglob("*")) == before


HOLD = """
import sys, filelock
with filelock.FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_that_another_process_is_training(copy, resume):
    command = [sys.executable, "-c", HOLD, str(copy.path / ".lock")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(RunError, match="Another process is training"):
            resume(copy.name)
        other.kill()
        other.wait()
    with copy.lock():  # the system has freed the lock of the process that died
        pass


# Real processes, killed


def torn(splits, folder, moments):
    """Return a run ended at each moment, one left in peace, and the ends of all processes."""
    ends = kill_and_resume.campaign(splits.path, folder, moments)
    return Run(folder / "ended" / "mine"), Run(folder / "in-peace" / "mine"), ends


@pytest.mark.slow  # the campaign of faults interrupts a fit too
def test_a_process_interrupted_comes_to_the_same(splits, tmp_path):
    moments = [(np.random.default_rng(7).integers(70, 110), signal.SIGTERM)]  # of 180 steps
    run, expected, (interrupted, completed, _) = torn(splits, tmp_path, moments)
    assert interrupted[0] == 130
    assert interrupted[2].splitlines()[-1].startswith("Error: Interrupted in epoch ")
    assert interrupted[2].endswith("Go on with: tfnews fit --resume mine\n")
    assert completed[0] == 0
    assert "Going on with epoch " in completed[1]
    assert completed[1].endswith("Next: tfnews evaluate mine\n")
    assert_same(run, expected)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_a_process_killed_five_times_comes_to_the_same(splits, tmp_path, seed):
    steps = np.sort(np.random.default_rng(seed).choice(np.arange(3, 150), 5, replace=False))
    moments = [(step, signal.SIGKILL) for step in steps]
    run, expected, ends = torn(splits, tmp_path, moments)
    assert [code for code, *_ in ends] == [-signal.SIGKILL] * 5 + [0, 0]
    assert_same(run, expected)
