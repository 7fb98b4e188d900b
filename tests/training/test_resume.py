"""A fit that was broken off and resumed comes to what it would have come to."""

import os
import shutil
import signal
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

from tests import tiny
from tfnews.errors import DataError, FitInterruptedError, RunError, UsageError, WeightsError
from tfnews.models import load
from tfnews.models.weights.module import build_module
from tfnews.runs import Run
from tfnews.training import fit as module
from tfnews.training import train as training
from tfnews.training.checkpoints import Checkpoint
from tfnews.training.fit import fit

# 70 texts in batches of 16: five an epoch, the last one smaller. The head has dropout.
SWIVEL = {"arch": "swivel20", **tiny.SWIVEL, "batch_size": 16, "floor": False}
PATIENCE = {"epochs": 5, "assignments": ["min_delta=100.0", "patience=2"]}  # stops after three
KINDS = {
    "trainable": {},
    "frozen": {"trainable": False, "weights": "module"},
    "bfloat16": {"precision": "mixed_bfloat16"},
    "float16": {"precision": "mixed_float16"},
    "patience": PATIENCE,
    "steps": {"assignments": ["checkpoint_steps=2"]},
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
        class Broken(Checkpoint):
            def on_train_batch_end(self, number, logs=None):
                if (self.epoch, self.offset + number) == (epoch, batch):
                    if dies:
                        raise DiedError
                    self.interrupted = True
                super().on_train_batch_end(number, logs)

        with monkeypatch.context() as patch:
            patch.setattr(training, "Checkpoint", Broken)
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
    assert run.config["state"] == expected.config["state"] == "complete"
    weights = (load(r.path).get_weights() for r in (run, expected))
    for mine, theirs in zip(*weights, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    histories = [pd.DataFrame(r.history()).drop(columns="seconds") for r in (run, expected)]
    pd.testing.assert_frame_equal(*histories, atol=1e-6, rtol=0)
    tables = [pd.read_csv(r.predictions_path("validation")) for r in (run, expected)]
    pd.testing.assert_frame_equal(*tables, atol=1e-6, rtol=0)


# Equal to the uninterrupted fit


@pytest.mark.parametrize(
    ("kind", "epoch", "batch", "said"),
    [
        ("trainable", 0, 4, "Going on with epoch 2, batch 1 of 5"),  # an epoch's last batch
        ("trainable", 2, 4, "Going on with epoch 4, batch 1 of 5"),  # nothing left to train
        ("frozen", 1, 1, "Going on with epoch 2, batch 3 of 5"),
        ("bfloat16", 0, 3, "Going on with epoch 1, batch 5 of 5"),
        ("float16", 2, 0, "Going on with epoch 3, batch 2 of 5"),
    ],
)
def test_a_resumed_fit_equals_the_uninterrupted_one(
    begin, broken_off, resume, whole, kind, epoch, batch, said
):
    name = f"{kind}-{epoch}-{batch}"
    broken_off(begin, name, epoch, batch, kind=kind)
    run, lines = resume(name)
    assert said in lines
    assert_same(run, whole(kind))
    assert not run.checkpoints_dir.exists()


def test_a_fit_may_be_broken_off_again_and_again(begin, broken_off, resume, whole, root):
    broken_off(begin, "often", 0, 2)
    seconds = Run(root / "often").config["fit_seconds"]
    broken_off(resume, "often", 1, 0)
    broken_off(resume, "often", 2, 3)
    run, said = resume("often")
    assert "Going on with epoch 3, batch 5 of 5" in said
    assert_same(run, whole("trainable"))
    assert run.config["fit_seconds"] > seconds  # of all legs


@pytest.mark.parametrize(
    ("epoch", "batch", "said"),
    [
        (0, 0, "Going on with epoch 1, batch 1 of 5"),  # before anything was saved
        (1, 2, "Going on with epoch 2, batch 3 of 5"),
        (1, 4, "Going on with epoch 2, batch 5 of 5"),
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
        patch.setattr(Checkpoint, "on_epoch_end", die)
        with pytest.raises(DiedError):
            begin("recorded")
    run, _ = resume("recorded")
    assert_same(run, whole("trainable"))


@pytest.mark.parametrize(("epoch", "batch"), [(1, 1), (2, 4)])
def test_early_stopping_goes_on_where_it_was(begin, broken_off, resume, whole, epoch, batch):
    """A patience that began again would train longer than the uninterrupted fit."""
    name = f"patience-{epoch}-{batch}"
    broken_off(begin, name, epoch, batch, kind="patience")
    run, _ = resume(name)
    assert len(run.history()) == 3
    assert_same(run, whole("patience"))


def test_a_model_that_is_solved_is_solved_again(splits, root, resume, monkeypatch):
    def die(*arguments):
        raise DiedError

    with monkeypatch.context() as patch:
        patch.setattr(module, "_save", die)
        with pytest.raises(DiedError):
            fit(splits.path, name="solved", root=root, floor=False)
    run, _ = resume("solved")
    assert run.config["state"] == "complete"


# What is refused


@pytest.mark.parametrize(
    "given",
    [{"epochs": 9}, {"seed": 0}, {"trainable": True}, {"from_run": "x"}, {"config": "x.toml"}],
)
def test_nothing_may_be_changed_on_the_way(root, given):
    name = next(iter(given)).removesuffix("_run")
    with pytest.raises(UsageError, match=f"the run was started with. Received besides: {name}"):
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


def test_a_run_that_another_process_completed_meanwhile(begin, broken_off, resume, monkeypatch):
    broken_off(begin, "raced", 0, 0)
    build = module.again

    def complete_meanwhile(run, splits):
        Run(run.path).update_config(state="complete")
        return build(run, splits)

    monkeypatch.setattr(module, "again", complete_meanwhile)
    with pytest.raises(RunError, match="is complete"):
        resume("raced")


@pytest.fixture
def copied(splits, tmp_path):
    """Give a copy of the splits that may be changed."""
    return shutil.copytree(splits.path, tmp_path / "copied")


def test_splits_that_changed(copied, root, broken_off, resume):
    def begin(name):
        return fit(copied, name=name, root=root, **SWIVEL)

    broken_off(begin, "changed-splits", 0, 0)
    lines = (copied / "train.csv").read_text().splitlines(keepends=True)
    (copied / "train.csv").write_text("".join(lines[:-1]))
    with pytest.raises(DataError, match="The train split in .* is not the one changed-splits was"):
        resume("changed-splits")
    shutil.rmtree(copied)
    with pytest.raises(DataError, match="no longer at"):
        resume("changed-splits")


def test_weights_that_changed(splits, root, broken_off, resume, tmp_path):
    folder = tmp_path / "module"
    vectors = np.eye(3, dtype="float32")
    build_module(["the", "a", "board"], vectors, folder, normalise="words")

    def begin(name):
        return fit(splits.path, name=name, root=root, **{**SWIVEL, "weights": str(folder)})

    broken_off(begin, "changed-weights", 0, 0)
    shutil.rmtree(folder)
    build_module(["the", "a", "board"], vectors * 2, folder, normalise="words")
    with pytest.raises(WeightsError, match="What changed-weights started from has changed since"):
        resume("changed-weights")


def test_a_second_fit_of_the_same_name(begin, broken_off, root):
    broken_off(begin, "taken", 0, 0)
    before = sorted((root / "taken").rglob("*"))
    with pytest.raises(RunError, match="A run named 'taken' exists"):
        begin("taken")
    assert sorted((root / "taken").rglob("*")) == before


HOLD = """
import sys, filelock
with filelock.FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_that_another_process_is_training(begin, broken_off, resume, whole, root):
    broken_off(begin, "locked", 0, 0)
    command = [sys.executable, "-c", HOLD, str(root / "locked" / ".lock")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(RunError, match="Another process is training"):
            resume("locked")
        other.kill()  # and the system frees the lock of a process that dies
        other.wait()
        run, _ = resume("locked")
    assert_same(run, whole("trainable"))


# Real processes, killed


def start(root, *arguments):
    """Start `tfnews fit` in a process of its own."""
    program = [sys.executable, "-c", "from tfnews.cli import run; run()", "fit", "--no-floor"]
    environment = {**os.environ, "TFNEWS_SAVED_MODELS": str(root)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*program, *arguments], env=environment, **pipes)


def end(process, folder, step, number):
    """Send a signal once a checkpoint of this step or a later one is there."""
    while max((p.name for p in folder.glob("checkpoints/step-*")), default="") < f"step-{step:09}":
        try:
            process.wait(timeout=0.01)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"ended before step {step}: {process.communicate()}")
    process.send_signal(number)
    return process.communicate()


def torn(root, splits, moments):
    """Train one fit in peace, and one that is ended at each moment: a step and a signal.

    Return both runs, and (exit code, standard output, standard error) of each process.
    """
    recipe = ["--data", str(splits.path), "--arch", "swivel20", "--weights", "none"]
    recipe += ["--batch-size", "4", "--epochs", "8", "--learning-rate", "0.003"]
    recipe += ["--set", "checkpoint_steps=3", "--set", "deterministic=true"]
    recipe += ["--set", "patience=0"]
    peaceful = start(root / "peace", *recipe, "--name", "mine")
    ends, arguments = [], [*recipe, "--name", "mine"]
    for step, number in moments:
        process = start(root / "war", *arguments)
        said = end(process, root / "war" / "mine", step, number)
        ends.append((process.returncode, *said))
        arguments = ["--resume", "mine"]
    for process in (start(root / "war", *arguments), peaceful):
        said = process.communicate()
        ends.append((process.returncode, *said))
    return Run(root / "war" / "mine"), Run(root / "peace" / "mine"), ends


def test_a_process_killed_and_one_interrupted_come_to_the_same(splits, tmp_path):
    random = np.random.default_rng(7)  # of 144 steps, 18 an epoch
    moments = [(random.integers(5, 50), signal.SIGKILL), (random.integers(70, 110), signal.SIGINT)]
    run, expected, (killed, interrupted, completed, _) = torn(tmp_path, splits, moments)
    assert killed[0] == -signal.SIGKILL
    assert interrupted[0] == 130
    assert "Going on with epoch " in interrupted[1]
    assert interrupted[2].startswith("Error: Interrupted in epoch ")
    assert interrupted[2].endswith("Go on with: tfnews fit --resume mine\n")
    assert completed[0] == 0
    assert completed[1].endswith("Next: tfnews evaluate mine\n")
    assert_same(run, expected)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_a_process_killed_five_times_comes_to_the_same(splits, tmp_path, seed):
    steps = np.sort(np.random.default_rng(seed).choice(np.arange(3, 125), 5, replace=False))
    moments = [(step, signal.SIGKILL) for step in steps]
    run, expected, ends = torn(tmp_path, splits, moments)
    assert [code for code, *_ in ends] == [-signal.SIGKILL] * 5 + [0, 0]
    assert_same(run, expected)
