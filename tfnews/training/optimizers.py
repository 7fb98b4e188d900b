"""Optimizers by name, and Adam that touches only the rows of a table that a batch used."""

from collections.abc import Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from keras.optimizers import Optimizer

from tfnews.errors import UsageError


class _OverDevices:
    """Adds gradients up over devices before anything else is done with them.

    Keras would clip what each device has found by itself.
    """

    def apply(self, grads: list, trainable_variables: list | None = None) -> None:
        """Update variables, each by the sum of what the devices found."""
        context = tf.distribute.get_replica_context()
        if context is not None and context.num_replicas_in_sync > 1:
            grads = context.all_reduce(tf.distribute.ReduceOp.SUM, list(grads))
        super().apply(grads, trainable_variables)

    def _all_reduce_sum_gradients(self, grads_and_vars: list) -> list:
        return grads_and_vars


@keras.saving.register_keras_serializable("tfnews")
class LazyAdam(_OverDevices, keras.optimizers.Adam):
    """Adam whose moments and updates are confined to the rows with a gradient.

    Keras' Adam sweeps a whole embedding table, and both its moments, at every step. For a gradient
    that comes as `tf.IndexedSlices`, this one gathers, updates and scatters the rows in the batch
    alone; other gradients are treated as Adam does. The moments of rows that are not in a batch
    wait instead of decaying, so results differ slightly from Adam's; where every row is in every
    batch they are equal. Clipping keeps gradients sparse.

    Args:
        learning_rate: Step size.
        rows: The rows of a table that can ever get a gradient, by the variable's path. Its moments
            are as many rows as that. Other tables have moments for all their rows.
        kwargs: As `keras.optimizers.Adam` takes them.

    Raises:
        UsageError: AMSGrad, weight decay or Keras' gradient accumulation is asked for: each of them
            sweeps the whole table.
        tf.errors.InvalidArgumentError: In a step: another row than one of `rows` has a gradient.

    Reference: Kingma and Ba (2015), "Adam: A Method for Stochastic Optimization".
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        rows: Mapping[str, Sequence[int]] | None = None,
        **kwargs,
    ):
        for name in ("amsgrad", "weight_decay", "gradient_accumulation_steps"):
            if kwargs.get(name):
                raise UsageError(
                    f"LazyAdam takes no {name}: it would sweep the whole embedding table at every "
                    f"step. Received: {name}={kwargs[name]}. Use the optimizer adam for that."
                )
        super().__init__(learning_rate, **kwargs)
        used = {path: np.asarray(list(one), "int64") for path, one in (rows or {}).items()}
        self.rows = {path: np.unique(one) for path, one in used.items()}

    def build(self, variables: list[keras.Variable]) -> None:
        """Make the moments, and room for the rows of a batch."""
        if self.built:
            return
        super().build(variables)
        with tf.init_scope():  # a model is built in its first step, which is a graph
            self._places = [self._places_of(variable) for variable in variables]
            self._scratch = [_scratch(variable) for variable in variables]

    def add_variable_from_reference(
        self,
        reference_variable: keras.Variable,
        name: str | None = None,
        initializer: str = "zeros",
    ) -> keras.Variable:
        """Make a moment: of a variable's shape, or of its rows in use."""
        used = self._rows_of(reference_variable)
        if used is None:
            return super().add_variable_from_reference(reference_variable, name, initializer)
        return self.add_variable(
            shape=(len(used), *reference_variable.shape[1:]),
            initializer=initializer,
            dtype=reference_variable.dtype,
            name=name,
        )

    def update_step(
        self, gradient: tf.Tensor | tf.IndexedSlices, variable: keras.Variable, learning_rate: float
    ) -> None:
        """Update one variable, (rows, width) or of any other shape for dense gradients."""
        if not isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        rows, slope, at = self._placed(gradient, index)  # (used,), (used, width), (used,)
        moments = _native(self._momentums[index]), _native(self._velocities[index])
        whole = list(zip((_native(variable), *moments), (rows, at, at), strict=True))
        few = self._scratch[index]
        for part, (table, where) in zip(few, whole, strict=True):
            part.assign(tf.gather(table, where))  # (used, width)
        self._apply_adam(few, slope, learning_rate)
        for part, (table, where) in zip(few, whole, strict=True):
            table.scatter_update(tf.IndexedSlices(part.read_value(), where))

    def get_config(self) -> dict:
        """Return the arguments."""
        rows = {path: used.tolist() for path, used in self.rows.items()}
        return {**super().get_config(), "rows": rows}

    def _apply_adam(
        self, variables: list[tf.Variable], gradient: tf.Tensor, learning_rate: float
    ) -> None:
        """Update values, first and second moments in one pass, by the formula of Keras' Adam."""
        kind = gradient.dtype
        step = tf.cast(self.iterations + 1, kind)
        values, first, second = (variable.handle for variable in variables)
        tf.raw_ops.ResourceApplyAdam(
            var=values,
            m=first,
            v=second,
            beta1_power=tf.cast(self.beta_1, kind) ** step,
            beta2_power=tf.cast(self.beta_2, kind) ** step,
            lr=tf.cast(learning_rate, kind),
            beta1=tf.cast(self.beta_1, kind),
            beta2=tf.cast(self.beta_2, kind),
            epsilon=tf.cast(self.epsilon, kind),
            grad=gradient,
        )

    def _placed(
        self, gradient: tf.IndexedSlices, index: int
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return each row of a gradient once, with its slices' sum and where its moments are.

        Shapes: (used,), (used, width), (used,), of the rows that the batch uses.
        """
        places = self._places[index]
        if places is None:
            rows, slope = _distinct(gradient)
            return rows, slope, rows
        at = tf.gather(places, gradient.indices)  # (slices,)
        # Counting places is quicker than finding distinct rows. A row that is not in use is an
        # error here: its place is -1.
        with tf.device("CPU:0"):  # a GPU counts in no fixed order, which --deterministic refuses
            counts = tf.raw_ops.DenseBincount(
                input=at, size=self._momentums[index].shape[0], weights=tf.zeros([0], tf.int32)
            )  # (rows of the moments,)
            distinct = tf.reduce_max(counts) <= 1
        return tf.cond(
            distinct,
            lambda: (gradient.indices, gradient.values, at),
            lambda: _summed_at(gradient, places),
        )

    def _rows_of(self, variable: keras.Variable | tf.Variable) -> np.ndarray | None:
        """Return the rows in use, sorted; `None` for all."""
        return self.rows.get(getattr(variable, "path", None))

    def _places_of(self, variable: keras.Variable) -> tf.Tensor | None:
        """Return where each row of a table has its moments, int32 (rows,), -1 for nowhere."""
        used = self._rows_of(variable)
        if used is None:
            return None
        places = np.full(variable.shape[0], -1, "int32")
        places[used] = np.arange(len(used))
        return tf.constant(places)

    def _clip_gradients(self, grads: list) -> list:
        """Clip as Keras does, but leave sparse gradients sparse."""
        if not (self.clipnorm or self.global_clipnorm or self.clipvalue):
            return grads
        grads = [_summed(gradient) for gradient in grads]
        if self.clipnorm and self.clipnorm > 0:
            return [tf.clip_by_norm(gradient, self.clipnorm) for gradient in grads]
        if self.global_clipnorm and self.global_clipnorm > 0:
            return tf.clip_by_global_norm(grads, self.global_clipnorm)[0]
        return [tf.clip_by_value(g, -self.clipvalue, self.clipvalue) for g in grads]


def _scratch(variable: keras.Variable) -> list[tf.Variable]:
    """Return variables for some rows of a table and of its moments.

    The op that applies Adam in one pass takes variables alone. They hold one batch's rows.
    """
    shape = (None, *variable.shape[1:])
    empty = tf.zeros((0, *variable.shape[1:]), variable.dtype)
    return [tf.Variable(empty, trainable=False, shape=shape) for _ in range(3)]


def _native(variable: keras.Variable | tf.Variable) -> tf.Variable:
    return variable.value if isinstance(variable, keras.Variable) else variable


def _distinct(gradient: tf.IndexedSlices) -> tuple[tf.Tensor, tf.Tensor]:
    """Return each row once, with the sum of its slices: (rows,), (rows, width)."""
    rows, position = tf.unique(gradient.indices)  # (rows,), (slices,)
    summed = tf.cond(
        tf.equal(tf.size(rows), tf.size(gradient.indices)),
        lambda: gradient.values,  # already distinct, as an EmbeddingBag's are: no copy
        lambda: tf.math.unsorted_segment_sum(gradient.values, position, tf.size(rows)),
    )
    return rows, summed


def _summed_at(
    gradient: tf.IndexedSlices, places: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    rows, slope = _distinct(gradient)
    return rows, slope, tf.gather(places, rows)


def _summed(gradient: tf.Tensor | tf.IndexedSlices) -> tf.Tensor | tf.IndexedSlices:
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    rows, values = _distinct(gradient)
    return tf.IndexedSlices(values, rows, gradient.dense_shape)


@keras.saving.register_keras_serializable("tfnews")
class SparseLossScaling(keras.optimizers.LossScaleOptimizer):
    """Loss scaling for float16 that looks for overflow only in the rows with a gradient.

    Keras' own fills a table of flags, as large as the embedding's, at every step.
    """

    def check_finite(self, grads: list) -> tf.Tensor:
        """Tell whether no gradient overflowed on any device, a boolean scalar."""
        sparse = tf.IndexedSlices
        finite = super().check_finite([g.values if isinstance(g, sparse) else g for g in grads])
        context = tf.distribute.get_replica_context()
        if context.num_replicas_in_sync == 1:
            return finite
        overflows = context.all_reduce(tf.distribute.ReduceOp.SUM, tf.cast(~finite, tf.int32))
        return overflows == 0


@keras.saving.register_keras_serializable("tfnews")
class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """Raises the learning rate from 0 to its peak, then keeps it or lowers it linearly to 0.

    Args:
        peak: Highest learning rate.
        warmup_steps: Updates until the peak.
        total_steps: Updates until 0; `None` keeps the peak.

    Reference: Devlin et al. (2019), "BERT", appendix A.2.
    """

    def __init__(self, peak: float, warmup_steps: int, total_steps: int | None = None):
        self.peak = peak
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps

    def __call__(self, step: keras.KerasTensor) -> keras.KerasTensor:
        """Return the learning rate of update `step`, counted from 0."""
        step = ops.cast(step, "float32")
        share = ops.minimum(1.0, (step + 1) / max(self.warmup_steps, 1))
        if self.total_steps is not None:
            falling = max(self.total_steps - self.warmup_steps, 1)
            share = ops.minimum(share, ops.maximum(0.0, (self.total_steps - step) / falling))
        return self.peak * share

    def get_config(self) -> dict:
        """Return the arguments."""
        return {
            "peak": self.peak,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
        }


class _SumsSlices:
    """Adds up a table's gradients of one row before an optimizer sees them.

    Keras' Adam and AdamW square the gradient of every occurrence of a token instead, so that tokens
    that a batch repeats move further or less far than the published optimizers move them.
    """

    def update_step(
        self, gradient: tf.Tensor | tf.IndexedSlices, variable: keras.Variable, learning_rate: float
    ) -> None:
        """Update one variable (rows, width) or (width,) by a gradient of its shape."""
        super().update_step(_summed(gradient), variable, learning_rate)

    def _clip_gradients(self, grads: list) -> list:
        return super()._clip_gradients([_summed(gradient) for gradient in grads])


@keras.saving.register_keras_serializable("tfnews")
class Adam(_SumsSlices, _OverDevices, keras.optimizers.Adam):
    """Keras' Adam, right also for tables whose rows a batch uses more than once."""


@keras.saving.register_keras_serializable("tfnews")
class AdamW(_SumsSlices, _OverDevices, keras.optimizers.AdamW):
    """Keras' AdamW, right also for tables whose rows a batch uses more than once."""


OPTIMIZERS = {"adam": Adam, "adamw": AdamW, "lazy_adam": LazyAdam}


def make(
    options: dict,
    variables: list[keras.Variable],
    total_steps: int,
    rows: Mapping[str, Sequence[int]] | None = None,
) -> Optimizer:
    """Return the optimizer of a configuration.

    Args:
        options: The resolved configuration.
        variables: What will be trained. Biases are known by their name, as those of attention
            have two dimensions, and the scales of norms by their single one.
        total_steps: Updates of the whole fit, at the end of which a linear schedule reaches 0.
        rows: As `LazyAdam` takes them; the others need none.
    """
    arguments = {"epsilon": options["epsilon"], "global_clipnorm": options["clip"] or None}
    if options["optimizer"] == "adamw":
        arguments["weight_decay"] = options["weight_decay"]
    if options["optimizer"] == "lazy_adam":
        arguments["rows"] = rows
    optimizer = OPTIMIZERS[options["optimizer"]](_rate(options, total_steps), **arguments)
    if options["optimizer"] == "adamw":
        kept = [v for v in variables if len(v.shape) == 1 or v.name == "bias"]
        optimizer.exclude_from_weight_decay(kept)
    if options["precision"] == "mixed_float16":
        # Keras would wrap it by the policy of the model alone; ours is on its layers.
        return SparseLossScaling(optimizer)
    return optimizer


def _rate(options: dict, total_steps: int) -> float | WarmUp:
    linear = options["schedule"] == "linear"
    if not (linear or options["warmup_steps"]):
        return options["learning_rate"]
    total = total_steps if linear else None
    return WarmUp(options["learning_rate"], options["warmup_steps"], total)
