"""Texts to score, one at a time and in any amount, from the records of a file or stream."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tfnews.data import articles, columns, streams, tables
from tfnews.data.decoding import Account
from tfnews.data.rows import USUAL, Layout, Row, UnreadableRestError, of_values
from tfnews.data.text import combine, excerpt, shown
from tfnews.errors import DataError, UsageError
from tfnews.records import ColumnsRecord


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
    trained: Sequence[ColumnsRecord] = (),
    layout: Layout = USUAL,
    account: Counter | None = None,
) -> Iterator[Item]:
    """Read texts in order, a few in memory at a time (JSON lines and Parquet: a thousand).

    Args:
        source: A file or named pipe, or "-" for standard input; each may be gzip-compressed. Or a
            folder of .txt files, one article each, whose ids are their paths in it.
        format: One of `tables.FORMATS`. By default the file name tells; standard input is lines.
        id_column: Column of the ids. Default: "id", else records are numbered from 1.
        title_column: Column of the titles. Default: as trained, else "title" if there is one.
        text_column: Column of the texts. Default: "combined_text" alone, else as trained, else
            "text". The same column as of the titles is read once.
        trained: How the training news was read.
        layout: What is known of encoding, delimiter and header.
        account: Tally in which oddities are counted, and which is told how the source was read.

    Yields:
        An item for every record, also for one that cannot be read. From a quote that is never
        closed on, and from where an array of JSON breaks, all is one such record.

    Raises:
        UsageError: The format is unknown.
        DataError: The file is missing or broken, or has not the columns.
    """
    named = _Found(id_column, title_column, text_column)
    account = Account() if account is None else account
    if not streams.is_standard_input(source) and os.path.isdir(source):
        return _read_folder(Path(source), named, layout, account)
    kind = _format_of(source, format)
    if not streams.is_standard_input(source) and not streams.is_readable(source):
        raise DataError(f"There is no file {shown(str(source))}.")
    return _read(source, kind, named, trained, layout, account)


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
    source: str | os.PathLike,
    kind: str,
    named: "_Found",
    trained: Sequence[ColumnsRecord],
    layout: Layout,
    account: Counter,
) -> Iterator[Item]:
    with tables.opened(source, kind, account, layout) as table:
        found = _find_columns(table.names, named, trained, streams.name_of(source))
        wanted = list(dict.fromkeys(name for name in found if name is not None))
        rows = table.rows(wanted, texts=(found.title, found.text))
        yield from _items(rows, _places(found, wanted), table.unit)


def _read_folder(folder: Path, named: "_Found", layout: Layout, account: Counter) -> Iterator[Item]:
    names = articles.COLUMNS
    found = _find_columns(names, named._replace(id=named.id or names[0]), (), str(folder))
    return _items(articles.rows(folder, account, layout), _places(found, names), "file")


class _Found(NamedTuple):
    """The columns to read in one file: their names or, later, their places in a row."""

    id: str | int | None
    title: str | int | None
    text: str | int | None


def _places(found: _Found, names: Sequence[str]) -> _Found:
    return _Found(*(None if name is None else names.index(name) for name in found))


def _find_columns(
    names: Sequence[str], named: _Found, trained: Sequence[ColumnsRecord], source: str
) -> _Found:
    options = ("--id-column", "--title-column", "--text-column")
    id, title, text = (
        columns.required(name, names, source, option)
        for name, option in zip(named, options, strict=True)
    )
    default = columns.as_trained(names, trained, title is not None or text is not None)
    found = columns.chosen(title, text, default)
    if found.text is None:
        columns.required("text", names, source, "--text-column")
    return _Found(id or columns.find("id", names), *found)


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
