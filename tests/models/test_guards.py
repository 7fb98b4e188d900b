import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnews.data.text import combine
from tfnews.errors import DataError
from tfnews.models.guards import Guards

FUNCTION_WORDS = ["the", "of", "and", "to", "in", "that", "it", "was", "for", "on", "with", "as"]
NAMES = [f"name{number}" for number in range(400)]


def article(rng: np.random.Generator, length: int) -> str:
    """Make a text of which half the words are frequent ones."""
    words = np.where(
        rng.random(length) < 0.5, rng.choice(FUNCTION_WORDS, length), rng.choice(NAMES, length)
    )
    return " ".join(words)


@pytest.fixture(scope="module")
def guards() -> Guards:
    rng = np.random.default_rng(0)
    return Guards.fit(article(rng, int(rng.integers(40, 200))) for _ in range(300))


def test_texts_like_the_training_texts_pass(guards):
    rng = np.random.default_rng(1)
    reasons = [guards.reason(article(rng, 60)) for _ in range(200)]
    assert reasons == [None] * 200


@given(st.text(alphabet=" \t\n\r .,;!?-…\u00a0\u2003\ud800", max_size=50))
def test_text_without_a_word_is_always_empty(guards, text):
    assert guards.reason(text) == "empty text: no words"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty text: no words"),
        ("the name1 of", "too short: 3 words, 99% of training texts have"),
        ("the", "too short: 1 word, 99%"),
        ("quite other words stand here " * 20, "looks unlike the training texts' language: 0%"),
        ("это другой алфавит " * 20, "looks unlike the training texts' script: 100%"),
    ],
)
def test_reasons_in_plain_words(guards, text, reason):
    assert guards.reason(text).startswith(reason)


def test_very_long_text_is_judged_by_its_opening(guards):
    opening = article(np.random.default_rng(2), 4000)
    assert guards.reason(opening + " другое" * 100_000) is None


def test_set_without_spaces_counts_characters():
    rng = np.random.default_rng(0)
    signs = [chr(0x4E00 + number) for number in range(300)]
    texts = ["".join(rng.choice(signs, 80)) + "。NBA 2019" for _ in range(100)]
    guards = Guards.fit(texts[:80])
    assert guards.unit == "characters"
    assert [guards.reason(text) for text in texts[80:]] == [None] * 20
    assert guards.reason("plain english words without one of those signs " * 5) is not None
    assert guards.reason(texts[0][:3]).startswith("too short: 3 characters")


def test_few_training_texts_do_not_shut_out_their_like():
    # Fitted on themselves, ten texts know all their own words and no other text's.
    rng = np.random.default_rng(3)
    guards = Guards.fit([article(rng, 100) for _ in range(10)])
    refused = sum(guards.reason(article(rng, 100)) is not None for _ in range(200))
    assert refused <= 10


@pytest.mark.parametrize("texts", [[], ["", " ", "?!"]])
def test_training_texts_without_a_word_are_an_error(texts):
    with pytest.raises(DataError, match="no training text holds a word"):
        Guards.fit(texts)


texts_with_words = st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=15).filter(
    lambda texts: any(char.isalnum() for text in texts for char in text.casefold())
)


@given(texts_with_words, st.text(max_size=80))
def test_configuration_survives_json(texts, new):
    guards = Guards.fit(texts)
    config = json.loads(json.dumps(guards.get_config()))
    again = Guards.from_config(config)
    assert again.get_config() == guards.get_config()
    assert [again.reason(text) for text in [*texts, new]] == [
        guards.reason(text) for text in [*texts, new]
    ]


@given(texts_with_words)
def test_fitting_twice_gives_the_same(texts):
    assert Guards.fit(texts).get_config() == Guards.fit(texts).get_config()


def test_more_texts_than_are_read_are_sampled(monkeypatch):
    monkeypatch.setattr("tfnews.models.guards.TEXTS_FITTED", 50)
    # Alternating classes: every second text would be one class only.
    guards = Guards.fit(["alpha beta", "gamma delta"] * 500)
    assert {"alpha", "gamma"} <= set(guards.common.split())


# --- Real data sets: shares that may be refused ----------------------------------------------

ISOT = "isot_sample/isot_sample.csv.gz"
LIAR = "liar/liar_train.csv.gz"
CELEBRITY = "perez_rosas/celebrity.csv.gz"
PORTUGUESE = "fakebr/fakebr_size_normalized.csv.gz"
SPANISH = "spanish_fakenews/spanish_train.csv.gz"
SLOVAK = "dezinfo_sk/dezinfo_sk.csv.gz"


def read(folder, name: str) -> list[str]:
    frame = pd.read_csv(folder / name, keep_default_na=False, usecols=["title", "text"])
    return [combine(*pair) for pair in zip(frame.title, frame.text, strict=True)]


def split(texts: list[str]) -> tuple[list[str], list[str]]:
    order = np.random.default_rng(0).permutation(len(texts))
    cut = int(0.8 * len(texts))
    return [texts[i] for i in order[:cut]], [texts[i] for i in order[cut:]]


def refused(guards: Guards, texts: list[str]) -> float:
    return sum(guards.reason(text) is not None for text in texts) / len(texts)


@pytest.fixture(scope="module", params=[ISOT, LIAR])
def fitted(request, real_data):
    train, rest = split(read(real_data, request.param))
    return request.param, Guards.fit(train), rest


def test_own_set_passes_and_other_languages_do_not(fitted, real_data):
    name, guards, rest = fitted
    own = refused(guards, rest)
    others = {
        other: refused(guards, read(real_data, other)) for other in (PORTUGUESE, SPANISH, SLOVAK)
    }
    assert own < 0.01, name
    assert min(others.values()) >= 0.95, others


def test_english_of_another_style_passes(fitted, real_data):
    _, guards, _ = fitted
    assert refused(guards, read(real_data, CELEBRITY)) < 0.03


def test_configuration_stays_small(fitted):
    assert len(json.dumps(fitted[1].get_config())) < 40_000
