import json
import shutil
import signal
import threading

import keras
import numpy as np
import pytest

from tests import tiny
from tests.training import classifiers
from tfnews.errors import FitInterruptedError, RunError
from tfnews.runs import Run
from tfnews.training.callbacks import BestWeights
from tfnews.training.checkpoints import SaveState
from tfnews.training.optimizers import LazyAdam, SparseLossScaling

STEPS = 3  # batches in an epoch
HISTORY = "".join(json.dumps({"epoch": epoch, "loss": 0.5}) + "\n" for epoch in (1, 2, 3))


def prepared(run, every=0, optimizer=None, classifier=None):
    """Return a compiled model with dropout, and its checkpoint."""
    optimizer = optimizer or LazyAdam(0.01, global_clipnorm=1.0)
    metrics = [keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)]
    classifier = classifier or classifiers.hub(dropout=0.5)
    model = classifiers.compiled(classifier, optimizer, metrics=metrics)
    checkpoint = SaveState(run, BestWeights(run.checkpoints_dir, "val_loss", 2), STEPS, every)
    for callback in (checkpoint, checkpoint.best):
        callback.set_model(model)
    return model, checkpoint


def step(model, number):
    """Train one of the epoch's three batches."""
    every = list(classifiers.batches(classifiers.TEXTS, classifiers.LABELS, 2))
    model.train_on_batch(*every[number])


def state(model):
    """Return all that training changes."""
    return [*model.variables, *model.optimizer.variables]


def assert_equal(model, values):
    found = [variable.numpy() for variable in state(model)]
    for mine, theirs in zip(found, values, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def refuse(line):
    pytest.fail(f"said: {line}")


def kept(run):
    return sorted(path.name for path in run.checkpoints_dir.iterdir())


@pytest.fixture
def run(tmp_path):
    return Run.create(tiny.config("mine"), tmp_path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Give a run with checkpoints after batches 1 and 2 of epoch 2, and its model's values there.

    The best weights are those of the first epoch.
    """
    run = Run.create(tiny.config("trained"), tmp_path_factory.mktemp("runs"))
    model, checkpoint = prepared(run)
    checkpoint.best.on_epoch_end(0, {"val_loss": 0.5})
    values = []
    for batch in range(2):
        step(model, batch)
        checkpoint.save(1, batch + 1)
        values.append([variable.numpy() for variable in state(model)])
    return run, model, checkpoint, values


@pytest.fixture
def copy(trained, tmp_path):
    """Give a copy of that run, to be damaged."""
    return Run(shutil.copytree(trained[0].path, tmp_path / "copy"))


# Saving and loading


def test_every_variable_comes_back(trained):
    run, _, _, values = trained
    model, checkpoint = prepared(run)
    for variable in model.variables:
        variable.assign(variable * 0 + 3)
    assert checkpoint.restore(model, refuse) == (1, 2)
    assert_equal(model, values[1])
    paths = " ".join(variable.path for variable in state(model))
    for kind in ("embeddings", "seed_generator_state", "momentum", "velocity", "iteration"):
        assert kind in paths


def test_the_next_step_is_the_one_that_would_have_been(trained):
    """With the same dropout and the same moments, and the epoch's means going on."""
    run, old, _, values = trained
    model, checkpoint = prepared(run)
    checkpoint.restore(model, refuse)
    means = [value.copy() for value in checkpoint.restored_metrics]
    for one in (model, old):
        step(one, 2)
    checkpoint.on_train_batch_end(0)
    assert_equal(model, [variable.numpy() for variable in state(old)])
    for mean, mine, last in zip(means, model.metrics_variables, old.metrics_variables, strict=True):
        assert mine.numpy() == mean + last.numpy()  # train_on_batch sums one batch up
    assert means[1] == 2.0
    for variable, value in zip(state(old), values[1], strict=True):
        variable.assign(value)


def test_the_best_weights_and_the_patience_come_back(trained):
    run, _, before, _ = trained
    model, checkpoint = prepared(run)
    checkpoint.restore(model, refuse)
    assert checkpoint.best.state() == before.best.state() == {"best": -0.5, "best_epoch": 0}
    assert checkpoint.best.path == before.best.path
    assert not checkpoint.best.exhausted(2)
    assert checkpoint.best.exhausted(3)


def test_the_best_weights_are_put_back_after_a_resume(run):
    model, checkpoint = prepared(run)
    model.optimizer.build(model.trainable_variables)
    checkpoint.best.on_epoch_end(0, {"val_loss": 0.5})
    checkpoint.on_epoch_end(0)
    expected = [variable.numpy() for variable in model.trainable_variables]
    again, checkpoint = prepared(run)
    assert checkpoint.restore(again, refuse) == (1, 0)
    again.layers[-1].kernel.assign(again.layers[-1].kernel + 1)
    checkpoint.best.restore()
    for mine, theirs in zip(again.trainable_variables, expected, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs)


@pytest.mark.parametrize("missing", [False, True])
def test_without_the_best_weights_the_fit_goes_on_and_says_so(copy, missing):
    """All checkpoints may name one file of best weights; its loss must not cost every step."""
    best = copy.checkpoints_dir / "best-00000.npz"
    best.unlink() if missing else best.write_bytes(b"cut off")
    said = []
    model, checkpoint = prepared(copy)
    assert checkpoint.restore(model, said.append) == (1, 2)
    assert checkpoint.best.state() == BestWeights.NOTHING
    (line,) = said
    assert line.startswith(f"The best weights so far, {best}, cannot be read")
    checkpoint.best.on_epoch_end(1, {"val_loss": 0.7})
    assert checkpoint.best.best_epoch == 1


def test_what_a_fit_that_begins_again_leaves_is_its_own(copy):
    """Damaged files of later steps and epochs were taken for the newest and kept instead."""
    folder = copy.checkpoints_dir
    for path in folder.iterdir():
        path.write_bytes(b"cut off")
    (folder / "best-00007.npz").write_bytes(b"cut off")
    model, checkpoint = prepared(copy)
    assert checkpoint.restore(model, lambda line: None) == (0, 0)
    checkpoint.best.on_epoch_end(0, {"val_loss": 0.5})
    checkpoint.on_epoch_end(0)
    whole = [name for name in kept(copy) if not name.startswith("damaged-")]
    assert whole == ["best-00000.npz", "step-000000003.npz"]
    model, checkpoint = prepared(copy)
    assert checkpoint.restore(model, refuse) == (1, 0)
    checkpoint.best.restore()


def test_weights_of_the_two_checkpoints_best_epochs_are_kept(run):
    model, checkpoint = prepared(run)
    model.optimizer.build(model.trainable_variables)
    for epoch, loss in enumerate((0.5, 0.4, 0.3, 0.6)):
        checkpoint.best.on_epoch_end(epoch, {"val_loss": loss})
        checkpoint.on_epoch_end(epoch)
    assert kept(run)[:2] == ["best-00001.npz", "best-00002.npz"]
    (run.checkpoints_dir / "step-000000012.npz").unlink()
    (run.checkpoints_dir / "best-00003.npz").write_bytes(b"of an epoch that comes again")
    model, checkpoint = prepared(run)
    assert checkpoint.restore(model, refuse) == (3, 0)
    assert [name for name in kept(run) if name.startswith("best")] == [
        "best-00001.npz",
        "best-00002.npz",
    ]


def test_the_scale_of_the_loss_comes_back(run):
    model, checkpoint = prepared(run, optimizer=SparseLossScaling(LazyAdam(0.01)))
    model.optimizer.build(model.trainable_variables)
    model.optimizer.dynamic_scale.assign(64.0)
    checkpoint.save(0, 1)
    again, checkpoint = prepared(run, optimizer=SparseLossScaling(LazyAdam(0.01)))
    checkpoint.restore(again, refuse)
    assert float(again.optimizer.dynamic_scale) == 64.0
    assert_equal(again, [variable.numpy() for variable in state(model)])


def test_frozen_weights_are_not_saved(run):
    model, checkpoint = prepared(run, classifier=classifiers.hub(trainable=False))
    model.optimizer.build(model.trainable_variables)
    checkpoint.save(0, 1)
    with np.load(run.checkpoints_dir / "step-000000001.npz") as file:
        assert (classifiers.ROWS, 3) not in {file[name].shape for name in file.files}
    assert checkpoint.restore(model, refuse) == (0, 1)


def test_nothing_is_pickled(trained):
    run = trained[0]
    assert {name.rpartition(".")[2] for name in kept(run)} == {"npz"}
    for name in kept(run):
        with np.load(run.checkpoints_dir / name, allow_pickle=False) as file:
            assert not any(file[key].dtype.hasobject for key in file.files)


# Which files are kept and read


def test_the_two_newest_files_are_kept(run):
    model, checkpoint = prepared(run, every=1)
    model.optimizer.build(model.trainable_variables)
    for epoch in range(4):
        checkpoint.on_epoch_begin(epoch)
        for batch in range(STEPS):
            checkpoint.on_train_batch_end(batch)
        checkpoint.on_epoch_end(epoch)
    assert kept(run) == ["step-000000011.npz", "step-000000012.npz"]


@pytest.mark.parametrize(
    ("every", "offset", "saved"), [(0, 0, []), (1, 0, [1, 2]), (2, 0, [2]), (2, 1, [2]), (5, 0, [])]
)
def test_a_state_is_saved_every_n_steps_counted_from_the_epochs_start(run, every, offset, saved):
    _, checkpoint = prepared(run, every)
    found = []
    checkpoint.save = lambda epoch, batch: found.append(batch)
    checkpoint.offset = offset
    for batch in range(STEPS - offset):
        checkpoint.on_train_batch_end(batch)
    assert found == saved
    checkpoint.on_epoch_end(0)
    assert (found[-1], checkpoint.offset) == (0, 0)


def damage(path, how):
    """Spoil a checkpoint as a full disk, a power cut, or an attacker would."""
    whole = path.read_bytes()
    if how == "pickled":
        np.savez(path, state=np.array([{"epoch": 1}], dtype=object))
        return
    spoilt = {
        "empty": b"",
        "half": whole[: len(whole) // 2],
        "no end": whole[:-10],
        "zeros within": whole[:200] + bytes(200) + whole[400:],
        "another file": b"{}",
    }
    path.write_bytes(spoilt[how])


@pytest.mark.parametrize(
    "how", ["empty", "half", "no end", "zeros within", "another file", "pickled"]
)
def test_a_damaged_file_gives_way_to_the_one_before_it(trained, copy, how):
    newest = copy.checkpoints_dir / kept(copy)[-1]
    damage(newest, how)
    model, checkpoint = prepared(copy)
    said = []
    assert checkpoint.restore(model, said.append) == (1, 1)
    assert_equal(model, trained[3][0])
    (line,) = said
    assert line.startswith(f"The checkpoint {newest} cannot be read (")
    assert line.endswith(f"It is now damaged-{newest.name}.")
    assert newest.with_name(f"damaged-{newest.name}").exists()


def test_where_every_file_is_damaged_the_fit_begins_again(copy):
    for name in kept(copy):
        damage(copy.checkpoints_dir / name, "half")
    model, checkpoint = prepared(copy)
    said = []
    assert checkpoint.restore(model, said.append) == (0, 0)
    assert len(said) == 2


def test_what_a_fit_left_that_was_killed_as_it_wrote_is_removed(trained, copy):
    left = copy.checkpoints_dir / ".step-000000009.npz.k1lled"
    left.write_bytes(b"half")
    model, checkpoint = prepared(copy)
    assert checkpoint.restore(model, refuse) == (1, 2)
    assert not left.exists()


def test_the_history_is_cut_back_to_the_epochs_that_are_whole(copy):
    copy.history_path.write_text(HISTORY)
    model, checkpoint = prepared(copy)
    checkpoint.restore(model, refuse)
    assert copy.history_path.read_text() == HISTORY[: HISTORY.index("\n") + 1]


@pytest.mark.parametrize("text", [HISTORY, '{"epoch": 1, "lo'])
def test_without_a_checkpoint_the_fit_begins_again(run, text):
    """An epoch may have been recorded, wholly or in part, just before the fit was killed."""
    run.history_path.write_text(text)
    model, checkpoint = prepared(run)
    assert checkpoint.restore(model, refuse) == (0, 0)
    assert run.history() == []


@pytest.mark.parametrize(
    "other",
    [
        lambda: {"classifier": classifiers.hub(units=2)},
        lambda: {"classifier": classifiers.hub(trainable=False)},
        lambda: {"optimizer": keras.optimizers.SGD(0.1)},
    ],
    ids=["another head", "frozen", "another optimizer"],
)
def test_the_state_of_another_model_is_refused(copy, other):
    copy.history_path.write_text(HISTORY)
    model, checkpoint = prepared(copy, **other())
    before = [value.copy() for value in model.get_weights()]
    with pytest.raises(RunError, match=r"step-000000005\.npz does not fit the model that"):
        checkpoint.restore(model, refuse)
    for mine, theirs in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert copy.history_path.read_text() == HISTORY


# Ctrl-C


def test_an_interruption_is_answered_after_the_step(run):
    model, checkpoint = prepared(run)
    model.optimizer.build(model.trainable_variables)
    checkpoint.on_epoch_begin(1)
    checkpoint.on_train_batch_end(0)
    checkpoint.interrupted = True
    with pytest.raises(
        FitInterruptedError,
        match=r"Interrupted in epoch 2 after batch 2 of 3\. Go on with: tfnews fit --resume mine$",
    ) as raised:
        checkpoint.on_train_batch_end(1)
    assert raised.value.exit_code == 130
    assert kept(run) == ["step-000000005.npz"]


def test_an_interruption_at_an_epochs_last_batch_waits_for_its_end(run):
    """Resumed from before the validation, no batch would be left to train, and Keras fails."""
    model, checkpoint = prepared(run)
    model.optimizer.build(model.trainable_variables)
    checkpoint.interrupted = True
    checkpoint.on_train_batch_end(STEPS - 1)
    with pytest.raises(FitInterruptedError, match="in epoch 1 after batch 3 of 3"):
        checkpoint.on_epoch_end(0)
    again, checkpoint = prepared(run)
    assert checkpoint.restore(again, refuse) == (1, 0)


@pytest.fixture
def handler():
    """Set a handler of our own for Ctrl-C, and put the old one back."""

    def ours(number, frame):
        raise AssertionError("Ctrl-C went to the one before")

    before = signal.signal(signal.SIGINT, ours)
    yield ours
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_is_taken_over_while_training_and_given_back(run, handler):
    _, checkpoint = prepared(run)
    checkpoint.on_train_begin()
    signal.raise_signal(signal.SIGINT)
    assert checkpoint.interrupted
    with pytest.raises(KeyboardInterrupt):  # a second one is answered at once
        signal.raise_signal(signal.SIGINT)
    checkpoint.on_train_end()
    assert signal.getsignal(signal.SIGINT) is handler
    checkpoint.release()
    assert signal.getsignal(signal.SIGINT) is handler


def test_off_the_main_thread_ctrl_c_is_left_alone(run, handler):
    """Python sets signal handlers in the main thread only, and a fit may run in another."""
    _, checkpoint = prepared(run)
    failed = []

    def begin():
        try:
            checkpoint.on_train_begin()
            checkpoint.on_train_end()
        except ValueError as error:
            failed.append(error)

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join()
    assert failed == []
    assert signal.getsignal(signal.SIGINT) is handler


def test_weights_that_are_no_numbers_are_not_kept_within_an_epoch(run):
    model, checkpoint = prepared(run, every=1)
    checkpoint.on_epoch_begin(0)
    checkpoint.on_train_batch_end(0)
    before = kept(run)
    model.trainable_variables[0].assign(model.trainable_variables[0] * np.nan)
    with pytest.raises(RunError, match=r"In epoch 1 the model holds .* NaN or infinite"):
        checkpoint.on_train_batch_end(1)
    assert kept(run) == before != []
