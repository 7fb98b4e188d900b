"""Records as rows of strings, and one pass over a source of them."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from tfnews.catalogue.bounds import bounded
from tfnews.data.blocks import LONGEST_RECORD
from tfnews.data.decoding import codec_named
from tfnews.data.text import is_unicode, printable, shown
from tfnews.errors import DataError, UsageError

TOO_DEEP = "values nested too deep"
HALF_PAIR = "half a Unicode pair"

_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}
_KEPT = 200  # characters of a record that is too long
_MISSING = ("nan", "NaN")
_MOST_BLANK = 2**20  # lines before the first that is written
_NOT_TEXTS = (list, dict, tuple, set, bytes, bytearray)


class UnreadableRestError(DataError):
    """From here on a source cannot be told into records; what came before is sound."""


class Row(NamedTuple):
    """One record: its 1-based line (or number), values, and the fault of a broken one.

    A broken one has one value: what a person needs to find the record again.
    """

    line: int
    values: list[str]
    fault: str | None = None


class Layout(NamedTuple):
    """What is known of a source before it is read.

    Attributes:
        names: Its columns; those of a file without a header are numbered from 1 when not named.
        header: Whether a delimited file or a sheet starts with one.
        quoting: How the csv module treats quotes.
        encoding: Of its text; None to find out.
        delimiter: What divides its fields; None to find out.
        longest: Bytes of a record; characters where they are decoded first.
    """

    names: Sequence[str] = ()
    header: bool = True
    quoting: int = 0  # csv.QUOTE_MINIMAL
    encoding: str | None = None
    delimiter: str | None = None
    longest: int = LONGEST_RECORD


USUAL = Layout()


def layout_of(
    encoding: str | None, delimiter: str | None, header: bool, longest: int = LONGEST_RECORD
) -> Layout:
    """Return what a user says of a source as a layout.

    Raises:
        UsageError: There is no such encoding, the delimiter is not one character, or the bytes of
            a record are out of bounds.
    """
    longest = bounded("--max-record-bytes", longest)
    if encoding is not None:
        codec_named(encoding)
    if delimiter is not None:
        delimiter = _DELIMITERS.get(delimiter.casefold(), delimiter)
        if len(delimiter) != 1 or delimiter in '\r\n"\\':
            raise UsageError(
                f"A delimiter is one character, or {', '.join(_DELIMITERS)}. "
                f"Received: {shown(delimiter, 40)!r}."
            )
    return Layout(header=header, encoding=encoding, delimiter=delimiter, longest=longest)


class Table(NamedTuple):
    """One pass over a source.

    Attributes:
        names: Its columns.
        read: Gives the rows of some columns, once; the places of those that hold texts are told.
        unit: What `Row.line` counts, "line" or "record".
    """

    names: list[str]
    read: Callable[[Sequence[str], Sequence[int]], Iterator[Row]]
    unit: str = "line"

    def rows(self, names: Sequence[str], texts: Sequence[str | None] = ()) -> Iterator[Row]:
        """Stream the rows in their order.

        Args:
            names: The columns wanted, whose order the values follow.
            texts: Those that hold texts: "nan" alone is a missing one, and a list or bytes a fault.

        Raises:
            DataError: The source is damaged beyond single rows.
        """
        places = [place for place, name in enumerate(names) if name in texts]
        return without_nan(self.read(names, places), places)


def of_values(values: Iterable[object]) -> Iterator[Row]:
    """Make rows, of one text each, of what is already in Python."""
    rows = (row_of(line, [value], ["text"], [0]) for line, value in enumerate(values, start=1))
    for row in without_nan(rows, [0]):
        sound = is_unicode(row.values[0])
        yield row if sound else Row(row.line, [printable(row.values[0])], HALF_PAIR)


def without_nan(rows: Iterable[Row], places: Sequence[int]) -> Iterator[Row]:
    """Empty the texts, at `places`, that say that they are missing."""
    for row in rows:
        if not row.fault:
            for place in places:
                if row.values[place] in _MISSING:
                    row.values[place] = ""
        yield row


def row_of(line: int, cells: Sequence, names: Sequence[str], places: Sequence[int]) -> Row:
    """Make a row of values of any type; those at `places` are texts."""
    try:
        values = [_as_text(cell) for cell in cells]
    except RecursionError:
        return Row(line, [""], TOO_DEEP)
    for place in places:
        if isinstance(cells[place], _NOT_TEXTS):
            what = type(cells[place]).__name__
            fault = f"column {shown(names[place], 40)!r} holds a {what}, not a text"
            return Row(line, [printable(values[place])], fault)
    return Row(line, values)


def over_long(longest: int) -> str:
    """Say what is wrong with a record that is too long to be kept."""
    return f"a record of more than --max-record-bytes {longest}"


def within(rows: Iterable[Row], longest: int) -> Iterator[Row]:
    """Put a fault in the place of rows that are too long."""
    for row in rows:
        if not row.fault and sum(map(len, row.values)) > longest:
            yield Row(row.line, [next(filter(None, row.values))[:_KEPT]], over_long(longest))
        else:
            yield row


def check_blank(name: str, lines: int) -> None:
    """Refuse a source that begins with blank lines without end.

    Raises:
        DataError: There are more than anyone leaves.
    """
    if lines > _MOST_BLANK:
        raise DataError(
            f"{name} begins with more than {_MOST_BLANK:,} blank lines. Check that it was written "
            "whole, and remove them."
        )


def numbered(width: int) -> list[str]:
    """Return the names of the columns of a file without a header: their numbers from 1."""
    return [str(number) for number in range(1, width + 1)]


def empty(name: str) -> DataError:
    """Return the error for a source without a record."""
    return DataError(
        f"{name} is empty: it has no rows of news. Each row needs a text and, to learn from, a "
        "label, under a header that names the columns. Check that it was downloaded or written "
        "whole."
    )


def _as_text(value: object) -> str:
    """Say a value as a CSV file would: a missing one is empty."""
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
