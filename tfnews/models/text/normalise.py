"""Text normalisation in TensorFlow ops, chosen by name in the catalogue."""

import functools
import re
import sys
import unicodedata

import tensorflow as tf

from tfnews.catalogue.names import NORMALISATIONS
from tfnews.errors import UsageError

# What scikit-learn's `\w` matches: letters, digits and other numbers, the underscore.
_NO_WORD_OR_SPACE = r"[^\p{L}\p{N}_ ]+"

# For languages without spaces. Words in ASCII stay whole, and marks such as Thai vowels stay with
# the letter before them.
CHARACTERS = "characters"
_NO_CHARACTER = r"[^\p{L}\p{N}\p{M}_]+"
_CHARACTER = r"([a-z0-9_]+|[\p{L}\p{N}_]\p{M}*|\p{M}+)"

# For the same languages: what stands between punctuation and words in ASCII stays together, since
# pieces learnt from the training texts are looked for in it.
PIECES = "pieces"
_ASCII_WORD = r"([a-z0-9_]+)"

RULES = (*NORMALISATIONS, CHARACTERS, PIECES)


def rule_of(options: dict) -> str:
    """Return the rule by which a row with these settings reads texts.

    Args:
        options: analyzer, "word" (the default), "char" or "piece"; normalise, for words.
    """
    rules = {"char": CHARACTERS, "piece": PIECES}
    return rules.get(options.get("analyzer")) or options["normalise"]


def units(strings: tf.Tensor) -> tf.RaggedTensor:
    """Split strings (batch,), lower-cased, into letters with their marks and words in ASCII."""
    return tf.strings.split(tf.strings.regex_replace(strings, _CHARACTER, r"\1 "))


def characters(text: str) -> list[str]:
    """Split a text by the rule "characters", in Python: for learning pieces."""
    return _characters().findall(text.lower())


@functools.cache
def _characters() -> re.Pattern:
    codes = range(sys.maxunicode + 1)
    marks = "".join(chr(code) for code in codes if unicodedata.category(chr(code))[0] == "M")
    marks = f"[{re.escape(marks)}]"
    return re.compile(rf"[a-z0-9_]+|\w{marks}*|{marks}+")


def normalise(strings: tf.Tensor, rule: str) -> tf.Tensor:
    """Normalise strings by a named rule.

    Args:
        strings: UTF-8 strings of any shape.
        rule: "none" (unchanged), "lower" (lower-case, a NUL becomes a space), or "words"
            (lower-case, each run of characters other than letters, digits and underscores becomes
            one space, outer spaces removed), "characters" (the same, and one space between any
            two letters; words in ASCII stay whole, marks stay with their letter), or "pieces" (the
            same, and one space only between these and words in ASCII).

    Returns:
        Strings of the same shape.

    Raises:
        UsageError: `rule` is not one of these.
    """
    if rule not in RULES:
        raise UsageError(f"Unknown normalisation {rule!r}. Allowed: {', '.join(RULES)}.")
    if rule == "none":
        return strings
    strings = tf.strings.regex_replace(strings, r"\x00", " ")  # `lower` drops all after a NUL
    # ASCII first and apart: the Unicode operation follows the process's locale, and in a Turkish
    # one would turn I into a dotless i.
    strings = tf.strings.lower(tf.strings.lower(strings), encoding="utf-8")
    if rule == "lower":
        return strings
    if rule in (CHARACTERS, PIECES):
        apart = _CHARACTER if rule == CHARACTERS else _ASCII_WORD
        strings = tf.strings.regex_replace(strings, _NO_CHARACTER, " ")
        strings = tf.strings.regex_replace(strings, apart, r" \1 ")
        return tf.strings.strip(tf.strings.regex_replace(strings, " +", " "))
    # Not all at once: most of what stands between words is one space, which need not be replaced.
    strings = tf.strings.regex_replace(strings, _NO_WORD_OR_SPACE, " ")
    return tf.strings.strip(tf.strings.regex_replace(strings, "  +", " "))
