"""A classifier as TensorFlow saves it: functions, and the variables and tables they need."""

import keras_hub
import tensorflow as tf

from tfnews.models.guard_ops import may_be_scored

OUTCOMES = ("not_scored", "scored", "unsure")
_EXAMPLE = {"text": tf.io.FixedLenFeature([], tf.string)}


class Servable(tf.Module):
    """Functions of a classifier over its variables and tables, without its Keras model.

    `text` and `token_ids` answer fake_probability float32 (batch,), probabilities float32
    (batch, 2), those of class 0 and class 1, and label (batch,), which says in words what a text
    resembles. `text` answers outcome (batch,) too: "not_scored" where the guards refuse a text,
    whose label is empty then. Its numbers are finite all the same and must not be shown. "unsure"
    is a text whose score lies in the classifier's band; its label is empty, and its numbers count.

    Args:
        classifier: A `NewsClassifier` with its preprocessor.

    Attributes:
        text: Strings (batch,) to these.
        token_ids: Ids (tokens,) and row_lengths (batch,) to these, without outcome: ids do not tell
            what the guards ask.
        classify: Serialized `tf.train.Example` messages (batch,), each with a feature "text", to
            classes (batch, 2), in words, and their scores float32 (batch, 2): class 0, class 1.
            Both classes are empty where the guards refuse the text. What comes in and goes out has
            the names that TensorFlow Serving's method classify looks for.
    """

    def __init__(self, classifier: keras_hub.models.TextClassifier):
        super().__init__()
        self.resources = classifier.resources()

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
        def text(text: tf.Tensor) -> dict[str, tf.Tensor]:
            fake = classifier.answer(classifier.preprocessor.tokenizer(text))
            scored = may_be_scored(classifier.guards, text) & tf.math.is_finite(fake)
            told = _told(classifier, fake)
            doubtful = scored & _unsure(classifier, fake)
            told["label"] = tf.where(scored & ~doubtful, told["label"], "")
            which = tf.cast(scored, tf.int32) + tf.cast(doubtful, tf.int32)
            outcome = tf.gather(tf.constant(OUTCOMES), which)
            return {**told, "outcome": outcome}

        @tf.function(
            input_signature=[
                tf.TensorSpec([None], tf.int32, name="token_ids"),
                tf.TensorSpec([None], tf.int64, name="row_lengths"),
            ]
        )
        def token_ids(token_ids: tf.Tensor, row_lengths: tf.Tensor) -> dict[str, tf.Tensor]:
            return _told(classifier, classifier.from_tokens(token_ids, row_lengths))

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
        def classify(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
            told = text(tf.io.parse_example(inputs, _EXAMPLE)["text"])
            scored = told["outcome"] != OUTCOMES[0]
            classes = tf.where(scored[:, tf.newaxis], tf.constant([classifier.labels]), "")
            return {"classes": classes, "scores": told["probabilities"]}

        self.text = text
        self.token_ids = token_ids
        self.classify = classify

    def signatures(self) -> dict:
        """Return the functions by the names under which a server finds them."""
        return {
            "serving_default": self.text,
            "token_ids": self.token_ids,
            "classify": self.classify,
        }


def _unsure(classifier: keras_hub.models.TextClassifier, fake: tf.Tensor) -> tf.Tensor:
    """Tell which fake probabilities (batch,) lie in the classifier's band, bool (batch,)."""
    band = classifier.band
    if band is None:
        return tf.zeros_like(fake, tf.bool)
    low, high = (tf.constant(end, tf.float32) for end in band.ends)
    return (fake >= low) & (fake <= high)


def _told(classifier: keras_hub.models.TextClassifier, fake: tf.Tensor) -> dict[str, tf.Tensor]:
    """Return what is said of texts with the fake probabilities (batch,)."""
    flagged = fake >= tf.constant(classifier.threshold, tf.float32)
    return {
        "fake_probability": fake,
        "probabilities": tf.stack([1.0 - fake, fake], axis=1),
        "label": tf.gather(tf.constant(classifier.labels), tf.cast(flagged, tf.int32)),
    }
