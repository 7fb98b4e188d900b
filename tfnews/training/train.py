"""Gradient training: Keras' own fit, over our batches and callbacks."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from sklearn.metrics import accuracy_score, f1_score, log_loss

from tfnews.data import pipeline
from tfnews.models import FAMILIES, NewsClassifier, fake_probability
from tfnews.runs import Run
from tfnews.training import callbacks, tensorboard
from tfnews.training.precision import loss_for, under_policy

_PREDICT_BATCH = 64


def train(
    classifier: NewsClassifier,
    family: str,
    run: Run,
    training: tuple,
    validation: tuple,
    options: dict,
    say: Callable[[str], None],
    bar: bool,
) -> None:
    """Train a classifier in place and leave it with the weights of its best epoch.

    Args:
        classifier: In float32; its values are replaced.
        family: Name of its family.
        run: Where history and logs go.
        training: Encoded texts and labels.
        validation: Encoded texts and labels.
        options: The resolved configuration.
        say: Prints a line.
        bar: Whether a progress bar may be drawn.
    """
    trainee = under_policy(classifier, options["precision"])
    model = trainee.logits_model()
    model.compile(
        optimizer=keras.optimizers.Adam(options["learning_rate"]),
        loss=loss_for(trainee),
        metrics=[keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)],
        jit_compile=False,  # XLA halves training speed on a CPU and compiles no ragged inputs
    )
    ids, labels = training
    steps = pipeline.batches_per_epoch(len(labels), options["batch_size"])
    model.fit(
        pipeline.training_batches(
            ids,
            labels,
            classifier.preprocessor,
            batch_size=options["batch_size"],
            epochs=options["epochs"],
            seed=options["seed"],
            padded=FAMILIES[family].PADDED,
        ),
        epochs=options["epochs"],
        steps_per_epoch=steps,
        verbose=0,
        shuffle=False,
        callbacks=[
            callbacks.Validate(validator(trainee, classifier.preprocessor, *validation)),
            callbacks.BestWeights(options["monitor"], options["patience"], options["min_delta"]),
            callbacks.Record(run),
            callbacks.Progress(steps, options["epochs"], say, bar),
            tensorboard.scalars(run.logs_dir),
        ],
    )
    if trainee is not classifier:
        classifier.set_weights(trainee.get_weights())


def validator(
    trainee: NewsClassifier,
    preprocessor: keras.layers.Layer,
    ids: tf.RaggedTensor,
    labels: np.ndarray,
) -> Callable[[], dict[str, float]]:
    """Return a function that scores a set of encoded texts with the weights of the moment.

    Its answer: loss (mean cross-entropy), accuracy, f1 of the fake class, weighted_f1.
    """
    model = trainee.probabilities_model()

    def score() -> dict[str, float]:
        outputs = pipeline.predict(model, ids, preprocessor, _PREDICT_BATCH)
        probabilities = fake_probability(outputs)
        predicted = probabilities >= trainee.threshold
        return {
            "loss": float(log_loss(labels, probabilities.astype("float64"), labels=[0, 1])),
            "accuracy": float(accuracy_score(labels, predicted)),
            "f1": float(f1_score(labels, predicted, zero_division=0)),
            "weighted_f1": float(f1_score(labels, predicted, average="weighted", zero_division=0)),
        }

    return score
