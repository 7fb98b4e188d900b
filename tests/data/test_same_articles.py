"""The same articles in every form that is read give the same splits and the same texts."""

import csv
import gzip
import io
import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tfnews.data import tables
from tfnews.data.decoding import Account
from tfnews.data.prepare import prepare
from tfnews.data.rows import layout_of
from tfnews.data.texts import read_texts

NAMES = ["title", "text", "label", "site"]
WORDS = [
    "“Quoted”",
    "café",
    "naïve;",
    "tax,",
    "vote:",
    "the",
    "council",
    "said",
    "–",
    "no…",
    "it’s",
    "5",
    "€",
    "or",
    "£3",
    "|",
    "señor",
    "Müller",
    "“so”",
    "(not)",
    "rain",
    "moon",
    "harbour",
    "mayor",
    "paper",
    "bridge",
    "school",
    "garden",
    "doctor",
    "river",
    "train",
    "letter",
]


def articles(count=500):
    """Make up articles with all that forms tell apart: quotes, delimiters, lines, signs."""
    rows = []
    for number in range(count):
        words = [
            WORDS[(number * 7 + place * (number % 11 + 1)) % len(WORDS)] for place in range(25)
        ]
        text = f"{number} {' '.join(words)}"
        if number % 3 == 0:
            text = text.replace(" the ", ' "the"\n', 1) + '\n\nHe said: "yes", then left.'
        label = ("hoax", "fact")[number % 2]
        rows.append([f"Title {number}, {words[0]}", text, label, f"site{number % 9}.example"])
    return rows


def as_csv(rows, encoding="utf-8", delimiter=",", **options):
    text = io.StringIO(newline="")
    options = {"lineterminator": "\n", "quoting": csv.QUOTE_MINIMAL, **options}
    csv.writer(text, delimiter=delimiter, **options).writerows([NAMES, *rows])
    return text.getvalue().encode(encoding)


def objects(rows):
    return [dict(zip(NAMES, row, strict=True)) for row in rows]


def as_lines(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in objects(rows)).encode()


def as_frame(rows, write, **options):
    file = io.BytesIO()
    getattr(pd.DataFrame(rows, columns=NAMES), write)(file, **options)
    return file.getvalue()


def as_sheet(rows):
    openpyxl = pytest.importorskip("openpyxl")
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in [NAMES, *rows]:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


FORMS = {
    "semicolon.csv": lambda rows: as_csv(rows, delimiter=";"),
    "tab.csv": lambda rows: as_csv(rows, delimiter="\t"),
    "bar.csv": lambda rows: as_csv(rows, delimiter="|"),
    "tab.tsv": lambda rows: as_csv(rows, delimiter="\t"),
    "all_quoted.csv": lambda rows: as_csv(rows, quoting=csv.QUOTE_ALL, lineterminator="\r\n"),
    "marked.csv": lambda rows: as_csv(rows, "utf-8-sig"),
    "windows.csv": lambda rows: as_csv(rows, "cp1252"),
    "windows_semicolon.csv": lambda rows: as_csv(rows, "cp1252", ";"),
    "windows_tab.tsv": lambda rows: as_csv(rows, "cp1252", "\t"),
    "utf16.csv": lambda rows: as_csv(rows, "utf-16"),
    "utf16_be_semicolon.csv": lambda rows: b"\xfe\xff" + as_csv(rows, "utf-16-be", ";"),
    "utf16_le_unmarked.csv": lambda rows: as_csv(rows, "utf-16-le"),
    "utf16_be_unmarked_tab.tsv": lambda rows: as_csv(rows, "utf-16-be", "\t"),
    "escaped.csv": lambda rows: as_csv(rows, doublequote=False, escapechar="\\"),
    "sep.csv": lambda rows: b"sep=;\n" + as_csv(rows, delimiter=";"),
    "packed.csv": lambda rows: gzip.compress(as_csv(rows, "utf-16", ";")),
    "lines.jsonl": as_lines,
    "windows_lines.jsonl": lambda rows: as_lines(rows).decode().encode("cp1252"),
    "array.json": lambda rows: json.dumps(objects(rows)).encode(),
    "array_indented.json": lambda rows: json.dumps(objects(rows), indent=2).encode("utf-16"),
    "columns.json": lambda rows: as_frame(rows, "to_json"),
    "nested.json": lambda rows: json.dumps({"data": objects(rows)}).encode(),
    "table.parquet": lambda rows: as_frame(rows, "to_parquet", index=False),
    "sheet.xlsx": as_sheet,
}
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
