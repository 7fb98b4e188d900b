"""Packing against a reference in plain Python."""

import itertools

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnews.catalogue.names import LONG
from tfnews.errors import UsageError
from tfnews.models.text.packing import PiecePreprocessor
from tfnews.models.text.wordpiece import WordPieceTokenizer
from tfnews.models.transformer.family import TransformerPreprocessor

PAD, START, END = 3, 1, 2  # padding is not 0, so that none passes for it by chance
VOCABULARY = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", *map(str, range(10))]
TOKENIZER = WordPieceTokenizer(VOCABULARY)

lengths = st.integers(8, 40)
texts = st.lists(st.integers(0, 60).map(lambda n: list(range(100, 100 + n))), min_size=1)
quick = settings(deadline=None, max_examples=40)


def packed(batch, length, long="truncate", **options):
    preprocessor = PiecePreprocessor(TOKENIZER, length, long, **options)
    found = preprocessor.pack(tf.ragged.constant(batch, tf.int32, ragged_rank=1))
    return {name: values.numpy().tolist() for name, values in found.items()}


def tokens(ids, mask):
    """Return what is between the special tokens, once those and the padding are as they must be."""
    count = sum(mask)
    assert mask == [1] * count + [0] * (len(mask) - count)
    assert ids[count:] == [PAD] * (len(ids) - count)
    if count:
        assert (ids[0], ids[count - 1]) == (START, END)
    return ids[1 : count - 1]


def unpacked(found):
    return [tokens(*text) for text in zip(found["token_ids"], found["padding_mask"], strict=True)]


def windows_of(found):
    """Return the windows of each text; those that only fill up the batch come last."""
    batch = []
    for ids, mask in zip(found["token_ids"], found["padding_mask"], strict=True):
        windows = [tokens(*window) for window in zip(ids, mask, strict=True)]
        real = [any(window) for window in mask]
        assert real == sorted(real, reverse=True)
        batch.append(windows[: sum(real)])
    return batch


def reference_windows(text, room):
    overlap = round(room / 4)
    windows = [text[:room]]
    end = room
    while end < len(text):
        start = end - overlap
        end = start + room
        windows.append(text[start:end])
    return windows


@quick
@given(texts, lengths)
def test_truncation_keeps_the_start(batch, length):
    found = packed(batch, length)
    assert unpacked(found) == [text[: length - 2] for text in batch]


@quick
@given(texts, lengths)
def test_head_and_tail_keep_a_quarter_and_the_rest(batch, length):
    room = length - 2
    head = round(room * 128 / 510)
    expected = [
        text if len(text) <= room else text[:head] + text[len(text) - (room - head) :]
        for text in batch
    ]
    found = packed(batch, length, "head-tail")
    assert unpacked(found) == expected
    assert max(map(len, found["token_ids"])) <= length


def test_of_510_tokens_head_and_tail_keep_those_of_the_paper():
    """Sun et al. (2019): the first 128 and the last 382."""
    (kept,) = unpacked(packed([list(range(1000))], 512, "head-tail"))
    assert kept == [*range(128), *range(1000 - 382, 1000)]


@quick
@given(texts, lengths, st.integers(1, 12))
def test_windows_are_those_of_the_reference(batch, length, most):
    found = packed(batch, length, "windows", max_windows=most)
    assert windows_of(found) == [reference_windows(text, length - 2)[:most] for text in batch]


@quick
@given(texts, lengths)
def test_windows_hold_all_of_a_text_and_overlap_by_a_quarter(batch, length):
    room = length - 2
    found = windows_of(packed(batch, length, "windows", max_windows=60))
    for text, windows in zip(batch, found, strict=True):
        overlap = round(room / 4)
        rebuilt = windows[0] + [token for window in windows[1:] for token in window[overlap:]]
        assert rebuilt == text
        for before, after in itertools.pairwise(windows):
            assert before[-overlap:] == after[:overlap]
            assert len(before) == room
            assert len(after) > overlap  # each brings something new
        assert windows[-1][-1:] == text[-1:]
        if len(text) <= room:
            assert windows == [text]


def test_texts_with_fewer_windows_are_filled_up_with_masked_ones():
    found = packed([list(range(50)), [7]], 12, "windows")
    counts = [len(windows) for windows in windows_of(found)]
    assert counts == [6, 1]
    assert found["token_ids"][1][1:] == [[PAD] * 12] * 5
    assert found["padding_mask"][1][1:] == [[0] * 12] * 5
    assert found["padding_mask"][1][0] == [1] * 3 + [0] * 9


@quick
@given(texts, lengths, st.sampled_from(LONG), st.integers(0, 3))
def test_padding_goes_to_the_longest_text_and_as_far_beyond_as_there_is_room(
    batch, length, long, pad_after
):
    found = packed(batch, length, long, pad_after=pad_after)
    longest = min(max(map(len, batch)) + 2, length)
    if long == "windows":
        shapes = {(len(text), len(window)) for text in found["token_ids"] for window in text}
        most = min(8, max(len(reference_windows(text, length - 2)) for text in batch))
        assert shapes == {(most, min(longest + pad_after, length))}
    else:
        assert {len(ids) for ids in found["token_ids"]} == {min(longest + pad_after, length)}


@pytest.mark.parametrize("long", LONG)
def test_segments_are_zeros_in_the_shape_of_the_ids_or_left_out(long):
    batch = [[5] * 30, [6]]
    found = packed(batch, 10, long)
    assert set(found) == {"token_ids", "padding_mask", "segment_ids"}
    zeros = tf.zeros_like(found["token_ids"]).numpy().tolist()
    assert found["segment_ids"] == zeros
    without = packed(batch, 10, long, segments=False)
    assert without == {name: found[name] for name in ("token_ids", "padding_mask")}


@pytest.mark.parametrize("long", LONG)
def test_an_empty_text_is_its_special_tokens(long):
    found = packed([[]], 10, long)
    ids = [[START, END]]
    assert found["token_ids"] == ([ids] if long == "windows" else ids)


@pytest.mark.parametrize("long", LONG)
def test_strings_are_tokenised_and_packed_labels_pass(long):
    preprocessor = PiecePreprocessor(TOKENIZER, 8, long)
    inputs, labels = preprocessor(tf.constant(["1 2", ""]), tf.constant([1, 0]))
    found = {name: values.numpy().tolist() for name, values in inputs.items()}
    kept = windows_of(found) if long == "windows" else unpacked(found)
    assert kept == ([[[5, 6]], [[]]] if long == "windows" else [[5, 6], []])
    assert labels.numpy().tolist() == [1, 0]
    assert {values.dtype for values in inputs.values()} == {tf.int32}


@pytest.mark.parametrize("long", LONG)
def test_packing_in_a_graph_of_unknown_sizes_is_the_same(long):
    """tf.data packs batches whose sizes are not known when its graph is made."""
    preprocessor = PiecePreprocessor(TOKENIZER, 9, long, pad_after=1)
    batch = tf.ragged.constant([[5] * 30, [], [6] * 8], tf.int32, ragged_rank=1)
    (found,) = tf.data.Dataset.from_tensors(batch).map(preprocessor.pack)
    for name, values in preprocessor.pack(batch).items():
        assert found[name].numpy().tolist() == values.numpy().tolist()


def test_a_configuration_comes_back():
    made = TransformerPreprocessor(TOKENIZER, 64, "windows", 5, segments=False, pad_after=1)
    again = TransformerPreprocessor.from_config(made.get_config())
    assert again.get_config() == made.get_config()
    assert (again.sequence_length, again.long) == (64, "windows")
    assert (again.max_windows, again.segments, again.pad_after) == (5, False, 1)


def test_an_unknown_way_with_long_texts_is_refused():
    with pytest.raises(UsageError, match=r"'middle'.*Allowed: truncate, head-tail, windows"):
        PiecePreprocessor(TOKENIZER, 64, "middle")


def test_no_windows_at_all_are_refused():
    with pytest.raises(UsageError, match=r"1 window or more\. Received: 0"):
        PiecePreprocessor(TOKENIZER, 64, "windows", 0)


@pytest.mark.parametrize("length", [0, 7])
def test_too_few_tokens_are_refused(length):
    with pytest.raises(UsageError, match=f"8 tokens or more. Received: {length}"):
        PiecePreprocessor(TOKENIZER, length)
