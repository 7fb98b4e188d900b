"""Pairs of alike MinHash signatures, found by locality-sensitive hashing on sorted arrays.

A signature is cut into bands, and rows that agree in a band are candidates (Leskovec, Rajaraman,
Ullman, Mining of Massive Datasets, chapter 3); each is then checked by its estimated Jaccard
similarity, whose standard error at 0.8 is 0.035.

What is held is a hash a row for each of a few bands at a time: rows that agree lie side by side
when it is sorted. Signatures themselves are read where they lie, some at a time. Hashes only
propose: what they find is checked, so that no collision of theirs is seen in the pairs.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from tfnews import progress

# Of the pairs exactly at the threshold, this share must become candidates.
_RECALL = 0.99
_ROWS_AT_ONCE = 8_192  # whose signatures are held together
_HASH_BYTES = 2**28  # of hashes held together; one band's are, however many they are


class Signatures(Protocol):
    """Signatures by row: an array, or a file that is read where it is asked."""

    shape: tuple[int, int]

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """Return those of some rows, int64 `(some,)`, as uint32 `(some, permutations)`."""


class Forest:
    """Which rows are joined, directly or through others.

    Args:
        count: Number of rows.
    """

    def __init__(self, count: int):
        self._above = np.arange(count)

    def roots(self, rows: np.ndarray) -> np.ndarray:
        """Return the least row that each of some rows is joined with, int64 `(some,)`."""
        found = self._above[rows]
        while not np.array_equal(higher := self._above[found], found):
            found = higher
        self._above[rows] = found
        return found

    def join(self, pairs: np.ndarray) -> None:
        """Join the rows of each pair, int64 `(pairs, 2)`."""
        while len(pairs):
            roots = self.roots(pairs)
            pairs = roots[roots[:, 0] != roots[:, 1]]
            # A root comes under a lesser one, so that there is no circle.
            np.minimum.at(self._above, pairs.max(axis=1), pairs.min(axis=1))


def alike(signatures: Signatures, rows: np.ndarray, threshold: float) -> np.ndarray:
    """Find pairs of rows whose signatures agree, as many as it takes to join all that do.

    Args:
        signatures: Those of all rows.
        rows: Rows to look among, int64 `(some,)`, ascending.
        threshold: Least share of equal values, in (0, 1].

    Returns:
        int64 `(pairs, 2)`. A pair may be missing whose rows are joined through others.
    """
    progress.stage("Looking for near-copies", "texts", len(rows))
    bands, width = bands_of(threshold, signatures.shape[1])
    # Equal signatures are looked at once, so that a text copied a thousand times costs a thousand
    # rows and not a million pairs.
    whole = next(_hashes(signatures, rows, [slice(None)]))
    same = _alike(signatures, rows[next(_candidates(whole, Forest(len(rows))))], 1)
    rows = np.setdiff1d(rows, same[:, 1], assume_unique=True)
    found, forest = [same], Forest(len(rows))
    cuts = [slice(band * width, (band + 1) * width) for band in range(bands)]
    for hashes in _hashes(signatures, rows, cuts):
        for candidates in _candidates(hashes, forest):
            similar = _alike(signatures, rows[candidates], threshold)
            forest.join(np.searchsorted(rows, similar))
            found.append(similar)
        progress.advance(len(rows) / bands)
    return np.concatenate(found)


def bands_of(threshold: float, permutations: int) -> tuple[int, int]:
    """Return the fewest bands, and their values, that find pairs at the threshold."""
    values = max(
        r
        for r in range(1, permutations // 2 + 1)
        if r == 1 or 1 - (1 - threshold**r) ** (permutations // r) >= _RECALL
    )
    return permutations // values, values


def _hashes(
    signatures: Signatures, rows: np.ndarray, cuts: Sequence[slice]
) -> Iterator[np.ndarray]:
    """Yield for each cut of the signatures its hashes, uint64 `(rows,)`; equal cuts have equal."""
    factors = np.random.default_rng(0).integers(2**64, size=signatures.shape[1], dtype=np.uint64)
    together = max(1, _HASH_BYTES // (8 * max(len(rows), 1)))
    for first in range(0, len(cuts), together):
        group = cuts[first : first + together]
        hashes = np.empty((len(group), len(rows)), np.uint64)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            block = signatures[rows[start : start + _ROWS_AT_ONCE]].astype(np.uint64)
            for number, cut in enumerate(group):
                hashes[number, start : start + len(block)] = block[:, cut] @ factors[cut]
        yield from hashes


def _candidates(hashes: np.ndarray, forest: Forest) -> Iterator[np.ndarray]:
    """Yield pairs of equal hash that are not joined yet, each int64 `(pairs, 2)`.

    Of each group of equal hash, the first is paired with all others, then the second, and so on
    until the group is joined by what was found meanwhile.
    """
    members, groups = _groups(hashes)
    while True:
        roots = forest.roots(members)
        starts = np.flatnonzero(np.diff(groups, prepend=-1))
        sizes = np.diff(starts, append=len(members))
        apart = roots != np.repeat(roots[starts], sizes)
        yield np.column_stack([np.repeat(members[starts], sizes)[apart], members[apart]])
        kept = np.repeat(np.logical_or.reduceat(apart, starts), sizes) if len(starts) else apart
        kept[starts] = False
        if not kept.any():
            return
        members, groups = members[kept], groups[kept]


def _groups(hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows whose hash another has too, group by group, and the number of their group."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    same = ordered[1:] == ordered[:-1]
    shared = np.zeros(len(order), bool)
    shared[:-1] |= same
    shared[1:] |= same
    members = order[shared]
    return members, np.cumsum(np.diff(hashes[members], prepend=0) != 0)


def _alike(signatures: Signatures, pairs: np.ndarray, threshold: float) -> np.ndarray:
    """Return those of some pairs whose signatures agree."""
    kept = np.zeros(len(pairs), bool)
    for start in range(0, len(pairs), _ROWS_AT_ONCE):
        block = slice(start, start + _ROWS_AT_ONCE)
        left, right = (signatures[rows] for rows in pairs[block].T)
        kept[block] = (left == right).mean(axis=1) >= threshold
    return pairs[kept]
