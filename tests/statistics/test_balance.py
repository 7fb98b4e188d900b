import numpy as np
import pandas as pd
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from tfnews.statistics import balance


def rows(*groups):
    """Make the rows of some groups: (label, set, how many) each."""
    cells = [(label, name) for label, name, many in groups for _ in range(many)]
    return pd.DataFrame(cells, columns=["label", "data_set"])


def test_weights_of_classes_are_those_of_scikit_learn():
    train = rows((0, "a", 200), (1, "a", 8))
    found = balance.weights({"class_weight": "balanced"}, train)
    expected = compute_sample_weight("balanced", train["label"])
    np.testing.assert_allclose(found, expected)
    assert np.mean(found) == pytest.approx(1)
    assert balance.weights({"class_weight": "none"}, train) is None


def test_each_set_weighs_the_same():
    train = rows((0, "large", 90), (1, "large", 10), (0, "small", 2), (1, "small", 8))
    found = pd.Series(balance.weights({"balance": "sets"}, train))
    sums = found.groupby(train["data_set"]).sum()
    np.testing.assert_allclose(sums, 55)
    assert balance.weights({"balance": "rows"}, train) is None


def test_each_class_of_each_set_weighs_the_same():
    """Classes balanced over all rows would leave one set standing for a class."""
    train = rows((0, "a", 90), (1, "a", 10), (0, "b", 2), (1, "b", 8))
    found = pd.Series(balance.weights({"balance": "sets", "class_weight": "balanced"}, train))
    sums = found.groupby([train["data_set"], train["label"]]).sum()
    np.testing.assert_allclose(sums, 110 / 4)


def test_other_rows_weigh_as_the_training_rows_of_their_group():
    train, others = rows((0, "a", 3), (1, "a", 1)), rows((1, "a", 2), (0, "b", 1))
    found = balance.weights({"class_weight": "balanced"}, train, others)
    np.testing.assert_allclose(found, [2, 2, 4 / 6])


def test_one_set_alone_has_nothing_to_balance():
    train = rows((0, "a", 3), (1, "a", 1)).drop(columns="data_set")
    assert balance.weights({"balance": "sets"}, train) is None


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
