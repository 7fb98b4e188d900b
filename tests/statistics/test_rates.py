"""Shares of errors among few texts, against SciPy's figures and by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from tfnews.statistics.rates import chance_of_more, effective, wilson


@pytest.mark.parametrize(("wrong", "texts"), [(0, 5), (1, 20), (7, 31), (31, 31), (400, 1000)])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.999])
def test_wilson_is_that_of_scipy(wrong, texts, level):
    expected = binomtest(wrong, texts).proportion_ci(level, method="wilson")
    assert wilson(wrong / texts, texts, level) == pytest.approx((expected.low, expected.high))


@given(st.floats(0, 1), st.floats(0.1, 1e6), st.sampled_from([0.5, 0.95, 0.99999]))
def test_an_interval_holds_its_share_and_lies_within_0_and_1(rate, texts, level):
    low, high = wilson(rate, texts, level)
    assert 0 <= low <= rate <= high <= 1


@pytest.mark.parametrize(
    ("first", "second", "chance"),
    [
        ((4, 4), (0, 4), 1 / 70),  # the lady tasting tea
        ((3, 4), (1, 4), 17 / 70),
        ((0, 4), (4, 4), 1),
        ((0, 5), (0, 9), 1),
    ],
)
def test_the_chance_of_more_errors_is_that_of_fisher(first, second, chance):
    pairs = [(wrong / texts, texts) for wrong, texts in (first, second)]
    assert chance_of_more(*pairs) == pytest.approx(chance)


def test_a_cluster_counts_as_one_text():
    assert effective([]) == 0
    assert effective([1, 2, 3, 4]) == 4
    assert effective([7] * 50) == 1
    assert effective([7] * 50 + list(range(8, 38))) == pytest.approx(80**2 / (50**2 + 30))


@given(st.lists(st.integers(0, 5), min_size=1))
def test_texts_count_for_no_more_than_their_clusters_nor_less_than_one(clusters):
    assert 1 <= effective(clusters) <= len(set(clusters)) + 1e-9
