"""Shares of errors among few texts: their intervals, and whether one is more than another."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import fisher_exact, norm

LEVEL = 0.95


def effective(clusters: Sequence) -> float:
    """Return for how many independent texts some texts stand (Kish 1965, Survey Sampling).

    Texts of one cluster count as copies of each other: all in one cluster are one text.

    Args:
        clusters: Each text's cluster, `(texts,)`.
    """
    sizes = np.unique(np.asarray(clusters), return_counts=True)[1].astype(float)
    return float(sizes.sum() ** 2 / (sizes**2).sum()) if len(sizes) else 0.0


def wilson(rate: float, texts: float, level: float = LEVEL) -> tuple[float, float]:
    """Return the score interval of a share (Wilson 1927), in [0, 1].

    Unlike the bootstrap it shows doubt where there are few errors or none.

    Args:
        rate: The share, in [0, 1].
        texts: Independent ones that it rests on, above 0; need not be whole.
        level: Of confidence.
    """
    z = float(norm.ppf((1 + level) / 2))
    centre = rate + z * z / (2 * texts)
    half = z * math.sqrt(rate * (1 - rate) / texts + z * z / (4 * texts * texts))
    scale = 1 + z * z / texts
    # Rounding must not put the share itself outside.
    return min(rate, max(0.0, (centre - half) / scale)), max(
        rate, min(1.0, (centre + half) / scale)
    )


def chance_of_more(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Return how likely a first share this much above the second is where both are alike.

    Fisher's exact test (1935), one-sided: with few texts and many comparisons the normal
    approximation finds differences too often.

    Args:
        first: Share, and independent texts that it rests on.
        second: The same, of other texts.
    """
    counts = [[round(rate * texts), round((1 - rate) * texts)] for rate, texts in (first, second)]
    return float(fisher_exact(counts, "greater").pvalue)
