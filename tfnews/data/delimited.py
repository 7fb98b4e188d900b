"""Records of CSV and TSV: header, escapes, quotes that do not pair, rows of another width.

A row that does not add up is rejected whole, up to where the next record can begin.
"""

import csv
import itertools
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence

from tfnews.data import delimiters
from tfnews.data.blocks import TooLong
from tfnews.data.decoding import Lines
from tfnews.data.formats import is_nameless
from tfnews.data.rows import (
    Layout,
    Row,
    Table,
    UnreadableRestError,
    check_blank,
    empty,
    numbered,
    over_long,
)
from tfnews.data.text import shown
from tfnews.errors import DataError

LONGEST_FIELD = 2**24  # characters; a quote left open holds no more than this in memory
ESCAPED = 'rows whose quotes are escaped by a backslash (\\"), read as quotes'

_RAGGED = 100  # rows of another width than the header, and none before them of its own
_LOOKED_AHEAD = 100  # lines, for the end of a row whose quotes do not pair
# What stands for an escaped sign until the csv module has split the line: no text has these.
_BACKSLASH, _QUOTE, _MARK = "\ufdd0", "\ufdd1", "\ufdd2"


def delimited(lines: Lines, counts: Counter, layout: Layout, delimiter: str | None = None) -> Table:
    """Read a delimited file.

    Args:
        lines: Its lines.
        counts: Tally in which `ESCAPED` is counted, and which is told the delimiter.
        layout: What is known of it.
        delimiter: What most files of its kind have, if its first line has it.
    """
    records = _Records(lines, counts, layout, delimiter)
    names = records.header(layout)

    def read(wanted: Sequence[str], texts: Sequence[int]) -> Iterator[Row]:
        rows = _agreeing(lines.name, records.rows(), names)
        if list(wanted) == names:
            return rows
        return _chosen(rows, [names.index(name) for name in wanted])

    return Table(names, read)


class _Records:
    """The records of a delimited file, one at a time; lines can be given back and read anew."""

    def __init__(self, lines: Lines, counts: Counter, layout: Layout, usual: str | None):
        csv.field_size_limit(LONGEST_FIELD)  # the module's own refuses articles over 128 kB
        self._name = lines.name
        self._longest = layout.longest
        self._counts = counts
        self._quoting = layout.quoting
        self._lines = iter(lines)
        self._back: deque[str] = deque()  # lines to be read before those
        self._before = 0  # lines before those that the reader has been given
        self._taken: list[str] = []  # lines of the record that is read
        self._size = 0  # their characters
        self._escaped = False
        self._seen_escape = False
        opening = self._opening()
        named = delimiters.named_by(opening)
        if named:
            self._before = len(opening)
            opening = self._opening()
        mark = layout.delimiter or named or delimiters.found(opening, self._lines, usual)
        self._mark = counts.delimiter = mark
        self._back.extend(opening)
        self._width = self._needed = 0
        self._start()

    def header(self, layout: Layout) -> list[str]:
        """Return the names of the columns, from the first record unless there is no header."""
        if not layout.header and layout.names:
            names = list(layout.names)
        else:
            row = self._next()
            if row is None:
                raise empty(self._name)
            if row.fault:
                raise DataError(
                    f"The header of {self._name} has {row.fault} ({shown(row.values[0])}). Mend "
                    "it, or say --no-header if there is none."
                )
            names = [column.strip() for column in row.values]
            if not layout.header:
                self._give_back(row.line)
                names = numbered(len(names))
        self._width = len(names)
        self._needed = max(
            (i for i, name in enumerate(names, 1) if not is_nameless(name)), default=0
        )
        self._taken.clear()
        self._seen_escape = False
        return names

    def rows(self) -> Iterator[Row]:
        """Yield the rows under the header, whole or broken."""
        while row := self._next():
            # Most rows are whole as they are.
            if len(row.values) != self._width or row.fault or self._seen_escape or self._escaped:
                row = self._settled(row)
                self._seen_escape = False
            self._taken.clear()
            yield row

    def _opening(self) -> list[str]:
        """Take the lines up to the first that is not blank."""
        opening = []
        for line in self._lines:
            opening.append(line)
            check_blank(self._name, len(opening) - 1)
            if line.rstrip("\r\n"):
                break
        return opening

    def _start(self) -> None:
        """Begin to read the lines that are next."""
        self._reader = csv.reader(
            self._given(), delimiter=self._mark, quoting=self._quoting, strict=True
        )

    def _given(self) -> Iterator[str]:
        taken = self._taken
        for lines in (self._given_back(), self._lines):
            for line in lines:
                self._size = len(line) + (self._size if taken else 0)
                taken.append(line)
                if self._size - 2 > self._longest or isinstance(line, TooLong):
                    raise _TooLongError
                if "\\" in line:
                    self._seen_escape |= '\\"' in line.replace("\\\\", "")
                    yield self._without_escapes(line) if self._escaped else line
                else:
                    yield line

    def _given_back(self) -> Iterator[str]:
        while self._back:
            yield self._back.popleft()

    def _coming(self) -> Iterator[str]:
        """Take lines that no record has had."""
        return itertools.chain(self._given_back(), self._lines)

    def _without_escapes(self, line: str) -> str:
        line = line.replace("\\\\", _BACKSLASH).replace('\\"', _QUOTE)
        line = line.replace(f"\\{self._mark}", _MARK)
        return re.sub(r"\\(?=[\r\n]+$)", "", line)

    def _with_escapes(self, value: str) -> str:
        value = value.replace(_BACKSLASH, "\\").replace(_QUOTE, '"')
        return value.replace(_MARK, self._mark)

    def _give_back(self, line: int) -> None:
        """Take back the lines of the record that starts on a line, to be read again."""
        self._back.extendleft(reversed(self._taken))
        self._taken = []
        self._before = line - 1
        self._start()

    def _next(self) -> Row | None:
        """Return the next record, whose lines are in `_taken`; a blank line is none."""
        while True:
            line = self._before + self._reader.line_num + 1
            try:
                values = next(self._reader)
            except StopIteration:
                return None
            except csv.Error as error:
                return self._broken(line, error)
            except _TooLongError:
                return Row(line, [shown(self._taken[0])], over_long(self._longest))
            if values:
                return Row(line, values)
            self._taken.clear()

    def _broken(self, line: int, error: csv.Error) -> Row:
        said = str(error)
        seen = self._before + self._reader.line_num
        if "unexpected end" in said:
            return Row(line, [str(seen)], _OPEN)
        if "field larger" in said:
            return Row(line, [said], _TOO_LONG)
        run_together = f"lines {line} to {seen} run together: " if seen > line else ""
        return Row(line, [f"{run_together}{said}"], "quotes that do not pair")

    def _settled(self, row: Row) -> Row:
        """Return a row of the header's width, or what is wrong with it."""
        whole = self._whole(row)
        if self._quoting != csv.QUOTE_NONE and self._may_be_escaped(whole):
            other = self._read_otherwise(row.line, whole)
            if other is not None:
                return other
        return self._rejected(row) if whole is None else whole

    def _may_be_escaped(self, whole: Row | None) -> bool:
        """Tell whether backslashes may mean something else than they are read as."""
        if self._escaped:
            return whole is None
        return self._seen_escape or (
            whole is None and any(f"\\{self._mark}" in line for line in self._taken)
        )

    def _read_otherwise(self, line: int, whole: Row | None) -> Row | None:
        """Read the record again with backslashes read the other way; None if it does not add up."""
        self._escaped = not self._escaped
        self._give_back(line)
        row = self._next()
        other = self._whole(row) if row else None
        if other is not None:
            return other
        self._escaped = not self._escaped
        self._give_back(line)
        self._next()
        return None

    def _whole(self, row: Row) -> Row | None:
        """Return a row with the header's width, or None when it has another."""
        values = row.values
        if row.fault:
            return None
        if len(values) != self._width:
            if len(values) > self._width and not any(values[self._width :]):
                values = values[: self._width]  # delimiters at the end of the row alone
            elif self._needed <= len(values) < self._width:
                values = values + [""] * (self._width - len(values))
            else:
                return None
            row = Row(row.line, values)
        if self._escaped and self._seen_escape:
            self._counts[ESCAPED] += 1
        if self._escaped:
            row = Row(row.line, [self._with_escapes(value) for value in values])
        return row

    def _rejected(self, row: Row) -> Row:
        """Go to where the next record can begin; return what is said of the one before."""
        if not row.fault:
            values = (self._with_escapes(value) for value in row.values)
            found = f"{len(row.values)} fields instead of {self._width}: "
            return Row(row.line, [found + shown(" | ".join(values))], _WIDTH)
        if row.fault == _OPEN:
            raise _open_quote(self._name, row.line, int(row.values[0]))
        seen = row.line + len(self._taken) - 1
        if row.fault in (_TOO_LONG, over_long(self._longest)):
            quoted = self._quoting != csv.QUOTE_NONE
            self._pass_over(self._to_shut_quote(row.line, seen) if quoted else 0, seen)
            return row
        below = self._taken[1:]
        if below and all(delimiters.is_sound(text, self._mark, self._width) for text in below):
            self._back.extendleft(reversed(below))
            self._pass_over(0, row.line)
            return Row(row.line, ["a quote is opened and not closed on this line"], row.fault)
        last = self._end_of_unpaired(seen)
        if last == seen:
            return row
        said = row.values[0].rpartition("run together: ")[2]
        return Row(row.line, [f"lines {row.line} to {last} run together: {said}"], row.fault)

    def _pass_over(self, lines: int, seen: int) -> None:
        self._taken = []
        self._before = seen + lines
        self._start()

    def _to_shut_quote(self, line: int, seen: int) -> int:
        """Go to the end of a record with a field too long to keep; return the lines passed.

        Without it the rest of that field would be taken for rows.
        """
        is_open = seen > line  # a record goes on over a line's end within quotes alone
        is_open ^= self._taken[-1].count('"') % 2
        passed = 0
        while is_open:
            text = next(self._coming(), None)
            if text is None:
                raise _open_quote(self._name, line, seen + passed)
            is_open ^= text.count('"') % 2
            passed += 1
        return passed

    def _end_of_unpaired(self, seen: int) -> int:
        """Return the last line of a row whose quotes do not pair, and go on after it.

        A line is its end when it shuts a quote that no line since has opened, as in: left",1
        """
        ahead, passed = [], 0
        for line in itertools.islice(self._coming(), _LOOKED_AHEAD):
            ahead.append(line)
            if self._shuts(line):
                passed = len(ahead)
                break
            if '"' in line and self._opens(line):
                break
        self._back.extendleft(reversed(ahead[passed:]))
        self._pass_over(passed, seen)
        return seen + passed

    def _shuts(self, line: str) -> bool:
        return line.count('"') % 2 == 1 and not self._begins_with_quote(line)

    def _opens(self, line: str) -> bool:
        """Tell whether a line that begins a quoted field begins a sound record."""
        return self._begins_with_quote(line) and delimiters.is_sound(line, self._mark, self._width)

    def _begins_with_quote(self, line: str) -> bool:
        place = line.find('"')
        return place == 0 or line[place - 1] == self._mark


class _TooLongError(Exception):
    """The lines of a record are longer together than one may be."""


_WIDTH = "wrong number of fields"
_OPEN = "a quote that is never closed"
_TOO_LONG = "a field that is too long"


def _open_quote(name: str, line: int, last: int) -> UnreadableRestError:
    return UnreadableRestError(
        f"{name}: a quote opened in the row that starts on line {line} is never closed, "
        f"so the file's last {last - line + 1:,} lines run together. "
        "Close the quote, or cut the file before that line."
    )


def _agreeing(name: str, rows: Iterator[Row], names: Sequence[str]) -> Iterator[Row]:
    """Pass rows on; stop when none of the first has as many fields as the header.

    Raises:
        DataError: None has.
    """
    held = []
    for row in rows:
        held.append(row)
        if row.fault != _WIDTH or len(held) == _RAGGED:
            break
    if len(held) > 1 and all(row.fault == _WIDTH for row in held):
        counts = Counter(int(row.values[0].split(" ", 1)[0]) for row in held)
        raise DataError(_ragged(name, len(names), counts))
    yield from held
    yield from rows


def _ragged(name: str, width: int, counts: Counter) -> str:
    found = " or ".join(f"{count}" for count, _ in counts.most_common(3))
    return (
        f"The header of {name} has {width} fields, but the rows under it have {found}. Name the "
        "columns that the header lacks, for example an index at the front, or say what divides "
        "the fields with --delimiter, or that there is no header with --no-header."
    )


def _chosen(rows: Iterable[Row], places: Sequence[int]) -> Iterator[Row]:
    for row in rows:
        yield row if row.fault else Row(row.line, [row.values[place] for place in places])
