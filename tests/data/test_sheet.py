"""Sheets go through spreadsheets: what comes back is read, or refused with what is wrong."""

import csv
import io

import pytest

from tfnews.data import sheet, tables
from tfnews.errors import DataError

TEXTS = {
    "A001": "Town reports 12 readers.\nThe council said so.",
    "A002": '=HYPERLINK("http://example.com";"click")',
    "A003": 'He said "no"; -5 degrees, café',
    "A004": "@SUM(1+1)*cmd|' /C calc'!A0",
    "A005": "plain",
}
CELLS = {name: sheet.cell(text) for name, text in TEXTS.items()}
DIGESTS = {name: sheet.digest(cell) for name, cell in CELLS.items()}
NAMES = ("real", "fake")
LABELS = {"A001": "fake", "A002": "real", "A003": "unsure", "A004": "FAKE ", "A005": "real"}
ANSWERS = {"A001": 1, "A002": 0, "A003": None, "A004": 1, "A005": 0}


def rows_of(labels=LABELS):
    made = sheet.written(CELLS.items(), NAMES)
    rows = list(csv.DictReader(io.StringIO(made.removeprefix("\ufeff"), newline="")))
    return [{**row, "label": labels[row["id"]]} for row in rows]


def saved(path, rows, encoding="utf-8", **dialect):
    file = io.StringIO(newline="")
    table = csv.DictWriter(file, list(rows[0]), **dialect)
    table.writeheader()
    table.writerows(rows)
    path.write_bytes(file.getvalue().encode(encoding, "replace"))
    return path


def read(path, **options):
    return sheet.read(path, DIGESTS, NAMES, **options)


def test_no_cell_begins_as_a_formula_whatever_divides_cells():
    for character in "=+-@＝＋－＠":
        for text in (f"{character}1", f"  {character}1", f"a;{character}1", f"a;b;{character}c"):
            pieces = sheet.cell(text).split(";")
            assert not any(piece.startswith(tuple("=+-@＝＋－＠")) for piece in pieces)
    made = sheet.written(CELLS.items(), NAMES)
    assert made.startswith("\ufeff")
    assert "\t" not in made
    assert made.count("\r\n") == made.count("\n") == len(TEXTS) + 1


def test_a_cell_is_one_line_that_excel_keeps_whole():
    assert sheet.cell("a\r\nb\n\n c\u2028d") == "a ¶ b ¶ c ¶ d"
    long = sheet.cell("word " * 10_000)
    assert len(long) < 32_767
    assert long.endswith("[cut here: the article goes on]")


@pytest.mark.parametrize(
    "saving",
    [
        {},
        {"encoding": "utf-8-sig", "delimiter": ";"},
        {"encoding": "cp1252", "delimiter": ";", "lineterminator": "\r\n"},
        {"encoding": "utf-16", "delimiter": "\t"},
        {"quoting": csv.QUOTE_ALL, "lineterminator": "\n"},
    ],
    ids=["plain", "semicolons", "windows", "unicode text", "quoted"],
)
def test_it_is_read_as_spreadsheets_save_it(tmp_path, saving):
    found = read(saved(tmp_path / "sheet.csv", rows_of(), **saving))
    assert (found.answers, found.empty) == (ANSWERS, ())


def test_tabbed_text_and_excels_own_are_read(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    found = read(saved(tmp_path / "sheet.txt", rows_of(), delimiter="\t"))
    assert found.answers == ANSWERS
    book = openpyxl.Workbook()
    for row in [list(rows_of()[0]), *(list(row.values()) for row in rows_of())]:
        book.active.append([f" {one}" if one.startswith("'") else one for one in row])
    book.save(tmp_path / "sheet.xlsx")
    assert read(tmp_path / "sheet.xlsx").answers == ANSWERS


def test_sorted_rows_more_columns_and_empty_lines_do_no_harm(tmp_path):
    rows = [{"remark": "checked", **row} for row in reversed(rows_of())]
    path = saved(tmp_path / "sheet.csv", rows)
    path.write_text(path.read_text() + ",,,,\n\n")
    assert read(path).answers == ANSWERS
    bare = [{"ID": row["id"], "Label": row["label"]} for row in rows_of()]
    assert read(saved(path, bare)).answers == ANSWERS


def test_what_is_not_filled_is_told_and_not_guessed(tmp_path):
    rows = rows_of({**LABELS, "A002": "", "A005": "  "})
    found = read(saved(tmp_path / "sheet.csv", rows))
    assert found.empty == ("A002", "A005")
    assert set(found.answers) == {"A001", "A003", "A004"}


def changed(name, **values):
    return [{**row, **values} if row["id"] == name else row for row in rows_of()]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (changed("A002", id="A02"), "ids that were not written: A02."),
        (changed("A002", id=""), r"ids that were not written: \(none\)"),
        (changed("A002", id="A001"), "more than one row of A001"),
        (rows_of()[1:], "lost the rows of A001"),
        (changed("A002", label="true"), r"1 labels in other words than asked for: 'true' \(A002\)"),
        (changed("A001", label="1"), "Allowed: real, fake, unsure"),
        (changed("A001", text=CELLS["A005"]), "text of A001 is not the one that was written"),
        ([{"id": row["id"], "text": row["text"]} for row in rows_of()], "no column 'label'"),
        ([{"label": "fake", "text": "a"}], "no column 'id'"),
    ],
)
def test_a_sheet_that_was_changed_is_refused(tmp_path, rows, said):
    with pytest.raises(DataError, match=said):
        read(saved(tmp_path / "sheet.csv", rows))


def test_a_sheet_that_is_none_is_refused(tmp_path):
    with pytest.raises(DataError, match="is not there"):
        read(tmp_path / "sheet.csv")
    (tmp_path / "sheet.csv").write_text("")
    with pytest.raises(DataError, match="is empty"):
        read(tmp_path / "sheet.csv")
    (tmp_path / "sheet.csv").write_text('id,label,text\nA001,fake,"never closed\nA002,real,b\n')
    with pytest.raises(DataError, match="never closed"):
        read(tmp_path / "sheet.csv")


def test_a_third_sheet_may_be_part_of_it(tmp_path):
    path = saved(tmp_path / "some.csv", rows_of()[:2])
    assert read(path, whole=False).answers == {"A001": 1, "A002": 0}


def test_what_is_written_is_read_back_by_the_readers_of_news(tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_text(sheet.written(CELLS.items(), NAMES), encoding="utf-8", newline="")
    assert tables.columns(path) == list(sheet.COLUMNS)
    assert read(path).empty == tuple(TEXTS)
