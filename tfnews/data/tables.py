"""Records of CSV, TSV, JSON lines, Parquet and plain lines, streamed as strings, or their faults.

Whatever reads texts, to learn from them or to score them, reads them here, so that one file gives
both the same.
"""

import contextlib
import csv
import functools
import itertools
import json
import math
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from tfnews.data import streams
from tfnews.data.streams import Lines
from tfnews.data.text import is_unicode, printable
from tfnews.errors import DataError

if TYPE_CHECKING:  # pyarrow is imported where Parquet is read: other files need no second more
    import pyarrow as pa

KINDS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".txt": "lines",
}
FORMATS = tuple(dict.fromkeys(KINDS.values()))
ENDINGS = tuple(ending for ending, kind in KINDS.items() if kind != "lines")
LATER_KEYS = "rows with keys that the file's first rows lack, which are left out"
LONGEST_FIELD = 2**24  # characters; a quote left open holds no more than this in memory

_KEYS_FROM = 1000
_FIRST_ROWS = 100
_PARQUET_BATCH = 1000
_MISSING = ("nan", "NaN")
_NOT_TEXTS = (list, dict, tuple, set, bytes, bytearray)
_PAIR = re.compile(r"\\u[dD][89a-fA-F]")  # the escape of half a sign
_decode = json.JSONDecoder().decode
_HALF_PAIR = "half a Unicode pair"


class OpenQuoteError(DataError):
    """A quote is never closed, so that the rest of the file runs together."""


class Row(NamedTuple):
    """One record: its 1-based line (record, in Parquet), values, and the fault of a broken one.

    A broken one has one value: what a person needs to find the record again.
    """

    line: int
    values: list[str]
    fault: str | None = None


class Layout(NamedTuple):
    """What is known of a file before it is read.

    Attributes:
        names: Its columns; needed where there is no header.
        header: Whether a CSV or TSV file starts with one.
        quoting: How the csv module treats quotes.
    """

    names: Sequence[str] = ()
    header: bool = True
    quoting: int = csv.QUOTE_MINIMAL


USUAL = Layout()


class Table(NamedTuple):
    """One pass over a source.

    Attributes:
        names: Its columns.
        read: Gives the rows of some columns, once; the places of those that hold texts are told.
    """

    names: list[str]
    read: Callable[[Sequence[str], Sequence[int]], Iterator[Row]]

    def rows(self, names: Sequence[str], texts: Sequence[str | None] = ()) -> Iterator[Row]:
        """Stream the rows in their order.

        Args:
            names: The columns wanted, whose order the values follow.
            texts: Those that hold texts: "nan" alone is a missing one, and a list or bytes a fault.

        Raises:
            DataError: The file is damaged beyond single rows.
        """
        places = [place for place, name in enumerate(names) if name in texts]
        return _without_nan(self.read(names, places), places)


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
        counts: Tally in which `streams.NOT_UTF8` and `LATER_KEYS` are counted.
        layout: What is known of it.

    Raises:
        DataError: It is empty, UTF-16 or damaged, or two columns share a name.
    """
    name = streams.name_of(source)
    counts = Counter() if counts is None else counts
    with streams.opened(source) as stream, contextlib.ExitStack() as stack:
        if kind == "parquet":
            table = stack.enter_context(_parquet(stream, name, counts))
        else:
            table = _TEXT_READERS[kind](Lines(stream, name, counts), counts, layout)
        _check_names(name, table.names)
        yield table


def first_line(path: Path) -> str:
    """Return the first line of a text file without its line end; "" for Parquet.

    Raises:
        DataError: The file is empty, UTF-16, or damaged.
    """
    if kind(path) == "parquet":
        return ""
    with streams.opened(path) as stream:
        line = next(iter(Lines(stream, path.name, Counter())), "")
    if not line:
        raise _empty(path.name)
    return line.rstrip("\r\n")


def columns(path: Path) -> list[str]:
    """Return the names of a file's columns, from its header, keys or schema.

    Raises:
        DataError: The file is empty or damaged, or two columns share a name.
    """
    with opened(path, kind(path)) as table:
        return table.names


def rows(
    path: Path,
    names: Sequence[str],
    counts: Counter,
    *,
    texts: Sequence[str | None] = (),
    header: bool = True,
    quoting: int = csv.QUOTE_MINIMAL,
) -> Iterator[Row]:
    """Stream a file's rows in their order.

    Args:
        path: The file.
        names: Its columns, whose order the values follow.
        counts: Tally in which `streams.NOT_UTF8` and `LATER_KEYS` are counted.
        texts: The columns that hold texts.
        header: Whether a CSV or TSV file starts with a header.
        quoting: How the csv module treats quotes.

    Raises:
        DataError: The file is damaged beyond single rows.
    """
    with opened(path, kind(path), counts, Layout(names, header, quoting)) as table:
        yield from table.rows(names, texts)


def first_row(path: Path, names: Sequence[str]) -> Row:
    """Return the first row under a header, a whole one if there is one near.

    Raises:
        DataError: There is none.
    """
    sample = list(itertools.islice(rows(path, names, Counter()), _FIRST_ROWS))
    if not sample:
        raise _empty(path.name)
    return next((row for row in sample if not row.fault), sample[0])


def of_values(values: Iterable[object]) -> Iterator[Row]:
    """Make rows, of one text each, of what is already in Python."""
    rows = (_row(line, [value], ["text"], [0]) for line, value in enumerate(values, start=1))
    for row in _without_nan(rows, [0]):
        sound = is_unicode(row.values[0])
        yield row if sound else Row(row.line, [printable(row.values[0])], _HALF_PAIR)


def _empty(name: str) -> DataError:
    return DataError(
        f"{name} is empty: it has no rows of news. Each row needs a text and, to learn from, a "
        "label, under a header that names the columns. Check that it was downloaded or written "
        "whole."
    )


def _check_names(name: str, names: Sequence[str]) -> None:
    repeated = [column for column, count in Counter(names).items() if count > 1 and column]
    if repeated:
        raise DataError(
            f"{name} has more than one column called {repeated[0]!r}. "
            "Rename all but one in its header."
        )


# --- Values ----------------------------------------------------------------------------------


def _without_nan(rows: Iterable[Row], places: Sequence[int]) -> Iterator[Row]:
    for row in rows:
        if not row.fault:
            for place in places:
                if row.values[place] in _MISSING:
                    row.values[place] = ""
        yield row


def _row(line: int, cells: Sequence, names: Sequence[str], places: Sequence[int]) -> Row:
    """Make a row of values of any type; those at `places` are texts."""
    try:
        values = [_as_text(cell) for cell in cells]
    except RecursionError:
        return Row(line, [""], "values nested too deep")
    for place in places:
        if isinstance(cells[place], _NOT_TEXTS):
            fault = f"column {names[place]!r} holds a {type(cells[place]).__name__}, not a text"
            return Row(line, [printable(values[place])], fault)
    return Row(line, values)


def _as_text(value: object) -> str:
    """Say a value as a CSV file would: a missing one is empty."""
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


# --- Delimited files -------------------------------------------------------------------------


def _delimited(lines: Lines, counts: Counter, layout: Layout, mark: str | None = None) -> Table:
    records = _records(lines, layout.quoting, mark)
    names = _header(lines.name, records) if layout.header else list(layout.names)

    def read(wanted: Sequence[str], texts: Sequence[int]) -> Iterator[Row]:
        whole = _of_width(records, len(names))
        if list(wanted) == names:
            return whole
        return _chosen(whole, [names.index(name) for name in wanted])

    return Table(names, read)


def _delimiter(line: str) -> str:
    """Return what divides the fields of a CSV file, by its first line: one of , ; tab |."""
    return next((mark for mark in ",;\t|" if mark in line), ",")


def _header(name: str, records: Iterator[Row]) -> list[str]:
    row = next(records, None)
    if row is None:
        raise _empty(name)
    if row.fault:
        raise DataError(f"The header of {name} has {row.fault} ({row.values[0]}). Mend it.")
    return [column.strip() for column in row.values]


def _records(lines: Lines, quoting: int, mark: str | None) -> Iterator[Row]:
    """Yield the records of a delimited file, its header first; a blank line is none."""
    csv.field_size_limit(LONGEST_FIELD)  # the module's own limit refuses articles over 128 kB
    source = iter(lines)
    opening = list(_to_first_written(source))
    mark = mark or _delimiter(opening[-1] if opening else "")
    stream = itertools.chain(opening, source)
    reader = csv.reader(stream, delimiter=mark, quoting=quoting, strict=True)
    skipped = 0  # lines that the reader has not seen
    while True:
        line = reader.line_num + skipped + 1
        try:
            if values := next(reader):
                yield Row(line, values)
        except StopIteration:
            return
        except csv.Error as error:
            seen = reader.line_num + skipped
            if "field larger" in str(error) and quoting != csv.QUOTE_NONE:
                skipped += _skip_record(lines, source, line, seen)
            yield _broken(lines.name, line, seen, error)


def _to_first_written(source: Iterator[str]) -> Iterator[str]:
    for line in source:
        yield line
        if line.rstrip("\r\n"):
            return


def _broken(name: str, line: int, seen: int, error: csv.Error) -> Row:
    if "unexpected end" in str(error):
        raise _open_quote(name, line, seen) from error
    if "field larger" in str(error):
        return Row(line, [str(error)], "a field that is too long")
    run_together = f"lines {line} to {seen} run together: " if seen > line else ""
    return Row(line, [f"{run_together}{error}"], "quotes that do not pair")


def _open_quote(name: str, line: int, last: int) -> OpenQuoteError:
    return OpenQuoteError(
        f"{name}: a quote opened in the row that starts on line {line} is never closed, "
        f"so the file's last {last - line + 1:,} lines run together. "
        "Close the quote, or cut the file before that line."
    )


def _skip_record(lines: Lines, source: Iterator[str], line: int, seen: int) -> int:
    """Go to the end of a record with a field too long to keep; return the lines passed.

    Without it the rest of that field would be taken for rows.
    """
    is_open = seen > line  # a record goes on over a line's end within quotes alone
    is_open ^= lines.last.count('"') % 2
    passed = 0
    while is_open:
        text = next(source, None)
        if text is None:
            raise _open_quote(lines.name, line, seen + passed)
        is_open ^= text.count('"') % 2
        passed += 1
    return passed


def _of_width(records: Iterable[Row], width: int) -> Iterator[Row]:
    for row in records:
        if row.fault or len(row.values) == width:
            yield row
        else:
            found = f"{len(row.values)} fields instead of {width}: {' | '.join(row.values)}"
            yield Row(row.line, [found], "wrong number of fields")


def _chosen(rows: Iterable[Row], places: Sequence[int]) -> Iterator[Row]:
    for row in rows:
        yield row if row.fault else Row(row.line, [row.values[place] for place in places])


# --- JSON lines ------------------------------------------------------------------------------


def _json_lines(lines: Lines, counts: Counter, layout: Layout) -> Table:
    objects = _objects(lines)
    names = list(layout.names)
    if not names:
        opening = list(itertools.islice(objects, _KEYS_FROM))
        names = _keys(lines.name, opening)
        objects = itertools.chain(opening, objects)
    return Table(names, functools.partial(_json_rows, objects, counts))


def _keys(name: str, opening: Sequence[tuple[int, dict | None, Row | None]]) -> list[str]:
    if not opening:
        raise _empty(name)
    names = list(dict.fromkeys(key for _, record, _ in opening for key in record or ()))
    if not names:
        raise DataError(f"{name} holds no JSON object. Write one object a line.")
    return names


def _objects(lines: Lines) -> Iterator[tuple[int, dict | None, Row | None]]:
    """Yield the line number of each record, and the object or what is wrong with it."""
    first = True
    for number, line in enumerate(lines, start=1):
        if line.isspace():
            continue
        if first and line.lstrip().startswith("["):
            raise DataError(
                f"{lines.name} is one JSON array; JSON lines are read, one object a line. Convert "
                "it, for example with pandas: to_json(path, orient='records', lines=True)."
            )
        first = False
        record, fault = _parsed(line)
        yield number, record, Row(number, [line], fault) if fault else None


def _parsed(line: str) -> tuple[dict | None, str | None]:
    """Return the object on a line, or its fault."""
    try:
        record = _decode(line)
        if not isinstance(record, dict):
            return None, "not a JSON object"
        if _PAIR.search(line) and not is_unicode(json.dumps(record, ensure_ascii=False)):
            return None, _HALF_PAIR
    except (ValueError, RecursionError):
        return None, "not a JSON object"
    return record, None


def _json_rows(
    objects: Iterable[tuple[int, dict | None, Row | None]],
    counts: Counter,
    names: Sequence[str],
    texts: Sequence[int],
) -> Iterator[Row]:
    known = set(names)
    for number, record, broken in objects:
        if broken:
            yield broken
            continue
        counts[LATER_KEYS] += not known.issuperset(record)
        yield _row(number, [record.get(name) for name in names], names, texts)


# --- Parquet ---------------------------------------------------------------------------------


@contextlib.contextmanager
def _parquet(stream: BinaryIO, name: str, counts: Counter) -> Iterator[Table]:
    import pyarrow as pa
    from pyarrow import parquet

    with streams.seekable(stream) as file:
        if file.seek(0, os.SEEK_END) == 0:
            raise _empty(name)
        file.seek(0)
        try:
            content = parquet.ParquetFile(file)
            read = functools.partial(_parquet_rows, content, counts)
            yield Table(content.schema_arrow.names, read)
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            raise DataError(
                f"{name} cannot be read as Parquet ({error}). Fetch or write it anew."
            ) from error


def _parquet_rows(
    content: object, counts: Counter, names: Sequence[str], texts: Sequence[int]
) -> Iterator[Row]:
    numbers = itertools.count(1)
    for batch in content.iter_batches(batch_size=_PARQUET_BATCH, columns=list(names)):
        cells = [_cells(batch.column(name), counts) for name in names]
        for record in zip(*cells, strict=True):
            yield _row(next(numbers), record, names, texts)


def _cells(column: "pa.Array", counts: Counter) -> list:
    try:
        return column.to_pylist()
    except UnicodeDecodeError:  # Parquet does not check that its strings are UTF-8
        values = column.cast("large_binary").to_pylist()
        return [None if value is None else streams.decoded(value, counts) for value in values]


# --- Plain lines -----------------------------------------------------------------------------


def _plain(lines: Lines, counts: Counter, layout: Layout) -> Table:
    def read(names: Sequence[str], texts: Sequence[int]) -> Iterator[Row]:
        for number, line in enumerate(lines, start=1):
            yield Row(number, [line.rstrip("\r\n")])

    return Table(["text"], read)


_TEXT_READERS = {
    "csv": _delimited,
    "tsv": functools.partial(_delimited, mark="\t"),
    "jsonl": _json_lines,
    "lines": _plain,
}
