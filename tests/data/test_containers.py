"""Excel workbooks and Parquet files, whole and odd."""

import io
import random
import sys
import tracemalloc
import zipfile
from collections import Counter

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from tfnews import packing
from tfnews.data import containers, tables
from tfnews.data.containers import CUT_OFF, OTHER_SHEETS
from tfnews.data.decoding import Account
from tfnews.data.rows import Layout
from tfnews.data.texts import read_texts
from tfnews.errors import DataError, UsageError

openpyxl = pytest.importorskip("openpyxl")

ROWS = [
    ["title", "text", "label", "shares", "day"],
    ["A", "b\nc “d”", 1, 2.0, None],
    [None, None, None, None, None],
    ["C", "e", 0, 2.5, True],
]


@pytest.fixture
def book(tmp_path):
    def _book(rows, name="a.xlsx", others=0):
        content = openpyxl.Workbook()
        for row in rows:
            content.active.append(row)
        for _ in range(others):
            content.create_sheet()
        content.save(tmp_path / name)
        return tmp_path / name

    return _book


def test_a_sheet_is_read_as_excel_would_write_it_to_csv(book):
    path = book(ROWS)
    account = Account()
    names = tables.columns(path)
    assert names == ROWS[0]
    assert list(tables.rows(path, names, account)) == [
        (2, ["A", "b\nc “d”", "1", "2", ""], None),
        (4, ["C", "e", "0", "2.5", "true"], None),
    ]
    assert not any(account.values())
    assert [item.text for item in read_texts(path)] == ["A b\nc “d”", "C e"]


def test_a_workbook_from_standard_input(book, monkeypatch):
    stream = io.BufferedReader(io.BytesIO(book(ROWS).read_bytes()))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    assert [item.text for item in read_texts("-", format="xlsx")] == ["A b\nc “d”", "C e"]


def test_other_sheets_and_cut_off_texts_are_counted(book):
    path = book([["text"], ["a" * 32_767], ["b"]], others=2)
    account = Account()
    assert len(list(tables.rows(path, ["text"], account))) == 2
    assert account == {OTHER_SHEETS: 2, CUT_OFF: 1}


def test_a_sheet_without_a_header(book):
    path = book([row[:4] for row in ROWS[1:]])
    items = read_texts(path, layout=Layout(header=False), title_column="1", text_column="2")
    assert [item.text for item in items] == ["A b\nc “d”", "C e"]


def test_cells_beyond_the_header_are_a_fault(book):
    path = book([["text", None], ["a", None], ["b", "c"], ["d"]])
    found = list(tables.rows(path, tables.columns(path), Account()))
    assert [row.fault for row in found] == [None, "wrong number of fields", None]
    assert found[1].values == ["2 cells instead of 1: b, c"]


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut off", b"no workbook", b""])
def test_what_is_no_workbook(tmp_path, content):
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.xlsx cannot be read as an Excel workbook|is empty"):
        tables.columns(tmp_path / "a.xlsx")


def test_an_empty_sheet(book):
    with pytest.raises(DataError, match=r"a\.xlsx is empty"):
        tables.columns(book([]))


def test_a_workbook_too_large_for_the_memory_is_told_before_it_is_read(book, monkeypatch):
    monkeypatch.setattr(containers, "_MOST_STRINGS", 10)
    path = book(ROWS)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", "a" * 20)
    with pytest.raises(DataError, match="Save it as CSV UTF-8"):
        tables.columns(path)


def test_without_the_extra_its_name_is_told(book, monkeypatch):
    path = book(ROWS)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(UsageError, match=r'pip install "tfnews\[excel\]"'):
        tables.columns(path)


def test_a_zip_archive_is_no_workbook(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("a.csv", "text\nA\n")
    with pytest.raises(DataError, match="cannot be read as an Excel workbook"):
        tables.columns(tmp_path / "a.xlsx")


def test_damaged_parquet_is_told_whatever_was_hit(tmp_path):
    """Of 20,500 damaged files 900 once ended with a traceback, and some would end the process."""
    content = io.BytesIO()
    texts = [f"storm {number % 3} é" for number in range(50)]
    pq.write_table(pa.table({"text": texts, "label": [0, 1] * 25}), content)
    whole, draw, told = content.getvalue(), random.Random(3), 0
    for _ in range(100):
        data = bytearray(whole)
        for _ in range(draw.choice([1, 2, 40])):
            data[draw.randrange(4, len(data) - 8)] = draw.randrange(256)
        (tmp_path / "a.parquet").write_bytes(data)
        try:
            assert len(list(read_texts(tmp_path / "a.parquet"))) <= 50
        except DataError:
            told += 1
    assert told > 30


def test_a_text_that_parquet_repeats_is_kept_once(tmp_path):
    """A file of a few megabytes once asked for one copy a row."""
    long = "storm " * 2**13
    pq.write_table(pa.table({"text": [long] * 500}), tmp_path / "a.parquet")
    with tables.opened(tmp_path / "a.parquet", "parquet") as table:
        tracemalloc.start()
        found = [row.values[0] for row in table.rows(["text"], ["text"])]
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert len(found) == 500
    assert found[-1] == long
    assert peak < 50 * len(long)


@pytest.mark.parametrize("nested", ["struct", "list"])
def test_an_index_that_leads_out_of_a_dictionary_within_is_damage(nested):
    """Arrow followed one below 0 unchecked, and gave what lies before the texts."""
    indices = pa.array([0, 1, -5], "int32")
    texts = pa.DictionaryArray.from_arrays(indices, pa.array(["a", "b"]), safe=False)
    kinds = {
        "struct": lambda: pa.StructArray.from_arrays([texts], ["text"]),
        "list": lambda: pa.ListArray.from_arrays(pa.array([0, 1, 3], "int32"), texts),
    }
    with pytest.raises(pa.ArrowInvalid, match="out of bounds: -5"):
        containers._cells(kinds[nested](), Counter())


def test_a_parquet_file_that_unpacks_to_far_more_than_it_is_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "UNQUESTIONED", 2**16)
    long = [letter * 2**22 for letter in "abcd"]
    pq.write_table(pa.table({"text": long}), tmp_path / "a.parquet", compression="zstd")
    before = pa.total_allocated_bytes()
    with pytest.raises(DataError, match=r"a\.parquet unpacks to 16,\d+,\d+ bytes.*trap"):
        list(read_texts(tmp_path / "a.parquet"))
    assert pa.total_allocated_bytes() - before < 2**20


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/styles.xml"])
def test_a_workbook_that_unpacks_to_far_more_than_it_is_is_refused(tmp_path, monkeypatch, part):
    monkeypatch.setattr(packing, "UNQUESTIONED", 2**16)
    monkeypatch.setattr(containers, "_MOST_OTHER", 2**16)
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(part, b" " * 2**22)
    with pytest.raises(DataError, match=r"a\.xlsx .*4,194,304 bytes.*trap"):
        list(read_texts(path))


def test_a_text_that_begins_with_an_equals_sign_is_kept_and_what_a_formula_came_to(tmp_path):
    """Programs other than Excel write such a text as a formula that nothing is worked out for."""
    book, file = openpyxl.Workbook(), io.BytesIO()
    titles = ["= harbour reopens", "=A1", "=A2", "plain", None]
    for row in [("title", "text"), *((title, "b") for title in titles)]:
        book.active.append(row)
    book.save(file)
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(file) as made, zipfile.ZipFile(path, "w") as changed:
        for part in made.namelist():
            content = made.read(part).decode()
            content = content.replace('<c r="A3"><f>A1</f><v />', '<c r="A3"><f>A1</f><v>7</v>')
            content = content.replace('<c r="A4"><f>', '<c r="A4" t="str"><f>')  # as Excel's ""
            changed.writestr(part, content)
    assert [item.text for item in read_texts(path)] == [
        "= harbour reopens b",
        "7 b",
        "b",
        "plain b",
        "b",
    ]
