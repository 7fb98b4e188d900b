import gzip
import io
import sys

import pytest

from tfnews.data.article import article
from tfnews.errors import DataError, UsageError


@pytest.fixture
def news(tmp_path):
    path = tmp_path / "news.csv"
    path.write_text('id,title,text\n7,Oh,"dear, me"\nb,,second\n2,third,one\nb,fourth,one\n')
    return str(path)


def test_what_is_no_file_is_the_text():
    assert article("Moon made of cheese.") == "Moon made of cheese."
    assert article("x" * 5000 + " y") == "x" * 5000 + " y"
    assert article("null\0byte here") == "null\0byte here"


@pytest.mark.parametrize("name", ["a.txt", "a.md", "article", "a.txt.gz"])
def test_a_plain_file_is_one_article(tmp_path, name):
    text = "Headline\n\nBody – été\n".encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    assert article(str(tmp_path / name)) == "Headline\n\nBody – été\n"


def test_one_article_from_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Headline\nBody\n")))
    assert article("-") == "Headline\nBody\n"


def test_a_line_of_a_plain_file(tmp_path):
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    assert article(str(tmp_path / "a.txt"), "2") == "two"


@pytest.mark.parametrize(("row", "text"), [("7", "Oh dear, me"), ("2", "third one")])
def test_a_record_by_its_id(news, row, text):
    """The one with the id 2 is the third: an id goes before a number."""
    assert article(news, row) == text


def test_a_record_by_its_number_where_no_record_has_such_an_id(news):
    assert article(news, "1") == "Oh dear, me"


def test_columns_are_named_as_for_predict(news):
    assert article(news, "third", id_column="title", text_column="id", title_column="text") == (
        "one 2"
    )


def test_a_file_of_one_record_needs_no_row(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"title": "Oh", "text": "dear"}\n')
    assert article(str(tmp_path / "a.jsonl")) == "Oh dear"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (None, "holds more than one record. Say which one with --row"),
        ("b", "2 records of news.csv have the id 'b'"),
        ("9", "holds no record '9'. It has 4"),
    ],
)
def test_a_record_that_is_not_told(news, row, message):
    with pytest.raises(DataError, match=message):
        article(news, row)


def test_a_record_that_cannot_be_read(tmp_path):
    (tmp_path / "a.csv").write_text("id,text\na,b\nc\n")
    with pytest.raises(DataError, match=r"a\.csv, record 2: unreadable record: wrong number"):
        article(str(tmp_path / "a.csv"), "2")


@pytest.mark.parametrize("name", ["news.txt", "data/news", "../a.csv", "C:\\news.csv"])
def test_a_path_where_nothing_is(name):
    with pytest.raises(UsageError, match=r"There is no file .* A text has spaces; this looks like"):
        article(name)


def test_a_folder_and_a_row_of_a_text(tmp_path):
    with pytest.raises(UsageError, match="is a folder"):
        article(str(tmp_path))
    with pytest.raises(UsageError, match="--row names a record of a file"):
        article("a text", "2")
