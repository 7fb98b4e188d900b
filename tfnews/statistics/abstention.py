"""Not calling a class where the classifier is unsure: a band of scores, and what it is worth."""

import math
from collections.abc import Sequence

import numpy as np

from tfnews.errors import DataError
from tfnews.records import Band
from tfnews.statistics.sample import flagged, unsure


def band(
    labels: Sequence[int],
    probabilities: Sequence[float],
    coverage: float,
    threshold: float,
    class_names: Sequence[str] = ("real", "fake"),
) -> Band | None:
    """Choose the scores at which no class is called, by split conformal prediction.

    Each class by itself (Vovk 2012, "Conditional validity of inductive conformal predictors"): of n
    of its texts the score of rank ceil((n + 1) * coverage), counted from its own end, is not
    passed by a new one with at least that probability, if it is drawn as they were. Ranks alone
    count, so that a rising map fitted on the same texts, and any threshold, leave it true.

    Args:
        labels: `(rows,)`, each 0 or 1.
        probabilities: `(rows,)`, of class 1, of texts that the classifier was not trained on.
        coverage: Share of each class's texts that are not to be called by the other's name.
        threshold: A row outside is called fake at this probability or above.
        class_names: Names of class 0 and class 1, for the message.

    Returns:
        The band; `None` where calling a class always is right often enough.

    Raises:
        DataError: Too few rows of a class to promise such a coverage.
    """
    labels, scores = np.asarray(labels), np.asarray(probabilities, np.float64)
    real, fake = scores[labels == 0], scores[labels == 1]
    high = passed_by_few(real, coverage, class_names[0])
    low = -passed_by_few(-fake, coverage, class_names[1])
    if low >= threshold > high:
        return None
    return Band(float(min(low, threshold)), float(max(high, threshold)), coverage)


def passed_by_few(scores: np.ndarray, coverage: float, class_name: str) -> float:
    """Return the score that a new text of the class passes with probability 1 - coverage at most.

    Args:
        scores: Of the class's texts, `(rows,)`.
        coverage: Above 0 and below 1.
        class_name: For the message.

    Raises:
        DataError: There are too few to say.
    """
    rank = math.ceil(round((len(scores) + 1) * coverage, 9))  # 10 * .9 is a little above 9
    if rank > len(scores):
        least = math.ceil(round(coverage / (1 - coverage), 9))
        raise DataError(
            f"A share of {coverage:g} can be promised from {least:,} validation texts of a class "
            f"on: of fewer, one might not be among so many. Received: {len(scores):,} texts "
            f"labelled {class_name}. Ask for a share of {_promised(len(scores))} or less."
        )
    return float(np.partition(scores, rank - 1)[rank - 1])


def _promised(count: int) -> str:
    return f"{math.floor(1000 * count / (count + 1)) / 1000:g}"


def outcome(
    labels: np.ndarray, probabilities: np.ndarray, threshold: float, chosen: Band | None
) -> dict:
    """Return what a band does on some rows.

    Args:
        labels: `(rows,)`, each 0 or 1.
        probabilities: `(rows,)`, of class 1.
        threshold: A row outside is called fake at this probability or above.
        chosen: The band; `None` where a class is always called.

    Returns:
        `unsure`, `wrong` and `covered`, as `records.Reliability` has them.
    """
    doubtful = unsure(probabilities, chosen)
    wrong = (flagged(probabilities, threshold) != (labels == 1)) & ~doubtful
    sides = (labels == 0, labels == 1)
    return {
        "unsure": float(doubtful.mean()),
        "wrong": None if doubtful.all() else float(wrong.sum() / (~doubtful).sum()),
        "covered": tuple(float(1 - wrong[of].mean()) if of.any() else None for of in sides),
    }


def risk_by_coverage(
    labels: np.ndarray, probabilities: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return which share is called wrongly if only the surest texts are called.

    Surest is farthest from the threshold, as a share of the way to 0 or to 1. Rows of one score
    are called together. Source: El-Yaniv & Wiener (2010), "On the Foundations of Noise-free
    Selective Classification".

    Args:
        labels: `(rows,)`, each 0 or 1.
        probabilities: `(rows,)`, of class 1.
        threshold: A row is called fake at this probability or above, in [0, 1].

    Returns:
        The share of texts that are called, rising to 1, and that of errors among them, `(points,)`.
    """
    called = flagged(probabilities, threshold)
    scores = np.asarray(probabilities, np.float64)
    room = np.maximum(np.where(called, 1 - threshold, threshold), 1e-12)
    sure = np.abs(scores - threshold) / room
    order = np.argsort(-sure, kind="stable")
    errors = np.cumsum(called[order] != (labels[order] == 1))
    count = np.arange(1, len(order) + 1)
    last = np.append(sure[order][1:] != sure[order][:-1], True)
    return count[last] / len(order), errors[last] / count[last]
