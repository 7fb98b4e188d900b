"""A classifier as TensorFlow saves it: functions, and the variables and tables they need."""

import keras_hub
import tensorflow as tf


class Servable(tf.Module):
    """Functions of a classifier over its variables and tables, without its Keras model.

    Args:
        classifier: A `NewsClassifier` with its preprocessor.

    Attributes:
        text: Strings (batch,) to fake_probability (batch,).
        token_ids: Ids (tokens,) and row_lengths (batch,) to fake_probability (batch,).
    """

    def __init__(self, classifier: keras_hub.models.TextClassifier):
        super().__init__()
        self.resources = classifier.resources()

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
        def text(text: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"fake_probability": classifier.answer(classifier.preprocessor.tokenizer(text))}

        @tf.function(
            input_signature=[
                tf.TensorSpec([None], tf.int32, name="token_ids"),
                tf.TensorSpec([None], tf.int64, name="row_lengths"),
            ]
        )
        def token_ids(token_ids: tf.Tensor, row_lengths: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"fake_probability": classifier.from_tokens(token_ids, row_lengths)}

        self.text = text
        self.token_ids = token_ids

    def signatures(self) -> dict:
        """Return the functions by the names under which a server finds them."""
        return {"serving_default": self.text, "token_ids": self.token_ids}
