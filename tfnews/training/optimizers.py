"""Optimizers by name, and Adam that touches only the rows of a table that a batch used."""

import keras
import tensorflow as tf

from tfnews.errors import UsageError


@keras.saving.register_keras_serializable("tfnews")
class LazyAdam(keras.optimizers.Adam):
    """Adam whose moments and updates are confined to the rows with a gradient.

    Keras' Adam sweeps a whole embedding table, and both its moments, at every step. For a gradient
    that comes as `tf.IndexedSlices`, this one gathers, updates and scatters the rows in the batch
    alone; other gradients are treated as Adam does. The moments of rows that are not in a batch
    wait instead of decaying, so results differ slightly from Adam's; where every row is in every
    batch they are equal. Clipping keeps gradients sparse.

    Args:
        learning_rate: Step size.
        kwargs: As `keras.optimizers.Adam` takes them.

    Raises:
        UsageError: AMSGrad, weight decay or Keras' gradient accumulation is asked for: each of them
            sweeps the whole table.

    Reference: Kingma and Ba (2015), "Adam: A Method for Stochastic Optimization".
    """

    def __init__(self, learning_rate: float = 0.001, **kwargs):
        for name in ("amsgrad", "weight_decay", "gradient_accumulation_steps"):
            if kwargs.get(name):
                raise UsageError(
                    f"LazyAdam takes no {name}: it would sweep the whole embedding table at every "
                    f"step. Received: {name}={kwargs[name]}. Use the optimizer adam for that."
                )
        super().__init__(learning_rate, **kwargs)

    def update_step(
        self, gradient: tf.Tensor | tf.IndexedSlices, variable: keras.Variable, learning_rate: float
    ) -> None:
        """Update one variable, (rows, width) or of any other shape for dense gradients."""
        if not isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        rows, slope = _distinct(gradient)
        index = self._get_variable_index(variable)
        table, momentum, velocity = map(
            _native, (variable, self._momentums[index], self._velocities[index])
        )
        step = tf.cast(self.iterations + 1, variable.dtype)
        size = tf.cast(learning_rate, variable.dtype)
        size *= tf.sqrt(1.0 - self.beta_2**step) / (1.0 - self.beta_1**step)
        first = tf.gather(momentum, rows)
        first += (slope - first) * (1.0 - self.beta_1)
        second = tf.gather(velocity, rows)
        second += (tf.square(slope) - second) * (1.0 - self.beta_2)
        momentum.scatter_update(tf.IndexedSlices(first, rows))
        velocity.scatter_update(tf.IndexedSlices(second, rows))
        change = size * first / (tf.sqrt(second) + self.epsilon)
        table.scatter_sub(tf.IndexedSlices(change, rows))

    def _clip_gradients(self, grads: list) -> list:
        """Clip as Keras does, but leave sparse gradients sparse."""
        grads = [_summed(gradient) for gradient in grads]
        if self.clipnorm and self.clipnorm > 0:
            return [tf.clip_by_norm(gradient, self.clipnorm) for gradient in grads]
        if self.global_clipnorm and self.global_clipnorm > 0:
            return tf.clip_by_global_norm(grads, self.global_clipnorm)[0]
        if self.clipvalue and self.clipvalue > 0:
            return [tf.clip_by_value(g, -self.clipvalue, self.clipvalue) for g in grads]
        return grads


def _native(variable: keras.Variable | tf.Variable) -> tf.Variable:
    return variable.value if isinstance(variable, keras.Variable) else variable


def _distinct(gradient: tf.IndexedSlices) -> tuple[tf.Tensor, tf.Tensor]:
    """Return each row once, with the sum of its slices: (rows,), (rows, width)."""
    rows, position = tf.unique(gradient.indices)
    summed = tf.math.unsorted_segment_sum(gradient.values, position, tf.size(rows))
    return rows, summed


def _summed(gradient: tf.Tensor | tf.IndexedSlices) -> tf.Tensor | tf.IndexedSlices:
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    rows, values = _distinct(gradient)
    return tf.IndexedSlices(values, rows, gradient.dense_shape)


OPTIMIZERS = {"adam": keras.optimizers.Adam, "lazy_adam": LazyAdam}


def make(options: dict) -> keras.optimizers.Optimizer:
    """Return the optimizer of a configuration.

    Raises:
        UsageError: No optimizer has that name.
    """
    name = options["optimizer"]
    if name not in OPTIMIZERS:
        raise UsageError(f"Unknown optimizer {name!r}. Allowed: {', '.join(OPTIMIZERS)}.")
    optimizer = OPTIMIZERS[name](options["learning_rate"])
    if options["precision"] == "mixed_float16":
        # Keras would wrap it by the policy of the model alone; ours is on its layers.
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer
