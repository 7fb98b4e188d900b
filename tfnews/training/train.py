"""Gradient training: Keras' own fit, over our batches and callbacks."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from sklearn.metrics import accuracy_score, f1_score, log_loss

from tfnews import progress
from tfnews.errors import RunError
from tfnews.models import NewsClassifier
from tfnews.models.batches import batches_per_epoch, training_batches
from tfnews.models.precision import under_policy
from tfnews.runs import Run
from tfnews.statistics.sample import flagged
from tfnews.training import callbacks, devices, optimizers, tensorboard
from tfnews.training.accumulation import training_model
from tfnews.training.checkpoints import SaveState
from tfnews.training.losses import accuracy_for, loss_for
from tfnews.training.setup import Setup


class Encoded(NamedTuple):
    """Texts to train on or to score.

    Attributes:
        ids: (texts, tokens).
        labels: 1 = fake, (texts,).
        weights: What each weighs in the loss, (texts,); `None` where all weigh the same.
    """

    ids: tf.RaggedTensor
    labels: np.ndarray
    weights: np.ndarray | None


def train(
    setup: Setup,
    run: Run,
    training: Encoded,
    validation: Encoded,
    *,
    resume: bool,
    say: Callable[[str], None],
    after_epoch: Callable[[int, dict[str, float]], None] | None = None,
) -> int:
    """Train a classifier in place and leave it with the weights of its best epoch.

    Args:
        setup: Says how to train; its classifier's values are replaced.
        run: History, logs and checkpoints go there.
        training: Encoded texts.
        validation: Encoded texts.
        resume: Whether to go on from the run's newest checkpoint.
        say: Prints a line.
        after_epoch: Is told each epoch, counted from 0, and its scores; may raise to end it all.

    Returns:
        The best epoch, counted from 1.
    """
    options, classifier = setup.options, setup.classifier
    steps = batches_per_epoch(len(training.labels), options["batch_size"])
    for line in _notes(options, steps):
        say(line)
    trainee = _placed(setup)
    run.update(devices=devices.described(options["devices"]))
    rows = trainee.rows_in_use(training.ids)
    model = _compiled(trainee, options, steps * options["epochs"], rows)
    best = callbacks.BestWeights(
        run.checkpoints_dir, options["monitor"], options["patience"], options["min_delta"]
    )
    checkpoint = SaveState(run, best, steps, options["checkpoint_steps"])
    start = checkpoint.restore(model, say) if resume else (0, 0)
    if resume:
        say(f"Going on with epoch {start[0] + 1}, batch {start[1] + 1} of {steps}")
    after_each = [
        callbacks.StopOnNaN(options),
        callbacks.Progress(steps, options["epochs"]),
        callbacks.Validate(_validator(trainee, validation)),
        best,
        callbacks.Record(run),
        callbacks.Said(options["epochs"], say),
        tensorboard.scalars(run.logs_dir),
        checkpoint,
    ]
    if after_epoch is not None:
        after_each.append(keras.callbacks.LambdaCallback(on_epoch_end=after_epoch))
    best.set_model(model)
    try:
        for leg in _legs(start, options["epochs"], steps):
            if not best.exhausted(leg["initial_epoch"]):
                batches = _batches(training, setup, leg.pop("start"))
                model.fit(batches, verbose=0, shuffle=False, callbacks=after_each, **leg)
    finally:
        checkpoint.release()
    best.restore()
    say(best.why(len(run.history()), options["epochs"]))
    if trainee is not classifier:
        classifier.set_weights(trainee.get_weights())
    return 1 + (best.best_epoch or 0)


def _notes(options: dict, steps: int) -> Iterator[str]:
    """Yield what there is to say before a fit of so many steps an epoch."""
    if options["precision"] == "mixed_float16" and not tf.config.list_physical_devices("GPU"):
        yield (
            "A processor without a GPU computes float16 in software, many times slower than "
            "float32. Leave --precision out here"
        )
    if shared := devices.said(options["devices"], options["batch_size"]):
        yield shared
    if options["warmup_steps"] >= steps * options["epochs"]:
        yield (
            f"Warm-up takes {options['warmup_steps']} updates and the whole fit at most "
            f"{steps * options['epochs']}: the learning rate will not get to "
            f"{options['learning_rate']:g}. Lower it with --set warmup_steps=N"
        )


def train_for(setup: Setup, training: Encoded, epochs: int) -> None:
    """Train a classifier in place for a number of epochs, whatever becomes of it.

    Args:
        setup: Says how to train.
        training: Encoded texts.
        epochs: Passes over the texts.
    """
    options, classifier = setup.options, setup.classifier
    trainee = _placed(setup)
    steps = batches_per_epoch(len(training.labels), options["batch_size"])
    total = steps * options["epochs"]
    model = _compiled(trainee, options, total, trainee.rows_in_use(training.ids))
    batches = _batches(training, setup, (0, 0))
    model.fit(
        batches,
        epochs=epochs,
        steps_per_epoch=steps,
        verbose=0,
        shuffle=False,
        callbacks=[callbacks.StopOnNaN(options), callbacks.Progress(steps, epochs)],
    )
    if trainee is not classifier:
        classifier.set_weights(trainee.get_weights())


def _legs(start: tuple[int, int], epochs: int, steps: int) -> Iterator[dict]:
    """Yield the calls of Keras' fit: the rest of an epoch that was broken off, then whole ones."""
    epoch, batch = start
    if batch:
        rest = steps - batch
        yield {"start": start, "initial_epoch": epoch, "epochs": epoch + 1, "steps_per_epoch": rest}
        epoch += 1
    if epoch < epochs:
        yield {
            "start": (epoch, 0),
            "initial_epoch": epoch,
            "epochs": epochs,
            "steps_per_epoch": steps,
        }


def _batches(training: Encoded, setup: Setup, start: tuple[int, int]) -> tf.data.Dataset:
    options = setup.options
    return training_batches(
        training.ids,
        training.labels,
        setup.classifier.preprocessor,
        batch_size=options["batch_size"],
        epochs=options["epochs"],
        seed=options["seed"],
        padded=setup.family.padded,
        weights=training.weights,
        start=start,
    )


def _placed(setup: Setup) -> NewsClassifier:
    """Return the classifier in training: in its precision, on its devices."""
    asked = setup.options["devices"]
    with devices.scope(asked):
        precision, anew = setup.options["precision"], asked != devices.AUTO
        return under_policy(setup.classifier, precision, anew)


def _compiled(
    trainee: NewsClassifier, options: dict, total_steps: int, rows: dict[str, np.ndarray]
) -> keras.Model:
    """Return the model that is trained, with optimizer, loss and accuracy."""
    model = training_model(trainee, options["accumulate"], devices.strategy(options["devices"]))
    with devices.scope(options["devices"]):
        model.compile(
            optimizer=optimizers.make(options, model.trainable_variables, total_steps, rows),
            loss=loss_for(trainee),
            metrics=[accuracy_for(trainee)],
            jit_compile=False,  # XLA halves training speed on a CPU and compiles no ragged inputs
        )
        # Else the first step makes its variables, and is traced once more without making them.
        model.optimizer.build(model.trainable_variables)
    return model


def _validator(trainee: NewsClassifier, encoded: Encoded) -> Callable[[], dict[str, float]]:
    """Return a function that scores encoded texts with the weights of the moment.

    Its answer: loss (mean cross-entropy), accuracy, f1 of the fake class, weighted_f1.

    Args:
        trainee: In training.
        encoded: The texts, of which the loss alone is weighted.
    """
    ids, labels, weights = encoded

    def score() -> dict[str, float]:
        progress.stage("Scoring the validation split", "texts", len(labels))
        probabilities = trainee.probabilities(ids)
        _check_answers(probabilities)
        predicted = flagged(probabilities, trainee.threshold)
        return {
            "loss": float(
                log_loss(
                    labels, probabilities.astype("float64"), sample_weight=weights, labels=[0, 1]
                )
            ),
            "accuracy": float(accuracy_score(labels, predicted)),
            "f1": float(f1_score(labels, predicted, zero_division=0)),
            "weighted_f1": float(f1_score(labels, predicted, average="weighted", zero_division=0)),
        }

    return score


def _check_answers(probabilities: np.ndarray) -> None:
    wrong = np.count_nonzero(~np.isfinite(probabilities))
    if wrong:
        raise RunError(
            f"The model gives {wrong:,} of {len(probabilities):,} validation texts no number, but "
            "NaN. If it stands on a module used as it is, the module does: name another with "
            "--weights. Else train with a lower --learning-rate, or --precision float32."
        )
