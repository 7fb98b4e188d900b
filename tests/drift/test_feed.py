"""Which texts of a feed are looked at, and what is measured of them."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.scoring.test_predict import StubClassifier, StubGuards
from tfnews.data.duplicates import fingerprint
from tfnews.data.texts import Item, items
from tfnews.drift import feed
from tfnews.models.text.words import WordTokenizer

NOTHING = fingerprint([], near=False).keys


class Guards(StubGuards):
    common = "one two"

    def units(self, text):
        return text.split()


def classifier(guards=None):
    made = StubClassifier(guards or Guards())
    made.preprocessor = SimpleNamespace(tokenizer=None)
    return made


def gathered(texts, known=NOTHING, **options):
    return feed.gather(items(texts), known, **options)


def article(number, words=60):
    return " ".join(f"word{number}x{place}" for place in range(words))


def test_copies_count_once_and_training_texts_not_at_all():
    near = f"{article(1)} more"
    known = fingerprint([article(3)], near=False).keys
    found = gathered([article(1), article(2), article(1), near, article(3).upper()], known)
    assert found.texts == [article(1), article(2)]
    assert (found.read, found.drawn, found.copies, found.learnt, found.blank) == (5, 5, 2, 1, 0)


def test_records_without_a_text_are_counted_one_by_one():
    records = [
        Item("1", None, "unreadable record"),
        Item("2", ""),
        Item("3", " \n"),
        Item("4", "a"),
    ]
    found = feed.gather(records, NOTHING)
    assert (found.texts, found.blank, found.copies) == (["a"], 3, 0)


def test_of_a_long_feed_a_sample_is_drawn_in_one_pass():
    found = gathered((f"text number {row}" for row in range(2000)), most=100)
    assert (found.read, found.drawn, len(found.texts)) == (2000, 100, 100)
    rows = [int(text.split()[-1]) for text in found.texts]
    assert 800 < np.mean(rows) < 1200
    assert found == gathered((f"text number {row}" for row in range(2000)), most=100)


def test_what_is_refused_has_no_score_and_keeps_its_length():
    read = feed.measured(
        classifier(), ["a b!!", "c!!!!!!", "d e f!!!!!!"], frozenset("ab"), "texts", blank=2
    )
    np.testing.assert_allclose(read.values["score"], [0.2, 0.6])
    assert read.values["length"].tolist() == [2, 1, 3]
    assert read.values["refused"].tolist() == [0, 0, 1, 1, 1]
    assert read.refused == {"too short": 1, "empty or unreadable": 2}
    assert read.called == 0.5


def test_a_model_that_gives_no_number_refuses():
    made = classifier()
    made.probabilities = lambda texts: np.array([np.nan, 0.4], np.float32)
    read = feed.measured(made, ["a b", "c d"], frozenset(), "texts")
    assert read.values["refused"].tolist() == [0, 1]
    assert read.refused == {"no number": 1}
    assert read.called == 0


def test_words_are_unknown_to_the_training_texts_or_the_commonest_of_them():
    made = classifier()
    assert feed.vocabulary(made, []) == ("common", frozenset({"one", "two"}))
    kind, known = feed.vocabulary(made, ["one three", "four"])
    assert kind == "training"
    read = feed.measured(made, ["one three five six", "four four"], known, "texts")
    assert read.values["unknown"].tolist() == [0.5, 0.0]


def test_a_vocabulary_of_the_model_s_own_comes_first():
    made = classifier()
    made.preprocessor.tokenizer = tokenizer = WordTokenizer(["one", "two"], "words", 3)
    made.encode = tokenizer
    assert feed.vocabulary(made, ["anything"]) == ("model", None)
    read = feed.measured(made, ["one two four five", "two one"], None, "texts")
    assert read.values["unknown"].tolist() == [0.5, 0.0]
    assert read.values["length"].tolist() == [4, 2]
    made.preprocessor.tokenizer = WordTokenizer(["one"], oov_buckets=0)
    assert feed.vocabulary(made, ["anything"])[0] == "training"


@pytest.mark.parametrize("texts", [[], ["one"]])
def test_nothing_to_score_is_no_fault(texts):
    read = feed.measured(classifier(), texts, frozenset(), "texts")
    assert (len(read.values["score"]), read.called) == (0, None)
