from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnews.models.text.vocabulary import count_words
from tfnews.models.text.words import WordTokenizer

TEXTS = ["the vote, the vote!", "The council", "vote a a"]


@pytest.mark.parametrize(
    ("rule", "min_count", "expected"),
    [
        ("words", 2, ["the", "vote", "a"]),
        ("words", 1, ["the", "vote", "a", "council"]),
        ("words", 4, []),
        ("lower", 2, ["the", "a"]),
        ("none", 2, ["a", "the"]),
    ],
)
def test_words_are_counted_under_a_rule(rule, min_count, expected):
    assert count_words(TEXTS, rule, size=10, min_count=min_count) == expected


@pytest.mark.parametrize("size", [0, 1, 2, 9])
def test_size_keeps_the_most_frequent(size):
    assert count_words(TEXTS, "words", size) == ["the", "vote", "a"][:size]


def test_every_batch_of_texts_counts():
    texts = ["first", *["middle"] * 2000, "last", "last"]
    assert count_words(texts, "words", 10, min_count=1) == ["middle", "last", "first"]


@settings(max_examples=30)
@given(st.lists(st.lists(st.sampled_from(["a", "b", "c", "é", "Z"])), max_size=8))
def test_most_frequent_first_and_ties_in_alphabetical_order(texts):
    counts = Counter(word for text in texts for word in text)
    expected = sorted(counts, key=lambda word: (-counts[word], word.encode()))
    assert count_words([" ".join(text) for text in texts], "none", 10, min_count=1) == expected


@pytest.mark.parametrize("rule", ["none", "lower", "words"])
def test_words_are_those_that_the_tokenizer_looks_up(rule):
    """Line breaks and tabs divided words here and not there, so such words were unknown."""
    texts = ["vote\ncouncil\tvote", "a  b ", "\x0bTruth\u2028share"] * 2
    words = count_words(texts, rule, 99, min_count=1)
    tokenizer = WordTokenizer(words, normalise=rule)
    found = {word.decode() for text in tokenizer.words(texts).to_list() for word in text}
    assert found - {""} == set(words)
