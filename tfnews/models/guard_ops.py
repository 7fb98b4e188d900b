"""The guards in TensorFlow's own operations: what a server can compute of them, which is all.

What a character is, is taken from Python when the graph is made: it does not depend on the Unicode
tables of whoever runs it. There are no lookup tables, so that nothing has to be tracked.
"""

import functools
import re
import sys

import tensorflow as tf

from tfnews.models.guard_evidence import (
    LEAST_FOREIGN,
    LEAST_FOREIGN_SHARE,
    MOST_UNSEEN_LETTERS,
    STANDARD_ERRORS,
)
from tfnews.models.guard_units import CHARACTERS_READ
from tfnews.models.guards import Guards

_HIGH = 2**20  # more than the characters that a text's opening folds to
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
    folded = _folded(opening)  # (batch, characters)
    units = _units(tf.strings.unicode_encode(folded, "UTF-8"), guards.unit)  # (batch, units)
    count = units.row_lengths()
    too_short = 2 * count < guards.usual_length
    unlike = _uncommon if guards.foreign is None else _other_language
    refused = too_short | _of_unseen_letters(folded, guards) | unlike(units, guards)
    return (count > 0) & ~refused


def _of_unseen_letters(folded: tf.RaggedTensor, guards: Guards) -> tf.Tensor:
    distinct, place = tf.unique(folded.flat_values)
    is_letter = _within(distinct, _spans_of("letter"))
    is_seen = _within(distinct, _spans(sorted(map(ord, guards.letters))))
    # Both counts in one number, and sums by differences: a third of the time of two segment sums.
    kinds = tf.cast(is_letter, tf.int64) + _HIGH * tf.cast(is_letter & ~is_seen, tf.int64)
    sums = tf.concat([[tf.constant(0, tf.int64)], tf.cumsum(tf.gather(kinds, place))], axis=0)
    at_ends = tf.gather(sums, folded.row_splits)
    both = at_ends[1:] - at_ends[:-1]
    letters, unseen = both % _HIGH, both // _HIGH
    share = tf.cast(unseen, tf.float64) / tf.cast(tf.maximum(letters, 1), tf.float64)
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


def _folded(texts: tf.Tensor) -> tf.RaggedTensor:
    """Fold case as Python does, which no operation of TensorFlow's does: ß becomes ss.

    Returns:
        Code points (batch, characters).
    """
    codes = tf.strings.unicode_decode(texts, "UTF-8")  # (batch, characters)
    distinct, place = tf.unique(codes.flat_values)
    changed, becomes = _foldings()
    row = tf.minimum(tf.searchsorted(changed, distinct), len(changed) - 1)
    becomes = tf.gather(tf.ragged.constant(becomes, dtype=tf.int32), row)
    changes = tf.gather(changed, row) == distinct

    def one_each() -> tuple[tf.Tensor, tf.Tensor]:
        first = tf.gather(becomes.flat_values, becomes.row_starts())
        return tf.gather(tf.where(changes, first, distinct), place), codes.row_splits

    def several() -> tuple[tf.Tensor, tf.Tensor]:
        same = tf.RaggedTensor.from_tensor(distinct[:, tf.newaxis])
        pair = tf.concat([same, becomes], axis=0)  # (2 * distinct, characters)
        choice = tf.range(tf.size(distinct)) + tf.where(changes, tf.size(distinct), 0)
        folded = tf.gather(tf.gather(pair, choice), place)  # (characters of all texts, 1 to 3)
        return folded.flat_values, tf.gather(folded.row_splits, codes.row_splits)

    grows = tf.reduce_any(changes & (becomes.row_lengths() > 1))
    flat, ends = tf.cond(grows, several, one_each)  # few texts have such a character
    return tf.RaggedTensor.from_row_splits(flat, ends, validate=False)


def _within(codes: tf.Tensor, spans: list[tuple[int, int]]) -> tf.Tensor:
    """Tell which code points lie in one of the spans, first and last included, which rise."""
    if not spans:
        return tf.zeros_like(codes, tf.bool)
    first, last = (tf.constant(ends, tf.int32) for ends in zip(*spans, strict=True))
    place = tf.searchsorted(first, codes, side="right") - 1
    return (place >= 0) & (codes <= tf.gather(last, tf.maximum(place, 0)))


@functools.cache
def _foldings() -> tuple[list[int], list[list[int]]]:
    """Return the code points that folding changes, rising, and what each becomes."""
    pairs = {code: chr(code).casefold() for code in _all_codes()}
    changed = [code for code, folded in pairs.items() if folded != chr(code)]
    return changed, [list(map(ord, pairs[code])) for code in changed]


@functools.cache
def _class(kind: str) -> str:
    """Return a kind of character, "word" or "space", as a regular expression's class of ranges."""
    spans = _spans_of(kind)
    return "[" + "".join(rf"\x{{{first:x}}}-\x{{{last:x}}}" for first, last in spans) + "]"


@functools.cache
def _spans_of(kind: str) -> list[tuple[int, int]]:
    is_word = re.compile(r"\w").fullmatch
    test = {"word": is_word, "letter": str.isalpha, "space": str.isspace}[kind]
    return _spans([code for code in _all_codes() if test(chr(code))])


def _all_codes() -> list[int]:
    return [code for code in range(sys.maxunicode + 1) if code not in _SURROGATES]


def _spans(codes: list[int]) -> list[tuple[int, int]]:
    """Return the first and the last of each unbroken run of rising code points."""
    found: list[tuple[int, int]] = []
    for code in codes:
        if found and code == found[-1][1] + 1:
            found[-1] = (found[-1][0], code)
        else:
            found.append((code, code))
    return found
