"""Family "embedding": a token embedding pooled over the text, as TF-Hub's text embeddings."""

import keras
import keras_hub
import numpy as np
import tensorflow as tf

from tfnews.catalogue import Row
from tfnews.models.embedding import alias
from tfnews.models.embedding.bag import EmbeddingBag
from tfnews.models.embedding.module import UnknownStructureError
from tfnews.models.embedding.tables import WordTable, word_table
from tfnews.models.family import Built, Family, Material
from tfnews.models.influence import is_linear, line, of_logits
from tfnews.models.ragged import RaggedBackbone, RaggedClassifier
from tfnews.models.text.words import WordPreprocessor
from tfnews.models.variables import fill
from tfnews.weights.find import find


@keras.saving.register_keras_serializable("tfnews")
class HubBackbone(RaggedBackbone):
    """Ragged token ids (batch, tokens) to pooled vectors (batch, width).

    Args:
        rows: Rows of the table, buckets for unknown words included.
        width: Width of a vector.
        pooling: As `EmbeddingBag` takes it.
        dtype: Precision policy.
    """

    def __init__(
        self, rows: int, width: int, pooling: str = "sqrtn", dtype: object = None, **kwargs
    ):
        # === Layers ===
        self.token_embedding = EmbeddingBag(
            rows, width, pooling, dtype=dtype, name="token_embedding"
        )

        # === Functional Model ===
        ids = keras.Input((None,), dtype="int32", ragged=True, name="token_ids")
        super().__init__(
            inputs={"token_ids": ids}, outputs=self.token_embedding(ids), dtype=dtype, **kwargs
        )

        # === Config ===
        self.rows = rows
        self.width = width
        self.pooling = pooling

    def one_text(self, ids: tf.Tensor) -> tf.Tensor:
        """Pool one text's dense ids (1, length) to (1, width)."""
        return self.token_embedding.one_text(ids)

    def get_config(self) -> dict:
        """Return the arguments."""
        return {
            **super().get_config(),
            "rows": self.rows,
            "width": self.width,
            "pooling": self.pooling,
        }


@keras.saving.register_keras_serializable("tfnews")
class HubPreprocessor(WordPreprocessor):
    """Strings (batch,) to ragged ids of words split on single spaces."""

    backbone_cls = HubBackbone


@keras.saving.register_keras_serializable("tfnews")
class HubClassifier(RaggedClassifier):
    """A pooled token embedding under a small dense head."""

    backbone_cls = HubBackbone
    preprocessor_cls = HubPreprocessor

    @property
    def explains(self) -> tuple[str, ...]:
        """Exactly where the head is one layer; else by gradients or occlusion."""
        return (*(("exact",) if is_linear(self) else ()), "gradients", "occlusion")

    def contributions(self, ids: tf.RaggedTensor) -> tuple[np.ndarray, float]:
        """Return what each token of one text (1, tokens) adds to its log odds, and the constant.

        Right where the head is one layer: pooled vectors are a sum, and so are its log odds.
        """
        slopes, constant = line(self)
        vectors = self.backbone.token_embedding.vectors(ids.flat_values).numpy()  # (tokens, width)
        count = max(len(vectors), 1)
        share = count**-0.5 if self.backbone.pooling == "sqrtn" else 1 / count
        return vectors.astype(np.float64) @ slopes * share, constant

    def token_vectors(self, inputs: dict) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the vectors (1, tokens, width) of a packed text, and zeros, as of an empty one."""
        ids = inputs["token_ids"].to_tensor()
        vectors = self.backbone.token_embedding.vectors(ids)
        return vectors, tf.zeros_like(vectors)

    def from_vectors(self, inputs: dict, vectors: tf.Tensor) -> tf.Tensor:
        """Return the log odds (variants,) of a text's vectors (variants, tokens, width)."""
        bag = self.backbone.token_embedding
        outputs = bag.pool(vectors, tf.ones(vectors.shape[:2]))
        for layer in self.head_layers:
            outputs = layer(outputs, training=False)
        return of_logits(self, outputs)

    def rows_in_use(self, ids: tf.RaggedTensor) -> dict[str, np.ndarray]:
        """Return the rows of the table that the texts (texts, tokens) look up."""
        table = self.backbone.token_embedding.table
        return {table.path: tf.unique(ids.flat_values)[0].numpy()}


def build(row: Row, material: Material, options: dict, answers: dict) -> Built:
    """Build a classifier from a row, with its published module or with a fresh table.

    Args:
        row: The catalogue's row.
        material: The training split, from which a fresh table's vocabulary is learnt.
        options: weights (as `word_table` takes them), trainable, max_tokens, seed, and the
            row's settings.
        answers: What the classifier's answers mean: arguments of `NewsClassifier`.

    Returns:
        The classifier, and what is to be recorded of its weights.
    """
    try:
        table = word_table(row, material.texts, options)
    except UnknownStructureError as reason:
        return alias.build(row, find(options["weights"]), reason, options, answers)
    return _native(row, table, options, answers)


def freeze(backbone: keras_hub.models.Backbone, options: dict) -> None:
    """Train the table, or keep it as it is."""
    backbone.trainable = options["trainable"]


FAMILY = Family(build, freeze)


def _native(row: Row, table: WordTable, options: dict, answers: dict) -> Built:
    # Before the vocabulary, which would take a part of the room that an opened module leaves.
    backbone = HubBackbone(*table.shape)
    tokenizer = table.tokenizer(options["max_tokens"])
    fill(backbone.token_embedding.table, table.vectors)
    freeze(backbone, options)
    classifier = HubClassifier(backbone, HubPreprocessor(tokenizer), head=row.head, **answers)
    return classifier, table.record
