"""No message is longer than a person reads, none is more than one line, none moves a cursor."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnews import errors
from tfnews.errors import LONGEST, DataError, TfnewsError, visible


@given(st.text(st.characters(), max_size=2000))
def test_every_message_is_one_line_that_can_be_printed(text):
    said = str(DataError(text))
    assert len(said) <= LONGEST
    said.encode()
    assert not {unicodedata.category(one) for one in said} & errors._UNSEEN


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb\r\nc", "a b c"),
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("\ud800", "\\ud800"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2028x", " x"),
        ("Zürich 東京 ‘ok’ é\u0301", "Zürich 東京 ‘ok’ é\u0301"),
    ],
)
def test_what_is_not_seen_is_escaped(name, shown):
    assert visible(name) == shown
    assert str(TfnewsError(name)) == shown


def test_a_long_message_keeps_its_beginning_and_what_to_do_next():
    said = str(DataError("What was wrong. " + "x" * 10**6 + " What to do next."))
    assert said.startswith("What was wrong. ")
    assert said.endswith(" What to do next.")
    assert len(said) == LONGEST


@given(st.lists(st.text(st.characters(), max_size=600), min_size=1, max_size=8))
def test_a_list_keeps_its_lines_and_the_short_ones_whole(lines):
    said = str(DataError(*lines))
    assert len(said) <= LONGEST
    kept = said.split("\n")
    assert len(kept) == len(lines)
    for line, found in zip(map(visible, lines), kept, strict=True):
        assert found == line or " … " in found
        assert found == line or len(line) > (LONGEST - len(lines)) // len(lines)
