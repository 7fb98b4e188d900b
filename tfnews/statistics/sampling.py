"""Which articles of a feed to label: strata by score, and how many to draw of each."""

from collections.abc import Sequence

import numpy as np

from tfnews.statistics.sample import flagged

LEAST = 2  # articles of a stratum that are drawn, where it has so many
_FEWEST = 5  # articles that make a stratum
_PER_STRATUM = 5  # labels that a stratum should get, on average
_STRATA_BELOW = 4  # under the threshold, where the feed's highest scores are above it


def strata(
    scores: Sequence[float], threshold: float, labels: int, share: float
) -> list[np.ndarray]:
    """Sort articles into strata of like scores: above and below a threshold, each halved again.

    Of the articles on either side the upper half is parted from the lower one, then that half's
    upper half, and so on: few articles make a stratum where a high threshold may be looked for, and
    right below the one in use. Articles of one score are never parted.

    Args:
        scores: `(articles,)`, in [0, 1]; at least one.
        threshold: An article is flagged at this score or above.
        labels: Articles that are to be labelled.
        share: Of real articles that may be flagged; the highest stratum holds no more than about
            half of it of the whole feed.

    Returns:
        Row numbers of each stratum, from the highest scores down; none is empty, and each is
        flagged whole or not at all.
    """
    scores = np.asarray(scores, np.float32)
    falling = np.argsort(-scores, kind="stable")
    above = int(flagged(scores, threshold).sum())
    most = max(2, labels // _PER_STRATUM)
    fine = max(_FEWEST, share * len(scores) / 2)
    if not above:
        sides = [(falling, fine, most)]
    else:
        below = min(_STRATA_BELOW, most // 2)
        sides = [(falling[:above], fine, most - below), (falling[above:], _FEWEST, below)]
    return [part for rows, least, count in sides for part in _halved(rows, scores, least, count)]


def _halved(rows: np.ndarray, scores: np.ndarray, least: float, most: int) -> list[np.ndarray]:
    """Part rows of falling score at the half, the quarter and so on from their top."""
    cuts, size = [], len(rows)
    while len(cuts) + 1 < most and size // 2 >= least:
        size //= 2
        cuts.append(size)
    falling = scores[rows]
    # Up to the next change of score: none is parted, and the share stays below what was asked.
    moved = {int(np.searchsorted(-falling, -falling[cut], side="left")) for cut in cuts}
    return [part for part in np.split(rows, sorted(moved)) if len(part)]


def flagged_strata(parts: Sequence[np.ndarray], scores: Sequence[float], threshold: float) -> int:
    """Return how many strata, from the first, are flagged at the threshold they were made for."""
    scores = np.asarray(scores)
    return sum(bool(flagged(scores[part[0]], threshold)) for part in parts)


def allocate(sizes: Sequence[int], flagged: int, labels: int) -> np.ndarray:
    """Share labels out among strata by the square roots of their sizes (Bankier 1988).

    "Power allocations: determining sample sizes for subnational areas", The American Statistician
    42(3): between shares alike for all, which serve each stratum, and shares by size, which serve
    the whole. But the flagged strata together, and the others together, get a third or more, as far
    as they have articles.

    Args:
        sizes: Articles of each stratum, `(strata,)`, each at least 1.
        flagged: How many strata, from the first, are flagged.
        labels: To share out; no more than there are articles.

    Returns:
        int64 `(strata,)`, which sums to `labels`; at least 2 of each stratum, or all it has, where
        `labels` allows.
    """
    sizes = np.asarray(sizes, np.int64)
    above, below = sizes[:flagged], sizes[flagged:]
    third = labels // 3
    given = int(np.clip(_by_roots(sizes, labels)[:flagged].sum(), third, labels - third))
    given = int(np.clip(given, labels - below.sum(), above.sum()))
    return np.concatenate([_by_roots(above, given), _by_roots(below, labels - given)])


def _by_roots(sizes: np.ndarray, labels: int) -> np.ndarray:
    given, roots = np.minimum(sizes, LEAST), np.sqrt(sizes)
    while given.sum() > labels:
        given[np.argmax(given)] -= 1
    for _ in range(labels - int(given.sum())):
        # Whoever is furthest behind is next, as seats are given to parties (Webster's divisors).
        behind = np.where(given < sizes, roots / (2 * given + 1), -1.0)
        given[np.argmax(behind)] += 1
    return given


def draw(parts: Sequence[np.ndarray], counts: Sequence[int], seed: int) -> list[np.ndarray]:
    """Draw rows of each stratum without replacement, each as likely as any other of its stratum.

    Args:
        parts: Row numbers of each stratum.
        counts: How many of each.
        seed: The same seed draws the same rows.

    Returns:
        The rows drawn of each stratum, ascending.
    """
    generator = np.random.default_rng(seed)
    return [
        np.sort(generator.choice(rows, count, replace=False))
        for rows, count in zip(parts, counts, strict=True)
    ]
