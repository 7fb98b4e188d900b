"""Whether two models differ on the same texts: tests of pairs, and their correction for many."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest

LEVEL = 0.05  # below which a corrected p value shows a difference


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p value of McNemar's test, exact by the binomial distribution.

    It asks whether two models are right equally often, and takes every text for independent of the
    others: where copies form clusters it is too sure. Source: McNemar (1947), Psychometrika 12(2).

    Args:
        only_first: Texts that the first model alone calls right.
        only_second: Texts that the second alone calls right.

    Returns:
        In [0, 1]; 1 where they differ on no text.

    Example:
        >>> round(mcnemar(1, 9), 4)
        0.0215
    """
    apart = only_first + only_second
    return float(binomtest(only_first, apart, 0.5).pvalue) if apart else 1.0


def right_alone(labels: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[int, int]:
    """Count the texts that only the first model calls right, and only the second.

    Args:
        labels: `(rows,)`, each 0 or 1.
        first: What the first model calls fake, bool `(rows,)`.
        second: The same of the second.
    """
    first_right, second_right = first == (labels == 1), second == (labels == 1)
    return int((first_right & ~second_right).sum()), int((second_right & ~first_right).sum())


def bootstrap_p(differences: np.ndarray) -> float:
    """Return the two-sided p value of a difference by its paired bootstrap.

    Twice the share of resamples on the smaller side of 0, those at 0 counted on both, and one
    resample more on each, so that none is 0. Source: Efron & Tibshirani (1993), chapters 15 and 16.

    Args:
        differences: Of each resample, `(resamples,)`; NaN ones are left out.

    Returns:
        In (0, 1]; 1 where no resample has a difference.
    """
    known = differences[~np.isnan(differences)]
    if not len(known):
        return 1.0
    smaller = min((known <= 0).sum(), (known >= 0).sum())
    return min(1.0, float(2 * (smaller + 1) / (len(known) + 1)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct the p values of several tests: the chance of any false finding stays below a level.

    Source: Holm (1979), Scandinavian Journal of Statistics 6(2).

    Args:
        p_values: Each in [0, 1].

    Returns:
        In the same order, each in [0, 1] and none below the one it corrects.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    left = np.arange(len(order), 0, -1)
    stepped = np.maximum.accumulate(np.asarray(p_values, float)[order] * left)
    corrected = np.empty(len(order))
    corrected[order] = np.minimum(1.0, stepped)
    return corrected.tolist()
