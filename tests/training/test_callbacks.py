import contextlib
import io
import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import tiny
from tfnews.errors import RunError
from tfnews.progress import Display
from tfnews.runs import Run
from tfnews.training.callbacks import BestWeights, Progress, Record, Said, StopOnNaN, Validate

SCORES = {"loss": 0.5, "val_loss": 0.25, "val_f1": 0.75}


def play(callback, scores):
    """Play epochs in which the one weight is the epoch's number; return epochs played and model."""
    weight = keras.Variable(-1.0)
    model = SimpleNamespace(trainable_variables=[weight], stop_training=False)
    callback.set_model(model)
    for epoch, score in enumerate(scores):
        weight.assign(float(epoch))
        callback.on_epoch_end(epoch, {callback.monitor: score})
        if model.stop_training:
            return epoch + 1, model
    return len(scores), model


@pytest.mark.parametrize(
    ("monitor", "patience", "min_delta", "scores", "played", "best"),
    [
        ("val_loss", 2, 0.0, [3, 2, 1], 3, 2),
        ("val_loss", 2, 0.0, [3, 1, 2, 1, 0], 4, 1),
        ("val_loss", 2, 0.0, [3, 1, 2], 3, 1),  # the epochs run out before the patience does
        ("val_loss", 2, 0.0, [1, 2, 0, 2, 2, 2], 5, 2),
        ("val_loss", 1, 0.0, [1, 2, 0], 2, 0),
        ("val_loss", 1, 0.0, [1, 1, 0], 2, 0),
        ("val_loss", 0, 0.0, [1, 2, 3, 4, 5, 0, 6], 7, 5),
        ("val_f1", 2, 0.0, [0.1, 0.3, 0.2, 0.25], 4, 1),
        ("val_f1", 2, 0.0, [0.0, 0.0, 0.0], 3, 0),
        ("val_accuracy", 2, 0.0, [0.9, 0.8, 0.7], 3, 0),
        ("loss", 2, 0.0, [3, 2, 1], 3, 2),
        ("val_loss", 2, 0.5, [3, 2.75, 2.6, 0], 3, 0),
        ("val_loss", 2, 0.5, [3, 2.75, 2.25, 2.0], 4, 2),
        ("val_loss", 2, 0.0, [3], 1, 0),
    ],
)
def test_the_best_epochs_weights_come_back(
    monitor, patience, min_delta, scores, played, best, tmp_path
):
    callback = BestWeights(tmp_path, monitor, patience, min_delta)
    done, model = play(callback, scores)
    assert done == played
    callback.restore()
    assert float(model.trainable_variables[0]) == best
    assert callback.best_epoch == best


def test_nothing_is_restored_when_no_epoch_ended(tmp_path):
    callback = BestWeights(tmp_path, "val_loss", 2)
    _, model = play(callback, [])
    callback.restore()
    assert float(model.trainable_variables[0]) == -1.0
    assert not callback.exhausted(0)


def test_patience_goes_on_where_it_was(tmp_path):
    """Keras' EarlyStopping starts afresh when a fit is taken up again."""
    first = BestWeights(tmp_path, "val_loss", 2)
    play(first, [3, 1, 2])
    second = BestWeights(tmp_path, "val_loss", 2)
    second.load_state(json.loads(json.dumps(first.state())), pytest.fail)
    assert not second.exhausted(3)
    model = SimpleNamespace(trainable_variables=[keras.Variable(9.0)], stop_training=False)
    second.set_model(model)
    second.on_epoch_end(3, {"val_loss": 1.5})
    assert model.stop_training
    assert second.exhausted(4)
    second.restore()
    assert float(model.trainable_variables[0]) == 1.0


def test_validation_scores_join_the_epochs():
    logs = {"loss": 0.5}
    Validate(lambda: {"loss": 0.25, "f1": 0.75}).on_epoch_end(0, logs)
    assert logs == SCORES


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_the_fit(loss):
    callback = StopOnNaN({"learning_rate": 7.0, "precision": "mixed_float16"})
    callback.on_train_batch_end(0, {"loss": 0.5})
    with pytest.raises(RunError, match=r"became (nan|inf) at batch 3.* 7\.0 and precision mixed_f"):
        callback.on_train_batch_end(2, {"loss": loss})


def test_history_is_one_json_line_an_epoch(tmp_path):
    run = Run.create(tiny.config("first"), tmp_path)
    callback = Record(run)
    for epoch in range(3):
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {**SCORES, "loss": epoch})
        assert len(run.history()) == epoch + 1  # readable while the fit goes on
    assert [line["epoch"] for line in run.history()] == [1, 2, 3]
    for number, line in enumerate(run.history()):
        assert SCORES.items() - {("loss", 0.5)} <= line.items()
        assert line["loss"] == number
        assert line["seconds"] >= 0


def test_an_epoch_is_counted_and_then_one_plain_line():
    said, display = [], Display(io.StringIO(), clock=lambda: 0.0)
    callbacks = [Progress(steps=2, epochs=2), Said(epochs=2, say=said.append)]
    counted = []
    with display.open():
        for epoch in range(2):
            for callback in callbacks:
                callback.on_epoch_begin(epoch)
            counted.append(display.stage.line(3.0))
            for batch in range(2):
                for callback in callbacks:
                    callback.on_train_batch_end(batch)
                counted.append(display.stage.line(4.0))
            for callback in callbacks:
                callback.on_epoch_end(epoch, SCORES)
    assert counted[:3] == [
        "Epoch 1 of 2: preparing the first batches (3 s)",
        "Epoch 1 of 2: 1 of 2 batches, 0.25 batches/s, 4 s left",
        "Epoch 1 of 2: 2 of 2 batches, 0.25 batches/s, 0 s left",
    ]
    assert counted[3].startswith("Epoch 2 of 2: preparing")
    assert len(said) == 2
    assert said[1].startswith("epoch   2/2  loss 0.5000  val_loss 0.2500  val_f1 0.7500  ")


@pytest.mark.parametrize(
    ("monitor", "patience", "scores", "said"),
    [
        (
            "val_loss",
            2,
            [3, 1, 2, 1.5, 0],
            "Stopped after epoch 4 of 9: val_loss has not improved for 2 epochs (patience=2). "
            "Kept: the weights of epoch 2, the best, val_loss 1.0000",
        ),
        (
            "val_f1",
            0,
            [0.1, 0.3, 0.2],
            "Stopped after epoch 3: all 3 are done (epochs=3). "
            "Kept: the weights of epoch 2, the best, val_f1 0.3000",
        ),
    ],
)
def test_why_training_ended_is_said(monitor, patience, scores, said, tmp_path):
    callback = BestWeights(tmp_path, monitor, patience)
    done, _ = play(callback, scores)
    assert callback.why(done, 3 if patience == 0 else 9) == said


def test_a_fit_that_ended_before_its_first_epoch_says_so(tmp_path):
    assert BestWeights(tmp_path, "val_loss", 2).why(0, 9).startswith("No epoch ended")


def test_a_weight_that_is_no_number_ends_the_fit_at_the_epochs_end():
    """A ReLU makes 0 of NaN, so that the loss may stay finite."""
    weight = keras.Variable([0.0, 1.0], name="w")
    callback = StopOnNaN({"learning_rate": 7.0, "precision": "float32"})
    callback.set_model(SimpleNamespace(weights=[weight]))
    callback.on_epoch_end(0, SCORES)
    weight.assign([np.nan, 1.0])
    with pytest.raises(RunError, match=r"After epoch 2 the model holds 1 weights .* NaN"):
        callback.on_epoch_end(1, SCORES)


def relu(values):
    """Make 0 of NaN, as the ReLU of a compiled graph does."""
    return tf.where(values > 0, values, 0.0)


@pytest.mark.parametrize("guarded", [False, True])
def test_features_that_are_no_numbers_behind_a_relu(guarded):
    """Losses stay finite all along, so that such fits ended as complete; weights tell."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(4, activation=relu), keras.layers.Dense(1, activation="sigmoid")]
    model = keras.Sequential([keras.layers.Input((3,)), *layers])
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy", jit_compile=False)
    features = np.ones((8, 3), np.float32)
    features[2] = np.nan
    seen = []
    look = keras.callbacks.LambdaCallback(on_train_batch_end=lambda _, logs: seen.append(logs))
    how = {"callbacks": [look, *([StopOnNaN({})] if guarded else [])], "verbose": 0}
    stopped = pytest.raises(RunError, match=r"After epoch 1 the model holds \d+ weights .* NaN")
    with stopped if guarded else contextlib.nullcontext():
        model.fit(features, np.arange(8) % 2, batch_size=4, epochs=2, **how)
    assert np.isfinite([logs["loss"] for logs in seen]).all()
    assert np.isnan(model.get_weights()[0]).all()
    assert len(seen) == (2 if guarded else 4)
