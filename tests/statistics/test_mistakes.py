import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnews.statistics import mistakes
from tfnews.statistics.metrics import scores

LABELS = [0, 0, 0, 1, 1, 1, 0]
PROBABILITIES = [0.9, 0.6, 0.1, 0.4, 0.02, 0.8, 0.99]
TITLES = [f"title {row}" for row in range(7)]
TEXTS = [f"text {row}" for row in range(7)]


def _rows(found):
    return [one["row"] for one in found]


def test_the_most_confident_come_first():
    found = mistakes.find(LABELS, PROBABILITIES, TITLES, TEXTS)
    assert _rows(found["false_alarms"]) == [6, 0, 1]
    assert _rows(found["misses"]) == [4, 3]
    assert _rows(found["sample"]) == [0, 1, 3, 4, 6]
    assert found["totals"] == {"false_alarms": 3, "misses": 2}
    assert found["false_alarms"][0] == {
        "row": 6, "label": 0, "fake_probability": 0.99, "title": "title 6", "excerpt": "text 6",
    }  # fmt: skip


def test_mistakes_are_those_of_the_confusion_in_memory_and_read_from_a_file():
    """The digits of a float32 may lie on the other side of a threshold chosen from them."""
    generator = np.random.default_rng(2)
    labels, probabilities = generator.integers(0, 2, 200), generator.random(200, "float32")
    digits = [float(str(score)) for score in probabilities]
    for threshold in digits[:20]:
        (_, false_alarms), (misses, _) = scores(labels, probabilities, threshold)["confusion"]
        for values in (probabilities, digits):
            totals = mistakes.find(labels, values, threshold=threshold)["totals"]
            assert totals == {"false_alarms": false_alarms, "misses": misses}


def test_count_limits_each_list_and_not_the_totals():
    found = mistakes.find(LABELS, PROBABILITIES, count=1)
    assert [len(found[kind]) for kind in ("false_alarms", "misses", "sample")] == [1, 1, 1]
    assert found["totals"]["false_alarms"] == 3


def test_no_text_keeps_only_row_ids():
    found = mistakes.find(LABELS, PROBABILITIES, TITLES, TEXTS, rows=list("abcdefg"), no_text=True)
    assert "title" not in json.dumps(found)
    assert "text" not in json.dumps(found)
    assert _rows(found["false_alarms"]) == ["g", "a", "b"]


def test_the_seed_decides_the_sample():
    labels, probabilities = np.zeros(200, int), np.ones(200)
    first, again, other = (mistakes.find(labels, probabilities, seed=s) for s in (1, 1, 2))
    assert first["sample"] == again["sample"] != other["sample"]
    assert len(set(_rows(first["sample"]))) == 10


def test_a_model_without_mistakes_has_none():
    found = mistakes.find([0, 1], [0.1, 0.9], ["a", "b"], ["c", "d"])
    assert found == {
        "totals": {"false_alarms": 0, "misses": 0}, "false_alarms": [], "misses": [], "sample": [],
    }  # fmt: skip


def test_numpy_row_ids_become_json():
    written = json.dumps(mistakes.find(LABELS, PROBABILITIES, rows=np.arange(7) + 100))
    assert {row["row"] for row in json.loads(written)["sample"]} <= set(range(100, 107))


@given(st.text(max_size=900), st.integers(1, 300))
def test_an_excerpt_is_one_short_line_that_can_be_written(text, length):
    line = mistakes.excerpt(text, length)
    assert len(line) <= length
    assert not set("\n\r\t") & set(line)
    line.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "line"), [("a  b\n c", "a b c"), ("abcdef", "abc…"), ("\ud800", "?")]
)
def test_excerpts(text, line):
    assert mistakes.excerpt(text, 5 if " " in text else 4) == line
