"""Records of CSV, TSV, JSON, Parquet, Excel and plain lines, streamed as strings, or their faults.

Whatever reads texts, to learn from them or to score them, reads them here, so that one file gives
both the same.
"""

import contextlib
import functools
import itertools
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfnews import progress
from tfnews.data import contents, streams
from tfnews.data.blocks import TooLong
from tfnews.data.containers import excel, parquet
from tfnews.data.decoding import Account, Lines
from tfnews.data.delimited import delimited
from tfnews.data.json_records import json_table
from tfnews.data.rows import USUAL, Layout, Row, Table, empty, over_long, within
from tfnews.data.text import shown
from tfnews.errors import DataError, UsageError

KINDS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".txt": "lines",
}
FORMATS = tuple(dict.fromkeys(KINDS.values()))
ENDINGS = tuple(ending for ending, kind in KINDS.items() if kind != "lines")

_FIRST_ROWS = 100
_WITH_HEADER = ("csv", "tsv", "xlsx")


def kind(path: str | os.PathLike) -> str | None:
    """Return which of `FORMATS` a file is by its ending, perhaps before .gz, or None."""
    return KINDS.get(Path(Path(path).name.casefold().removesuffix(".gz")).suffix)


def has_columns(path: Path) -> bool:
    """Tell by a file's ending whether it is of a kind with named columns."""
    return kind(path) not in (None, "lines")


@contextlib.contextmanager
def opened(
    source: str | os.PathLike,
    kind: str,
    counts: Counter | None = None,
    layout: Layout = USUAL,
) -> Iterator[Table]:
    """Open a file, a named pipe or "-", standard input, for one pass over its records.

    Args:
        source: What is read; gzip is recognised.
        kind: One of `FORMATS`.
        counts: Tally in which oddities are counted; an `Account` is also told how it was read.
        layout: What is known of it.

    Raises:
        UsageError: The layout cannot be one of this kind.
        DataError: It is empty, something else than its name says or damaged, or two columns share
            a name.
    """
    name = streams.name_of(source)
    counts = Account() if counts is None else counts
    _check_layout(name, kind, layout)
    with streams.opened(source) as stream, contextlib.ExitStack() as stack:
        if kind in _CONTAINERS:
            contents.refuse(name, stream.peek(), kind)
            table = stack.enter_context(_CONTAINERS[kind](stream, name, counts, layout))
            table = _bounded(table, layout.longest)
        else:
            stack.enter_context(progress.reading(stream))
            lines = Lines(stream, name, counts, kind, layout.encoding, layout.longest)
            table = _TEXT_READERS[kind](lines, counts, layout)
        _check_names(name, table.names)
        yield table


def first_line(path: Path, layout: Layout = USUAL) -> str:
    """Return the first line of a text file without its line end; "" for other files.

    Raises:
        DataError: The file is empty, no text, or damaged.
    """
    if kind(path) in _CONTAINERS:
        return ""
    with streams.opened(path) as stream:
        lines = Lines(stream, path.name, Account(), kind(path), layout.encoding, layout.longest)
        line = next(iter(lines), "")
    if not line:
        raise empty(path.name)
    return line.rstrip("\r\n")


def columns(path: Path, layout: Layout = USUAL) -> list[str]:
    """Return the names of a file's columns, from its header, keys or schema.

    Raises:
        DataError: The file is empty or damaged, or two columns share a name.
    """
    with opened(path, kind(path), layout=layout) as table:
        return table.names


def rows(
    path: Path,
    names: Sequence[str],
    counts: Counter,
    *,
    texts: Sequence[str | None] = (),
    layout: Layout = USUAL,
) -> Iterator[Row]:
    """Stream a file's rows in their order.

    Args:
        path: The file.
        names: Its columns, whose order the values follow.
        counts: Tally in which oddities are counted.
        texts: The columns that hold texts.
        layout: What is known of the file.

    Raises:
        DataError: The file is damaged beyond single rows.
    """
    with opened(path, kind(path), counts, layout._replace(names=names)) as table:
        yield from table.rows(names, texts)


def first_row(path: Path, names: Sequence[str], layout: Layout = USUAL) -> Row:
    """Return the first row under a header, a whole one if there is one near.

    Raises:
        DataError: There is none.
    """
    with contextlib.closing(rows(path, names, Counter(), layout=layout)) as found:
        sample = list(itertools.islice(found, _FIRST_ROWS))
    if not sample:
        raise empty(path.name)
    return next((row for row in sample if not row.fault), sample[0])


def _check_layout(name: str, kind: str, layout: Layout) -> None:
    if not layout.header and kind not in _WITH_HEADER:
        raise UsageError(
            f"--no-header is for {', '.join(_WITH_HEADER)}; {name} is read as {kind}, which names "
            "its columns otherwise. Leave the option out."
        )


def _check_names(name: str, names: Sequence[str]) -> None:
    repeated = [column for column, count in Counter(names).items() if count > 1 and column]
    if repeated:
        raise DataError(
            f"{name} has more than one column called {shown(repeated[0], 60)!r}. "
            "Rename all but one in its header."
        )


def _bounded(table: Table, longest: int) -> Table:
    return table._replace(read=lambda *wanted: within(table.read(*wanted), longest))


def _plain(lines: Lines, counts: Counter, layout: Layout) -> Table:
    def read(names: Sequence[str], texts: Sequence[int]) -> Iterator[Row]:
        for number, line in enumerate(lines, start=1):
            fault = over_long(layout.longest) if isinstance(line, TooLong) else None
            yield Row(number, [line.rstrip("\r\n")], fault)

    return Table(["text"], read)


_CONTAINERS = {"parquet": parquet, "xlsx": excel}
_TEXT_READERS = {
    "csv": delimited,
    "tsv": functools.partial(delimited, delimiter="\t"),
    "jsonl": json_table,
    "json": json_table,
    "lines": _plain,
}
