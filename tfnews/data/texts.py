"""Texts to score, one at a time and in any amount, from the records of a file or stream."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tfnews.data import streams, tables
from tfnews.data.decoding import Account
from tfnews.data.rows import USUAL, Layout, Row, UnreadableRestError, of_values
from tfnews.data.text import combine, excerpt, listed, shown
from tfnews.errors import DataError, UsageError


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
    layout: Layout = USUAL,
    account: Counter | None = None,
) -> Iterator[Item]:
    """Read texts in order, a few in memory at a time (JSON lines and Parquet: a thousand).

    Args:
        source: A file or named pipe, or "-" for standard input; each may be gzip-compressed.
        format: One of `tables.FORMATS`. By default the file name tells; standard input is lines.
        id_column: Column of the ids. Default: "id", else records are numbered from 1.
        title_column: Column of the titles. Default: "title" if there is one.
        text_column: Column of the texts. Default: "combined_text" alone, else "text".
        layout: What is known of encoding, delimiter and header.
        account: Tally in which oddities are counted, and which is told how the source was read.

    Yields:
        An item for every record, also for one that cannot be read. From a quote that is never
        closed on, and from where an array of JSON breaks, all is one such record.

    Raises:
        UsageError: The format is unknown.
        DataError: The file is missing or broken, or has not the columns.
    """
    kind = _format_of(source, format)
    if not streams.is_standard_input(source) and not streams.is_readable(source):
        raise DataError(f"There is no file {shown(str(source))}.")
    named = Columns(id_column, title_column, text_column)
    return _read(source, kind, named, layout, Account() if account is None else account)


def items(texts: Iterable[object]) -> Iterator[Item]:
    """Make items of texts that are already in Python, numbered from 1."""
    return _items(of_values(texts), _Found(None, None, 0), "record")


def _format_of(source: str | os.PathLike, format: str | None) -> str:
    if format is not None:
        if format not in tables.FORMATS:
            raise UsageError(f"Unknown format {format!r}. Allowed: {', '.join(tables.FORMATS)}.")
        return format
    if streams.is_standard_input(source):
        return "lines"
    kind = tables.kind(source)
    if kind is None:
        raise UsageError(
            f"The name {Path(source).name} does not tell the format. Names that do end in "
            f"{', '.join(tables.KINDS)} (or these and .gz). Else give --input-format."
        )
    return kind


def _read(
    source: str | os.PathLike, kind: str, columns: Columns, layout: Layout, account: Counter
) -> Iterator[Item]:
    with tables.opened(source, kind, account, layout) as table:
        found = _find_columns(table.names, columns, streams.name_of(source))
        wanted = list(dict.fromkeys(name for name in found if name is not None))
        places = _Found(*(None if name is None else wanted.index(name) for name in found))
        rows = table.rows(wanted, texts=(found.title, found.text))
        yield from _items(rows, places, table.unit)


class _Found(NamedTuple):
    """The columns to read in one file: their names or, later, their places in a row."""

    id: str | int | None
    title: str | int | None
    text: str | int | None


def _find_columns(names: Sequence[str], columns: Columns, source: str) -> _Found:
    for option, column in (
        ("--id-column", columns.id),
        ("--title-column", columns.title),
        ("--text-column", columns.text),
    ):
        if column is not None and column not in names:
            raise DataError(
                f"Column {shown(column, 60)!r} is not in {source}. It has: {listed(names)}. "
                f"Name another with {option}."
            )
    usual = {name.strip().lower(): name for name in reversed(names)}
    usual |= {name: name for name in names}  # "text" goes before "Text", as in `prepare`
    id = columns.id or usual.get("id")
    if columns.title is None and columns.text is None and "combined_text" in usual:
        return _Found(id, None, usual["combined_text"])
    text = columns.text or usual.get("text")
    if text is None and columns.title is None:
        raise DataError(
            f"Column 'text' is not in {source}. It has: {listed(names)}. "
            "Name another with --text-column."
        )
    title = columns.title or usual.get("title")
    return _Found(id, None if title == text else title, text)


def _items(rows: Iterable[Row], places: _Found, unit: str) -> Iterator[Item]:
    number = 0
    try:
        for number, row in enumerate(rows, start=1):
            yield _item(str(number), row, places, unit)
    except UnreadableRestError as error:  # what came before it is sound
        yield Item(str(number + 1), None, f"unreadable record: {error}")


def _item(number: str, row: Row, places: _Found, unit: str) -> Item:
    if row.fault:
        found = f"{unit} {row.line}: {excerpt(row.values[0])}"
        return Item(number, None, f"unreadable record: {row.fault} ({found})")
    id, title, text = ["" if place is None else row.values[place] for place in places]
    return Item(id or number, combine(title, text))
