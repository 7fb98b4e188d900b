"""Records of JSON: lines, an array, objects over several lines, and tables written as one object.

Lines and arrays are streamed; one object is held in memory.
"""

import functools
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tfnews.data.blocks import TooLong
from tfnews.data.decoding import Lines
from tfnews.data.json_shapes import PANDAS, records_of
from tfnews.data.rows import (
    HALF_PAIR,
    TOO_DEEP,
    Layout,
    Row,
    Table,
    UnreadableRestError,
    check_blank,
    empty,
    over_long,
    row_of,
)
from tfnews.data.text import is_unicode, shown
from tfnews.errors import DataError
from tfnews.records.json_values import DEEPEST, is_deeper

LATER_KEYS = "rows with keys that the file's first rows lack, which are left out"

_KEYS_FROM = 1000
_LONGEST_WORD = 16  # characters; more than of any word or escape that can be broken off
_NO_OBJECT = "not a JSON object"
_PAIR = re.compile(r"\\u[dD][89a-fA-F]")  # the escape of half a sign
_OPENING = 1000  # characters of a value that is too long
_SIGN = re.compile(r'["{}\[\]]')
_IN_STRING = re.compile(r'"|\\.', re.S)
_SPACE = re.compile(r"[ \t\r\n]*")
_decoder = json.JSONDecoder()
_decode = _decoder.decode


# Line or number of a record, and the object or what is wrong with it.
_Record = tuple[int, dict | None, Row | None]


def json_table(lines: Lines, counts: Counter, layout: Layout) -> Table:
    """Read JSON of any shape that holds records.

    Raises:
        DataError: It is empty, or of a shape without records; the message names it.
    """
    records, unit = _found(lines)
    names = list(layout.names)
    if not names:
        opening, records = _opening(records)
        names = _keys(lines.name, opening, lines.longest)
        records = itertools.chain(opening, records)
    return Table(names, functools.partial(_rows, records, counts, frozenset(names)), unit)


def _opening(records: Iterator[_Record]) -> tuple[list[_Record], Iterator[_Record]]:
    """Return the first records, and those after them or what keeps these from being read."""
    opening = []
    try:
        for record in itertools.islice(records, _KEYS_FROM):
            opening.append(record)
    except UnreadableRestError as error:
        if not opening:
            raise
        return opening, _raised(error)
    return opening, records


def _raised(error: UnreadableRestError) -> Iterator[_Record]:
    raise error
    yield


def _keys(name: str, opening: Sequence[_Record], longest: int) -> list[str]:
    if not opening:
        raise empty(name)
    names = list(dict.fromkeys(key for _, value, _ in opening for key in value or ()))
    if not names:
        if isinstance(opening[0][2].values[0] if opening[0][2] else "", TooLong):
            raise _too_large(name, longest)
        begins = _shape_of(opening[0][2])
        if begins.startswith("{"):
            raise DataError(
                f"{name} begins with a JSON object that is cut off or wrong. Fetch it anew."
            )
        raise DataError(
            f"{name} holds no JSON object: it begins with {begins}. Write one "
            f"object a line, for example with pandas: {PANDAS}."
        )
    return names


def _too_large(name: str, longest: int) -> DataError:
    return DataError(
        f"{name} begins with JSON that goes on for more than --max-record-bytes {longest}. Raise "
        f"that, or write one object a line, for example with pandas: {PANDAS}."
    )


def _shape_of(broken: Row | None) -> str:
    return shown(broken.values[0], 60) if broken else "an object without keys"


def _rows(
    records: Iterable[_Record],
    counts: Counter,
    known: frozenset[str],
    names: Sequence[str],
    texts: Sequence[int],
) -> Iterator[Row]:
    for number, value, broken in records:
        if broken:
            yield broken
            continue
        counts[LATER_KEYS] += not known.issuperset(value)
        yield row_of(number, [value.get(name) for name in names], names, texts)


def _found(lines: Lines) -> tuple[Iterator[_Record], str]:
    """Return the records of a source, whatever its shape, and what their numbers count."""
    if lines.opening.lstrip().startswith("["):
        scanner = _Scanner(lines.name, lines.pieces(), lines.longest)
        return _numbered(scanner.elements(), lines.longest), "record"
    source = iter(lines)
    begun = _to_written(lines.name, source)  # as many lines as show what it is
    first = begun[-1] if begun else ""
    if isinstance(first, TooLong):
        return _of_lines(itertools.chain(begun, source), lines.longest), "line"
    fault = _parsed(first)[1]
    if fault in (None, TOO_DEEP):
        begun += (below := _to_written(lines.name, source))
        if not below or below[-1].isspace():
            return _of_object(lines, None if fault else _decode(first)), "record"
    elif first.lstrip().startswith("{"):
        end = _end_of_object(lines, begun, source)
        if end:
            scanner = _Scanner(lines.name, itertools.chain(begun, source), lines.longest)
            return _of_objects(lines, scanner.objects()), "record"
    return _of_lines(itertools.chain(begun, source), lines.longest), "line"


def _to_written(name: str, source: Iterator[str]) -> list[str]:
    """Take lines up to the first that is not blank."""
    taken = []
    for line in source:
        taken.append(line)
        check_blank(name, len(taken) - 1)
        if not line.isspace():
            break
    return taken


def _end_of_object(lines: Lines, begun: list[str], source: Iterator[str]) -> bool:
    """Take lines until an object that its first line leaves open is whole; False if it never is.

    Raises:
        DataError: It is too long.
    """
    while True:
        text = "".join(begun).lstrip()
        try:
            _decoder.raw_decode(text)
            return True
        except RecursionError:
            return True  # whole or not, it is passed over
        except ValueError as error:
            if not _may_go_on(error, text):
                return False
            if len(text) > lines.longest:
                raise _too_large(lines.name, lines.longest) from None
        more = list(itertools.islice(source, len(begun)))
        begun += more
        if not more:
            return False


def _may_go_on(error: ValueError, text: str) -> bool:
    """Tell whether JSON was broken off rather than wrong."""
    if not isinstance(error, json.JSONDecodeError):  # of more digits than Python takes
        return False
    if error.msg.startswith("Invalid control"):  # a string that goes on over a line's end
        return False
    return error.msg.startswith("Unterminated") or error.pos > len(text) - _LONGEST_WORD


# --- Lines -----------------------------------------------------------------------------------


def _of_lines(lines: Iterable[str], longest: int) -> Iterator[_Record]:
    for number, line in enumerate(lines, start=1):
        if line.isspace():
            continue
        value, fault = (None, over_long(longest)) if isinstance(line, TooLong) else _parsed(line)
        yield number, value, Row(number, [line], fault) if fault else None


def _parsed(line: str) -> tuple[dict | None, str | None]:
    """Return the object on a line, or its fault."""
    try:
        value = _decode(line)
    except RecursionError:
        return None, TOO_DEEP
    except ValueError:
        return None, _NO_OBJECT
    return _checked(value, line)


def _checked(value: object, text: str) -> tuple[dict | None, str | None]:
    if not isinstance(value, dict):
        return None, _NO_OBJECT
    if text.count("[") + text.count("{") > DEEPEST and is_deeper(value):
        return None, TOO_DEEP
    if _PAIR.search(text) and not is_unicode(json.dumps(value, ensure_ascii=False)):
        return None, HALF_PAIR
    return value, None


# --- Values one after another ----------------------------------------------------------------


class _Scanner:
    """Values of a text that comes in pieces, one in memory at a time."""

    def __init__(self, name: str, pieces: Iterator[str], longest: int):
        self._name = name
        self._longest = longest
        self._pieces = pieces
        self._text = ""
        self._place = 0
        self._number = 0

    def elements(self) -> Iterator[tuple[object, str]]:
        """Yield the elements of an array, and how each is written."""
        self._next_sign()
        self._place += 1  # the bracket that opens it
        while (sign := self._next_sign()) != "]":
            if self._number and sign != ",":
                raise self._broken("a comma or the end of the array is missing")
            self._place += bool(self._number)
            if self._number and self._next_sign() == "]":
                break
            yield self._value()
        self._place += 1
        if self._next_sign():
            raise self._broken("something follows the end of the array")

    def objects(self) -> Iterator[tuple[object, str]]:
        """Yield values that stand one after another, perhaps with commas between them."""
        while sign := self._next_sign():
            if sign == "," and self._number:
                self._place += 1
            else:
                yield self._value()

    def _next_sign(self) -> str:
        """Go to the next sign that is no space, and return it; "" at the end."""
        while True:
            self._place = _SPACE.match(self._text, self._place).end()
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more():
                return ""

    def _value(self) -> tuple[object, str]:
        while True:
            fault = "it is cut off"
            try:
                value, end = _decoder.raw_decode(self._text, self._place)
                if end < len(self._text):
                    return self._taken(value, end)
            except RecursionError:
                return self._passed_over(str)
            except ValueError as error:
                end = None
                if not isinstance(error, json.JSONDecodeError):  # a number Python does not take
                    return self._passed_over(str)
                fault = f"{error.msg}, or the file is cut off"
                if not _may_go_on(error, self._text):
                    raise self._broken(fault) from None
            if len(self._text) - self._place > self._longest:
                return self._passed_over(TooLong)
            if not self._more():  # 12 may be the opening of 123
                if end is None:
                    raise self._broken(fault)
                return self._taken(value, end)

    def _taken(self, value: object, end: int) -> tuple[object, str]:
        text = self._text[self._place : end]
        self._place = end
        self._number += 1
        if len(text) > self._longest:
            return None, TooLong(shown(text))
        return value, text

    def _passed_over(self, kind: type[str]) -> tuple[None, str]:
        """Go to the end of a value that is not kept; return its opening."""
        if self._text[self._place] not in '"{[':
            raise self._broken("a number of too many digits")
        opening = kind(shown(self._text[self._place : self._place + _OPENING]))
        depth, in_string = 0, False
        while True:
            found = (_IN_STRING if in_string else _SIGN).search(self._text, self._place)
            if not found:
                if not self._renewed():
                    raise self._broken("it is cut off")
                continue
            self._place = found.end()
            if in_string or found[0] == '"':
                in_string = not in_string if found[0] == '"' else in_string
            else:
                depth += 1 if found[0] in "[{" else -1
            if depth <= 0 and not in_string:
                self._number += 1
                return None, opening

    def _renewed(self) -> bool:
        """Put the next piece in the place of the text; what may begin an escape is kept."""
        piece = next(self._pieces, "")
        kept = self._text[self._place :][-1:]
        self._text = (kept if kept == "\\" else "") + piece
        self._place = 0
        return bool(piece)

    def _more(self) -> bool:
        """Take as much text again as there is, so that a long value is not parsed too often."""
        self._text = self._text[self._place :]
        self._place = 0
        taken, size = [self._text], 0
        while size <= len(self._text) and (piece := next(self._pieces, "")):
            taken.append(piece)
            size += len(piece)
        self._text = "".join(taken)
        return size > 0

    def _broken(self, what: str) -> UnreadableRestError:
        return UnreadableRestError(
            f"{self._name}: record {self._number + 1:,} of its JSON cannot be read ({what}), nor "
            "can what follows it. Fetch or write the file anew."
        )


def _numbered(values: Iterable[tuple[object, str]], longest: int) -> Iterator[_Record]:
    for number, (value, text) in enumerate(values, start=1):
        record, fault = (
            (None, over_long(longest)) if isinstance(text, TooLong) else _checked(value, text)
        )
        yield number, record, Row(number, [text], fault) if fault else None


# --- One object ------------------------------------------------------------------------------


def _of_objects(lines: Lines, values: Iterator[tuple[object, str]]) -> Iterator[_Record]:
    """Return the records of one object over several lines, or of several."""
    opening = list(itertools.islice(values, 2))
    if len(opening) == 1 and isinstance(opening[0][0], dict):
        return _of_object(lines, opening[0][0])
    return _numbered(itertools.chain(opening, values), lines.longest)


def _of_object(lines: Lines, value: dict | None) -> Iterator[_Record]:
    """Return the records that one object holds, or is; `None` is nested too deep for Python."""
    if value is None or is_deeper(value):
        raise DataError(
            f"{lines.name} is one JSON object of {TOO_DEEP}. Write one object a line, for example "
            f"with pandas: {PANDAS}."
        )
    if "cells" in value and "nbformat" in value:
        raise DataError(f"{lines.name} is a Jupyter notebook. Name the file of news that it reads.")
    records = ((record, json.dumps(record)) for record in records_of(lines.name, value))
    return _numbered(records, lines.longest)
