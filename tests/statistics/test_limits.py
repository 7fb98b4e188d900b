import pytest

from tfnews.records.trial import Estimate
from tfnews.statistics.limits import lowest_within


def alarms(*highs):
    return [Estimate(0.0, None if high is None else (0.0, high)) for high in highs]


@pytest.mark.parametrize(
    ("highs", "place"),
    [
        ([0.001, 0.01, 0.02], 1),
        ([0.02, 0.001], None),  # the highest does not keep it: what lies below is not looked at
        ([0.001, 0.02, 0.005], 0),
        ([None, 0.001], None),
        ([], None),
    ],
)
def test_the_lowest_up_to_which_all_keep_it(highs, place):
    assert lowest_within(alarms(*highs), 0.01) == place
