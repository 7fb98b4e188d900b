"""How far two annotators agree beyond chance."""

from collections.abc import Sequence

import numpy as np

_RESAMPLES = 2000


def alpha(first: Sequence[int], second: Sequence[int]) -> float | None:
    """Return Krippendorff's alpha of two annotators' labels, nominal.

    1 is full agreement, 0 what labels given by lot would show, below 0 less than that
    (Krippendorff 2019, Content Analysis, 4th edition, chapter 12).

    Args:
        first: `(articles,)`, each 0 or 1.
        second: `(articles,)`, of the same articles.

    Returns:
        `None` where all labels are the same, which shows nothing, or there are none.
    """
    both = np.stack([np.asarray(first, np.int64), np.asarray(second, np.int64)])
    found = _alphas(both[0][None], both[1][None])[0]
    return None if np.isnan(found) else float(found)


def interval(
    first: Sequence[int], second: Sequence[int], seed: int = 0
) -> tuple[float, float] | None:
    """Return the 95 % interval of alpha, by drawing articles with replacement.

    Args:
        first: As `alpha` takes it.
        second: As `alpha` takes it.
        seed: The same seed draws the same articles.
    """
    first, second = np.asarray(first, np.int64), np.asarray(second, np.int64)
    if alpha(first, second) is None:
        return None
    rows = np.random.default_rng(seed).integers(len(first), size=(_RESAMPLES, len(first)))
    low, high = np.nanpercentile(_alphas(first[rows], second[rows]), [2.5, 97.5])
    return float(low), float(high)


def _alphas(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return alpha of each line of labels, `(lines, articles)` each."""
    values = 2 * first.shape[1]
    ones = (first + second).sum(axis=1)
    apart = (first != second).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Two disagreeing pairs an article apart, of n - 1 possible partners of each value.
        return 1 - (values - 1) * 2 * apart / (2 * ones * (values - ones))
