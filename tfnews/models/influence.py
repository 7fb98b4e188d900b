"""What explanations need of a classifier: log odds, and what token vectors add to them.

Log odds are what a probability is squashed from: 0 is a probability of one half, and each 0.69 more
doubles the odds of the fake class. What adds up in a model adds up there.
"""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from tfnews.models.classifier import NewsClassifier


def log_odds(classifier: "NewsClassifier", inputs: dict) -> tf.Tensor:
    """Return the log odds of the fake class of packed texts.

    Args:
        classifier: Any.
        inputs: What its preprocessor packs.

    Returns:
        float32 (batch,), calibration included: the sigmoid of each is the probability.
    """
    model = keras.Model(classifier.backbone.input, classifier.logits)
    return of_logits(classifier, model(inputs, training=False))


def of_logits(classifier: "NewsClassifier", logits: tf.Tensor) -> tf.Tensor:
    """Turn logits (batch, units) into log odds (batch,)."""
    logits = classifier.calibrated(logits)
    return logits[:, -1] - (0.0 if logits.shape[-1] == 1 else logits[:, 0])


def is_linear(classifier: "NewsClassifier") -> bool:
    """Tell whether log odds are linear in the features: one layer, and a line to calibrate it."""
    return not classifier.head["hidden"] and not classifier.calibration.knots


def line(classifier: "NewsClassifier") -> tuple[np.ndarray, float]:
    """Return what a head of one layer does: log odds are features times slopes, plus a constant.

    Returns:
        float64 slopes (width,) and the constant.
    """
    last, known = classifier.head_layers[-1], classifier.calibration
    kernel = np.asarray(last.kernel, np.float64) / known.temperature
    bias = np.asarray(last.bias, np.float64) / known.temperature
    if last.units == 1:
        return kernel[:, 0], float(bias[0]) + known.bias
    return kernel[:, 1] - kernel[:, 0], float(bias[1] - bias[0]) + known.bias


def from_vectors(
    classifier: "NewsClassifier", lookup: keras.layers.Layer, inputs: dict, vectors: tf.Tensor
) -> tf.Tensor:
    """Return the log odds of one text as they would be with other token vectors.

    Args:
        classifier: Any.
        lookup: Its layer from token ids to vectors.
        inputs: The packed text: a batch of one.
        vectors: (variants, ..., width), in the place of those of the text's token ids.

    Returns:
        float32 (variants,).
    """
    count = vectors.shape[0]
    variants = {name: tf.repeat(value, count, axis=0) for name, value in inputs.items()}
    with _answering(lookup, vectors):
        return log_odds(classifier, variants)


@contextlib.contextmanager
def _answering(lookup: keras.layers.Layer, vectors: tf.Tensor) -> Iterator[None]:
    """Let a layer answer with given vectors, for the length of a block and in this thread alone."""

    def given(ids: tf.Tensor, *args: object, **kwargs: object) -> tf.Tensor:
        shape = tf.concat([tf.shape(ids), [vectors.shape[-1]]], axis=0)  # windows may be folded
        return tf.cast(tf.reshape(vectors, shape), lookup.compute_dtype)

    lookup.__dict__["call"] = given  # past Keras, which would track it
    try:
        yield
    finally:
        del lookup.__dict__["call"]
