import numpy as np
import pytest

from tfnews.statistics import agreement


def test_the_published_example():
    """Krippendorff 2011, "Computing Krippendorff's alpha-reliability", section A."""
    first, second = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    assert agreement.alpha(first, second) == pytest.approx(0.095, abs=0.0005)


def test_its_ends_and_where_nothing_can_be_told():
    assert agreement.alpha([0, 1, 0, 1], [0, 1, 0, 1]) == 1
    assert agreement.interval([0, 1, 0, 1] * 5, [0, 1, 0, 1] * 5) == (1, 1)
    assert agreement.alpha([0, 1], [1, 0]) == pytest.approx(-0.5)
    for same in ([], [1, 1, 1]):
        assert agreement.alpha(same, same) is None
        assert agreement.interval(same, same) is None


def test_the_interval_holds_the_point_and_is_the_same_again():
    generator = np.random.default_rng(3)
    first = generator.integers(2, size=100)
    second = np.where(generator.random(100) < 0.15, 1 - first, first)
    point, (low, high) = agreement.alpha(first, second), agreement.interval(first, second)
    assert low < point < high
    assert 0.1 < high - low < 0.5
    assert agreement.interval(first, second) == (low, high)
