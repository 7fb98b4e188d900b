"""Family "hub": a token embedding pooled over the text, as in TF-Hub's text embeddings."""

from pathlib import Path

import keras
import keras_hub
import numpy as np
import tensorflow as tf

from tfnews.errors import DataError, UsageError
from tfnews.models import alias, tables
from tfnews.models.catalogue import Row
from tfnews.models.classifier import NewsClassifier
from tfnews.models.vocabulary import count_words
from tfnews.models.weights.digests import split_pin
from tfnews.models.weights.find import find
from tfnews.models.weights.module import (
    UnknownStructureError,
    licence,
    read_module,
)
from tfnews.models.words import WordPreprocessor, WordTokenizer

SOLVED = False  # trained by gradient descent
PADDED = False  # texts travel as ragged ids, not padded to one length

_FEW = 256  # texts up to which counting tokens in a matrix is the faster way to train


@keras.saving.register_keras_serializable("tfnews")
class EmbeddingBag(keras.layers.Layer):
    """Looks token vectors up and pools them by sqrtn: their sum over the root of their count.

    An empty text answers zeros. Only the distinct rows of a batch are gathered, so that gradients
    stay sparse and one very long text costs no memory by its length.

    Args:
        rows: Rows of the table.
        width: Width of a vector.
    """

    def __init__(self, rows: int, width: int, **kwargs):
        super().__init__(**kwargs)
        self.rows = rows
        self.width = width

    def build(self, input_shape: tuple) -> None:
        """Make the table (rows, width)."""
        self.table = self.add_weight(
            shape=(self.rows, self.width),
            initializer="zeros",  # a vocabulary's or a module's rows are assigned
            autocast=False,  # a cast would copy the whole table at every step
            name="embeddings",
        )

    def call(self, ids: tf.RaggedTensor, training: bool = False) -> tf.Tensor:
        """Map ragged ids (batch, tokens) to pooled vectors (batch, width)."""
        distinct, position = tf.unique(ids.flat_values)
        if self.trainable:
            # Hides the pattern from Grappler's SimplifyEmbeddingLookup, which would read the whole
            # table; while the table is trained that is a copy of it at every step.
            distinct = tf.maximum(distinct, 0)
        vectors = tf.gather(self.table.value, distinct)
        if self.trainable and training:
            pooled = tf.cond(
                ids.nrows() <= _FEW,
                lambda: _pooled_by_counts(vectors, position, ids),
                lambda: _pooled(vectors, position, ids),
            )
        else:
            pooled = _pooled(vectors, position, ids)
        return tf.cast(pooled, self.compute_dtype)

    def save_own_variables(self, store: dict) -> None:
        """Save the table from where it lies; Keras would make two copies of it."""
        store["0"] = _Memory(tf.convert_to_tensor(self.table.value))

    def load_own_variables(self, store: dict) -> None:
        """Load the table."""
        tables.fill(self.table, store["0"])

    def compute_output_spec(
        self, ids: keras.KerasTensor, training: bool = False
    ) -> keras.KerasTensor:
        """Return the symbolic output (batch, width)."""
        return keras.KerasTensor((ids.shape[0], self.width), dtype=self.compute_dtype)

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "rows": self.rows, "width": self.width}


def _pooled(vectors: tf.Tensor, position: tf.Tensor, ids: tf.RaggedTensor) -> tf.Tensor:
    """Pool the vectors (distinct, width) at the positions (tokens,) of each text's tokens."""
    return tf.sparse.segment_sqrt_n(vectors, position, ids.value_rowids(), num_segments=ids.nrows())


def _pooled_by_counts(vectors: tf.Tensor, position: tf.Tensor, ids: tf.RaggedTensor) -> tf.Tensor:
    """Pool as `_pooled` does, by a matrix of how often a text has a token: (batch, distinct).

    The gradient is a product of matrices then; the other one's is an addition per token.
    """
    counts = tf.raw_ops.RaggedBincount(
        splits=tf.cast(ids.row_splits, tf.int64),
        values=position,
        size=tf.shape(vectors)[0],
        weights=tf.zeros([0], tf.float32),
    )
    shares = (
        tf.ensure_shape(counts, (None, None))
        * tf.math.rsqrt(tf.cast(tf.maximum(ids.row_lengths(), 1), tf.float32))[:, tf.newaxis]
    )
    return tf.cast(shares, vectors.dtype) @ vectors


class _Memory:
    """A tensor's memory as an array: `np.array`, by which Keras saves, copies any array else."""

    def __init__(self, tensor: tf.Tensor):
        self.tensor = tensor

    def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(memoryview(self.tensor), dtype)


@keras.saving.register_keras_serializable("tfnews")
class HubBackbone(keras_hub.models.Backbone):
    """Ragged token ids (batch, tokens) to pooled vectors (batch, width).

    Args:
        rows: Rows of the table, buckets for unknown words included.
        width: Width of a vector.
        dtype: Precision policy.
    """

    def __init__(self, rows: int, width: int, dtype: object = None, **kwargs):
        # === Layers ===
        self.token_embedding = EmbeddingBag(rows, width, dtype=dtype, name="token_embedding")

        # === Functional Model ===
        ids = keras.Input((None,), dtype="int32", ragged=True, name="token_ids")
        super().__init__(
            inputs={"token_ids": ids}, outputs=self.token_embedding(ids), dtype=dtype, **kwargs
        )

        # === Config ===
        self.rows = rows
        self.width = width

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "rows": self.rows, "width": self.width}


@keras.saving.register_keras_serializable("tfnews")
class HubPreprocessor(WordPreprocessor):
    """Strings (batch,) to ragged ids of words split on single spaces."""

    backbone_cls = HubBackbone


@keras.saving.register_keras_serializable("tfnews")
class HubClassifier(NewsClassifier):
    """A pooled token embedding under a small dense head."""

    backbone_cls = HubBackbone
    preprocessor_cls = HubPreprocessor

    def rows_in_use(self, ids: tf.RaggedTensor) -> dict[str, np.ndarray]:
        """Return the rows of the table that the texts look up."""
        table = self.backbone.token_embedding.table
        return {table.path: tf.unique(ids.flat_values)[0].numpy()}


def build(row: Row, texts: list[str], options: dict, answers: dict) -> tuple[NewsClassifier, dict]:
    """Build a classifier from a row, with its published module or with a fresh table.

    Args:
        row: The catalogue's row.
        texts: Training texts, from which a fresh table's vocabulary is learnt.
        options: weights (what `find` takes, or "none"), trainable, max_tokens, seed, and the
            row's settings.
        answers: What the classifier's answers mean: arguments of `NewsClassifier`.

    Returns:
        The classifier, and what is to be recorded of its weights.
    """
    handle = options["weights"]
    if handle == "none":
        return _native(row, *_fresh(row, texts, options), options, answers)
    folder = find(handle)
    record = {"handle": handle, "licence": _licence(row, handle, folder)}
    try:
        module = read_module(folder)
    except UnknownStructureError as reason:
        classifier, more = alias.build(row, folder, reason, options, answers)
        return classifier, record | more
    record |= {"digest": module.digest, "normalise": module.normalise}
    record["oov_buckets"] = module.oov_buckets
    return _native(row, module.words, module.table, record, options, answers)


def freeze(backbone: keras_hub.models.Backbone, options: dict) -> None:
    """Train the table, or keep it as it is."""
    backbone.trainable = options["trainable"]


def _native(
    row: Row, words: list[str], table: np.ndarray, record: dict, options: dict, answers: dict
) -> tuple[HubClassifier, dict]:
    # Before the vocabulary, which would take a part of the room that an opened module leaves.
    backbone = HubBackbone(len(words) + record["oov_buckets"], table.shape[1])
    tokenizer = WordTokenizer(
        words,
        normalise=record["normalise"],
        oov_buckets=record["oov_buckets"],
        max_tokens=options["max_tokens"],
    )
    tables.fill(backbone.token_embedding.table, table)
    freeze(backbone, options)
    return HubClassifier(backbone, HubPreprocessor(tokenizer), head=row.head, **answers), record


def _fresh(row: Row, texts: list[str], options: dict) -> tuple[list[str], np.ndarray, dict]:
    if not options["trainable"]:
        raise UsageError(
            f"--weights none starts {row.name} from a random table, which must be trained. "
            "Received: a frozen table. Add --trainable."
        )
    buckets = options["oov_buckets"]
    words = count_words(texts, "words", options["vocabulary_size"], options["min_count"])
    if not words:
        raise DataError(
            f"No word occurs {options['min_count']} times in the {len(texts)} training texts, so "
            "there is no vocabulary to learn. Give more texts, or --set min_count=1."
        )
    table = np.random.default_rng(options["seed"]).uniform(
        -0.05, 0.05, (len(words) + buckets, row.width)
    )
    record = {"handle": "none", "digest": None, "licence": "none: learnt from the training split"}
    return words, table.astype("float32"), {**record, "normalise": "words", "oov_buckets": buckets}


def _licence(row: Row, handle: str, folder: Path) -> str:
    """Return the row's licence for its own weights, else what the module states of itself."""
    published = split_pin(handle)[0] == row.weights
    return row.licence if published else licence(folder) or "as its maker states"
