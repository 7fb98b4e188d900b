import io
import random
import subprocess
import sys

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given
from hypothesis import strategies as st

from tfnews import progress
from tfnews.data import banding, duplicates
from tfnews.data.duplicates import (
    connect,
    exact_clusters,
    fingerprint,
    near_pairs,
    same_value_pairs,
)


def _article(seed: int, words: int = 120) -> str:
    draw = random.Random(seed)
    return " ".join(f"word{draw.randrange(5000)}" for _ in range(words))


def _clusters(texts, threshold=0.8):
    prints = fingerprint(texts)
    pairs = [same_value_pairs(exact_clusters(prints)), near_pairs(prints, threshold)]
    return connect(len(texts), pairs)


def test_exact_ignores_case_space_and_unicode_form():
    texts = ["Café opens", "CAFE\u0301   opens\n", "cafe opens", "Café\u00a0opens"]
    assert exact_clusters(fingerprint(texts, near=False)).tolist() == [0, 0, 1, 0]


def test_one_changed_word_is_a_near_duplicate_and_another_article_is_not():
    article = _article(1)
    edited = article.replace(article.split()[50], "changed", 1)
    assert _clusters([article, _article(2), edited, _article(3)]).tolist() == [0, 1, 0, 2]


def test_candidates_below_the_threshold_are_not_joined():
    words = _article(4).split()
    half = " ".join(words[:60] + _article(5).split()[:60])  # a third of the shingles in common
    assert _clusters([" ".join(words), half]).tolist() == [0, 1]
    assert _clusters([" ".join(words), half], threshold=0.15).tolist() == [0, 0]


def test_near_duplicates_join_through_a_third():
    words = _article(6).split()
    middle = [*words[:-6], *(f"new{i}" for i in range(6))]
    far = [*(f"old{i}" for i in range(6)), *middle[6:]]
    texts = [" ".join(words), " ".join(far), " ".join(middle)]
    assert _clusters(texts[:2], 0.85).tolist() == [0, 1]
    assert _clusters(texts, 0.85).tolist() == [0, 0, 0]


@pytest.mark.parametrize("texts", [["too short", "too  long"], ["", "."], ["one", "two words"]])
def test_texts_shorter_than_a_shingle_match_only_exactly(texts):
    assert not fingerprint(texts).shingled.any()
    assert _clusters([*texts, texts[0]]).tolist() == [0, 1, 0]


def test_shingles_do_not_run_over_from_one_text_to_the_next():
    alone = [fingerprint([_article(i)]).signatures[0] for i in range(3)]
    together = fingerprint([_article(0), "", _article(1), "two words", _article(2)])
    assert (together.signatures[[0, 2, 4]] == alone).all()
    assert together.shingled.tolist() == [True, False, True, False, True]


def test_chunks_and_long_texts_give_the_same_fingerprints(monkeypatch):
    texts = [_article(i, 300) for i in range(4)]
    whole = fingerprint(texts)
    monkeypatch.setattr(duplicates, "_SHINGLES_A_BATCH", 7)
    chunks = duplicates.concatenate([fingerprint(texts[:1]), fingerprint(texts[1:])])
    assert all((a == b).all() for a, b in zip(whole, chunks, strict=True))


def test_many_texts_are_fingerprinted_some_at_a_time(monkeypatch):
    texts = [_article(i, 30) for i in range(5)]
    whole = fingerprint(texts)
    monkeypatch.setattr(duplicates, "_TEXTS_AT_ONCE", 2)
    assert all((a == b).all() for a, b in zip(whole, fingerprint(texts), strict=True))
    assert len(fingerprint([]).keys) == 0


@given(st.lists(st.sampled_from("abcd"), max_size=6), st.lists(st.sampled_from("abcd"), max_size=6))
def test_exact_copies_in_another_set_are_those_of_its_members(known, asked):
    same, near = duplicates.copied(fingerprint(known), fingerprint(asked))
    assert same.tolist() == [text in known for text in asked]
    assert not near.any()


def test_near_copies_in_another_set_include_those_through_a_third():
    words = _article(6).split()
    middle = [*words[:-6], *(f"new{i}" for i in range(6))]
    far = [*(f"old{i}" for i in range(6)), *middle[6:]]
    asked = [" ".join(text) for text in (far, middle, words)] + [_article(7)]
    same, near = duplicates.copied(fingerprint([" ".join(words)]), fingerprint(asked), 0.85)
    assert same.tolist() == [False, False, True, False]
    assert near.tolist() == [True, True, False, False]


def test_signatures_are_those_of_one_hash_at_a_time():
    (shingles,) = duplicates._shingles([_article(8)])
    one_by_one = MinHash(num_perm=duplicates.PERMUTATIONS, hashfunc=int, scheme="affine32")
    for shingle in shingles:
        one_by_one.update(shingle)
    assert (fingerprint([_article(8)]).signatures[0] == one_by_one.hashvalues).all()


def test_hashes_are_the_same_in_another_process():
    code = (
        "from tfnews.data.duplicates import fingerprint\n"
        "p = fingerprint(['one two three four'])\n"
        "print(int(p.keys[0]), int(p.signatures.sum()))"
    )
    environment = {"PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    prints = fingerprint(["one two three four"])
    assert done.stdout.split() == [str(int(prints.keys[0])), str(int(prints.signatures.sum()))]


def test_a_lone_surrogate_can_be_fingerprinted():
    assert len(fingerprint(["broken \ud800 character here"]).keys) == 1


def test_texts_are_counted_for_whoever_asks_alone():
    """A stage of before was told of more texts than it had: 4,840 of 3,068."""
    display = progress.Display(io.StringIO())
    with display.open():
        progress.stage("Looking for near-copies", "texts", 2)
        fingerprint(["some text"] * 5)
        assert display.stage.done == 0
        fingerprint(["some text"] * 5, told=progress.advance)
        assert display.stage.done == 5


def test_no_texts():
    prints = fingerprint([])
    assert near_pairs(prints, 0.8).shape == (0, 2)
    assert connect(0, []).tolist() == []


@pytest.mark.parametrize("threshold", [0.05, 0.3, 0.5, 0.8, 0.95, 1.0])
def test_bands_find_pairs_at_the_threshold(threshold):
    bands, rows = banding.bands_of(threshold, duplicates.PERMUTATIONS)
    assert bands * rows <= duplicates.PERMUTATIONS
    assert rows == 1 or 1 - (1 - threshold**rows) ** bands >= 0.99


@given(st.integers(1, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29))))
def test_connect_is_the_smallest_equivalence_that_holds_the_pairs(count, pairs):
    pairs = [(a % count, b % count) for a, b in pairs]
    label = list(range(count))
    for a, b in pairs:
        old, new = label[a], label[b]
        label = [new if each == old else each for each in label]
    found = connect(count, [np.array(pairs, np.int64).reshape(-1, 2)])
    first_seen = {}
    expected = [first_seen.setdefault(each, len(first_seen)) for each in label]
    assert found.tolist() == expected


@given(st.lists(st.integers(-1, 5), max_size=20))
def test_same_values_connect_and_unknown_ones_do_not(codes):
    codes = np.array(codes, np.int64)
    clusters = connect(len(codes), [same_value_pairs(codes)])
    for i, a in enumerate(codes):
        for j, b in enumerate(codes):
            assert (clusters[i] == clusters[j]) == (i == j or (a == b and a >= 0))
