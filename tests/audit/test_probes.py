import re

import numpy as np
import pandas as pd
import pytest

from tests.audit import news
from tfnews.audit.probes import REUTERS, Rows, Words, words_in


def rows(**options):
    return Rows(*(news.frame(part, **options) for part in ("train", "validation")))


def accuracy(called, probed):
    return (called == probed.validation["label"]).mean()


def test_the_majority_is_one_class():
    probed = rows()
    assert set(probed.majority()) == {1}
    few = Rows(probed.train.assign(label=[0] * 200 + [1] * 40), probed.validation)
    assert set(few.majority()) == {0}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["a", "a", "b", "b", "b"], [0, 1, 1]),
        # Class 1 is rare, yet value b holds all of it: classes of any size weigh the same.
        (["a", "a", "a", "b", "b"], [0, 1, 0]),
        # A value alike in both classes says nothing: every row is the commoner class.
        (["a", "a", "a", "a", "a"], [0, 0, 0]),
    ],
)
def test_by_value_calls_the_class_a_value_leans_to(values, expected):
    labels = {"b": [0, 0, 1, 1, 1]}.get(values[2], [0, 0, 0, 0, 1])
    train = pd.DataFrame({"label": labels})
    probed = Rows(train, pd.DataFrame({"label": [0, 1, 0]}))
    called = probed.by_value(pd.Series(values), pd.Series(["a", "b", "never seen"]))
    assert called.tolist() == expected


def test_by_value_that_is_worse_than_the_majority_is_the_majority():
    # Regression: a word few real texts hold made every other text lean to the rare class.
    train = pd.DataFrame({"label": [0] * 18 + [1] * 2})
    probed = Rows(train, pd.DataFrame({"label": [0, 1]}))
    values = pd.Series(["held"] + ["not"] * 19)
    assert probed.by_value(values, pd.Series(["not", "not"])).tolist() == [0, 0]


def test_numbers_may_be_missing():
    train = pd.DataFrame({"label": [0, 1] * 20})
    probed = Rows(train, train)
    numbers = pd.Series([np.nan, 7.0] * 20)
    assert probed.by_number(numbers, numbers).tolist() == train["label"].tolist()


def test_length_is_seen_where_it_tells():
    leaking = rows(signal=0.5, text=lambda label, words: " ".join(words[: 36 if label else 12]))
    assert accuracy(leaking.by_length(), leaking) == 1
    assert accuracy(rows().by_length(), rows()) < 0.7


def test_words_are_parted_by_white_space():
    assert words_in(pd.Series(["one  two\nthree", ""])).tolist() == [3, 0]


def test_a_mention_is_a_whole_word_in_any_case():
    leaking = rows(text=lambda label, words: " ".join(words) + ("" if label else " (REUTERS)"))
    assert accuracy(leaking.by_mention(REUTERS), leaking) == 1
    assert not REUTERS.search("Reuterswerder")


def test_reuters_is_cut_from_titles_and_bodies_with_the_dateline():
    opening = "LYNDOM (Reuters) - Calm words, Reuters said"
    made = news.frame("train", title=lambda *_: "Reuters asks", text=lambda *_: opening)
    cut = Rows(made, made).without_reuters()
    words = re.findall(r"\w+", cut.train["combined_text"][0])
    assert words == ["asks", "Calm", "words", "said"]


def test_words_learn_what_words_tell():
    probed = rows(signal=0.9)
    assert accuracy(probed.by_words("combined_text"), probed) > 0.8
    blind = rows(signal=0.5)
    assert accuracy(blind.by_words("combined_text"), blind) < 0.65


def test_texts_without_a_shared_word_are_called_the_majority():
    probed = rows(title=lambda _, number: f"title{number}")
    assert probed.by_words("title").tolist() == probed.majority().tolist()


@pytest.fixture(scope="module")
def given_away():
    made = rows(text=lambda label, words: " ".join([*words, ("agency", "video")[label]]))
    validation = made.validation["combined_text"]
    return made, Words.read(made.train["combined_text"], made.labels, validation)


def test_the_heaviest_words_come_first_with_the_class_they_point_to(given_away):
    tokens = given_away[1].tokens(("news", "satire"))
    assert {(one.token, one.toward) for one in tokens[:2]} == {
        ("agency", "news"),
        ("video", "satire"),
    }
    weights = [abs(one.weight) for one in tokens]
    assert len(tokens) == 20
    assert weights == sorted(weights, reverse=True)


def test_the_best_word_is_named_and_used(given_away):
    made, words = given_away
    best, called = words.called_by_best()
    assert best in ("agency", "video")
    assert accuracy(called, made) == 1
    assert accuracy(words.called_by_heaviest(), made) == 1
