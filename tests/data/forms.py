"""The same made-up articles in every form that is read."""

import csv
import gzip
import io
import json

import pandas as pd
import pytest

NAMES = ["title", "text", "label", "site"]
WORDS = (
    *("“Quoted”", "café", "naïve;", "tax,", "vote:", "the", "council", "said", "–", "no…", "it’s"),
    *("5", "€", "or", "£3", "|", "señor", "Müller", "“so”", "(not)", "rain", "moon", "harbour"),
    *("mayor", "paper", "bridge", "school", "garden", "doctor", "river", "train", "letter"),
)


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


def as_folder(rows, folder):
    """Write each article as a .txt file, its label in the name, in the order of the rows."""
    folder.mkdir()
    for number, (title, text, label, _) in enumerate(rows):
        path = folder / f"{number:04} {label}.txt"
        path.write_bytes(f"{title}\n\n{text}\n".encode())
    return folder
