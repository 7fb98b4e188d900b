"""What each attack makes of a text."""

import re
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnews.data.text import combine
from tfnews.evaluation.stressing.attacks import ATTACKS, OPENING_WORDS, synonyms

NAMED = {attack.name: attack for attack in ATTACKS}
TITLE = "Mayor opens the new bridge"
BODY = (
    "OSLO (Reuters) - The mayor said on Monday that people were happy. She opened it at noon! "
    'A boy asked: "Is it open?" Nobody answered. Image via town hall.'
)
LONG = " ".join(f"sentence number {row} is here today." for row in range(100))


def on(name, title=TITLE, text=BODY, seed="0 0"):
    return NAMED[name].on(title, text, seed)


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("small letters", combine(TITLE, BODY).lower()),
        ("capitals", combine(TITLE, BODY).upper()),
        ("dateline cut", combine(TITLE, BODY.removeprefix("OSLO (Reuters) - "))),
        ("footer cut", combine(TITLE, BODY.removesuffix(" Image via town hall."))),
        ("title alone", TITLE),
    ],
)
def test_what_draws_nothing_makes_the_same_of_a_text(name, after):
    assert on(name) == after


def test_punctuation_goes_and_words_stay():
    said = on("no punctuation")
    assert re.findall(r"\w+", said) == re.findall(r"\w+", combine(TITLE, BODY))
    assert not set(said) & set(".,!?:\"()-'")


def test_a_dateline_stands_before_the_body_of_fake_texts_alone():
    assert re.fullmatch(
        rf"{TITLE} [A-Z]+ \(Reuters\) - a body", on("dateline put in", text="a body")
    )
    assert [attack.name for attack in ATTACKS if attack.label is not None] == ["dateline put in"]
    assert NAMED["dateline put in"].label == 1


def test_first_words_are_those_of_title_and_body():
    assert on("first 50 words", "A B", LONG).split() == f"A B {LONG}".split()[:OPENING_WORDS]
    assert on("first 50 words", "A", "b c") == "A b c"


def test_a_text_without_a_title_has_none_to_show():
    assert on("title alone", "", BODY) == BODY


def test_sentences_are_shuffled_whole():
    said = on("sentences shuffled", "", BODY)
    assert said != BODY
    for sentence in ("She opened it at noon!", 'A boy asked: "Is it open?"', "Nobody answered."):
        assert sentence in said
    assert sorted(said.split()) == sorted(BODY.split())


@pytest.mark.parametrize("name", ["typos", "look-alike letters", "unseen characters"])
def test_about_one_word_of_ten_is_changed(name):
    before, after = LONG.split(), on(name, "", LONG).split()
    wide = [word for word in before if name == "look-alike letters" or len(word.strip(".")) > 3]
    changed = sum(a != b for a, b in zip(before, after, strict=True))
    assert 0.04 * len(wide) < changed < 0.16 * len(wide)


def test_typos_swap_inner_letters_alone():
    for before, after in zip(LONG.split(), on("typos", "", LONG).split(), strict=True):
        assert Counter(before) == Counter(after)
        assert (before[0], before[-1]) == (after[0], after[-1])


def test_what_looks_alike_is_another_script_and_what_is_unseen_is_not_printed():
    alike = on("look-alike letters", "", LONG)
    others = {unicodedata.name(char).split()[0] for char in alike if not char.isascii()}
    assert others == {"CYRILLIC"}
    unseen = on("unseen characters", "", LONG)
    assert re.sub("[\u200b-\u200d\u2060]", "", unseen) == LONG


def test_synonyms_keep_case():
    said = on("synonyms", "People SAID", "Officials announced a new plan for the Country's jobs.")
    assert said == (
        "Persons STATED Functionaries declared a novel scheme for the Nation's positions."
    )


def test_the_list_of_synonyms_is_of_single_words_and_swaps_none_twice():
    pairs = synonyms()
    assert len(pairs) > 150
    assert all(re.fullmatch(r"[a-z]+", word) for word in pairs)
    assert all(re.fullmatch(r"[a-z-]+", other) and other != word for word, other in pairs.items())


@pytest.mark.parametrize("attack", ATTACKS, ids=NAMED)
@given(title=st.text(max_size=40), text=st.text(max_size=200), seed=st.integers(0, 3))
def test_any_text_is_changed_in_the_same_way_by_the_same_seed(attack, title, text, seed):
    said = attack.on(title, text, str(seed))
    assert said == attack.on(title, text, str(seed))
    assert said == said.strip()
