"""SentencePiece tokenisation in TensorFlow ops, with the ids of Hugging Face's AlbertTokenizer."""

import math
from collections.abc import Sequence
from pathlib import Path

import keras
import sentencepiece
import tensorflow as tf
from google.protobuf.message import DecodeError

from tfnews.errors import WeightsError
from tfnews.files import read_bytes
from tfnews.models.text.piece_model import ModelProto
from tfnews.models.text.subwords import SubwordTokenizer, learn_pieces, lower, text_ops

_MODEL_FILE = "spiece.model"
NUMBER_COMMA = 100  # by which the published tokenizer makes pieces such as "2," unlikely
_SCORE_STEPS = 2**14  # sums are exact up to 2**10 in float32, which has 24 bits
_SPECIAL = {
    "pad_token": "<pad>",
    "unknown_token": "<unk>",
    "start_token": "[CLS]",
    "end_token": "[SEP]",
}
_REPLACED = [
    ("``|''", '"'),
    # Control characters that TensorFlow's operations take otherwise than Hugging Face does.
    (r"\x00", "\U0010ffff"),  # unknown; `lower` would end the text there
    (r"\x0b", ""),  # nothing; `tf.strings.split` would split there
    (r"\x{85}", " "),  # white space
]
# The symbols that albert-base-v2's own vocabulary sets apart.
_OWN_PIECES = ["(", ")", '"', "-", ".", "–", "£", "€"]


@keras.saving.register_keras_serializable("tfnews")
class PieceTokenizer(SubwordTokenizer):
    """Splits texts into the likeliest pieces of a SentencePiece unigram model, as ALBERT does.

    Source: Lan et al. (2020), "ALBERT"; Kudo (2018), "Subword Regularization".

    Args:
        proto: The content of a SentencePiece model; `None` while a preset is opened.
        lowercase: Whether to lower-case.
        keep_accents: Whether to keep the marks of letters.
    """

    special_names = _SPECIAL

    def __init__(
        self,
        proto: bytes | None = None,
        lowercase: bool = True,
        keep_accents: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.lowercase = lowercase
        self.keep_accents = keep_accents
        self.file_assets = [_MODEL_FILE]
        self.set_proto(proto)

    def set_proto(self, proto: bytes | None) -> None:
        """Take a SentencePiece model.

        Raises:
            WeightsError: It is no such model, or a special token is missing.
        """
        self.proto = proto
        if proto is None:
            self.take_vocabulary(None)
            return
        model = _parse(proto)
        self.take_vocabulary([piece.piece for piece in model.pieces])
        try:
            sentencepiece.SentencePieceProcessor(model_proto=proto)  # else TensorFlow finds out
        except (RuntimeError, UnicodeError) as error:  # what it says may hold any bytes
            raise _no_model(proto, error) from error
        _rescore(model)
        self._model = model.SerializeToString()

    def forget(self, ids: Sequence[int]) -> None:
        """Make pieces unknown: the model never gives unused ones; special ones stay.

        Args:
            ids: Of the pieces, which no other pieces take.
        """
        model = _parse(self.proto)
        for piece, id in ((model.pieces[id], id) for id in ids):
            if piece.type == piece.NORMAL:
                piece.type = piece.UNUSED
                piece.piece = f"<unused{id}>"
        self.set_proto(model.SerializeToString())

    def normalise(self, texts: tf.Tensor) -> tf.Tensor:
        """Unify quotes, strip accents and lower-case texts (batch,); the model does the rest."""
        for pattern, replacement in _REPLACED:
            texts = tf.strings.regex_replace(texts, pattern, replacement)
        if not self.keep_accents:
            texts = text_ops().normalize_utf8(texts, "NFKD")
            texts = tf.strings.regex_replace(texts, r"\p{M}", "")
        return lower(texts) if self.lowercase else texts

    def lookup(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Turn normalised texts (batch,) into int32 ids (batch, tokens)."""
        # Word by word: sums over a whole text lose the digits that decide between near ties, and
        # each different word is looked up but once.
        words = tf.strings.split(texts)
        different, index = tf.unique(words.flat_values)
        # Made where it is used, not once: setting a seed empties TensorFlow's cache of kernels, and
        # with its kernel a tokenizer made before is gone.
        pieces = text_ops().SentencepieceTokenizer(self._model, out_type=tf.int32)
        ids = tf.gather(pieces.tokenize(different), index)
        ends = tf.gather(ids.row_splits, words.row_splits)
        return tf.RaggedTensor.from_row_splits(ids.flat_values, ends, validate=False)

    def spec(self) -> dict:
        """Return what a tokenizer on another platform needs besides the model's pieces."""
        return {
            "type": "sentencepiece unigram",
            **super().spec(),
            "lowercase": self.lowercase,
            "keep_accents": self.keep_accents,
        }

    def save_assets(self, dir_path: str) -> None:
        """Write the model."""
        Path(dir_path, _MODEL_FILE).write_bytes(self.proto)

    def load_assets(self, dir_path: str) -> None:
        """Read the model that `save_assets` wrote."""
        self.set_proto(read_bytes(Path(dir_path, _MODEL_FILE)))

    def get_config(self) -> dict:
        """Return the arguments; the model is an asset of its own."""
        return {
            **super().get_config(),
            "lowercase": self.lowercase,
            "keep_accents": self.keep_accents,
        }


def learn_piece_model(
    texts: Sequence[str], size: int, lowercase: bool = True, keep_accents: bool = False
) -> bytes:
    """Learn a SentencePiece model in ALBERT's layout; the same texts give the same model.

    Args:
        texts: Training texts.
        size: Pieces at most, special tokens included.
        lowercase: As for the tokenizer that will use it.
        keep_accents: As for the tokenizer that will use it.

    Raises:
        DataError: The texts are too few, or hold too many different characters for `size`.
    """
    rule = PieceTokenizer(lowercase=lowercase, keep_accents=keep_accents)
    return learn_pieces(
        rule.normalise,
        texts,
        size,
        model_type="unigram",
        pad_id=0,
        unk_id=1,
        bos_id=-1,
        eos_id=-1,
        control_symbols=["[CLS]", "[SEP]", "[MASK]"],
        user_defined_symbols=_OWN_PIECES,
    )


def ends_a_number(piece: str) -> bool:
    """Say whether a piece is a digit and a comma at its end, such as "2,"."""
    return len(piece) > 1 and piece[-1] == "," and piece[-2].isdigit()


def _parse(proto: bytes) -> ModelProto:
    try:
        model = ModelProto.FromString(proto)
        if not all(math.isfinite(piece.score) for piece in model.pieces):
            raise ValueError("a piece has no number for its score")
        if not all(isinstance(piece.piece, str) for piece in model.pieces):  # else bytes
            raise ValueError("a piece is not UTF-8")
    except (DecodeError, ValueError) as error:
        raise _no_model(proto, error) from error
    return model


def _no_model(proto: bytes, error: Exception) -> WeightsError:
    return WeightsError(
        f"These {len(proto):,} bytes are no SentencePiece model ({str(error)[:100]}). Give the "
        "content of the spiece.model that was published with the weights."
    )


def _rescore(model: ModelProto) -> None:
    """Give the pieces of `model` the scores that the published tokenizer looks for."""
    for piece in model.pieces:
        if ends_a_number(piece.piece):
            piece.score -= NUMBER_COMMA
        # Hugging Face adds in float64, SentencePiece in float32, where only coarser scores give
        # exact sums, and so the same order among words split in ways of equal score.
        piece.score = round(piece.score * _SCORE_STEPS) / _SCORE_STEPS
