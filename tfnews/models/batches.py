"""From strings to batches, the same way for every model.

strings -> ids -> kept in memory -> permutation by (seed, epoch) -> length buckets -> packed
batches -> prefetch. Order is a function of the seed and the epoch alone, so that a run can be
taken up again in the middle of an epoch.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import tensorflow as tf

from tfnews import progress

IDS = tf.RaggedTensorSpec([None, None], tf.int32, ragged_rank=1)  # encoded texts, (texts, tokens)

_ENCODE_BATCH = 512
_ENCODED_AT_ONCE = 2048  # texts for which a pipeline costs more than it gains
_POOL = 32  # batches among which texts are sorted by length
_PARALLEL = 2  # batches made at once, and as many kept ready


def encode(tokenize: Callable, texts: Sequence[str]) -> tf.RaggedTensor:
    """Tokenise texts once.

    Args:
        tokenize: Strings (batch,) to ragged ids (batch, tokens).
        texts: Combined texts.

    Returns:
        int32 ids (texts, tokens), kept in memory.
    """
    texts = tf.constant(list(texts), tf.string)
    if len(texts) <= _ENCODED_AT_ONCE:
        return tokenize(texts)
    # Slices: to take texts apart and put them together again took a quarter of the time.
    starts = tf.data.Dataset.range(0, len(texts), _ENCODE_BATCH)
    encoded = made_ahead(starts, lambda start: tokenize(texts[start : start + _ENCODE_BATCH]))
    return tf.concat(list(encoded), axis=0)


def epoch_order(
    lengths: np.ndarray, batch_size: int, seed: int, epoch: int, padded: bool
) -> list[np.ndarray]:
    """Return the rows of each batch of one epoch.

    Args:
        lengths: Tokens of each text, (texts,).
        batch_size: Texts in a batch; the last one formed may be smaller.
        seed: Seed of the run.
        epoch: Counted from 0.
        padded: Whether texts of like length are put together, to pad little.
    """
    random = np.random.default_rng((seed, epoch))
    order = random.permutation(len(lengths))
    if padded:
        pools = np.split(order, range(batch_size * _POOL, len(order), batch_size * _POOL))
        order = np.concatenate([pool[np.argsort(lengths[pool], kind="stable")] for pool in pools])
    batches = np.split(order, range(batch_size, len(order), batch_size))
    if padded:
        random.shuffle(batches)
    return batches


def training_batches(
    ids: tf.RaggedTensor,
    labels: np.ndarray,
    preprocessor: keras.layers.Layer,
    *,
    batch_size: int,
    epochs: int,
    seed: int,
    padded: bool,
    weights: np.ndarray | None = None,
    start: tuple[int, int] = (0, 0),
) -> tf.data.Dataset:
    """Yield (inputs, labels (batch,)) for all epochs, and weights (batch,) where there are any.

    Args:
        ids: Encoded texts.
        labels: 1 = fake, (texts,).
        preprocessor: Packs ids into a model's inputs.
        batch_size: Texts in a batch.
        epochs: Passes over the texts.
        seed: Seed of the run.
        padded: Whether batches are padded, and so bucketed by length.
        weights: What each text weighs in the loss, (texts,).
        start: Epoch and batch to begin with, counted from 0.
    """
    lengths = ids.row_lengths().numpy()  # (texts,)
    targets = [tf.constant(labels, tf.int32)]  # and weights, each (texts,)
    targets += [] if weights is None else [tf.constant(weights, tf.float32)]

    def order_of(epoch: np.ndarray) -> np.ndarray:
        batches = epoch_order(lengths, batch_size, seed, int(epoch), padded)
        return _as_matrix(batches, batch_size)

    def rows_of(epoch: tf.Tensor) -> tf.data.Dataset:
        order = tf.numpy_function(order_of, [epoch], tf.int64)
        order = tf.ensure_shape(order, [None, batch_size])  # (batches, batch_size)
        first = tf.where(epoch == start[0], start[1], 0)
        return tf.data.Dataset.from_tensor_slices(order[first:])

    # Not Dataset.from_generator: it lowers malloc's trim threshold for the whole process, and
    # every step then pays for fresh memory pages (measured: 90 ms a step instead of 9).
    rows = tf.data.Dataset.range(start[0], epochs).flat_map(rows_of)
    return made_ahead(
        rows, lambda rows: _gathered(tf.boolean_mask(rows, rows >= 0), ids, targets, preprocessor)
    )


def made_ahead(dataset: tf.data.Dataset, function: Callable) -> tf.data.Dataset:
    """Apply a function to a dataset's elements, in their order, while the ones before are used."""
    options = tf.data.Options()
    # The thread that tunes sleeps for up to several seconds, and closing an iterator waits for it
    # (measured: half of the time of a short prediction).
    options.autotune.enabled = False
    made = dataset.map(function, num_parallel_calls=_PARALLEL).prefetch(_PARALLEL)
    return made.with_options(options)


def _as_matrix(batches: list[np.ndarray], batch_size: int) -> np.ndarray:
    """Stack batches of rows, filling short ones with -1: (batches, batch_size)."""
    matrix = np.full((len(batches), batch_size), -1, dtype=np.int64)
    for line, rows in zip(matrix, batches, strict=True):
        line[: len(rows)] = rows
    return matrix


def _gathered(
    rows: tf.Tensor,
    ids: tf.RaggedTensor,
    targets: list[tf.Tensor],
    preprocessor: keras.layers.Layer,
) -> tuple:
    packed = preprocessor.pack(tf.gather(ids, rows))
    return packed, *(tf.gather(target, rows) for target in targets)


def by_length(lengths: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Return the rows of batches in which texts of like length are together.

    Args:
        lengths: Tokens of each text, (texts,).
        batch_size: Texts in a batch; the last one may be smaller.
    """
    order = np.argsort(lengths, kind="stable")
    return np.split(order, range(batch_size, len(order), batch_size)) if len(order) else []


def answered(function: Callable, ids: tf.RaggedTensor, batch_size: int) -> np.ndarray:
    """Return what a function answers of encoded texts, those of like length together.

    Args:
        function: Ids (batch, tokens) to float32 (batch,).
        ids: Encoded texts.
        batch_size: Texts answered together.

    Returns:
        float32 (texts,), in the order of the texts.
    """
    lengths = ids.row_lengths().numpy()
    answers = np.empty(len(lengths), np.float32)
    for rows in by_length(lengths, batch_size):
        answers[rows] = function(tf.gather(ids, rows)).numpy()
        progress.advance(len(rows))
    return answers


def answered_side_by_side(
    function: Callable, texts: Sequence[str] | tf.RaggedTensor, batch_size: int
) -> np.ndarray:
    """Return what a function answers of texts, two batches at once: what it does takes one core.

    Args:
        function: Some of the texts to float32 (batch,).
        texts: Combined texts, or encoded ones.
        batch_size: Texts answered together.

    Returns:
        float32 (texts,), in the order of the texts.
    """
    texts = texts if isinstance(texts, tf.RaggedTensor) else tf.constant(list(texts), tf.string)
    if 0 < texts.shape[0] <= batch_size:  # threads would take several times as long as one text
        progress.advance(texts.shape[0])
        return function(texts).numpy().astype(np.float32, copy=False)
    starts = range(0, texts.shape[0], batch_size)
    answers = np.empty(texts.shape[0], np.float32)
    with ThreadPoolExecutor(_PARALLEL, "tfnews-batch") as threads:
        try:
            parts = threads.map(lambda start: function(texts[start : start + batch_size]), starts)
            for start, part in zip(starts, parts, strict=True):
                answers[start : start + batch_size] = part.numpy()
                progress.advance(part.shape[0])
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise
    return answers


def batches_per_epoch(texts: int, batch_size: int) -> int:
    """Return the number of batches that hold all texts."""
    return -(-texts // batch_size)
