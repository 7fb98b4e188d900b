"""Reading texts one at a time from CSV, JSON lines, Parquet or plain lines, in any amount."""

import codecs
import contextlib
import csv
import functools
import gzip
import io
import itertools
import json
import math
import os
import shutil
import stat
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tfnews.data.text import combine
from tfnews.errors import DataError, UsageError

STANDARD_INPUT = "-"
LONGEST_FIELD = 10_000_000  # characters; a quote left open swallows no more than this
PARQUET_ROWS = 1_000

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".txt": "lines",
}


class Row(NamedTuple):
    """One record of a source: its number from 1, and its fields or why it has none."""

    number: int
    fields: dict | None
    problem: str | None = None


@dataclass(frozen=True)
class Columns:
    """The columns the user named; None stands for the usual name."""

    id: str | None = None
    title: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class Item:
    """A text to score, or why there is none.

    Attributes:
        id: The record's id, else its number in the source, counted from 1.
        text: Title and body, combined; None when the record could not be read.
        problem: Why the record could not be read.
    """

    id: str
    text: str | None
    problem: str | None = None


def read_texts(
    source: str | os.PathLike,
    *,
    format: str | None = None,
    id_column: str | None = None,
    title_column: str | None = None,
    text_column: str | None = None,
) -> Iterator[Item]:
    """Read texts in order, one record in memory at a time (Parquet: a thousand).

    Args:
        source: A file or named pipe, or "-" for standard input; each may be gzip-compressed.
        format: One of `FORMATS`. By default the file name tells; standard input is lines.
        id_column: Column of the ids. Default: "id", else records are numbered from 1.
        title_column: Column of the titles. Default: "title" if there is one.
        text_column: Column of the texts. Default: "combined_text" alone, else "text".

    Yields:
        An item for every record, also for one that cannot be read.

    Raises:
        UsageError: The format is unknown.
        DataError: The file is missing or broken, or has not the columns.
    """
    reader = FORMATS[_format_of(source, format)]
    if not is_standard_input(source) and not is_readable(source):
        raise DataError(f"There is no file {source}.")
    columns = Columns(id_column, title_column, text_column)
    return _read(source, reader, columns)


def items(texts: Iterable[str]) -> Iterator[Item]:
    """Make items of texts that are already in Python, numbered from 1."""
    for number, text in enumerate(texts, start=1):
        yield _item(Row(number, {"text": text}), _Found(None, None, "text"))


def is_standard_input(source: object) -> bool:
    """Tell whether `source` is "-"."""
    return source == STANDARD_INPUT


def is_readable(source: str | os.PathLike) -> bool:
    """Tell whether `source` is a file or a pipe with a name, as a shell's `<(command)` is."""
    try:
        kind = os.stat(source).st_mode
    except (OSError, ValueError):  # not there, or no name that a file can have
        return False
    return stat.S_ISREG(kind) or stat.S_ISFIFO(kind)


def _format_of(source: str | os.PathLike, format: str | None) -> str:
    if format is not None:
        if format not in FORMATS:
            raise UsageError(f"Unknown format {format!r}. Allowed: {', '.join(FORMATS)}.")
        return format
    if is_standard_input(source):
        return "lines"
    name = Path(source).name.lower().removesuffix(".gz")
    suffix = Path(name).suffix
    if suffix not in _SUFFIXES:
        raise UsageError(
            f"The name {Path(source).name} does not tell the format. Names that do end in "
            f"{', '.join(_SUFFIXES)} (or these and .gz). Else give --input-format."
        )
    return _SUFFIXES[suffix]


def _read(source: str | os.PathLike, reader: Callable, columns: Columns) -> Iterator[Item]:
    name = "standard input" if is_standard_input(source) else Path(source).name
    number = 0
    try:
        with _opened(source) as stream:
            for item in _items(reader(stream, name), columns, name):
                yield item
                number += 1
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{name} is damaged after record {number}: {error}. Compress or fetch it again."
        ) from error


@contextlib.contextmanager
def _opened(source: str | os.PathLike) -> Iterator[BinaryIO]:
    """Open a source as bytes, decompressed if its first two bytes say gzip."""
    with contextlib.ExitStack() as stack:
        if is_standard_input(source):
            stream = io.BufferedReader(sys.stdin.buffer)
            stack.callback(stream.detach)  # else the wrapper would close standard input
        else:
            stream = stack.enter_context(open(source, "rb"))
        if stream.peek(2)[:2] == b"\x1f\x8b":
            stream = stack.enter_context(gzip.open(stream))
        yield stream


# --- From records to items -------------------------------------------------------------------


class _Found(NamedTuple):
    """The columns to read in one file."""

    id: str | None
    title: str | None
    text: str | None


def _items(rows: Iterable[Row], columns: Columns, name: str) -> Iterator[Item]:
    found_before = False
    for row in rows:
        if row.fields is None:
            yield Item(str(row.number), None, f"unreadable record: {row.problem}")
            continue
        try:
            found = _find_columns(tuple(row.fields), columns, name)
        except DataError:
            if not found_before:
                raise
            # JSON lines need not have the same fields everywhere.
            yield Item(str(row.number), None, "unreadable record: its text field is missing")
            continue
        found_before = True
        yield _item(row, found)


@functools.lru_cache(maxsize=64)
def _find_columns(names: tuple[str, ...], columns: Columns, source: str) -> _Found:
    for option, column in (
        ("--id-column", columns.id),
        ("--title-column", columns.title),
        ("--text-column", columns.text),
    ):
        if column is not None and column not in names:
            raise DataError(
                f"Column {column!r} is not in {source}. It has: {', '.join(names)}. "
                f"Name another with {option}."
            )
    usual = {name.strip().lower(): name for name in reversed(names)}
    id = columns.id or usual.get("id")
    if columns.title is None and columns.text is None and "combined_text" in usual:
        return _Found(id, None, usual["combined_text"])
    text = columns.text or usual.get("text")
    if text is None and columns.title is None:
        raise DataError(
            f"Column 'text' is not in {source}. It has: {', '.join(names)}. "
            "Name another with --text-column."
        )
    title = columns.title or usual.get("title")
    return _Found(id, None if title == text else title, text)


def _item(row: Row, found: _Found) -> Item:
    id = str(row.number)
    try:
        title, text = (_as_text(row.fields, column) for column in (found.title, found.text))
        id = _as_text(row.fields, found.id) if found.id else id
        (id + title + text).encode()
    except UnicodeEncodeError:
        return Item(_printable(id), None, "unreadable record: not valid UTF-8")
    except TypeError as error:
        return Item(id, None, f"unreadable record: {error}")
    return Item(id, combine(title, text))


def _as_text(fields: dict, column: str | None) -> str:
    value = fields.get(column)
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, (list, dict, bytes)):
        raise TypeError(f"field {column!r} holds a {type(value).__name__}, not a text")
    return str(value)


def _printable(id: str) -> str:
    return id.encode(errors="replace").decode()


# --- From bytes to records -------------------------------------------------------------------


def _lines(stream: BinaryIO) -> Iterator[str]:
    # Bytes that are not UTF-8 come through as lone surrogates, and _item refuses that record.
    for number, line in enumerate(stream):
        line = line if number else line.removeprefix(codecs.BOM_UTF8)
        yield line.decode(errors="surrogateescape")


def _read_lines(stream: BinaryIO, name: str) -> Iterator[Row]:
    for number, line in enumerate(_lines(stream), start=1):
        yield Row(number, {"text": line.rstrip("\r\n")})


def _read_delimited(stream: BinaryIO, name: str, mark: str | None = None) -> Iterator[Row]:
    from tfnews.data.tables import delimiter  # here, as it loads pyarrow

    csv.field_size_limit(LONGEST_FIELD)
    lines = _lines(stream)
    first = next(lines, "")
    reader = csv.reader(itertools.chain([first], lines), delimiter=mark or delimiter(first))
    header = _header(reader, name)
    for number, values in enumerate(_csv_records(reader), start=1):
        if isinstance(values, csv.Error):
            yield Row(number, None, str(values))
        elif len(values) != len(header):
            yield Row(number, None, f"{len(values)} fields, the header has {len(header)}")
        else:
            yield Row(number, dict(zip(header, values, strict=True)))


def _header(reader: Iterator[list[str]], name: str) -> list[str]:
    try:
        header = next(reader, None)
        "".join(header or []).encode()
    except (csv.Error, UnicodeEncodeError) as error:
        raise DataError(
            f"The first line of {name} is no header in UTF-8. Save the file as UTF-8, or name "
            "its format with --input-format."
        ) from error
    if not header:
        raise DataError(f"{name} is empty: its first line should name the columns.")
    return header


def _csv_records(reader: Iterator[list[str]]) -> Iterator[list[str] | csv.Error]:
    """Yield records and, in their place, the errors of those that cannot be parsed."""
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield error
            continue
        if values:  # a blank line is no record
            yield values


def _read_json_lines(stream: BinaryIO, name: str) -> Iterator[Row]:
    number = 0
    for line in _lines(stream):
        if not line.strip():
            continue
        number += 1
        if number == 1 and line.lstrip().startswith("["):
            raise DataError(
                f"{name} holds one JSON list. JSON lines are wanted: one object a line, "
                'such as {"text": "..."}.'
            )
        yield _json_row(number, line)


def _json_row(number: int, line: str) -> Row:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Row(number, None, f"not JSON ({error})")
    if not isinstance(fields, dict):
        return Row(number, None, "not a JSON object")
    return Row(number, fields)


def _read_parquet(stream: BinaryIO, name: str) -> Iterator[Row]:
    import pyarrow
    from pyarrow import parquet

    number = 0
    with _seekable(stream) as file:
        try:
            for batch in parquet.ParquetFile(file).iter_batches(PARQUET_ROWS):
                for fields in batch.to_pylist():
                    number += 1
                    yield Row(number, fields)
        except pyarrow.ArrowInvalid as error:
            raise DataError(
                f"{name} cannot be read as Parquet after record {number}: {error}"
            ) from error


@contextlib.contextmanager
def _seekable(stream: BinaryIO) -> Iterator[BinaryIO]:
    """Parquet is read from its end: put a pipe, or what comes out of gzip, on the disk first."""
    if stream.seekable() and not isinstance(stream, gzip.GzipFile):
        yield stream
        return
    with tempfile.TemporaryFile() as spool:
        shutil.copyfileobj(stream, spool)
        spool.seek(0)
        yield spool


FORMATS = {
    "csv": _read_delimited,
    "tsv": functools.partial(_read_delimited, mark="\t"),
    "jsonl": _read_json_lines,
    "parquet": _read_parquet,
    "lines": _read_lines,
}
