"""Gradient accumulation: an update from a batch that is computed in parts."""

import keras
import tensorflow as tf

from tfnews.models import NewsClassifier


class AccumulatingModel(keras.Model):
    """A functional model whose training step computes a batch in parts, one after the other.

    Only one part's activations are in memory at a time, and the update is that of the whole batch.
    Keras' own accumulation keeps a dense copy of every variable, embedding tables included, and
    does not work under a distribution strategy; here gradients stay sparse where they are.

    Args:
        inputs: As for `keras.Model`.
        outputs: As for `keras.Model`.
        parts: Number of parts; 1 is Keras' own step.
        strategy: Of the devices that hold the variables; `None` for a single one.
    """

    def __init__(
        self, *args, parts: int = 1, strategy: tf.distribute.Strategy | None = None, **kwargs
    ):
        super().__init__(*args, **kwargs)
        self.parts = parts
        self.strategy = strategy

    def train_step(self, data: tuple) -> dict:
        """Update once by a batch; with a strategy, all its devices do, each by its own parts.

        Keras is not told of them. It would cut each tensor of a batch at its first axis, which of
        flat token ids is not that of the texts.
        """
        if self.strategy is None:
            return self._update(data)
        with self.strategy.scope():
            self.strategy.run(self._update, args=(data,))
            return self.get_metrics_result()

    def _update(self, data: tuple) -> dict:
        """Compute the gradients of each part of a batch, add them up, and update once."""
        context = tf.distribute.get_replica_context()
        replicas = context.num_replicas_in_sync
        if self.parts * replicas == 1:
            return super().train_step(data)
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        numbers = [context.replica_id_in_sync_group * self.parts + n for n in range(self.parts)]
        gradients, losses, labels, outputs = [], [], [], []
        for number in numbers:
            rows, size, share = _part(tf.shape(y)[0], self.parts * replicas, number)
            with tf.control_dependencies(losses[-1:]):  # one part after the other
                part = tf.nest.map_structure(lambda values, rows=rows: tf.gather(values, rows), x)
            expected = tf.gather(y, rows)  # (rows of the part,)
            with tf.GradientTape() as tape:
                predicted = self(part, training=True)  # (rows of the part, units)
                weighed = None if weights is None else tf.gather(weights, rows)
                loss = self.compute_loss(part, expected, predicted, weighed, training=True)
                loss *= share * replicas  # by whose number Keras has divided it
                scaled = self.optimizer.scale_loss(loss)
            gradients.append(tape.gradient(scaled, self.trainable_weights))
            losses.append(loss)
            labels.append(expected[:size])
            outputs.append(predicted[:size])
        summed = [_sum(slopes) for slopes in zip(*gradients, strict=True)]
        self.optimizer.apply_gradients(zip(summed, self.trainable_weights, strict=True))
        # So that all devices together count each row once.
        self._loss_tracker.update_state(tf.add_n(losses) * replicas, tf.shape(y)[0] / replicas)
        return self.compute_metrics(x, tf.concat(labels, axis=0), tf.concat(outputs, axis=0))


def training_model(
    classifier: NewsClassifier, parts: int = 1, strategy: tf.distribute.Strategy | None = None
) -> AccumulatingModel:
    """Return the model that is trained: a classifier up to its logits, over the same weights.

    Args:
        classifier: Maps encoded inputs to probabilities.
        parts: In which a batch is computed, on each device.
        strategy: In whose scope the classifier was made, if in any.

    Returns:
        A model from encoded inputs to logits (batch, units), float32.
    """
    inputs, outputs = classifier.backbone.input, classifier.logits
    return AccumulatingModel(inputs, outputs, parts=parts, strategy=strategy)


def _part(
    rows: tf.Tensor, parts: int, number: int | tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return the row numbers of a part, how many they are, and their share of all rows.

    A part that would be empty is the first row, counted as none, with a share of 0.
    """
    size = -(-rows // parts)
    part = tf.range(tf.minimum(number * size, rows), tf.minimum((number + 1) * size, rows))
    count = tf.size(part)
    part = tf.cond(count > 0, lambda: part, lambda: tf.constant([0]))
    return part, count, tf.cast(count / rows, tf.float32)


def _sum(slopes: tuple) -> tf.Tensor | tf.IndexedSlices:
    """Add gradients up; sparse ones become one with all their rows."""
    if not all(isinstance(slope, tf.IndexedSlices) for slope in slopes):
        return tf.add_n([tf.convert_to_tensor(slope) for slope in slopes])
    return tf.IndexedSlices(
        tf.concat([slope.values for slope in slopes], axis=0),
        tf.concat([slope.indices for slope in slopes], axis=0),
        slopes[0].dense_shape,
    )
