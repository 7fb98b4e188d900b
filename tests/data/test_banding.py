"""Near-copies as sorted arrays give them, held against an index of the reference library."""

import random

import numpy as np
import pytest
from datasketch import MinHash, MinHashLSH
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnews.data import banding
from tfnews.data.banding import Forest, alike
from tfnews.data.duplicates import PERMUTATIONS, connect, fingerprint
from tfnews.data.spool import SignatureFile

WORDS = [f"word{i}" for i in range(40)]


def by_the_library(signatures, rows, threshold):
    """Find pairs as `MinHashLSH` does: each row is asked for among those before it."""
    index = MinHashLSH(num_perm=PERMUTATIONS, params=banding.bands_of(threshold, PERMUTATIONS))
    minhash = MinHash(num_perm=PERMUTATIONS, scheme="affine32")
    pairs = []
    for row in rows.tolist():
        minhash.hashvalues = signatures[row]
        found = [other for other in index.query(minhash) if other != row]
        pairs += [
            (row, other)
            for other in found
            if (signatures[other] == signatures[row]).mean() >= threshold
        ]
        index.insert(row, minhash)
    return np.array(pairs, np.int64).reshape(-1, 2)


def with_copies(draw, texts):
    """Make texts of words, among them copies with words changed, moved and left out."""
    made = []
    for _ in range(texts):
        if made and draw.random() < 0.6:
            words = draw.choice(made).split()
            for _ in range(draw.randrange(4)):
                words[draw.randrange(len(words))] = draw.choice(WORDS)
            made.append(" ".join(words[draw.randrange(3) :]))
        else:
            made.append(" ".join(draw.choices(WORDS, k=draw.randrange(8, 60))))
    return made


def texts_of(seed, count=60):
    return with_copies(random.Random(seed), count)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 60), st.sampled_from([0.05, 0.2, 0.5, 0.8, 0.9, 1.0]))
def test_texts_are_joined_as_the_library_joins_them(seed, count, threshold):
    prints = fingerprint(texts_of(seed, count))
    rows = np.flatnonzero(prints.shingled)
    expected = by_the_library(prints.signatures, rows, threshold)
    found = alike(prints.signatures, rows, threshold)
    assert connect(count, [found]).tolist() == connect(count, [expected]).tolist()
    agree = prints.signatures[found[:, 0]] == prints.signatures[found[:, 1]]
    assert (agree.mean(axis=1) >= threshold).all()


@pytest.mark.parametrize("threshold", [0.3, 0.8])
def test_hashes_that_collide_do_not_change_what_is_found(monkeypatch, threshold):
    prints = fingerprint(texts_of(1))
    rows = np.flatnonzero(prints.shingled)
    expected = connect(60, [alike(prints.signatures, rows, threshold)])
    assert 1 < expected.max() < 59
    hashes = banding._hashes
    monkeypatch.setattr(banding, "_hashes", lambda *given: (h % 3 for h in hashes(*given)))
    found = alike(prints.signatures, rows, threshold)
    assert connect(60, [found]).tolist() == expected.tolist()


def test_what_is_held_at_once_does_not_change_what_is_found(monkeypatch, tmp_path):
    prints = fingerprint(texts_of(2))
    (tmp_path / "signatures").write_bytes(prints.signatures.tobytes())
    rows = np.flatnonzero(prints.shingled)
    expected = alike(prints.signatures, rows, 0.8)
    assert len(expected) > 5
    monkeypatch.setattr(banding, "_ROWS_AT_ONCE", 7)
    monkeypatch.setattr(banding, "_HASH_BYTES", 1)
    stored = SignatureFile(tmp_path / "signatures", PERMUTATIONS, np.arange(60))
    assert alike(stored, rows, 0.8).tolist() == expected.tolist()


def test_many_copies_of_one_text_are_compared_with_one_of_them(monkeypatch):
    """Regression: pairs of copies grow with their square."""
    prints = fingerprint([f"{text}{'.' * n}" for text in texts_of(3, 4) for n in range(300)])
    compared = []
    agree = banding._alike
    monkeypatch.setattr(
        banding, "_alike", lambda s, pairs, t: compared.append(len(pairs)) or agree(s, pairs, t)
    )
    assert connect(1200, [alike(prints.signatures, np.arange(1200), 0.8)]).max() <= 3
    assert sum(compared) < 1300


@given(st.integers(1, 20), st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19))))
def test_a_forest_joins_what_pairs_connect(count, pairs):
    pairs = np.array([(a % count, b % count) for a, b in pairs], np.int64).reshape(-1, 2)
    forest = Forest(count)
    for pair in (pairs[:3], pairs[3:]):
        forest.join(pair)
    roots = forest.roots(np.arange(count))
    assert (np.unique(roots, return_inverse=True)[1] == connect(count, [pairs])).all()
    assert (roots <= np.arange(count)).all()
