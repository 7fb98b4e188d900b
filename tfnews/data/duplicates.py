"""Exact and near duplicates: fingerprints of texts, and the clusters they form.

Two passes, so that the texts need not be held: `fingerprint` reads them chunk by chunk, the rest
works on fingerprints alone. All hashes are the same in every process.

`prepare`, the audit and `evaluate` share one rule, `clusters`: a near-copy of a near-copy is one
too.
"""

import itertools
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from datasketch import MinHash
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tfnews.data import banding
from tfnews.data.text import for_matching

SHINGLE_WORDS = 3
PERMUTATIONS = 128
NEAR = 0.8  # least Jaccard similarity of a text's shingles that makes a near-copy, by default

_SCHEME = "affine32"
# One batch of MinHash.update_batch holds PERMUTATIONS 4-byte values a shingle: 10 MB here,
# where a book given whole would ask for gigabytes.
_SHINGLES_A_BATCH = 20_000
_TEXTS_AT_ONCE = 5_000  # whose folded copies and shingles are held together
_WORD = re.compile(r"\w+")
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, made odd (Knuth, TAOCP 6.4)


class Fingerprints(NamedTuple):
    """What is kept of each text to find its copies.

    Attributes:
        keys: uint64 `(texts,)`; equal when the texts are, but for Unicode form, case and space.
        signatures: uint32 `(texts, PERMUTATIONS)` MinHash values of the word shingles.
        shingled: bool `(texts,)`; False for texts shorter than one shingle.
    """

    keys: np.ndarray
    signatures: np.ndarray
    shingled: np.ndarray

    def select(self, rows: np.ndarray) -> "Fingerprints":
        """Return the fingerprints of some rows, by index (some,) or mask (rows,)."""
        return Fingerprints(*(part[rows] for part in self))


def fingerprint(
    texts: Sequence[str], near: bool = True, told: Callable[[], None] | None = None
) -> Fingerprints:
    """Fingerprint texts.

    Args:
        texts: Combined texts, as read.
        near: Whether to compute signatures; without them only exact copies are found.
        told: Called after each text, if given.
    """
    starts = range(0, max(len(texts), 1), _TEXTS_AT_ONCE)
    return concatenate([_fingerprint(texts[at : at + _TEXTS_AT_ONCE], near, told) for at in starts])


def _fingerprint(texts: Sequence[str], near: bool, told: Callable[[], None] | None) -> Fingerprints:
    # A lone surrogate cannot be hashed as UTF-8.
    folded = [for_matching(text).encode("utf-8", "replace").decode("utf-8") for text in texts]
    keys = _hashes(folded)
    shingles = _shingles(folded) if near else [np.empty(0, np.uint32)] * len(folded)
    signatures = np.empty((len(folded), PERMUTATIONS if near else 0), np.uint32)
    empty = MinHash(num_perm=PERMUTATIONS, hashfunc=_unchanged, scheme=_SCHEME)
    for row in range(len(folded)):
        if near:
            signatures[row] = _signature(empty, shingles[row])
        if told:
            told()
    return Fingerprints(keys, signatures, np.array([len(s) > 0 for s in shingles], bool))


def concatenate(chunks: Sequence[Fingerprints]) -> Fingerprints:
    """Join the fingerprints of successive chunks of texts."""
    return Fingerprints(*(np.concatenate(parts) for parts in zip(*chunks, strict=True)))


def _hashes(strings: Sequence[str]) -> np.ndarray:
    return pd.util.hash_array(np.array(strings, dtype=object), categorize=False)


def _shingles(folded: Sequence[str]) -> list[np.ndarray]:
    """Return each text's shingle hashes, uint32; none for a text shorter than a shingle."""
    words = [_WORD.findall(text) for text in folded]
    hashes = _hashes(list(itertools.chain.from_iterable(words)))
    mixed = hashes[: max(len(hashes) - SHINGLE_WORDS + 1, 0)].copy()
    for offset in range(1, SHINGLE_WORDS):
        mixed = mixed * _MULTIPLIER + hashes[offset : offset + len(mixed)]
    mixed = (mixed >> np.uint64(32)).astype(np.uint32)
    ends = np.cumsum([len(w) for w in words])
    return [
        mixed[end - len(w) : max(end - SHINGLE_WORDS + 1, end - len(w))]
        for w, end in zip(words, ends, strict=True)
    ]


def _unchanged(hashes: np.ndarray) -> np.ndarray:
    return hashes


def _signature(empty: MinHash, shingles: np.ndarray) -> np.ndarray:
    minhash = empty.copy()
    for start in range(0, len(shingles), _SHINGLES_A_BATCH):
        # One item whose "hash" is an array of hashes: a call a batch instead of one a shingle.
        minhash.update_batch([shingles[start : start + _SHINGLES_A_BATCH]])
    return minhash.hashvalues


def clusters(prints: Fingerprints, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Give each text the number of its copies, and that of its copies and near-copies.

    Args:
        prints: Fingerprints, with signatures where near-copies are looked for.
        threshold: Least Jaccard similarity that joins two texts, in (0, 1]; 0 joins exact copies
            only.

    Returns:
        Two int64 `(texts,)`, each counted from 0 by first appearance.
    """
    exact = exact_clusters(prints)
    if not threshold:
        return exact, exact
    pairs = [same_value_pairs(exact), near_pairs(prints, threshold)]
    return exact, connect(len(exact), pairs)


def copied(
    known: Fingerprints, asked: Fingerprints, threshold: float = NEAR
) -> tuple[np.ndarray, np.ndarray]:
    """Find texts of one set that stand in another too, as `prepare` would find them in both.

    Args:
        known: Of the other set, with signatures.
        asked: Of the texts in question, with signatures.
        threshold: As `clusters` takes it.

    Returns:
        Two bool `(asked,)`: which are exact copies, and which are near-copies only.
    """
    exact, near = clusters(concatenate([known, asked]), threshold)
    count = len(known.keys)
    same, alike = (np.isin(codes[count:], codes[:count]) for codes in (exact, near))
    return same, alike & ~same


def exact_clusters(prints: Fingerprints) -> np.ndarray:
    """Give each distinct text a number.

    Returns:
        int64 `(texts,)`, equal for copies of one text, counted from 0 by first appearance.
    """
    return pd.factorize(prints.keys)[0]


def near_pairs(prints: Fingerprints, threshold: float) -> np.ndarray:
    """Find pairs of texts whose shingle sets overlap.

    Args:
        prints: Fingerprints with signatures.
        threshold: Least Jaccard similarity, in (0, 1].

    Returns:
        int64 `(pairs, 2)` row numbers: as many as it takes to connect all that overlap.
    """
    return banding.alike(prints.signatures, np.flatnonzero(prints.shingled), threshold)


def same_value_pairs(codes: np.ndarray) -> np.ndarray:
    """Pair every row with the first row of its code, but that one and rows of code -1.

    Args:
        codes: int64 `(rows,)`, as pandas.factorize gives them.

    Returns:
        int64 `(pairs, 2)` row numbers.
    """
    rows = np.flatnonzero(codes >= 0)
    _, first, inverse = np.unique(codes[rows], return_index=True, return_inverse=True)
    first = rows[first[inverse]]
    others = first != rows
    return np.column_stack([first[others], rows[others]])


def connect(count: int, pairs: Sequence[np.ndarray]) -> np.ndarray:
    """Join rows that pairs connect, directly or through others.

    Args:
        count: Number of rows.
        pairs: Arrays of row numbers, each int64 `(pairs, 2)`.

    Returns:
        int64 `(count,)` cluster numbers, counted from 0 by first appearance.
    """
    ends = np.concatenate([np.empty((0, 2), np.int64), *pairs])
    graph = coo_array((np.ones(len(ends), bool), (ends[:, 0], ends[:, 1])), shape=(count, count))
    return pd.factorize(connected_components(graph, directed=False)[1])[0]
