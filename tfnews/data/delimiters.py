"""What divides the fields of a delimited file, by its first lines."""

import csv
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

_DELIMITERS = ",;\t|"
_LINES = 20  # under the header, where that leaves several delimiters
_SEP = re.compile(r"sep=(.)\r?\n?", re.I)


def named_by(opening: Sequence[str]) -> str | None:
    """Return the delimiter that a first line such as Excel's "sep=;" names.

    Args:
        opening: The lines up to the first that is not blank.
    """
    found = _SEP.fullmatch(opening[-1]) if opening else None
    return found[1] if found else None


def found(opening: list[str], lines: Iterator[str], usual: str | None) -> str:
    """Return the delimiter that the header has, and on which the rows agree if it has several.

    Args:
        opening: The lines up to the first that is not blank; what is read more is added.
        lines: Those after them.
        usual: What most files of this kind have, which is taken if the header has it.
    """
    first = opening[-1] if opening else ""
    if usual and usual in first:
        return usual
    widths = {mark: len(_split(first, mark)) for mark in _DELIMITERS if mark in first}
    marks = [mark for mark, width in widths.items() if width > 1]
    if len(marks) < 2:
        return marks[0] if marks else usual or ","
    below = list(itertools.islice(lines, _LINES))
    opening += below
    return max(marks, key=lambda mark: (_agreement(below, mark, widths[mark]), widths[mark]))


def is_sound(line: str, mark: str, width: int) -> bool:
    """Tell whether a line is a record of that width, or the opening of one of several lines."""
    try:
        return len(next(csv.reader([line], delimiter=mark, strict=True), [])) == width
    except csv.Error as error:
        return "unexpected end" in str(error)


def _split(line: str, mark: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=mark), [])
    except csv.Error:
        return []


def _agreement(lines: Iterable[str], mark: str, width: int) -> float:
    """Return the share of the records of some lines that have the header's width."""
    reader = csv.reader(lines, delimiter=mark, strict=True)
    agreeing = []
    while True:
        try:
            agreeing.append(len(next(reader)) == width)
        except StopIteration:
            return sum(agreeing) / max(len(agreeing), 1)
        except csv.Error:
            agreeing.append(False)
