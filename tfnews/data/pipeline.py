"""From strings to batches, the same way for every model.

strings -> ids -> kept in memory -> permutation by (seed, epoch) -> length buckets -> packed
batches -> prefetch. Order is a function of the seed and the epoch alone, so that a run can be
taken up again in the middle of an epoch.
"""

from collections.abc import Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf

_ENCODE_BATCH = 512
_POOL = 32  # batches among which texts are sorted by length


def encode(preprocessor: keras.layers.Layer, texts: Sequence[str]) -> tf.RaggedTensor:
    """Tokenise texts once.

    Args:
        preprocessor: A classifier's preprocessor, whose `tokenizer` gives ragged ids.
        texts: Combined texts.

    Returns:
        int32 ids (texts, tokens), kept in memory.
    """
    dataset = tf.data.Dataset.from_tensor_slices(tf.constant(list(texts), tf.string))
    dataset = dataset.batch(_ENCODE_BATCH).map(
        preprocessor.tokenizer, num_parallel_calls=tf.data.AUTOTUNE
    )
    return tf.concat(list(dataset), axis=0)


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
    start: tuple[int, int] = (0, 0),
) -> tf.data.Dataset:
    """Yield (inputs, labels (batch,)) for all epochs, one after the other.

    Args:
        ids: Encoded texts.
        labels: 1 = fake, (texts,).
        preprocessor: Packs ids into a model's inputs.
        batch_size: Texts in a batch.
        epochs: Passes over the texts.
        seed: Seed of the run.
        padded: Whether batches are padded, and so bucketed by length.
        start: Epoch and batch to begin with, counted from 0.
    """
    lengths = ids.row_lengths().numpy()

    def orders() -> Iterator[np.ndarray]:
        first_epoch, first_batch = start
        for epoch in range(first_epoch, epochs):
            order = epoch_order(lengths, batch_size, seed, epoch, padded)
            yield from order[first_batch if epoch == first_epoch else 0 :]

    labels = tf.constant(labels, tf.int32)
    rows = tf.data.Dataset.from_generator(orders, output_signature=tf.TensorSpec([None], tf.int64))
    batches = rows.map(
        lambda rows: (preprocessor.pack(tf.gather(ids, rows)), tf.gather(labels, rows)),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    return batches.prefetch(tf.data.AUTOTUNE)


def predict(
    model: keras.Model, ids: tf.RaggedTensor, preprocessor: keras.layers.Layer, batch_size: int
) -> np.ndarray:
    """Run a model over encoded texts, short ones together, and answer in their own order.

    Args:
        model: Takes what `preprocessor.pack` makes.
        ids: Encoded texts.
        preprocessor: Packs ids into the model's inputs.
        batch_size: Texts in a batch.

    Returns:
        float32 (texts, units).
    """
    order = np.argsort(ids.row_lengths().numpy(), kind="stable")
    rows = tf.data.Dataset.from_tensor_slices(order).batch(batch_size)
    inputs = rows.map(
        lambda rows: (preprocessor.pack(tf.gather(ids, rows)),),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    outputs = model.predict(inputs.prefetch(tf.data.AUTOTUNE), verbose=0)
    answers = np.empty_like(outputs)
    answers[order] = outputs
    return answers


def batches_per_epoch(texts: int, batch_size: int) -> int:
    """Return the number of batches that hold all texts."""
    return -(-texts // batch_size)
