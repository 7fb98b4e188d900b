"""From ragged piece ids to what a transformer reads: special tokens, long texts, padding."""

import keras
import keras_hub
import numpy as np
import tensorflow as tf

from tfnews.catalogue.names import LONG
from tfnews.errors import UsageError
from tfnews.models.text.subwords import SubwordTokenizer

# Sun et al. (2019), "How to Fine-Tune BERT for Text Classification?": the first 128 tokens and the
# last 382 of 510 did best.
_HEAD_SHARE = 128 / 510
# A window repeats the last quarter of the one before, so that no sentence is only ever cut.
_OVERLAP = 0.25
_FIRST = 2**24  # above the ids of all special tokens


@keras.saving.register_keras_serializable("tfnews")
class PiecePreprocessor(keras_hub.models.TextClassifierPreprocessor):
    """Strings (batch,) to token_ids, padding_mask and, if wanted, segment_ids.

    Each is int32 (batch, tokens), padded to the longest text of the batch; with windows it is
    (batch, windows, tokens).

    Args:
        tokenizer: A `SubwordTokenizer`.
        sequence_length: Tokens of a text or window at most, special ones included.
        long: What becomes of longer texts: "truncate" keeps the start; "head-tail" the first
            quarter and the last three; "windows" cuts overlapping windows.
        max_windows: Windows of a text at most, from its start.
        segments: Whether the encoder takes segment_ids.
        pad_after: Padding tokens put after the longest text, where there is room. MobileBERT reads
            each token's neighbours, and would otherwise answer by the batch a text is in.

    Raises:
        UsageError: `long` is not one of these, `sequence_length` is below 8, or `max_windows`
            below 1.
    """

    def __init__(
        self,
        tokenizer: SubwordTokenizer,
        sequence_length: int = 512,
        long: str = "truncate",
        max_windows: int = 8,
        segments: bool = True,
        pad_after: int = 0,
        **kwargs,
    ):
        if long not in LONG:
            raise UsageError(f"Unknown way with long texts {long!r}. Allowed: {', '.join(LONG)}.")
        if sequence_length < 8:
            raise UsageError(f"A text must keep 8 tokens or more. Received: {sequence_length}.")
        if max_windows < 1:
            raise UsageError(f"A text must keep 1 window or more. Received: {max_windows}.")
        kwargs.pop("truncate", None)
        super().__init__(tokenizer, sequence_length, _allow_python_workflow=False, **kwargs)
        self.long = long
        self.max_windows = max_windows
        self.segments = segments
        self.pad_after = pad_after

    def build(self, input_shape: object) -> None:
        """Do nothing: `pack` needs no layers."""

    def call(self, x: tf.Tensor, y: object = None, sample_weight: object = None) -> object:
        """Tokenise and pack texts (batch,); labels and weights pass through."""
        x = self.pack(self.tokenizer(tf.convert_to_tensor(x, tf.string)))
        return keras.utils.pack_x_y_sample_weight(x, y, sample_weight)

    def pack(self, ids: tf.RaggedTensor) -> dict:
        """Turn ids (batch, tokens), without special tokens, into the encoder's inputs."""
        room = self.sequence_length - 2
        if self.long == "windows":
            ids = _windows(ids, room, self.max_windows)  # (batch, windows, tokens)
            ids = _framed(ids, self.tokenizer)
        elif self.long == "head-tail":
            ids = _framed(_head_and_tail(ids, room), self.tokenizer)
        else:
            ids = _framed(ids[:, :room], self.tokenizer)
        mask = self._padded(tf.ones_like(ids), 0)
        packed = {
            "token_ids": self._padded(ids, self.tokenizer.pad_token_id),
            "padding_mask": mask,
            "segment_ids": tf.zeros_like(mask),
        }
        if not self.segments:
            del packed["segment_ids"]
        return packed

    def fixed(self, ids: tf.RaggedTensor, length: int) -> tf.Tensor:
        """Pack the ids of texts (batch, tokens) to (batch, length), or (batch, windows, length).

        Args:
            ids: Without special tokens.
            length: Of a text or window, special tokens included; longer ones must not occur.
        """
        packed = self.pack(ids)["token_ids"]  # (batch, tokens) or (batch, windows, tokens)
        spare = length - tf.shape(packed)[-1]
        widths = [[0, 0]] * (packed.shape.rank - 1) + [[0, spare]]
        return tf.pad(packed, widths, constant_values=self.tokenizer.pad_token_id)

    def reads(self, parts: int) -> np.ndarray:
        """Tell of each of a text's pieces, bool (parts,), whether it is read."""
        return np.isin(np.arange(parts), places(self, parts))

    def _padded(self, ids: tf.RaggedTensor, value: int) -> tf.Tensor:
        dense = ids.to_tensor(value)  # (batch, tokens) or (batch, windows, tokens)
        spare = tf.minimum(self.pad_after, self.sequence_length - tf.shape(dense)[-1])
        return tf.pad(dense, [[0, 0]] * ids.ragged_rank + [[0, spare]], constant_values=value)

    def get_config(self) -> dict:
        """Return the arguments."""
        return {
            **super().get_config(),
            "long": self.long,
            "max_windows": self.max_windows,
            "segments": self.segments,
            "pad_after": self.pad_after,
        }


def _framed(ids: tf.RaggedTensor, tokenizer: SubwordTokenizer) -> tf.RaggedTensor:
    """Put the start token before and the end token after each text or window."""
    flat = ids if ids.ragged_rank == 1 else ids.values  # (texts or windows, tokens)
    ones = tf.ones([flat.nrows(), 1], tf.int32)
    flat = tf.concat([ones * tokenizer.start_token_id, flat, ones * tokenizer.end_token_id], axis=1)
    return flat if ids.ragged_rank == 1 else ids.with_values(flat)


def _head_and_tail(ids: tf.RaggedTensor, room: int) -> tf.RaggedTensor:
    head = round(room * _HEAD_SHARE)
    long = ids.row_lengths() > room  # (batch,)
    # The tail of a text that fits begins where its head ends.
    start = tf.where(long, ids.row_lengths() - (room - head), head)
    kept = tf.ragged.range(ids.row_lengths())  # (batch, tokens), positions
    kept = (kept < head) | (kept >= start[:, tf.newaxis])
    return tf.ragged.boolean_mask(ids, kept)


def _windows(ids: tf.RaggedTensor, room: int, most: int) -> tf.RaggedTensor:
    """Cut texts into overlapping windows: (batch, windows, tokens), both ragged."""
    stride = room - round(room * _OVERLAP)
    lengths = ids.row_lengths()  # (batch,)
    over = tf.maximum(lengths - room, tf.zeros_like(lengths))
    count = tf.minimum(1 - (-over // stride), tf.cast(most, lengths.dtype))  # (batch,)
    starts = tf.ragged.range(count) * stride  # (batch, windows)
    ends = tf.minimum(starts + room, lengths[:, tf.newaxis])  # (batch, windows)
    offsets = tf.gather(ids.row_starts(), starts.value_rowids())  # (windows of all texts,)
    position = tf.ragged.range(offsets + starts.flat_values, offsets + ends.flat_values)
    return starts.with_values(tf.gather(ids.flat_values, position))


def places(preprocessor: keras_hub.models.TextClassifierPreprocessor, tokens: int) -> np.ndarray:
    """Tell where a preprocessor puts each token of one text.

    Args:
        preprocessor: Cuts and packs.
        tokens: How many ids the text has.

    Returns:
        int (1, tokens) or, with windows, (1, windows, tokens): the token's number, counted from 0;
        -1 where there is none, as at a special token or padding. A number that is lacking is cut
        off, and one in two windows is there twice.
    """
    numbers = tf.RaggedTensor.from_row_lengths(_FIRST + tf.range(tokens), [tokens])
    packed = preprocessor.pack(numbers)["token_ids"]
    dense = packed.to_tensor(-1) if isinstance(packed, tf.RaggedTensor) else packed
    return np.maximum(dense.numpy() - _FIRST, -1)
