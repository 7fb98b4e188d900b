"""WordPiece tokenisation in TensorFlow ops, with the ids of Hugging Face's BertTokenizer."""

from collections.abc import Sequence
from pathlib import Path

import keras
import tensorflow as tf

from tfnews.errors import WeightsError
from tfnews.files import read_bytes
from tfnews.models.text.piece_model import ModelProto
from tfnews.models.text.subwords import SubwordTokenizer, learn_pieces, lower, text_ops

_VOCABULARY_FILE = "vocabulary.txt"
_SPECIAL = {
    "pad_token": "[PAD]",
    "unknown_token": "[UNK]",
    "start_token": "[CLS]",
    "end_token": "[SEP]",
}
# Control, format and private characters and U+FFFD.
_LEFT_OUT = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\p{Cf}\p{Co}\x{fffd}]"
_SPACES = r"[\t\n\r\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]"
# Punctuation, ASCII symbols and Chinese characters are words of their own.
_ALONE = (
    r"[\p{P}$+<=>^`|~\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}\x{f900}-\x{faff}"
    r"\x{20000}-\x{2a6df}\x{2a700}-\x{2ceaf}\x{2f800}-\x{2fa1f}]"
)
# A longer word is unknown as a whole. The limit counts characters; tensorflow-text's counts bytes.
_LONG_WORD = r"[^ ]{101,}"
_MOST_BYTES = 4 * 100
_IN_NO_VOCABULARY = "\U0010ffff"


@keras.saving.register_keras_serializable("tfnews")
class WordPieceTokenizer(SubwordTokenizer):
    """Splits at spaces and punctuation, and words into the longest pieces known.

    Equal to Hugging Face's `BertTokenizer` on every character that Unicode held when BERT was
    published; `tools/record_tokenizers.py` counts. Sources: Devlin et al. (2019), "BERT"; Song et
    al. (2021), "Fast WordPiece Tokenization".

    Args:
        vocabulary: Pieces, those inside a word beginning with ##; `None` while a preset is opened.
        lowercase: Whether to lower-case.
        strip_accents: Whether to drop the marks of letters; `None`: as `lowercase`.
    """

    special_names = _SPECIAL

    def __init__(
        self,
        vocabulary: list[str] | None = None,
        lowercase: bool = True,
        strip_accents: bool | None = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.lowercase = lowercase
        self.strip_accents = lowercase if strip_accents is None else strip_accents
        self.file_assets = [_VOCABULARY_FILE]
        self.set_vocabulary(vocabulary)

    def set_vocabulary(self, vocabulary: list[str] | None) -> None:
        """Take the pieces whose ids are 0, 1, 2 and so on.

        Raises:
            WeightsError: A special token is missing, or pieces are repeated.
        """
        self.take_vocabulary(vocabulary)
        if vocabulary is not None:
            with tf.init_scope():
                self._pieces = _tokenizer(vocabulary)

    def forget(self, ids: Sequence[int]) -> None:
        """Make pieces unknown, as the published vocabularies write it; special ones stay.

        Args:
            ids: Of the pieces, which no other pieces take.
        """
        vocabulary = self.get_vocabulary()
        for id in set(ids) - self.special_ids:
            vocabulary[id] = f"[unused{id}]"  # brackets are words of their own
        self.set_vocabulary(vocabulary)

    def normalise(self, texts: tf.Tensor) -> tf.Tensor:
        """Clean, lower-case and strip texts (batch,) and set punctuation apart."""
        texts = tf.strings.regex_replace(texts, _LEFT_OUT, "")
        texts = tf.strings.regex_replace(texts, _SPACES, " ")
        if self.lowercase:
            texts = lower(texts)
        if self.strip_accents:
            texts = text_ops().normalize_utf8(texts, "NFD")
            texts = tf.strings.regex_replace(texts, r"\p{Mn}", "")
        texts = tf.strings.regex_replace(texts, _ALONE, r" \0 ")
        return tf.strings.regex_replace(texts, _LONG_WORD, _IN_NO_VOCABULARY)

    def lookup(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Turn normalised texts (batch,) into int32 ids (batch, tokens)."""
        return self._pieces.tokenize(texts)

    def resources(self) -> list:
        """Return what a SavedModel must track: the pieces."""
        return [self._pieces]

    def spec(self) -> dict:
        """Return what a tokenizer on another platform needs besides the vocabulary."""
        return {
            "type": "wordpiece",
            **super().spec(),
            "lowercase": self.lowercase,
            "strip_accents": self.strip_accents,
            "inner_prefix": "##",
            "longest_word": 100,
        }

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary, one piece a line."""
        lines = "".join(f"{piece}\n" for piece in self.vocabulary)
        Path(dir_path, _VOCABULARY_FILE).write_bytes(lines.encode())

    def load_assets(self, dir_path: str) -> None:
        """Read the vocabulary that `save_assets` wrote."""
        lines = read_bytes(Path(dir_path, _VOCABULARY_FILE)).decode()
        self.set_vocabulary(lines.split("\n")[:-1])

    def get_config(self) -> dict:
        """Return the arguments; the vocabulary is an asset of its own."""
        return {
            **super().get_config(),
            "lowercase": self.lowercase,
            "strip_accents": self.strip_accents,
        }


def learn_vocabulary(
    texts: Sequence[str], size: int, lowercase: bool = True, strip_accents: bool | None = None
) -> list[str]:
    """Learn the pieces of words from training texts; the same texts give the same pieces.

    The pieces are merged by frequency (byte-pair encoding, as for the published vocabularies).

    Args:
        texts: Training texts.
        size: Pieces at most, special tokens included.
        lowercase: As for the tokenizer that will use it.
        strip_accents: As for the tokenizer that will use it.

    Raises:
        DataError: The texts are too few, or hold too many different characters for `size`.
    """
    # Not tensorflow-text's learner, which takes 48 s for 1,500 articles (this: 0.5 s), nor that of
    # `tokenizers`, which breaks ties by the order of a randomly seeded hash table.
    special = [*_SPECIAL.values(), "[MASK]"]
    rule = WordPieceTokenizer(lowercase=lowercase, strip_accents=strip_accents)
    model = learn_pieces(
        rule.normalise, texts, size, model_type="bpe", normalization_rule_name="identity"
    )
    found = ModelProto.FromString(model).pieces
    pieces = [piece.piece for piece in found if piece.type == piece.NORMAL and piece.piece != "▁"]
    letters = sorted(piece for piece in pieces if len(piece) == 1)
    merged = [_as_wordpiece(piece) for piece in pieces if len(piece) > 1]
    alone = tf.strings.regex_full_match(letters, _ALONE).numpy()
    inner = [f"##{letter}" for letter, is_word in zip(letters, alone, strict=True) if not is_word]
    known = [*special, *letters, *inner, *merged]
    return list(dict.fromkeys(known))[:size]


def _tokenizer(vocabulary: list[str]) -> object:
    try:
        return text_ops().FastWordpieceTokenizer(
            vocabulary, max_bytes_per_word=_MOST_BYTES, token_out_type=tf.int32
        )
    except RuntimeError as error:
        raise WeightsError(
            f"No WordPiece tokenizer can be made of these {len(vocabulary):,} pieces ({error}). "
            "Use the file published with the weights."
        ) from error


def _as_wordpiece(piece: str) -> str:
    return piece[1:] if piece.startswith("▁") else f"##{piece}"
