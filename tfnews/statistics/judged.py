"""One model on one set of texts: scores with their intervals."""

from collections.abc import Sequence

import numpy as np

from tfnews.records import Judged
from tfnews.statistics import intervals, metrics


def judge(
    labels: np.ndarray,
    probabilities: np.ndarray,
    clusters: np.ndarray,
    threshold: float,
    class_names: Sequence[str] = ("real", "fake"),
) -> Judged:
    """Score probabilities against labels, with 95 % intervals over clusters.

    Args:
        labels: `(rows,)`, each 0 or 1.
        probabilities: `(rows,)`, the probability of class 1, in [0, 1].
        clusters: `(rows,)`, each row's cluster of near-copies.
        threshold: A row is called fake at this probability or above, in [0, 1].
        class_names: Names of class 0 and class 1.

    Raises:
        DataError: What `sample.checked` refuses.
    """
    return Judged(
        metrics.scores(labels, probabilities, threshold, class_names),
        intervals.bootstrap(labels, probabilities, clusters, threshold=threshold),
    )
