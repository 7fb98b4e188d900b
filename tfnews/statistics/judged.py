"""One model on one set of texts: scores with their intervals."""

from collections.abc import Sequence

import numpy as np

from tfnews.records import Band, Bin, Calibration, Judged, Reliability
from tfnews.statistics import abstention, intervals, metrics
from tfnews.statistics.calibration import undone


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


def reliability(
    labels: np.ndarray,
    probabilities: np.ndarray,
    clusters: np.ndarray,
    threshold: float,
    calibration: Calibration,
    band: Band | None = None,
) -> Reliability:
    """Say what calibration changes on some rows, with 95 % intervals over clusters.

    Args:
        labels: `(rows,)`, each 0 or 1.
        probabilities: `(rows,)`, the calibrated probability of class 1, in [0, 1].
        clusters: `(rows,)`, each row's cluster of near-copies.
        threshold: A row outside the band is called fake at this probability or above.
        calibration: The map that was applied.
        band: Scores at which no class is called.
    """
    both = (undone(calibration, probabilities), np.asarray(probabilities, np.float64))
    before, after = (
        intervals.bootstrap(labels, scores, clusters, ["ece"])["ece"] for scores in both
    )
    found = intervals.paired_difference(labels, both[1], both[0], clusters, "ece")
    return Reliability(
        calibration=calibration,
        bins=_filled(metrics.reliability(labels, probabilities)),
        before=found["b"],
        before_interval=before and tuple(before),
        after=found["a"],
        after_interval=after and tuple(after),
        difference=found["difference"],
        interval=found["interval"] and tuple(found["interval"]),
        gain_shown=found["gain_shown"],
        band=band,
        **abstention.outcome(np.asarray(labels), np.asarray(probabilities), threshold, band),
    )


def _filled(bins: dict[str, np.ndarray]) -> tuple[Bin, ...]:
    rows = zip(*(bins[name].tolist() for name in bins), strict=True)
    return tuple(Bin(*row) for row in rows if row[0])
