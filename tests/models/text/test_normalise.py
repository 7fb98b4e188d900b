import re

import pytest
import tensorflow as tf
from hypothesis import example, given
from hypothesis import strategies as st

from tfnews.catalogue.names import NORMALISATIONS
from tfnews.errors import UsageError
from tfnews.models.text.normalise import CHARACTERS, characters, normalise

RULES = (*NORMALISATIONS, CHARACTERS)
characters("")  # makes its pattern, before a deadline runs

# Beyond these, letters are added by each version of Unicode, and Python's is not TensorFlow's.
texts = st.text(
    st.characters(max_codepoint=0x2BFF, exclude_categories=["Cs", "Cn"]) | st.sampled_from("😀𝒜"),
    max_size=30,
)


def reference(text, rule):
    """Normalise in pure Python, by the definition."""
    if rule == "none":
        return text
    text = text.replace("\0", " ").lower()
    if rule == CHARACTERS:  # by which scikit-learn splits while solving
        return " ".join(characters(text))
    return text if rule == "lower" else re.sub(r"\W+", " ", text).strip(" ")


@pytest.mark.parametrize("rule", RULES)
@given(st.lists(texts, max_size=20))
@example(["控制NBA 2019年ที่นี่ e\u0301 \u0301x 日本語。été_ab ½"])
@example(["ΟΔΟΣ", "İstanbul", "São Paulo…", "no\u00a0break", "½ a_b x²", "Straße", "ﬁn"])
def test_strings_equal_pure_python(rule, strings):
    found = normalise(tf.constant(strings, tf.string), rule)
    assert [text.decode() for text in found.numpy()] == [reference(text, rule) for text in strings]


@pytest.mark.parametrize("rule", NORMALISATIONS)
def test_a_nul_does_not_hide_the_rest_of_a_text(rule):
    """TensorFlow's lower-casing answers "a" to "a\\0B": a way past the model."""
    assert normalise(tf.constant("a\0B c"), rule).numpy().lower().endswith(b"b c")


@pytest.mark.parametrize("rule", NORMALISATIONS)
def test_shapes_are_kept(rule):
    assert normalise(tf.constant([["A"], ["B"]]), rule).shape == (2, 1)
    assert normalise(tf.constant("A"), rule).shape == ()
    assert normalise(tf.zeros([0], tf.string), rule).shape == (0,)


def test_an_unknown_rule():
    with pytest.raises(UsageError, match=r"'upper'\. Allowed: none, lower, words"):
        normalise(tf.constant("a"), "upper")


def test_characters_keep_words_in_ascii_and_marks_with_their_letter():
    assert characters("控制NBA 2019年！ ที่") == ["控", "制", "nba", "2019", "年", "ที่"]
