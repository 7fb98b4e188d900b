"""Vocabularies learnt from the training split."""

from collections import Counter
from collections.abc import Callable, Sequence

import tensorflow as tf

from tfnews.models.text.longest import MOST_UNITS, occurrences
from tfnews.models.text.normalise import CHARACTERS, PIECES, characters, normalise
from tfnews.models.text.piece_model import ModelProto
from tfnews.models.text.subwords import learn_pieces
from tfnews.models.text.words import WordTokenizer

_BATCH = 1024
_LEAST = 10  # times that a piece of several letters occurs: of rarer ones little is learnt


def count_words(texts: Sequence[str], rule: str, size: int, min_count: int = 2) -> list[str]:
    """Return the most frequent words, most frequent first, ties in alphabetical order.

    Args:
        texts: Training texts.
        rule: Normalisation applied first. By "pieces", words are pieces learnt from the texts.
        size: Words kept at most.
        min_count: Rarer words are left out.

    Raises:
        DataError: SentencePiece can learn no pieces from the texts.
    """
    joined = _joined(texts, size) if rule == PIECES else []
    if rule == PIECES and not joined:  # each letter is one, and no table can be empty
        rule = CHARACTERS
    tokenizer = WordTokenizer(joined or None, rule)
    counts = _counts(texts, lambda batch: tokenizer.parts(batch).flat_values)
    del counts[b""]  # two spaces in a row enclose an empty word, which is none to learn
    kept = [(-count, word) for word, count in counts.items() if count >= min_count]
    return [word.decode("utf-8", "replace") for _, word in sorted(kept)[:size]]


def _counts(texts: Sequence[str], split: Callable[[tf.Tensor], tf.Tensor]) -> Counter:
    """Count what texts are split into, as UTF-8."""
    counts = Counter()
    for start in range(0, len(texts), _BATCH):
        counts.update(split(tf.constant(texts[start : start + _BATCH])).numpy())
    return counts


def _joined(texts: Sequence[str], size: int) -> list[str]:
    """Return pieces of several letters that SentencePiece finds and that are not rare."""
    signs = {sign for text in texts for sign in text if not sign.isascii()}
    if not signs:
        return []
    model = learn_pieces(
        _stretches,
        texts,
        size + len(signs),  # single ones are kept besides
        model_type="bpe",
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        max_sentencepiece_length=2 * MOST_UNITS,
    )
    found = ModelProto.FromString(model).pieces
    pieces = [piece.piece for piece in found if piece.type == piece.NORMAL]
    pieces = [piece for piece in pieces if 1 < len(characters(piece)) <= MOST_UNITS]
    if not pieces:
        return []
    known = WordTokenizer(pieces, PIECES).knows
    counts = _counts(texts, lambda batch: occurrences(_stretches(batch), known))
    return [piece for piece in pieces if counts[piece.encode()] >= _LEAST]


def _stretches(texts: tf.Tensor) -> tf.Tensor:
    """Return what of texts (batch,) stands between spaces, (stretches,), but words in ASCII."""
    stretches = tf.strings.split(normalise(texts, PIECES)).flat_values
    return tf.boolean_mask(stretches, ~tf.strings.regex_full_match(stretches, "[a-z0-9_]+"))
