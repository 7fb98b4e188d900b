import numpy as np
import pytest

from tests.trial import made
from tfnews.records.trial import Trial
from tfnews.trial.measure import agreed, agreement_of, differing, measure

FIRST = {"A": 1, "B": 0, "C": None, "D": 1, "E": None, "F": 0}
SECOND = {"A": 1, "B": 1, "C": 0, "D": 0, "E": None, "F": 0}


def test_what_annotators_differ_on_is_unsure_until_a_third_sheet_decides():
    assert differing([FIRST]) == []
    assert differing([FIRST, SECOND]) == ["B", "C", "D"]
    assert agreed([FIRST], {}) == FIRST
    assert agreed([FIRST, SECOND], {}) == {**FIRST, "B": None, "C": None, "D": None}
    settled = {"B": 1, "D": None}
    assert agreed([FIRST, SECOND], settled) == {**FIRST, "B": 1, "C": None, "D": None}
    assert agreement_of([FIRST], {}) is None
    found = agreement_of([FIRST, SECOND], settled)
    assert (found.both, found.agreed, found.settled, found.open) == (4, 2, 2, ("C",))
    assert found.alpha == pytest.approx(1 - 7 * 4 / (2 * 4 * 4))


def test_the_record_says_the_same_read_back():
    design = made.design(annotators=2)
    labels = made.answers(design)
    other = made.answers(design, seed=2)
    found = measure(
        design, agreed([labels, other], {}), 0.3, agreement_of([labels, other], {}), "typed"
    )
    assert Trial.from_json(found.to_json()) == found
    assert found.labelled("unsure") == len(found.agreement.open) > 0
    assert found.drawn == 60


def test_counts_by_stratum_and_thresholds():
    design = made.design()
    labels = made.answers(design)
    found = measure(design, labels, 0.3)
    assert [one.real + one.fake for one in found.labels] == [one.drawn for one in design.strata]
    assert found.labelled("fake") == sum(labels.values())
    assert [one.threshold for one in found.tried] == sorted(
        (one.threshold for one in found.tried), reverse=True
    )
    assert [one.threshold for one in found.tried if one.own] == [0.5]
    assert found.own.flagged == sum(one.articles for one in design.strata if one.flagged)
    chosen = found.chosen
    assert chosen.rates["fpr"].interval[1] <= 0.3
    worse = [one for one in found.tried if one.threshold < chosen.threshold]
    assert worse[0].rates["fpr"].interval[1] > 0.3


def test_none_is_chosen_where_none_keeps_the_limit():
    design = made.design()
    labels = {one.id: int(one.score < 0.9) for one in design.articles}  # the wrong way round
    found = measure(design, labels, 0.01)
    assert found.chosen is None
    assert found.own.rates["youden"].interval[1] < 0


def test_a_run_that_flags_nothing_or_all_is_measured():
    for threshold, flagged in ((1.0, 0), (0.0, 400)):
        design = made.design(threshold=threshold)
        found = measure(design, made.answers(design), 0.2)
        assert found.own.flagged == flagged
        assert found.own.rates["fpr"].value == flagged / 400
        assert found.own.rates["prevalence"].value == pytest.approx(0.38, abs=0.15)


def test_the_inclusion_is_the_share_that_was_drawn_of_a_stratum():
    design = made.design()
    total = sum(1 / one.inclusion for one in design.articles)
    assert total == pytest.approx(design.counted.articles)
    by_lot = [one.score for one in design.articles]
    assert abs(np.corrcoef(by_lot, range(len(by_lot)))[0, 1]) < 0.35
