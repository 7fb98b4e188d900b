"""A table of token vectors, pooled over each text."""

import keras
import keras_hub
import numpy as np
import tensorflow as tf

from tfnews.errors import UsageError
from tfnews.models.variables import fill

_POOLS = {"sqrtn": tf.sparse.segment_sqrt_n, "mean": tf.sparse.segment_mean}
_FEW = 256  # texts up to which counting tokens in a matrix is the faster way to train


class TokenTable(keras.layers.Layer):
    """A table of token vectors (rows, width), large ones included.

    Args:
        rows: Rows of the table.
        width: Width of a vector.
    """

    def __init__(self, rows: int, width: int, **kwargs):
        super().__init__(**kwargs)
        self.rows = rows
        self.width = width
        self.packed = None  # the table as `eight_bit` has it, while an export is traced

    def build(self, input_shape: tuple) -> None:
        """Make the table (rows, width)."""
        self.table = self.add_weight(
            shape=(self.rows, self.width),
            initializer="zeros",  # a vocabulary's or a module's rows are assigned
            autocast=False,  # a cast would copy the whole table at every step
            name="embeddings",
        )

    def vectors(self, ids: tf.Tensor) -> tf.Tensor:
        """Look ids of any shape up, each in the table: (..., width)."""
        if self.packed is None:
            return tf.gather(self.table.value, ids)
        numbers, scales = self.packed
        return tf.cast(tf.gather(numbers, ids), tf.float32) * tf.gather(scales, ids)

    def save_own_variables(self, store: dict) -> None:
        """Save the table from where it lies; Keras would make two copies of it."""
        store["0"] = _Memory(tf.convert_to_tensor(self.table.value))

    def load_own_variables(self, store: dict) -> None:
        """Load the table."""
        fill(self.table, store["0"])

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "rows": self.rows, "width": self.width}


def table_of(classifier: keras_hub.models.TextClassifier) -> TokenTable | None:
    """Return the layer that holds a table of word vectors; `None` where there is none."""
    tables = [layer for layer in classifier.backbone.layers if isinstance(layer, TokenTable)]
    return tables[0] if tables else None


@keras.saving.register_keras_serializable("tfnews")
class EmbeddingBag(TokenTable):
    """Looks token vectors up and pools them: by sqrtn, their sum over the root of their count.

    An empty text answers zeros. Only the distinct rows of a batch are gathered, so that gradients
    stay sparse and one very long text costs no memory by its length.

    Args:
        rows: Rows of the table.
        width: Width of a vector.
        pooling: "sqrtn", or "mean", their sum over their count.

    Raises:
        UsageError: `pooling` is neither.
    """

    def __init__(self, rows: int, width: int, pooling: str = "sqrtn", **kwargs):
        if pooling not in _POOLS:
            raise UsageError(f"Unknown pooling {pooling!r}. Allowed: {', '.join(_POOLS)}.")
        super().__init__(rows, width, **kwargs)
        self.pooling = pooling

    def call(self, ids: tf.RaggedTensor, training: bool = False) -> tf.Tensor:
        """Map ragged ids (batch, tokens) to pooled vectors (batch, width)."""
        distinct, position = tf.unique(ids.flat_values)  # (distinct,), (tokens,)
        if self.trainable:
            # Hides the pattern from Grappler's SimplifyEmbeddingLookup, which would read the whole
            # table; while the table is trained that is a copy of it at every step.
            distinct = tf.maximum(distinct, 0)
        vectors = tf.gather(self.table.value, distinct)  # (distinct, width)
        if self.trainable and training:
            pooled = tf.cond(
                ids.nrows() <= _FEW,
                lambda: _pooled_by_counts(vectors, position, ids, self.pooling),
                lambda: _pooled(vectors, position, ids, self.pooling),
            )
        else:
            pooled = _pooled(vectors, position, ids, self.pooling)
        return tf.cast(pooled, self.compute_dtype)

    def one_text(self, ids: tf.Tensor) -> tf.Tensor:
        """Pool one text's ids (1, length), -1 where there is none, to (1, width)."""
        known = tf.cast(ids >= 0, tf.float32)  # (1, length)
        vectors = self.vectors(tf.maximum(ids, 0))  # (1, length, width)
        return self.pool(vectors, known)

    def pool(self, vectors: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
        """Pool vectors (texts, length, width), where known (texts or 1, length) is 1, not 0."""
        summed = tf.reduce_sum(vectors * known[..., tf.newaxis], axis=1)  # (texts, width)
        count = tf.maximum(tf.reduce_sum(known, axis=1, keepdims=True), 1.0)  # (texts or 1, 1)
        return summed * tf.math.rsqrt(count) if self.pooling == "sqrtn" else summed / count

    def compute_output_spec(
        self, ids: keras.KerasTensor, training: bool = False
    ) -> keras.KerasTensor:
        """Return the symbolic output (batch, width)."""
        return keras.KerasTensor((ids.shape[0], self.width), dtype=self.compute_dtype)

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "pooling": self.pooling}


def _pooled(
    vectors: tf.Tensor, position: tf.Tensor, ids: tf.RaggedTensor, pooling: str
) -> tf.Tensor:
    """Pool the vectors (distinct, width) at the positions (tokens,) of each text's tokens."""
    return _POOLS[pooling](vectors, position, ids.value_rowids(), num_segments=ids.nrows())


def _pooled_by_counts(
    vectors: tf.Tensor, position: tf.Tensor, ids: tf.RaggedTensor, pooling: str
) -> tf.Tensor:
    """Pool as `_pooled` does, by a matrix of how often a text has a token: (batch, distinct).

    The gradient is a product of matrices then; the other one's is an addition per token.
    """
    counts = tf.raw_ops.RaggedBincount(
        splits=tf.cast(ids.row_splits, tf.int64),
        values=position,
        size=tf.shape(vectors)[0],
        weights=tf.zeros([0], tf.float32),
    )
    lengths = tf.cast(tf.maximum(ids.row_lengths(), 1), tf.float32)  # (batch,)
    shares = tf.math.rsqrt(lengths) if pooling == "sqrtn" else 1.0 / lengths
    weights = tf.ensure_shape(counts, (None, None)) * shares[:, tf.newaxis]  # (batch, distinct)
    return tf.cast(weights, vectors.dtype) @ vectors  # (batch, width)


class _Memory:
    """A tensor's memory as an array: `np.array`, by which Keras saves, copies any array else."""

    def __init__(self, tensor: tf.Tensor):
        self.tensor = tensor

    def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(memoryview(self.tensor), dtype)
