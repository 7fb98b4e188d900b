"""Every number has a least and a most, the same for the command line and for Python."""

import math

import numpy as np
import pytest

from tfnews.catalogue.bounds import BOUNDS, bounded
from tfnews.errors import UsageError

WRONG = [math.nan, math.inf, -math.inf, -1, 10**23, -(10**400), 10**400, True, "3", None, [1], b"1"]


def refused(option, value):
    with pytest.raises(UsageError) as raised:
        bounded(option, value)
    assert option in str(raised.value)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("option", BOUNDS)
def test_both_bounds_are_declared_and_kept(option):
    setting = BOUNDS[option]
    assert (setting.least is None) != (setting.above is None)
    assert (setting.most is None) != (setting.below is None)
    for value in WRONG:
        refused(option, value)
    if setting.most is None:
        refused(option, setting.below)
    else:
        refused(option, setting.most + 1)
        assert bounded(option, setting.most) == setting.most
    if setting.least is None:
        refused(option, setting.above)
    else:
        assert bounded(option, setting.least) == setting.least
        refused(option, setting.least - 1)


def test_numbers_of_numpy_become_pythons():
    assert type(bounded("--top", np.int64(3))) is int
    assert type(bounded("--threshold", np.float32(0.5))) is float
    assert type(bounded("--threshold", 1)) is float
    refused("--top", np.float64(3.0))
    refused("--top", 3.5)
