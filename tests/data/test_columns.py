"""Which columns are read: one rule for every layout and command."""

import pandas as pd
import pytest

from tests.data.news import write_table
from tfnews.data import columns
from tfnews.data.columns import Chosen
from tfnews.data.readers import read
from tfnews.data.text import combine
from tfnews.data.texts import read_texts
from tfnews.errors import DataError
from tfnews.records import ColumnsRecord


@pytest.mark.parametrize(
    ("name", "names", "found"),
    [
        ("text", ["Text", "text"], "text"),
        ("TEXT", ["title", "Text", "text"], "Text"),
        (" text", ["text "], "text "),
        ("body", ["text"], None),
        (None, ["text"], None),
    ],
)
def test_a_name_is_found_whatever_its_case_and_as_it_is_first(name, names, found):
    assert columns.find(name, names) == found


@pytest.mark.parametrize(
    ("title", "text", "default", "found"),
    [
        (None, None, Chosen("title", "text"), Chosen("title", "text")),
        (None, "title", Chosen("title", "text"), Chosen(None, "title")),
        ("title", "title", Chosen("title", "text"), Chosen(None, "title")),
        ("text", None, Chosen("title", "text"), Chosen(None, "text")),
        ("head", None, Chosen("title", "text"), Chosen("head", "text")),
        (None, "body", Chosen("title", None), Chosen("title", "body")),
        ("head", None, Chosen(None, None), Chosen(None, "head")),
    ],
)
def test_what_is_named_goes_before_the_default_and_no_column_is_read_twice(
    title, text, default, found
):
    assert columns.chosen(title, text, default) == found


def test_a_message_shortens_the_name_that_was_asked_for():
    with pytest.raises(DataError) as error:
        columns.required("y" * 5000, ["z" * 5000] * 50, "a.csv", "--text-column")
    assert all(str(error.value).count(sign) <= 200 for sign in "yz")


NAMES = ("Title", "TEXT", "Label")
ROWS = [("Moon sold", "To Mars.", "FAKE"), ("Council met", "On Monday.", "REAL")]
HEADLINES = ["Moon sold", "Council met"]


def prepared(path, **options):
    frame = pd.concat(list(read(path, **options)))
    return [combine(*pair) for pair in zip(frame["title"], frame["text"], strict=True)]


def scored(path, **options):
    return [item.text for item in read_texts(path, **options)]


@pytest.mark.parametrize(
    "name", ["a.csv", "a.tsv", "a.jsonl", "a.parquet", "fake_or_real_news.csv"]
)
@pytest.mark.parametrize(
    "options", [{"text_column": "title"}, {"text_column": "Title", "title_column": "title"}]
)
def test_headlines_alone_are_read_once_in_every_layout_and_command(tmp_path, name, options):
    """Regression: of a known layout each title was doubled, and predict read it once."""
    path = write_table(tmp_path / name, NAMES, ROWS)
    assert prepared(path, **options) == HEADLINES == scored(path, **options)


@pytest.mark.parametrize("names", [NAMES, ("title", "text", "label"), (" TITLE ", "Text", "LABEL")])
def test_the_case_of_a_header_is_no_difference(tmp_path, names):
    path = write_table(tmp_path / "a.csv", names, ROWS)
    assert prepared(path) == ["Moon sold To Mars.", "Council met On Monday."] == scored(path)
    assert prepared(path, label_column="label", text_column="text", title_column="text") == [
        "To Mars.",
        "On Monday.",
    ]


def test_headlines_without_bodies(tmp_path):
    path = write_table(tmp_path / "a.csv", ("title", "label"), [("A", "FAKE"), ("B", "REAL")])
    for options in ({"title_column": "title"}, {"text_column": "title"}):
        assert prepared(path, **options) == ["A", "B"] == scored(path, **options)
    with pytest.raises(DataError, match="for headlines alone: the title's"):
        read(path)


def test_a_combined_text_is_read_alone_by_both(tmp_path):
    names = ("combined_text", "title", "text", "label")
    path = write_table(
        tmp_path / "a.csv", names, [("A b", "x", "y", "fake"), ("C", "", "", "real")]
    )
    assert prepared(path) == ["A b", "C"] == scored(path)


TRAINED = (ColumnsRecord("body", "headline", "verdict"), ColumnsRecord("claim"))


@pytest.mark.parametrize(
    ("names", "options", "text"),
    [
        (("headline", "body", "text"), {}, "1 2"),
        (("HEADLINE", "Body", "text"), {}, "1 2"),
        (("title", "body", "text"), {}, "1 2"),
        (("title", "claim", "text"), {}, "2"),
        (("title", "text", "other"), {}, "1 2"),
        (("combined_text", "body", "text"), {}, "1"),
        (("headline", "body", "text"), {"text_column": "text"}, "1 3"),
        (("headline", "body", "text"), {"text_column": "headline"}, "1"),
    ],
)
def test_texts_to_score_are_read_as_those_trained_on(tmp_path, names, options, text):
    path = write_table(tmp_path / "a.csv", names, [("1", "2", "3")])
    assert scored(path, trained=TRAINED, **options) == [text]
