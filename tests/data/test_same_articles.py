"""The same articles in every form that is read give the same splits and the same texts."""

import csv
import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.data.forms import FORMS, NAMES, articles, as_csv, as_frame, as_lines, objects
from tfnews.data import tables
from tfnews.data.decoding import Account
from tfnews.data.prepare import prepare
from tfnews.data.rows import layout_of
from tfnews.data.texts import read_texts

LABELS = {"fake_values": ["hoax"], "real_values": ["fact"]}


def splits_of(folder, name, content, **options):
    """Prepare splits, and return their parts but for the columns that name the source."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    splits = prepare([path], folder / f"splits of {name}", **LABELS, **options)
    parts = {part: splits.frame(part) for part in ("train", "validation", "test")}
    return {part: frame.drop(columns=["source_file", "line"]) for part, frame in parts.items()}


def texts_of(path, **options):
    return [(item.id, item.text, item.problem) for item in read_texts(path, **options)]


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """Give the splits and the texts of the articles as CSV in UTF-8 with commas."""
    folder = tmp_path_factory.mktemp("usual")
    rows = articles()
    parts = splits_of(folder, "usual.csv", as_csv(rows))
    assert sum(map(len, parts.values())) == 500
    return rows, parts, texts_of(folder / "usual.csv")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_splits_and_the_same_texts_to_score(tmp_path, usual, form):
    rows, parts, texts = usual
    found = splits_of(tmp_path, form, FORMS[form](rows))
    for part, frame in parts.items():
        pd.testing.assert_frame_equal(found[part], frame)
    assert texts_of(tmp_path / form) == texts


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_file_without_a_header_gives_the_same(tmp_path, usual, encoding):
    rows, parts, texts = usual
    content = as_csv(rows, encoding).decode(encoding).partition("\n")[2].encode(encoding)
    columns = {"title_column": "1", "text_column": "2"}
    found = splits_of(tmp_path, "a.csv", content, header=False, label_column="3", **columns)
    for part, frame in parts.items():
        renamed = found[part].rename(columns={"4": "site"})
        pd.testing.assert_frame_equal(renamed, frame)
    assert texts_of(tmp_path / "a.csv", layout=layout_of(None, None, False), **columns) == texts


# Any table comes back

UNWRITABLE = "\x00\r"  # Excel and the csv module of Python 3.11 cannot write these as they are
LETTERS = st.characters(
    codec="utf-8", exclude_characters=UNWRITABLE, exclude_categories=["Cs", "Cc"]
)
TEXT = st.text(LETTERS | st.sampled_from(' ,;\t|"\\\n“é'), max_size=12)
TABLE = st.lists(st.lists(TEXT, min_size=4, max_size=4), min_size=1, max_size=6)
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-32"]


def read_back(path, **layout):
    layout = layout_of(layout.get("encoding"), layout.get("delimiter"), True)
    names = tables.columns(path, layout)
    rows = tables.rows(path, names, Account(), layout=layout)
    return [row.values if row.fault is None else row for row in rows]


def any_table(test):
    test = given(TABLE)(test)
    checks = [HealthCheck.function_scoped_fixture]
    return settings(deadline=None, max_examples=60, suppress_health_check=checks)(test)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", [*ENCODINGS, "utf-16-le", "utf-16-be"])
@any_table
@example([["a", 'b "c"', "", "\\"]])
@example([["", "", "", "\\\\"]])
@example([['"', '\\"', ',"', '",']])
def test_any_delimited_table_comes_back(tmp_path, encoding, delimiter, rows):
    path = tmp_path / "a.csv"
    for quoting in (csv.QUOTE_ALL, csv.QUOTE_MINIMAL):
        path.write_bytes(as_csv(rows, encoding, delimiter, quoting=quoting))
        assert read_back(path) == rows


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@any_table
def test_any_windows_1252_table_comes_back(tmp_path, delimiter, rows):
    rows = [[cell.encode("cp1252", "ignore").decode("cp1252") for cell in row] for row in rows]
    path = tmp_path / "a.csv"
    path.write_bytes(as_csv(rows, "cp1252", delimiter, quoting=csv.QUOTE_ALL))
    assert read_back(path, encoding="latin-1") == rows


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", ["lines", "array", "indented", "columns", "split"])
@any_table
def test_any_json_table_comes_back(tmp_path, encoding, form, rows):
    frame = pd.DataFrame(rows, columns=NAMES)
    content = {
        "lines": lambda: as_lines(rows).decode(),
        "array": lambda: json.dumps(objects(rows), ensure_ascii=False),
        "indented": lambda: json.dumps(objects(rows), ensure_ascii=False, indent=1),
        "columns": lambda: frame.to_json(force_ascii=False),
        "split": lambda: frame.to_json(orient="split"),
    }[form]()
    path = tmp_path / "a.json"
    path.write_bytes(content.encode(encoding))
    assert read_back(path) == rows


@any_table
def test_any_parquet_table_comes_back(tmp_path, rows):
    path = tmp_path / "a.parquet"
    path.write_bytes(as_frame(rows, "to_parquet", index=False))
    assert read_back(path) == rows
