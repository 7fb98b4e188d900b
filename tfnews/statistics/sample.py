"""Labels and probabilities: checked, called fake by one rule, and summed for every formula."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from tfnews.errors import DataError
from tfnews.records import Band

CALIBRATION_BINS = 15


def flagged(probabilities: Sequence[float] | float, threshold: float) -> np.ndarray:
    """Tell which rows are called fake: the one rule wherever a score meets a threshold.

    Both sides are compared as float32, in which models answer. 0.7 in float32 lies below the 0.7
    that its digits mean, so that a score read from a file would else pass where the one in memory
    does not.

    Args:
        probabilities: `(rows,)`, or one number: the probability of class 1, in [0, 1].
        threshold: A row is called fake at this probability or above, in [0, 1].

    Returns:
        bool, in the shape of `probabilities`.
    """
    return np.asarray(probabilities, np.float32) >= np.float32(threshold)


def unsure(probabilities: Sequence[float] | float, band: Band | None) -> np.ndarray:
    """Tell which rows no class is called for: the one rule, compared as `flagged` compares.

    Args:
        probabilities: `(rows,)`, or one number: the probability of class 1, in [0, 1].
        band: Both of its ends count; `None` where a class is always called.

    Returns:
        bool, in the shape of `probabilities`.
    """
    scores = np.asarray(probabilities, np.float32)
    if band is None:
        return np.zeros(scores.shape, bool)
    return (scores >= np.float32(band.low)) & (scores <= np.float32(band.high))


def checked(labels: Sequence[int], probabilities: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return labels `(rows,)` int8 and probabilities `(rows,)` float64, or say what is wrong.

    Args:
        labels: `(rows,)`, each 0 or 1.
        probabilities: `(rows,)`, the probability of class 1, in [0, 1].

    Raises:
        DataError: No rows, lengths that differ, a label not 0 or 1, a probability not in [0, 1].
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, np.float64)
    if labels.ndim != 1 or labels.shape != probabilities.shape or not len(labels):
        raise DataError(
            "Scores need one label and one probability a row, and at least one row. Received: "
            f"labels {labels.shape}, probabilities {probabilities.shape}. Check the split's file."
        )
    if not np.isin(labels, (0, 1)).all():
        odd = labels[~np.isin(labels, (0, 1))][0]
        raise DataError(f"A label must be 1 (fake) or 0 (real). Received: {odd}. Prepare the data.")
    inside = (probabilities >= 0) & (probabilities <= 1)
    if not inside.all():
        raise DataError(
            f"A probability must lie in [0, 1]. Received: {probabilities[~inside][0]}. A NaN means "
            "that training diverged: train again with a lower --learning-rate."
        )
    return labels.astype(np.int8), probabilities


def calibration_bin(probabilities: np.ndarray) -> np.ndarray:
    """Return each probability's equal-width bin, 0 to 14; a bin holds its lower edge.

    Args:
        probabilities: `(rows,)`, in [0, 1].

    Returns:
        int64 `(rows,)`.
    """
    bins = (np.asarray(probabilities, np.float64) * CALIBRATION_BINS).astype(np.int64)
    return np.minimum(bins, CALIBRATION_BINS - 1)


class Sample:
    """Labels and probabilities, summed by cluster so that a resample is a matrix product.

    Args:
        labels: `(rows,)`, each 0 or 1.
        probabilities: `(rows,)`, the probability of class 1, in [0, 1].
        threshold: A row is called fake at this probability or above.
        groups: `(rows,)`, each row's cluster; None: all rows are one.

    Raises:
        DataError: What `checked` refuses.
    """

    def __init__(
        self,
        labels: Sequence[int],
        probabilities: Sequence[float],
        threshold: float,
        groups: Sequence | None = None,
    ):
        self.labels, self.probabilities = checked(labels, probabilities)
        self.called = flagged(probabilities, threshold)
        groups = np.zeros(len(self.labels)) if groups is None else np.asarray(groups)
        self.codes = np.unique(groups, return_inverse=True)[1].reshape(-1)
        self.clusters = int(self.codes.max()) + 1

    def under(self, weights: np.ndarray) -> "Sums":
        """Return the sums under cluster weights `(resamples, clusters)`."""
        return Sums(self, weights)

    def whole(self) -> "Sums":
        """Return the sums of all rows, each once, as one resample."""
        return self.under(np.ones((1, self.clusters)))

    def clusters_with(self, label: int) -> int:
        """Return how many clusters hold a row of this label."""
        return len(np.unique(self.codes[self.labels == label]))

    @cached_property
    def counts(self) -> np.ndarray:
        """True real, false fake, false real and true fake rows, `(clusters, 4)`."""
        fake, called = self.labels == 1, self.called
        kinds = [~fake & ~called, ~fake & called, fake & ~called, fake & called]
        return np.stack([self._by_cluster(kind) for kind in kinds], axis=1)

    @cached_property
    def squares(self) -> np.ndarray:
        """Squared distances of probability and label, `(clusters,)`."""
        return self._by_cluster((self.probabilities - self.labels) ** 2)

    @cached_property
    def gaps(self) -> np.ndarray:
        """Sums of probability minus label in each calibration bin, `(clusters, bins)`."""
        cells = self.codes * CALIBRATION_BINS + calibration_bin(self.probabilities)
        apart = self.probabilities - self.labels
        gaps = np.bincount(cells, apart, self.clusters * CALIBRATION_BINS)
        return gaps.reshape(self.clusters, CALIBRATION_BINS)

    @cached_property
    def falling(self) -> np.ndarray:
        """Row numbers by falling probability, `(rows,)`."""
        return np.argsort(-self.probabilities, kind="stable")

    @cached_property
    def steps(self) -> np.ndarray:
        """Where in `falling` each of the distinct probabilities begins, `(steps,)`."""
        falling = self.probabilities[self.falling]
        return np.flatnonzero(np.r_[True, falling[1:] != falling[:-1]])

    def _by_cluster(self, column: np.ndarray) -> np.ndarray:
        return np.bincount(self.codes, column, self.clusters)


class Sums:
    """What the formulas of scores read: sums over a sample's rows, one of each a resample.

    Args:
        sample: The rows.
        weights: How often each cluster counts, `(resamples, clusters)`.

    Attributes:
        tn: Real texts called real, `(resamples,)`.
        fp: Real texts called fake, `(resamples,)`.
        fn: Fake texts called real, `(resamples,)`.
        tp: Fake texts called fake, `(resamples,)`.
        real: Real texts, `(resamples,)`.
        fake: Fake texts, `(resamples,)`.
        rows: All texts, `(resamples,)`.
    """

    def __init__(self, sample: Sample, weights: np.ndarray):
        self._sample, self._weights = sample, weights
        self.tn, self.fp, self.fn, self.tp = (weights @ sample.counts).T
        self.real, self.fake = self.tn + self.fp, self.fn + self.tp
        self.rows = self.real + self.fake

    @cached_property
    def squares(self) -> np.ndarray:
        """Squared distances of probability and label, `(resamples,)`."""
        return self._weights @ self._sample.squares

    @cached_property
    def gaps(self) -> np.ndarray:
        """Probability minus label in each calibration bin, `(resamples, bins)`."""
        return self._weights @ self._sample.gaps

    @cached_property
    def by_step(self) -> tuple[np.ndarray, np.ndarray]:
        """Real and fake texts at each distinct probability, falling: two `(resamples, steps)`."""
        sample = self._sample
        by_row = self._weights[:, sample.codes[sample.falling]]
        fake = np.add.reduceat(by_row * sample.labels[sample.falling], sample.steps, axis=1)
        return np.add.reduceat(by_row, sample.steps, axis=1) - fake, fake
