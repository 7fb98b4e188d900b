"""The same numbers to the bit each time."""

import tensorflow as tf


def repeatable() -> None:
    """Have TensorFlow add numbers up in a fixed order, from now on and in this whole process.

    Operations that know no fixed order on a GPU raise `tf.errors.UnimplementedError`.
    """
    tf.config.experimental.enable_op_determinism()
