"""Text normalisation in TensorFlow ops, chosen by name in the catalogue."""

import tensorflow as tf

from tfnews.catalogue.names import NORMALISATIONS
from tfnews.errors import UsageError

# What scikit-learn's `\w` matches: letters, digits and other numbers, the underscore.
_NOT_A_WORD = r"[^\p{L}\p{N}_]+"


def normalise(strings: tf.Tensor, rule: str) -> tf.Tensor:
    """Normalise strings by a named rule.

    Args:
        strings: UTF-8 strings of any shape.
        rule: "none" (unchanged), "lower" (lower-case, a NUL becomes a space), or "words"
            (lower-case, each run of characters other than letters, digits and underscores becomes
            one space, outer spaces removed).

    Returns:
        Strings of the same shape.

    Raises:
        UsageError: `rule` is not one of these.
    """
    if rule not in NORMALISATIONS:
        raise UsageError(f"Unknown normalisation {rule!r}. Allowed: {', '.join(NORMALISATIONS)}.")
    if rule == "none":
        return strings
    strings = tf.strings.regex_replace(strings, r"\x00", " ")  # `lower` drops all after a NUL
    # ASCII first and apart: the Unicode operation follows the process's locale, and in a Turkish
    # one would turn I into a dotless i.
    strings = tf.strings.lower(tf.strings.lower(strings), encoding="utf-8")
    if rule == "lower":
        return strings
    return tf.strings.strip(tf.strings.regex_replace(strings, _NOT_A_WORD, " "))
