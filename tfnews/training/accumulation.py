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
    """

    def __init__(self, *args, parts: int = 1, **kwargs):
        super().__init__(*args, **kwargs)
        self.parts = parts

    def train_step(self, data: tuple) -> dict:
        """Compute the gradients of each part, add them up, and update once."""
        if self.parts == 1:
            return super().train_step(data)
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        gradients, losses, outputs = [], [], []
        for rows, share in _parts(tf.shape(y)[0], self.parts):
            with tf.control_dependencies(losses[-1:]):  # one part after the other
                part = tf.nest.map_structure(lambda values, rows=rows: tf.gather(values, rows), x)
            labels = tf.gather(y, rows)  # (rows of the part,)
            with tf.GradientTape() as tape:
                predicted = self(part, training=True)  # (rows of the part, units)
                weighed = None if weights is None else tf.gather(weights, rows)
                loss = self.compute_loss(part, labels, predicted, weighed, training=True)
                loss *= share
                scaled = self.optimizer.scale_loss(loss)
            gradients.append(tape.gradient(scaled, self.trainable_weights))
            losses.append(loss)
            outputs.append(predicted)
        summed = [_sum(slopes) for slopes in zip(*gradients, strict=True)]
        self.optimizer.apply_gradients(zip(summed, self.trainable_weights, strict=True))
        return self._measured(x, y, tf.add_n(losses), outputs)

    def _measured(self, x: dict, y: tf.Tensor, loss: tf.Tensor, outputs: list) -> dict:
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        rows = tf.shape(y)[0]
        self._loss_tracker.update_state(loss * replicas, sample_weight=rows)
        # What parts without rows have answered comes last.
        return self.compute_metrics(x, y, tf.concat(outputs, axis=0)[:rows])


def training_model(classifier: NewsClassifier, parts: int = 1) -> AccumulatingModel:
    """Return the model that is trained: a classifier up to its logits, over the same weights.

    Args:
        classifier: Maps encoded inputs to probabilities.
        parts: In which a batch is computed.

    Returns:
        A model from encoded inputs to logits (batch, units), float32.
    """
    return AccumulatingModel(classifier.backbone.input, classifier.logits, parts=parts)


def _parts(rows: tf.Tensor, parts: int) -> list[tuple[tf.Tensor, tf.Tensor]]:
    """Return the row numbers of each part, and its share of all rows.

    A part that would be empty is the first row with a share of 0.
    """
    size = -(-rows // parts)
    found = []
    for number in range(parts):
        part = tf.range(tf.minimum(number * size, rows), tf.minimum((number + 1) * size, rows))
        share = tf.size(part) / rows
        found.append(
            (tf.cond(tf.size(part) > 0, lambda p=part: p, lambda: tf.constant([0])), share)
        )
    return [(part, tf.cast(share, tf.float32)) for part, share in found]


def _sum(slopes: tuple) -> tf.Tensor | tf.IndexedSlices:
    """Add gradients up; sparse ones become one with all their rows."""
    if not all(isinstance(slope, tf.IndexedSlices) for slope in slopes):
        return tf.add_n([tf.convert_to_tensor(slope) for slope in slopes])
    return tf.IndexedSlices(
        tf.concat([slope.values for slope in slopes], axis=0),
        tf.concat([slope.indices for slope in slopes], axis=0),
        slopes[0].dense_shape,
    )
