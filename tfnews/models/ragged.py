"""Classifiers that read ragged ids: texts of any length without padding."""

import functools
from collections.abc import Callable, Sequence

import keras_hub
import numpy as np
import tensorflow as tf

from tfnews.models.batches import answered_side_by_side
from tfnews.models.classifier import NewsClassifier, listed


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


class RaggedClassifier(NewsClassifier):
    """A classifier over a `RaggedBackbone`, whose operations take one core each.

    So that batches are tokenised and answered side by side, and texts stay in their order: where
    nothing is padded, those of like length gain nothing from each other.
    """

    prediction_batch = 256

    def _answered(self, texts: Sequence[str] | tf.RaggedTensor, batch_size: int) -> np.ndarray:
        """Return `probabilities`, several batches at once."""
        if isinstance(texts, tf.RaggedTensor):
            return answered_side_by_side(self._answers, texts, batch_size)
        # One graph for both: to call two took a quarter of the time.
        return answered_side_by_side(self._answers_texts, listed(texts), batch_size)

    def _trace_again(self) -> None:
        super()._trace_again()
        self.__dict__.pop("_answers_texts", None)

    @functools.cached_property
    def _answers_texts(self) -> Callable:
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def answers(texts: tf.Tensor) -> tf.Tensor:
            return self.answer(self.preprocessor.tokenizer(texts))

        return answers
