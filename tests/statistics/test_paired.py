"""Tests of pairs against published values, scikit-learn-free formulas, and simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnews.statistics import intervals
from tfnews.statistics.paired import bootstrap_p, holm, mcnemar, right_alone
from tfnews.statistics.sample import flagged


def test_mcnemar_by_the_binomial_distribution():
    # 2 * (1 + 10) / 2**10: one or none of ten.
    assert mcnemar(1, 9) == pytest.approx(22 / 1024)
    assert mcnemar(0, 5) == pytest.approx(2 / 32)
    # R: mcnemar.exact(matrix(c(794, 86, 150, 570), 2)), the approval ratings of Agresti (1990).
    assert mcnemar(86, 150) == pytest.approx(3.716e-05, rel=1e-3)


def test_models_that_differ_nowhere_do_not_differ():
    assert mcnemar(0, 0) == 1.0
    assert bootstrap_p(np.zeros(100)) == 1.0


@given(st.integers(0, 200), st.integers(0, 200))
def test_mcnemar_does_not_ask_which_is_first(first, second):
    found = mcnemar(first, second)
    assert 0 < found <= 1
    assert found == pytest.approx(mcnemar(second, first))
    apart = first + second
    tail = sum(math.comb(apart, k) for k in range(min(first, second) + 1)) / 2**apart
    assert found == pytest.approx(min(1, 2 * tail))


def test_who_is_right_alone():
    labels = np.array([0, 0, 1, 1, 1])
    first = np.array([False, True, True, True, False])
    second = np.array([True, True, False, False, True])
    assert right_alone(labels, first, second) == (3, 1)


def test_holm_as_published():
    # The example of R's p.adjust: four tests.
    assert holm([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_order_and_lies_between_nothing_and_bonferroni(values):
    found = holm(values)
    by_size = sorted(zip(values, found, strict=True))
    assert [p for _, p in by_size] == sorted(found)
    for raw, corrected in by_size:
        assert raw <= corrected <= min(1, len(values) * raw) + 1e-12
    assert min(found) == pytest.approx(min(1, len(values) * min(values)))


def test_a_bootstrap_of_one_side_alone_is_never_zero():
    assert bootstrap_p(np.full(999, 0.1)) == pytest.approx(2 / 1000)
    assert bootstrap_p(np.array([0.1, np.nan, -0.1])) == 1.0
    assert bootstrap_p(np.array([np.nan])) == 1.0


def two_models(generator, rows, copies, of_first, of_second):
    """Draw clusters of copies, and two models that are right with a chance each."""
    clusters = np.repeat(np.arange(rows), copies)
    labels = np.repeat(generator.integers(0, 2, rows), copies)
    scored = []
    for chance in (of_first, of_second):
        right = np.repeat(generator.random(rows) < chance, copies)
        scored.append(np.where(right, labels, 1 - labels).astype(float))
    return labels, scored, clusters


def rejected(copies, of_second, trials=150):
    generator = np.random.default_rng(0)
    found = {"bootstrap": 0, "mcnemar": 0}
    for _ in range(trials):
        labels, scored, clusters = two_models(generator, 120, copies, 0.8, of_second)
        of_first, second = intervals.resampled(labels, scored, (0.5, 0.5), clusters, resamples=300)
        found["bootstrap"] += bootstrap_p(of_first - second) < 0.05
        alone = right_alone(labels, *(flagged(one, 0.5) for one in scored))
        found["mcnemar"] += mcnemar(*alone) < 0.05
    return {name: count / trials for name, count in found.items()}


def test_equal_models_are_told_apart_no_more_often_than_the_level_says():
    found = rejected(copies=1, of_second=0.8)
    assert found["bootstrap"] <= 0.09
    assert found["mcnemar"] <= 0.07


def test_copies_deceive_mcnemar_and_not_the_bootstrap_over_clusters():
    found = rejected(copies=4, of_second=0.8)
    assert found["bootstrap"] <= 0.09
    assert found["mcnemar"] >= 0.2


def test_a_real_difference_is_seen():
    found = rejected(copies=1, of_second=0.6, trials=40)
    assert found["bootstrap"] >= 0.9
    assert found["mcnemar"] >= 0.9


def test_resamples_are_those_of_the_paired_difference():
    generator = np.random.default_rng(1)
    labels, scored, clusters = two_models(generator, 60, 2, 0.9, 0.7)
    first, second = intervals.resampled(labels, scored, (0.5, 0.5), clusters, resamples=200)
    pair = intervals.paired_difference(labels, *scored, clusters, resamples=200)
    assert pair["interval"] == intervals.percentiles(first - second)
