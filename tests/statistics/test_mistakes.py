import numpy as np

from tfnews.statistics import mistakes
from tfnews.statistics.metrics import scores
from tfnews.statistics.mistakes import Mistake, Mistakes

LABELS = [0, 0, 0, 1, 1, 1, 0]
PROBABILITIES = [0.9, 0.6, 0.1, 0.4, 0.02, 0.8, 0.99]
TITLES = [f"title {row}" for row in range(7)]
TEXTS = [f"text {row}" for row in range(7)]


def _rows(found):
    return [one.row for one in found]


def test_the_most_confident_come_first():
    found = mistakes.find(LABELS, PROBABILITIES, TITLES, TEXTS)
    assert _rows(found.false_alarms) == [6, 0, 1]
    assert _rows(found.misses) == [4, 3]
    assert _rows(found.sample) == [0, 1, 3, 4, 6]
    assert (found.false_alarm_count, found.miss_count) == (3, 2)
    assert found.false_alarms[0] == Mistake(6, 0, 0.99, "title 6", "text 6")


def test_mistakes_are_those_of_the_confusion_in_memory_and_read_from_a_file():
    """The digits of a float32 may lie on the other side of a threshold chosen from them."""
    generator = np.random.default_rng(2)
    labels, probabilities = generator.integers(0, 2, 200), generator.random(200, "float32")
    digits = [float(str(score)) for score in probabilities]
    for threshold in digits[:20]:
        (_, false_alarms), (misses, _) = scores(labels, probabilities, threshold)["confusion"]
        for values in (probabilities, digits):
            found = mistakes.find(labels, values, threshold=threshold)
            assert (found.false_alarm_count, found.miss_count) == (false_alarms, misses)


def test_count_limits_each_list_and_not_the_totals():
    found = mistakes.find(LABELS, PROBABILITIES, count=1)
    assert [len(some) for some in (found.false_alarms, found.misses, found.sample)] == [1, 1, 1]
    assert found.false_alarm_count == 3


def test_no_text_keeps_only_row_ids():
    found = mistakes.find(LABELS, PROBABILITIES, TITLES, TEXTS, rows=list("abcdefg"), no_text=True)
    shown = (*found.false_alarms, *found.misses, *found.sample)
    assert {(one.title, one.text) for one in shown} == {(None, None)}
    assert _rows(found.false_alarms) == ["g", "a", "b"]


def test_the_seed_decides_the_sample():
    labels, probabilities = np.zeros(200, int), np.ones(200)
    first, again, other = (mistakes.find(labels, probabilities, seed=s) for s in (1, 1, 2))
    assert first.sample == again.sample != other.sample
    assert len(set(_rows(first.sample))) == 10


def test_a_model_without_mistakes_has_none():
    found = mistakes.find([0, 1], [0.1, 0.9], ["a", "b"], ["c", "d"])
    assert found == Mistakes(0, 0, (), (), ())


def test_numpy_row_ids_become_pythons():
    found = mistakes.find(LABELS, PROBABILITIES, rows=np.arange(7) + 100)
    assert _rows(found.sample) == [100, 101, 103, 104, 106]
    assert {type(row) for row in _rows(found.sample)} == {int}
