"""Large variables, read and set piece by piece.

TensorFlow copies a whole table when it is read after a sparse update, and twice when it is assigned
from NumPy. A table of a million rows does not fit into memory as often as that.
"""

from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

_BYTES = 2**26


def pieces(variable: keras.Variable) -> Iterator[np.ndarray]:
    """Yield a variable's values as arrays of consecutive rows; a scalar whole."""
    value = variable.value
    if not value.shape.rank:
        yield value.numpy()
        return
    for start, stop in _bounds(value):
        yield tf.gather(value, tf.range(start, stop)).numpy()


def fill(variable: keras.Variable, rows: np.ndarray) -> None:
    """Set a variable.

    Args:
        variable: The variable.
        rows: Of its shape, such as (rows, width); anything that slices to arrays, such as an HDF5
            data set.

    Raises:
        ValueError: The shape is another.
    """
    value = variable.value
    if tuple(rows.shape) != tuple(value.shape):
        raise ValueError(
            f"{variable.path} takes an array of shape {tuple(value.shape)}. "
            f"Received: {tuple(rows.shape)}."
        )
    if not value.shape.rank:
        value.assign(rows[()])
        return
    copies = getattr(value, "values", (value,))  # one a device under a distribution strategy
    for start, stop in _bounds(value):
        piece = tf.cast(rows[start:stop], value.dtype)
        for one in copies:
            # As `one[start:stop].assign` does, but without reading the whole table first.
            tf.raw_ops.ResourceStridedSliceAssign(
                ref=one.handle, begin=[start], end=[stop], strides=[1], value=piece
            )


def add(variable: keras.Variable, value: np.ndarray) -> None:
    """Add to a variable; to its share on one device, where devices sum up their shares."""
    copies = getattr(variable.value, "values", (variable.value,))
    copies[0].assign_add(value)


def _bounds(value: tf.Variable) -> Iterator[tuple[int, int]]:
    rows = value.shape[0]
    width = int(np.prod(value.shape[1:])) * value.dtype.size
    step = max(1, _BYTES // max(1, width))
    return ((start, min(start + step, rows)) for start in range(0, rows, step))
