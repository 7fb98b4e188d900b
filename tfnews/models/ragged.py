"""Backbones that read ragged ids: texts of any length without padding."""

from collections.abc import Callable

import keras_hub
import tensorflow as tf


class RaggedBackbone(keras_hub.models.Backbone):
    """A backbone whose only input is ragged token ids (batch, tokens)."""

    @property
    def _default_save_signature(self) -> Callable:
        """Serve flat ids where TensorFlow saves the model itself; Keras would trace dense ones."""

        @tf.function(
            input_signature=[
                tf.TensorSpec([None], tf.int32, name="token_ids"),
                tf.TensorSpec([None], tf.int64, name="row_lengths"),
            ]
        )
        def serving_default(token_ids: tf.Tensor, row_lengths: tf.Tensor) -> tf.Tensor:
            ids = tf.RaggedTensor.from_row_lengths(token_ids, row_lengths, validate=False)
            return self({"token_ids": ids}, training=False)

        return serving_default
