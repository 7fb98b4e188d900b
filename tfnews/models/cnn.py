"""Family "cnn": convolutions over token vectors, their maxima over time, a small head.

Source: Kim (2014), "Convolutional Neural Networks for Sentence Classification".
"""

from collections.abc import Sequence

import keras
import keras_hub
import numpy as np
import tensorflow as tf
from keras import ops

from tfnews.catalogue import Row
from tfnews.models.classifier import NewsClassifier
from tfnews.models.embedding.bag import TokenTable
from tfnews.models.embedding.tables import word_table
from tfnews.models.family import Built, Family, Material
from tfnews.models.influence import from_vectors
from tfnews.models.text.words import NO_TOKEN, WordPreprocessor
from tfnews.models.variables import fill


@keras.saving.register_keras_serializable("tfnews")
class TokenVectors(TokenTable):
    """Looks token vectors up; where there is no token, zeros.

    Args:
        rows: Rows of the table.
        width: Width of a vector.
    """

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        """Map ids (batch, tokens), -1 where there is none, to vectors (batch, tokens, width)."""
        known = tf.cast(ids >= 0, self.compute_dtype)
        vectors = self.vectors(tf.maximum(ids, 0))  # (batch, tokens, width)
        return tf.cast(vectors, self.compute_dtype) * known[..., tf.newaxis]

    def compute_output_spec(self, ids: keras.KerasTensor) -> keras.KerasTensor:
        """Return the symbolic output (batch, tokens, width)."""
        return keras.KerasTensor((*ids.shape, self.width), dtype=self.compute_dtype)


@keras.saving.register_keras_serializable("tfnews")
class MaxOverTime(keras.layers.Layer):
    """Takes the largest answer of each filter, at a text's own tokens alone."""

    def call(self, maps: keras.KerasTensor, ids: keras.KerasTensor) -> keras.KerasTensor:
        """Map (batch, tokens, filters), none negative, and ids (batch, tokens) to maxima.

        Returns:
            (batch, filters), zeros for an empty text.
        """
        own = ops.cast(ops.expand_dims(ids >= 0, -1), maps.dtype)
        return ops.max(maps * own, axis=1)

    def compute_output_spec(
        self, maps: keras.KerasTensor, ids: keras.KerasTensor
    ) -> keras.KerasTensor:
        """Return the symbolic output (batch, filters)."""
        return keras.KerasTensor((maps.shape[0], maps.shape[-1]), dtype=maps.dtype)


@keras.saving.register_keras_serializable("tfnews")
class CnnBackbone(keras_hub.models.Backbone):
    """Token ids (batch, tokens), -1 where there is none, to features (batch, widths * filters).

    A filter begins at each token of a text; where it reaches beyond the last one, it reads zeros.
    So a text's features do not depend on the batch that it is padded in.

    Args:
        rows: Rows of the table, buckets for unknown words included.
        width: Width of a vector.
        filters: Filters of each width.
        filter_widths: Tokens that a filter reads.
        dtype: Precision policy.
    """

    def __init__(
        self,
        rows: int,
        width: int,
        filters: int = 100,
        filter_widths: Sequence[int] = (3, 4, 5),
        dtype: object = None,
        **kwargs,
    ):
        # === Layers ===
        self.token_vectors = TokenVectors(rows, width, dtype=dtype, name="token_vectors")

        # === Functional Model ===
        ids = keras.Input((None,), dtype="int32", name="token_ids")
        vectors = self.token_vectors(ids)  # (batch, tokens, width)
        features = []
        for reach in filter_widths:
            pad = keras.layers.ZeroPadding1D((0, reach - 1), dtype=dtype, name=f"pad_{reach}")
            convolve = keras.layers.Conv1D(
                filters, reach, activation="relu", dtype=dtype, name=f"filters_{reach}"
            )
            largest = MaxOverTime(dtype=dtype, name=f"largest_{reach}")
            features.append(largest(convolve(pad(vectors)), ids))  # (batch, filters)
        joined = keras.layers.Concatenate(dtype=dtype, name="features")(features)
        super().__init__(inputs={"token_ids": ids}, outputs=joined, dtype=dtype, **kwargs)

        # === Config ===
        self.rows = rows
        self.width = width
        self.filters = filters
        self.filter_widths = tuple(filter_widths)

    def get_config(self) -> dict:
        """Return the arguments."""
        return {
            **super().get_config(),
            "rows": self.rows,
            "width": self.width,
            "filters": self.filters,
            "filter_widths": list(self.filter_widths),
        }


@keras.saving.register_keras_serializable("tfnews")
class CnnPreprocessor(WordPreprocessor):
    """Strings (batch,) to ids of words, padded to the longest text of the batch."""

    backbone_cls = CnnBackbone

    def pack(self, ids: tf.RaggedTensor) -> dict:
        """Fill ids (batch, tokens) up with `NO_TOKEN`, to one token at least."""
        dense = ids.to_tensor(NO_TOKEN)  # (batch, tokens)
        spare = tf.maximum(1 - tf.shape(dense)[1], 0)
        return {"token_ids": tf.pad(dense, [[0, 0], [0, spare]], constant_values=NO_TOKEN)}


@keras.saving.register_keras_serializable("tfnews")
class CnnClassifier(NewsClassifier):
    """Convolutions over token vectors under a small head."""

    backbone_cls = CnnBackbone
    preprocessor_cls = CnnPreprocessor

    def one_text(self, ids: tf.Tensor) -> tf.Tensor:
        """Return the fake probability (1,) of ids (1, length), -1 where there is no token."""
        return self({"token_ids": ids}, training=False)[:, -1]

    @property
    def explains(self) -> tuple[str, ...]:
        """By gradients or occlusion."""
        return ("gradients", "occlusion")

    def token_vectors(self, inputs: dict) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the vectors (1, tokens, width) of a packed text, and zeros, as padding has."""
        vectors = self.backbone.token_vectors(inputs["token_ids"])
        return vectors, tf.zeros_like(vectors)

    def from_vectors(self, inputs: dict, vectors: tf.Tensor) -> tf.Tensor:
        """Return the log odds (variants,) of a text with vectors (variants, tokens, width)."""
        return from_vectors(self, self.backbone.token_vectors, inputs, vectors)

    def rows_in_use(self, ids: tf.RaggedTensor) -> dict[str, np.ndarray]:
        """Return the rows that texts (texts, tokens) look up, and row 0, which padding reads."""
        table = self.backbone.token_vectors.table
        used = tf.concat([[0], ids.flat_values], axis=0)
        return {table.path: tf.unique(used)[0].numpy()}


def build(row: Row, material: Material, options: dict, answers: dict) -> Built:
    """Build a classifier with word vectors of a file or module, or with a fresh table.

    Args:
        row: The catalogue's row.
        material: The training split, from which a fresh table's vocabulary is learnt.
        options: weights (as `word_table` takes them), trainable, max_tokens, seed, and the row's
            settings.
        answers: What the classifier's answers mean: arguments of `NewsClassifier`.

    Returns:
        The classifier, and what is to be recorded of its weights.
    """
    table = word_table(row, material.texts, options)
    backbone = CnnBackbone(*table.shape, options["filters"])
    fill(backbone.token_vectors.table, table.vectors)
    freeze(backbone, options)
    preprocessor = CnnPreprocessor(table.tokenizer(options["max_tokens"]))
    return CnnClassifier(backbone, preprocessor, head=row.head, **answers), table.record


def freeze(backbone: CnnBackbone, options: dict) -> None:
    """Train the word vectors, or keep them as they are; the filters are always trained."""
    backbone.token_vectors.trainable = options["trainable"]


FAMILY = Family(build, freeze, padded=True)
