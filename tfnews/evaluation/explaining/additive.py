"""Influences that add up to the log odds: exact ones, and integrated gradients."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from tfnews.evaluation.explaining.reading import Reading
from tfnews.models import influence

if TYPE_CHECKING:
    from tfnews.models import NewsClassifier

EXACT_TOLERANCE = 1e-3  # log odds: what float32 loses
TOLERANCE = 0.01  # of the difference that gradients are to add up to, and of log odds at least

_STEPS = (32, 128, 512)  # along the path; more are taken until the sum is within the tolerance
_NUMBERS = 2**19  # of token vectors that gradients are taken of at once


@dataclass(frozen=True)
class Sums:
    """What adds up.

    Attributes:
        words: What each word contributes to the log odds, (words,).
        base: Log odds of the text without its words.
        log_odds: Those of the text.
        tolerance: The most that the sum may miss.
        calls: Texts that were scored.
    """

    words: np.ndarray
    base: float
    log_odds: float
    tolerance: float
    calls: int


def exact(classifier: "NewsClassifier", ids: tf.RaggedTensor, reading: Reading) -> Sums:
    """Add up what a linear model adds up: weight times feature.

    Args:
        classifier: One that explains "exact".
        ids: Those of the text, (1, tokens).
        reading: How it is read.
    """
    found = float(influence.log_odds(classifier, classifier.preprocessor.pack(ids))[0])
    tokens, base = classifier.contributions(ids)
    return Sums(reading.on_words(tokens), base, found, EXACT_TOLERANCE, 1)


def gradients(classifier: "NewsClassifier", ids: tf.RaggedTensor, reading: Reading) -> Sums:
    """Integrate the gradient along the straight path from empty token vectors to the text's.

    The integral is taken by Gauss and Legendre's rule.

    Args:
        classifier: One that explains "gradients".
        ids: Those of the text, (1, tokens).
        reading: How it is read.

    Source: Sundararajan et al. (2017), "Axiomatic Attribution for Deep Networks",
    arXiv:1703.01365.
    """
    inputs = classifier.preprocessor.pack(ids)
    vectors, blank = classifier.token_vectors(inputs)  # (1, ..., width)
    base, found = (float(classifier.from_vectors(inputs, one)[0]) for one in (blank, vectors))
    tolerance = TOLERANCE * max(abs(found - base), 1.0)
    calls = 2
    for steps in _STEPS:
        slopes = _integrated(classifier, inputs, blank, vectors, steps)
        contributions = tf.reduce_sum(slopes * (vectors - blank), axis=-1).numpy()
        calls += steps
        if abs(contributions.sum() - (found - base)) <= tolerance:
            break
    words = reading.on_words(reading.on_tokens(contributions))
    return Sums(words, base, found, tolerance, calls)


def _integrated(
    classifier: "NewsClassifier", inputs: dict, blank: tf.Tensor, vectors: tf.Tensor, steps: int
) -> tf.Tensor:
    """Return the mean gradient of the log odds along the path, in the shape of the vectors."""
    places, weights = np.polynomial.legendre.leggauss(steps)  # over -1 to 1
    size = max(1, min(steps, _NUMBERS // max(1, int(tf.size(vectors)))))
    total = tf.zeros_like(vectors)
    for start in range(0, steps, size):
        part = slice(start, start + size)
        shape = (-1, *[1] * (vectors.shape.rank - 1))
        shares = tf.constant((places[part] + 1) / 2, vectors.dtype, shape=(len(places[part]),))
        points = blank + tf.reshape(shares, shape) * (vectors - blank)
        with tf.GradientTape() as tape:
            tape.watch(points)
            odds = classifier.from_vectors(inputs, points)  # (steps of this part,)
            weighted = tf.tensordot(odds, tf.constant(weights[part] / 2, odds.dtype), 1)
        total += tf.reduce_sum(tape.gradient(weighted, points), axis=0, keepdims=True)
    return total
