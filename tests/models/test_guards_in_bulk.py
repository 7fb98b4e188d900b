"""What guards say of many texts at once, against their rule as it reads, a text at a time."""

import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tfnews.models import guard_fitting
from tfnews.models import guards as module
from tfnews.models.guard_units import CHARACTERS_READ, UNITS, coded, opening, spaced
from tfnews.models.guards import Guards

ENGLISH = "the harbour office of the city approves a budget for schools and it was in the news"
SCRIPTS = [
    ENGLISH,
    "déjà ÖSS ß ǅ ﬁn \u017ft \u212a İ ŉ ΐ a\u0345 Ⓐ ª ² ½ ٣ _",
    "это другой алфавит и не на что",
    "新聞報道香港ニュースabc",
    "ข่าว لماذا 𝔄𝔅 𐐀𐐨 😀",
    "\ud800 \udc00 \ud83d\ude00 \0 \x1c \x85 \u2003 \u3000 \u200b e\u0301 n\u0303",
    "toen was het in de stad en niet aan de weg want dan is men daar",
    "le gouvernement de la ville et les des en un une est que dans",
]
WORDS = " ".join(SCRIPTS).split(" ")
texts = st.one_of(
    st.text(st.characters(exclude_categories=[])),
    st.lists(st.sampled_from(WORDS)).map(" ".join),
    st.builds(lambda words, times: " ".join(words) * times, st.lists(st.text()), st.just(40)),
)


def drawn(script: str, count: int, seed: int = 0) -> list[str]:
    """Return texts of the words of a script, where it has spaces, with a few of others."""
    chance = random.Random(seed)
    gap = " " if " " in script else ""
    words = script.split() if gap else list(script)
    made = [gap.join(chance.choices(words, k=chance.randrange(1, 40))) for _ in range(count)]
    return [f"{text} {chance.choice(WORDS)}" if chance.random() < 0.1 else text for text in made]


@pytest.fixture(
    scope="module", params=[ENGLISH, SCRIPTS[3], "mixed"], ids=["words", "characters", "mixed"]
)
def fitted(request) -> Guards:
    if request.param == "mixed":
        return Guards.fit([text for script in SCRIPTS for text in drawn(script, 30)])
    return Guards.fit(drawn(request.param, 300))


def units_of(text: str, unit: str) -> list[str]:
    return UNITS[unit].findall(text.strip()[:CHARACTERS_READ].casefold())


def said(guards: Guards, text: str) -> tuple[str | None, str | None]:
    """Return the reason and the caution by the rule as it reads, without a short cut."""
    folded, units = text.strip()[:CHARACTERS_READ].casefold(), units_of(text, guards.unit)
    if not units:
        return f"empty text: no {guards.unit}", None
    lacking = lacking_in(guards, units)
    caution = f"unusual vocabulary: {lacking}" if lacking and guards.foreign is not None else None
    letters = [char for char in folded if char.isalpha()]
    unseen = sum(char not in guards.letters for char in letters)
    if letters and unseen / len(letters) > 0.2:
        return (
            f"looks unlike the training texts' script: {unseen / len(letters):.0%} of its letters "
            "do not occur in them"
        ), caution
    if 2 * len(units) < guards.usual_length:
        unit = guards.unit[:-1] if len(units) == 1 else guards.unit
        least = guards.usual_length
        reason = f"too short: {len(units)} {unit}, 99% of training texts have {least} or more"
        return reason, caution
    unlike = "looks unlike the training texts' language: "
    if guards.foreign is None:
        return (unlike + lacking if lacking else None), None
    hits = {name: sum(map(units.count, words.split())) for name, words in guards.foreign.items()}
    language = max(hits, key=hits.get)
    share = hits[language] / len(units)
    if hits[language] < 4 or share < 0.1:
        return None, caution
    return f"{unlike}{share:.0%} of its words are function words of {language}", caution


def lacking_in(guards: Guards, units: list[str]) -> str | None:
    common, mean = guards.common.split(), guards.common_share
    share = sum(unit in common for unit in units) / len(units)
    limit = guards.least_ratio * mean - 2 * math.sqrt(mean * (1 - mean) / len(units))
    if share >= limit:
        return None
    return (
        f"{math.floor(1000 * share) / 10}% common {guards.unit}, "
        f"texts of this length mostly have {math.ceil(1000 * limit) / 10}% or more"
    )


@given(st.lists(texts, min_size=1, max_size=8))
@example(["", " ", "\ud800", ENGLISH * 3, f"{SCRIPTS[6]} " * 3, SCRIPTS[2] * 3, "x" * 20_000])
def test_many_texts_are_judged_as_each_by_the_rule_as_it_reads(fitted, found):
    """Most texts are passed by what holds for all languages together, without a closer look."""
    without = {key: value for key, value in fitted.get_config().items() if key != "foreign"}
    overlapping = {**fitted.get_config(), "foreign": {"Own": fitted.common, "De": "de la een"}}
    for guards in (fitted, Guards(**without), Guards(**overlapping)):
        expected = [said(guards, text) for text in found]
        assert list(map(guards.judge, found)) == expected
        padded = found + [ENGLISH] * module._MANY
        assert guards.judge_all(padded)[: len(found)] == expected


def test_all_kinds_of_judgements_are_met_in_bulk():
    guards = Guards.fit(drawn(ENGLISH, 300))
    found = [text for script in SCRIPTS for text in drawn(script, 60, seed=1)]
    expected = [said(guards, text) for text in found]
    assert guards.judge_all(found) == expected
    assert len({str(reason).split(":")[0] for reason, _ in expected}) > 3


def test_texts_beyond_a_part_are_judged_in_their_order(monkeypatch):
    guards = Guards.fit(drawn(ENGLISH, 300))
    found = [text for script in SCRIPTS for text in drawn(script, 60, seed=2)]
    monkeypatch.setattr(module, "AT_ONCE", module._MANY + 7)
    assert guards.judge_all(found) == list(map(guards.judge, found))


def test_words_of_half_pairs_in_a_configuration_meet_no_text(fitted):
    damaged = Guards(**{**fitted.get_config(), "common": fitted.common + " \ud800"})
    found = [ENGLISH] * module._MANY
    assert damaged.judge_all(found) == fitted.judge_all(found)


@given(texts, st.sampled_from(["words", "characters"]))
@example(SCRIPTS[1], "words")
@example("".join(map(chr, range(0x600))), "words")
def test_spaced_texts_hold_the_units_and_their_letters(text, unit):
    written = spaced(opening(text), unit)
    assert written.split() == units_of(text, unit)
    folded = text.strip()[:CHARACTERS_READ].casefold()
    assert list(filter(str.isalpha, written)) == list(filter(str.isalpha, folded))
    assert unit != "words" or len(written) == len(folded)


@given(st.lists(texts, max_size=6))
def test_coded_units_are_the_texts(found):
    written = [spaced(opening(text), "words") for text in found]
    units = coded(written)
    words = [units_of(text, "words") for text in found]
    assert [units.names[code] for code in units.codes] == [word for own in words for word in own]
    assert units.lengths.tolist() == list(map(len, words))
    ends_in_e = np.array([name.endswith("e") for name in units.names], bool)
    assert units.summed(ends_in_e).tolist() == [sum(w.endswith("e") for w in own) for own in words]


def test_fit_learns_what_the_rules_say_as_they_read():
    found = [text for script in SCRIPTS for text in drawn(script, 20)] + ["", "only only only"]
    guards, words = Guards.fit(found), [units_of(text, "words") for text in found]
    counts = Counter(word for own in words for word in own)
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    assert guards.common.split() == [word for word in ranked if len(word) <= 24][:1000]
    common = set(guards.common.split())
    shares = [
        sum(n for word, n in Counter(own).items() if word in common and counts[word] > n) / len(own)
        for own in words
        if own
    ]
    assert guards.common_share == round(float(np.mean(shares)), 4)
    seen = Counter(char for text in found for char in set(text.casefold()) if char.isalpha())
    assert guards.letters == "".join(sorted(seen, key=lambda char: (-seen[char], char)))


def test_fit_counts_in_parts_as_in_one(monkeypatch):
    found = [text for script in SCRIPTS for text in drawn(script, 20)]
    whole = Guards.fit(found).get_config()
    monkeypatch.setattr("tfnews.models.guard_units.AT_ONCE", 7)
    assert Guards.fit(found).get_config() == whole


def test_most_common_units_rank_equal_counts_by_the_alphabet(monkeypatch):
    monkeypatch.setattr(guard_fitting, "COMMON_UNITS", 3)
    counts = Counter({"d": 2, "c": 2, "b": 1, "a": 2, "x" * 25: 9, "e": 5})
    assert guard_fitting._most_common(counts) == ["e", "a", "c"]


def test_folding_twice_is_folding_once():
    """Texts are folded by one distinct character after another, also what others became."""
    changed = [sign for sign in map(chr, range(0x110000)) if sign.casefold() != sign]
    folded = [sign.casefold() for sign in changed]
    assert list(map(str.casefold, folded)) == folded
    assert not any(map(str.isspace, changed + folded))
