"""Tests of large variables in pieces."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnews.models.variables import fill, pieces


@pytest.fixture(params=[8, 2**26], ids=["many pieces", "one piece"])
def small_pieces(request, monkeypatch):
    """Let pieces be of one row, or of all."""
    monkeypatch.setattr("tfnews.models.variables._BYTES", request.param)


@pytest.mark.parametrize("dtype", ["float32", "int64", "uint32"])
@pytest.mark.parametrize("shape", [(), (5,), (7, 2), (3, 2, 2), (0, 4)])
def test_what_is_filled_is_read(shape, dtype, small_pieces):
    values = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    variable = keras.Variable(np.zeros(shape), dtype=dtype)
    fill(variable, values)
    np.testing.assert_array_equal(variable.numpy(), values)
    found = [np.atleast_1d(piece) for piece in pieces(variable)]
    joined = np.concatenate(found).reshape(shape) if found else np.zeros(shape)
    np.testing.assert_array_equal(joined, values)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_numbers_take_the_variables_type(dtype):
    """A preset holds float32 and may be opened in another type."""
    variable = keras.Variable(np.zeros((2, 2)), dtype=dtype)
    fill(variable, np.array([[0.5, 1.0], [2.0, -4.0]], "float64"))
    assert variable.numpy().astype("float32").tolist() == [[0.5, 1.0], [2.0, -4.0]]


def test_a_variable_under_a_distribution_strategy_is_filled():
    """It has no handle of its own, only its copies have."""
    with tf.distribute.MirroredStrategy(["/cpu:0"]).scope():
        variable = keras.Variable(np.zeros((3, 2)))
    fill(variable, np.arange(6.0).reshape(3, 2))
    assert variable.numpy().tolist() == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize("shape", [(3, 2), (5, 2), (4, 3), (4,)])
def test_another_shape_is_refused_and_changes_nothing(shape):
    variable = keras.Variable(np.ones((4, 2)), name="table")
    with pytest.raises(ValueError, match=r"table takes an array of shape \(4, 2\)"):
        fill(variable, np.zeros(shape))
    assert (variable.numpy() == 1).all()
