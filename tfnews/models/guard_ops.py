"""The guards in TensorFlow's own operations: what a server can compute of them, which is all.

What a character is, is taken from Python when the graph is made: it does not depend on the Unicode
tables of whoever runs it. There are no lookup tables, so that nothing has to be tracked.
"""

import functools
import re
import sys

import tensorflow as tf

from tfnews.models.guards import (
    CHARACTERS_READ,
    LEAST_FOREIGN,
    LEAST_FOREIGN_SHARE,
    MOST_UNSEEN_LETTERS,
    STANDARD_ERRORS,
    Guards,
)

_SURROGATES = range(0xD800, 0xE000)  # halves of pairs, which no UTF-8 text holds


def may_be_scored(guards: Guards | None, texts: tf.Tensor) -> tf.Tensor:
    """Tell which texts `Guards.reason` has nothing against.

    Args:
        guards: Fitted on the training texts; `None` refuses only texts of white space.
        texts: UTF-8 strings (batch,).

    Returns:
        bool (batch,).
    """
    stripped = tf.strings.regex_replace(texts, f"^{_class('space')}+|{_class('space')}+$", "")
    if guards is None:
        return tf.strings.length(stripped) > 0
    opening = tf.strings.substr(stripped, 0, CHARACTERS_READ, unit="UTF8_CHAR")
    folded = _folded(opening)
    units = _units(folded, guards.unit)  # (batch, units)
    count = units.row_lengths()
    too_short = 2 * count < guards.usual_length
    unlike = _uncommon if guards.foreign is None else _other_language
    refused = too_short | _of_unseen_letters(folded, guards) | unlike(units, guards)
    return (count > 0) & ~refused


def _of_unseen_letters(folded: tf.Tensor, guards: Guards) -> tf.Tensor:
    letters = _length_of(folded, _class("letter"))
    seen = tf.zeros_like(letters)
    if guards.letters:
        seen = _length_of(folded, _ranges(sorted(map(ord, guards.letters))))
    share = tf.cast(letters - seen, tf.float64) / tf.cast(tf.maximum(letters, 1), tf.float64)
    return share > MOST_UNSEEN_LETTERS


def _other_language(units: tf.RaggedTensor, guards: Guards) -> tf.Tensor:
    languages = [frozenset(words.split()) for words in guards.foreign.values()]
    words = sorted(frozenset().union(*languages))
    number = _numbered(words, units)
    found = tf.ragged.boolean_mask(number, number < len(words))
    of_language = [[word in language for language in languages] for word in words]
    of_language = tf.constant(of_language, tf.float64, (len(words), len(languages)))
    hits = tf.math.unsorted_segment_sum(
        tf.gather(of_language, found.flat_values), found.value_rowids(), units.nrows()
    )  # (batch, languages)
    count = tf.cast(tf.maximum(units.row_lengths(), 1), tf.float64)[:, tf.newaxis]
    evidence = (hits >= LEAST_FOREIGN) & (hits / count >= LEAST_FOREIGN_SHARE)
    return tf.reduce_any(evidence, axis=1)


def _numbered(words: list[str], units: tf.RaggedTensor) -> tf.RaggedTensor:
    """Give units (batch, units) their place in a list of distinct words, others one beyond it."""
    # The number of a unit is that of its first occurrence, so the words of the list keep theirs.
    listed = tf.constant(words, tf.string)
    _, number = tf.unique(tf.concat([listed, units.flat_values], axis=0))
    return units.with_flat_values(number[len(words) :])


def _uncommon(units: tf.RaggedTensor, guards: Guards) -> tf.Tensor:
    common = guards.common.split()
    known = tf.cast(_numbered(common, units) < len(common), tf.float64)
    count = tf.cast(tf.maximum(units.row_lengths(), 1), tf.float64)
    share = tf.reduce_sum(known, axis=1) / count
    spread = guards.common_share * (1 - guards.common_share)
    limit = guards.least_ratio * guards.common_share - STANDARD_ERRORS * tf.sqrt(spread / count)
    return share < limit


def _units(folded: tf.Tensor, unit: str) -> tf.RaggedTensor:
    """Split folded texts (batch,) as `Guards` does: words, or characters and words in ASCII."""
    word = _class("word")
    spaced = tf.strings.regex_replace(folded, f"[^{word[1:]}+", " ")
    if unit == "characters":
        spaced = tf.strings.regex_replace(spaced, f"([a-z0-9_]+|{word})", r"\1 ")
    return tf.strings.split(spaced)


def _folded(texts: tf.Tensor) -> tf.Tensor:
    """Fold case as Python does, which no operation of TensorFlow's does: ß becomes ss."""
    codes = tf.strings.unicode_decode(texts, "UTF-8")  # (batch, characters)
    distinct, place = tf.unique(codes.flat_values)
    changed, becomes = _foldings()
    row = tf.minimum(tf.searchsorted(changed, distinct), len(changed) - 1)
    same = tf.RaggedTensor.from_tensor(distinct[:, tf.newaxis])
    other = tf.gather(tf.ragged.constant(becomes, dtype=tf.int32), row)
    pair = tf.concat([same, other], axis=0)  # (2 * distinct, characters)
    choice = tf.range(tf.size(distinct))
    choice += tf.where(tf.gather(changed, row) == distinct, tf.size(distinct), 0)
    folded = tf.gather(tf.gather(pair, choice), place)  # (characters of all texts, 1 to 3)
    ends = tf.gather(folded.row_splits, codes.row_splits)
    folded = tf.RaggedTensor.from_row_splits(folded.flat_values, ends, validate=False)
    return tf.strings.unicode_encode(folded, "UTF-8")


def _length_of(texts: tf.Tensor, characters: str) -> tf.Tensor:
    """Count the characters of a class, such as "[a-z]", in texts (batch,)."""
    kept = tf.strings.regex_replace(texts, f"[^{characters[1:]}+", "")
    return tf.strings.length(kept, unit="UTF8_CHAR")


@functools.cache
def _foldings() -> tuple[list[int], list[list[int]]]:
    """Return the code points that folding changes, rising, and what each becomes."""
    pairs = {code: chr(code).casefold() for code in _all_codes()}
    changed = [code for code, folded in pairs.items() if folded != chr(code)]
    return changed, [list(map(ord, pairs[code])) for code in changed]


@functools.cache
def _class(kind: str) -> str:
    """Return a kind of character, "word", "letter" or "space", as a class of explicit ranges."""
    is_word = re.compile(r"\w").fullmatch
    test = {"word": is_word, "letter": str.isalpha, "space": str.isspace}[kind]
    return _ranges([code for code in _all_codes() if test(chr(code))])


def _all_codes() -> list[int]:
    return [code for code in range(sys.maxunicode + 1) if code not in _SURROGATES]


def _ranges(codes: list[int]) -> str:
    """Write rising code points as a regular expression's class: [\\x{61}-\\x{7a}]."""
    found: list[list[int]] = []
    for code in codes:
        if found and code == found[-1][1] + 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "[" + "".join(rf"\x{{{first:x}}}-\x{{{last:x}}}" for first, last in found) + "]"
