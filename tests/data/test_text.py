import re
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tfnews.data.text import combine, excerpt, for_matching

texts = st.text(max_size=40)
white_space = st.text(alphabet=" \t\r\n\u00a0\u2003", max_size=4)


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("Council meets", "It met.", "Council meets It met."),
        ("", "It met.", "It met."),
        ("Council meets", "", "Council meets"),
        ("", "", ""),
        (" Council meets\n", "\tIt  met.\n", "Council meets It  met."),
        ("Council", " \n ", "Council"),
    ],
)
def test_combine(title, text, expected):
    assert combine(title, text) == expected


@given(texts, texts, white_space)
def test_outer_white_space_changes_nothing(title, text, space):
    expected = combine(title, text)
    assert expected == expected.strip()
    assert combine(space + title + space, space + text + space) == expected


@given(texts, texts)
def test_nothing_but_outer_white_space_is_lost(title, text):
    joined = combine(title, text)
    assert joined.startswith(title.strip())
    assert joined.endswith(text.strip())
    assume(title.strip() and text.strip())
    assert len(joined) == len(title.strip()) + 1 + len(text.strip())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The  Council\nMET ", "the council met"),
        ("caf\u00e9", "cafe\u0301"),
        ("ﬁnal", "FINAL"),
        ("no\u00a0break", "no break"),
        ("Straße", "STRASSE"),
        ("\uff21\uff22\uff23 １", "abc 1"),
    ],
)
def test_copies_compare_equal(one, other):
    assert for_matching(one) == for_matching(other)


@pytest.mark.parametrize(("one", "other"), [("cafe", "café"), ("it met", "it met."), ("a", "b")])
def test_different_texts_do_not(one, other):
    assert for_matching(one) != for_matching(other)


@given(texts)
def test_matching_has_single_inner_spaces_only(text):
    assert re.findall(r"\s", for_matching(text)) == [" "] * for_matching(text).count(" ")
    assert "  " not in for_matching(text)
    assert for_matching(text) == for_matching(text).strip()


@given(texts, white_space)
def test_white_space_and_composition_do_not_matter(text, space):
    expected = for_matching(text)
    assert for_matching(space + text + space) == expected
    assert for_matching(text.replace(" ", f" {space}")) == expected
    assert for_matching(unicodedata.normalize("NFKC", text)) == expected


@given(st.text(max_size=900), st.integers(1, 300))
def test_an_excerpt_is_one_short_line_that_can_be_written(text, length):
    line = excerpt(text, length)
    assert len(line) <= length
    assert not set("\n\r\t") & set(line)
    line.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "line"), [("a  b\n c", "a b c"), ("abcdef", "abc…"), ("\ud800", "?")]
)
def test_excerpts(text, line):
    assert excerpt(text, 5 if " " in text else 4) == line
