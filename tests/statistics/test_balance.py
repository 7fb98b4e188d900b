import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from tfnews.statistics import balance


def test_weights_are_those_of_scikit_learn():
    labels = np.array([0] * 200 + [1] * 8)
    found = balance.weights("balanced", labels)
    expected = compute_class_weight("balanced", classes=np.array([0, 1]), y=labels)
    np.testing.assert_allclose(found, expected)
    assert np.mean(np.array(found)[labels]) == pytest.approx(1)
    assert balance.weights("none", labels) is None


@pytest.mark.parametrize(
    ("choice", "labels", "settled"),
    [
        ("auto", [0, 0, 0, 1], "balanced"),
        ("auto", [1, 1, 1, 0], "balanced"),
        ("auto", [0, 0, 1], "none"),
        ("none", [0] * 9 + [1], "none"),
        ("balanced", [0, 1], "balanced"),
    ],
)
def test_auto_balances_from_three_to_one(choice, labels, settled):
    assert balance.settled(choice, labels) == settled
