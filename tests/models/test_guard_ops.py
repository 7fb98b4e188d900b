"""The guards as a server computes them say what the run's say."""

import numpy as np
import pytest
import tensorflow as tf

from tests.models.reduced import PROBES, TEXTS
from tfnews.models.guard_ops import may_be_scored
from tfnews.models.guard_units import CHARACTERS_READ
from tfnews.models.guards import Guards

ODD = [
    "",
    " \t\n\x1c\u2003\u00a0",
    "\x00 harbour",
    "İstanbul " * 9,  # folds to a letter and a mark, which ends a word
    "STRASSE straße " * 9,
    "ΣΑΣ ΐΰ \u0345a " * 9,
    "ŉx ﬃ Ǆ ǰ " * 9,
    "城市 harbour " * 9,
    "дума harbour office " * 9,
    "👩‍🚒 harbour 😱",
    "the harbour office of arvel",
    "budget after long debate council of arvel",
    f"{' ' * (CHARACTERS_READ + 9)}harbour office approves the budget",
    "x" * (CHARACTERS_READ + 9),
    f"{'harbour office ' * 1200} дума " * 2,
    "one_word under_scores ____ 3rd ½ Ⅷ",
    "de voorzitter van de raad zei dat het niet aan hem is om te zeggen wat er met de weg moet",
    "harbour office harbour office harbour office van de stad en het dorp approves the budget",
    "il presidente della regione ha detto che non ci sono stati i voti per la legge",
]


def reasons(guards, texts):
    return [guards.reason(text) is None for text in texts]


@pytest.mark.parametrize("unit", ["words", "characters"])
@pytest.mark.parametrize("rule", ["languages", "one language", "none", "vocabulary"])
def test_a_graph_refuses_what_the_guards_refuse(unit, rule):
    config = {**Guards.fit(TEXTS).get_config(), "unit": unit}
    chosen = {"one language": {"Dutch": config["foreign"]["Dutch"]}, "none": {}, "vocabulary": None}
    guards = Guards(**{**config, "foreign": chosen.get(rule, config["foreign"])})
    texts = [*PROBES, *ODD, *(text[:cut] for text in ODD for cut in (3, 12, 40))]
    expected = reasons(guards, texts)
    assert 3 < sum(expected) < len(texts) - 3
    np.testing.assert_array_equal(may_be_scored(guards, tf.constant(texts)), expected)


def test_lengths_and_shares_at_the_limit():
    """Comparisons are made in float64 and whole numbers, as Python makes them."""
    common = [f"word{number}" for number in range(9)]
    guards = Guards(
        unit="words",
        usual_length=20,
        common=" ".join(common),
        common_share=0.8,
        least_ratio=0.65,
        letters="".join(sorted(set("word"))),
    )
    texts = [
        " ".join([*["word1"] * known, *["row"] * other])
        for known in range(0, 30, 2)
        for other in range(0, 30, 3)
    ]
    texts += [f"{'word ' * 20}{'x' * unseen}" for unseen in range(15, 25)]
    np.testing.assert_array_equal(may_be_scored(guards, tf.constant(texts)), reasons(guards, texts))


def test_without_letters_no_letter_was_seen():
    guards = Guards(
        unit="words", usual_length=1, common="", common_share=0.0, least_ratio=0.0, letters=""
    )
    assert may_be_scored(guards, tf.constant(["a", "1", ""])).numpy().tolist() == [
        False,
        True,
        False,
    ]


def test_without_guards_only_white_space_is_refused():
    found = may_be_scored(None, tf.constant(["", " \u2003\n", "a"]))
    assert found.numpy().tolist() == [False, False, True]


def test_common_words_of_few_texts_are_dropped():
    guards = Guards.fit(["harbour office brask", "Harbour office arvel", "harbour budget"])
    kept = guards.without_rare(["harbour office brask", "Harbour office arvel"], 2)
    assert kept.common.split() == ["harbour", "office"]
    assert {**kept.get_config(), "common": guards.common} == guards.get_config()
