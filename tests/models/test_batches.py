import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from tfnews.models.batches import (
    answered_side_by_side,
    batches_per_epoch,
    by_length,
    encode,
    epoch_order,
    training_batches,
)


class Preprocessor:
    """Stands for a classifier's: one id a character, packed ragged or padded."""

    def __init__(self, padded=False):
        self.padded = padded

    def tokenizer(self, texts):
        return tf.cast(tf.strings.unicode_decode(texts, "UTF-8"), tf.int32)

    def pack(self, ids):
        return ids.to_tensor() if self.padded else ids


def of_lengths(lengths):
    """Return ids whose every token is the number of its row."""
    return tf.RaggedTensor.from_row_lengths(np.repeat(np.arange(len(lengths)), lengths), lengths)


def padding(batches, lengths):
    return sum(lengths[batch].max() * len(batch) - lengths[batch].sum() for batch in batches)


lengths_of_texts = st.lists(st.integers(0, 500), min_size=1, max_size=200).map(np.array)
batch_sizes = st.integers(1, 20)
seeds = st.integers(0, 2**32)
epochs = st.integers(0, 100)


# Encoding


@pytest.mark.parametrize("count", [1, 512, 2048, 2100])
def test_texts_are_encoded_in_their_order(count):
    texts = ["ab" * (number % 3) for number in range(count)]
    expected = [[ord(character) for character in text] for text in texts]
    ids = encode(Preprocessor().tokenizer, texts)
    assert ids.dtype == tf.int32
    assert ids.to_list() == expected


# The order of an epoch


@given(lengths_of_texts, batch_sizes, seeds, epochs, st.booleans())
def test_every_text_comes_once_an_epoch(lengths, batch_size, seed, epoch, padded):
    batches = epoch_order(lengths, batch_size, seed, epoch, padded)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    assert len(batches) == batches_per_epoch(len(lengths), batch_size)
    sizes = sorted(len(batch) for batch in batches)
    assert sizes[1:] == [batch_size] * (len(batches) - 1)
    assert 1 <= sizes[0] <= batch_size


@given(lengths_of_texts, batch_sizes, seeds, epochs, st.booleans())
def test_order_is_a_function_of_seed_and_epoch(lengths, batch_size, seed, epoch, padded):
    """A run taken up again must see the batches that an uninterrupted one would have seen."""
    first = epoch_order(lengths, batch_size, seed, epoch, padded)
    second = epoch_order(lengths, batch_size, seed, epoch, padded)
    assert [batch.tolist() for batch in first] == [batch.tolist() for batch in second]


@pytest.mark.parametrize("padded", [False, True])
def test_epochs_and_seeds_have_orders_of_their_own(padded):
    lengths = np.arange(100)
    drawn = {
        tuple(np.concatenate(epoch_order(lengths, 8, seed, epoch, padded)))
        for seed in range(3)
        for epoch in range(5)
    }
    assert len(drawn) == 15


def test_buckets_pad_less_than_random_batches():
    lengths = np.random.default_rng(0).geometric(1 / 400, 5000)
    plain, bucketed = (epoch_order(lengths, 16, 0, 0, padded) for padded in (False, True))
    assert padding(bucketed, lengths) < padding(plain, lengths) / 4


def test_buckets_do_not_run_from_short_to_long():
    lengths = np.arange(64)
    means = [lengths[batch].mean() for batch in epoch_order(lengths, 4, 0, 0, padded=True)]
    assert means != sorted(means)


# Training batches


def batches_of(texts, batch_size, padded, **options):
    """Return the (rows, labels) of all training batches, the label of a row being row % 2."""
    batches = training_batches(
        of_lengths(np.arange(1, texts + 1)),
        np.arange(texts) % 2,
        Preprocessor(padded),
        batch_size=batch_size,
        epochs=3,
        seed=0,
        padded=padded,
        **options,
    )
    return [(tf.reduce_max(inputs, axis=1).numpy(), labels) for inputs, labels in batches]


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(("texts", "batch_size"), [(7, 3), (6, 3), (2, 5)])
def test_training_batches_carry_each_texts_own_label(texts, batch_size, padded):
    batches = batches_of(texts, batch_size, padded)
    assert len(batches) == 3 * batches_per_epoch(texts, batch_size)
    for rows, labels in batches:
        assert labels.dtype == tf.int32
        np.testing.assert_array_equal(labels, rows % 2)
    seen = np.concatenate([rows for rows, _ in batches])
    for epoch in range(3):
        assert sorted(seen[epoch * texts : (epoch + 1) * texts]) == list(range(texts))


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("start", [(0, 0), (0, 2), (1, 0), (1, 1), (2, 3), (3, 0)])
def test_training_begins_anywhere_as_if_it_had_come_there(start, padded):
    whole = batches_of(10, 3, padded)
    rest = batches_of(10, 3, padded, start=start)
    expected = [rows.tolist() for rows, _ in whole[4 * start[0] + start[1] :]]
    assert [rows.tolist() for rows, _ in rest] == expected


def test_no_dataset_comes_from_a_generator(monkeypatch):
    """`Dataset.from_generator` lowers malloc's trim threshold for the whole process.

    Every step then pays for fresh memory pages: 90 ms instead of 9.
    """

    def fail(*arguments, **options):
        pytest.fail("a dataset comes from a generator")

    monkeypatch.setattr(tf.data.Dataset, "from_generator", fail)
    assert len(batches_of(4, 2, padded=False)) == 6
    assert encode(Preprocessor().tokenizer, ["ab"]).to_list() == [[97, 98]]


# Prediction


@given(st.lists(st.integers(0, 30), max_size=40), st.integers(1, 9))
def test_batches_by_length_hold_each_text_once_and_rise_in_length(lengths, batch_size):
    found = by_length(np.array(lengths, int), batch_size)
    rows = np.concatenate([[], *found]).astype(int)
    assert sorted(rows) == list(range(len(lengths)))
    assert all(len(batch) == batch_size for batch in found[:-1])
    assert [lengths[row] for row in rows] == sorted(lengths)


def _lengths(texts):
    ids = texts if isinstance(texts, tf.RaggedTensor) else Preprocessor().tokenizer(texts)
    return tf.cast(ids.row_lengths(), tf.float32)


@given(st.lists(st.integers(0, 30), max_size=40), st.integers(1, 9), st.booleans())
def test_batches_side_by_side_answer_in_the_order_of_the_texts(lengths, batch_size, encoded):
    texts = of_lengths(lengths) if encoded else ["x" * length for length in lengths]
    found = answered_side_by_side(_lengths, texts, batch_size)
    assert found.dtype == np.float32
    assert found.tolist() == lengths


def test_a_batch_that_fails_side_by_side_is_told_and_the_rest_is_left():
    asked = []

    def fail(texts):
        asked.append(len(texts))
        raise RuntimeError("no answer")

    with pytest.raises(RuntimeError, match="no answer"):
        answered_side_by_side(fail, ["text"] * 5000, 1)
    assert len(asked) < 5000


@pytest.mark.parametrize(("texts", "batches"), [(1, 1), (32, 1), (33, 2), (64, 2)])
def test_batches_per_epoch(texts, batches):
    assert batches_per_epoch(texts, 32) == batches
