"""The sheets that annotators fill: written so that no spreadsheet harms them, read from any."""

import csv
import hashlib
import io
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfnews.data import columns, tables
from tfnews.data.rows import Row
from tfnews.data.text import excerpt, listed, printable, shown
from tfnews.errors import DataError

COLUMNS = ("id", "label", "answer", "text")
UNSURE = "unsure"
_LONGEST = 30_000  # characters of a cell; Excel breaks what is longer than 32,767
_CUT = " … [cut here: the article goes on]"
_BREAKS = re.compile(r"\s*[\r\n\v\f\x85\u2028\u2029]+\s*")
# What makes a spreadsheet take a cell for a formula, at its start (OWASP, "CSV injection"), or
# behind a semicolon, where half of Europe's spreadsheets begin a cell.
_FORMULA = re.compile(r"^\s*[=+\-@＝＋－＠]")
_IN_A_CELL = re.compile(r";(?=[=+\-@＝＋－＠])")
_NO_LETTER = re.compile(r"[^A-Za-z0-9]+")
_TOLD = 3  # ids or words that a message names


@dataclass(frozen=True)
class Filled:
    """A sheet as it came back.

    Attributes:
        name: Of its file.
        answers: By id: 1 for fake, 0 for real, `None` for unsure.
        empty: Ids without a label yet.
    """

    name: str
    answers: dict[str, int | None]
    empty: tuple[str, ...]


def cell(text: str) -> str:
    """Return a text as one line that no spreadsheet takes for a formula or cuts."""
    line = _BREAKS.sub(" ¶ ", printable(text).replace("\t", " ").replace("\0", " ")).strip()
    if len(line) > _LONGEST:
        line = line[:_LONGEST].rstrip() + _CUT
    line = _IN_A_CELL.sub("; ", line)
    return f"'{line}" if _FORMULA.match(line) else line


def digest(written: str) -> str:
    """Return 16 hex digits of a cell that stay the same whatever a spreadsheet does to it.

    Encodings, quotes and white space do not count: plain letters and digits do.
    """
    letters = _NO_LETTER.sub("", written).lower()
    return hashlib.blake2b(letters.encode(), digest_size=8).hexdigest()


def written(rows: Iterable[tuple[str, str]], class_names: Sequence[str]) -> str:
    """Return an empty sheet as CSV, with the mark by which Excel knows UTF-8.

    Args:
        rows: Ids, and texts from `cell`.
        class_names: Names of class 0 and class 1.
    """
    file = io.StringIO()
    table = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    table.writerow(COLUMNS)
    answer = cell(" / ".join((*class_names, UNSURE)))
    table.writerows((name, "", answer, text) for name, text in rows)
    return "\ufeff" + file.getvalue()


def read(
    path: str | os.PathLike, texts: dict[str, str], class_names: Sequence[str], whole: bool = True
) -> Filled:
    """Read a sheet back: CSV as any spreadsheet saves it, or Excel's own, rows in any order.

    Args:
        path: The file; other columns than id, label and text are passed over.
        texts: The digest of the text of each id.
        class_names: Names of class 0 and class 1.
        whole: Whether each id must be there.

    Raises:
        DataError: It is no sheet, ids or texts are not those that were written, or a label is
            another word than asked for.
    """
    path = Path(path)
    rows = _rows(path)
    name = path.name
    _check_ids(name, [row[0] for row in rows], texts, whole)
    moved = [row[0] for row in rows if row[2].strip() and digest(row[2]) != texts[row[0]]]
    if moved:
        raise DataError(
            f"{name}: the text of {_some(moved)} is not the one that was written beside this id. "
            "If rows were sorted, all columns must be sorted together. Take the labels over into "
            "a sheet as it was."
        )
    words = {class_names[1].casefold(): 1, class_names[0].casefold(): 0, UNSURE: None}
    _check_words(name, rows, (*class_names, UNSURE), words)
    return Filled(
        name,
        {row[0]: words[_word(row[1])] for row in rows if _word(row[1])},
        tuple(row[0] for row in rows if not _word(row[1])),
    )


def _rows(path: Path) -> list[list[str]]:
    """Return id, label and text of each row that is not empty."""
    if not path.is_file():
        raise DataError(
            f"The sheet {shown(str(path))} is not there. Put it back, or have it written anew: the "
            "same command asks for the same articles."
        )
    kind = tables.kind(path)
    kind = "csv" if kind in (None, "lines") else kind  # Excel calls tabbed text .txt
    with tables.opened(path, kind) as table:
        wanted = _wanted(path.name, table.names)
        rows = [_values(path.name, table.unit, row) for row in table.rows(wanted)]
    return [row for row in rows if any(value.strip() for value in row)]


def _wanted(name: str, names: Sequence[str]) -> list[str]:
    """Return the columns of id and label, and that of the text if it is still there."""
    found = {one: columns.find(one, names) for one in ("id", "label", "text")}
    lost = [one for one in ("id", "label") if found[one] is None]
    if lost:
        raise DataError(
            f"{name} has no column {lost[0]!r}. It has: {listed(names)}. A sheet keeps its first "
            "line, the names of its columns; take the labels over into a sheet as it was."
        )
    return [one for one in found.values() if one is not None]


def _values(name: str, unit: str, row: Row) -> list[str]:
    if row.fault:
        raise DataError(
            f"{name}, {unit} {row.line}: {row.fault} ({excerpt(row.values[0], 40)}). Save the "
            "sheet anew, as CSV or .xlsx."
        )
    id, label, *text = row.values
    return [id.strip(), label, "".join(text)]


def _check_ids(name: str, ids: Sequence[str], known: dict[str, str], whole: bool) -> None:
    strange = [one for one in ids if one not in known]
    if strange:
        raise DataError(
            f"{name} has ids that were not written: {_some([one or '(none)' for one in strange])}. "
            "Ids must stay as they were; take the labels over into a sheet as it was."
        )
    twice = [one for one, count in Counter(ids).items() if count > 1]
    if twice:
        raise DataError(f"{name} has more than one row of {_some(twice)}. Keep one of each.")
    lost = [one for one in known if one not in set(ids)]
    if lost and whole:
        raise DataError(
            f"{name} has lost the rows of {_some(lost)}. Each article that was drawn must be "
            f"there; write {UNSURE} where no label can be given."
        )


def _check_words(
    name: str, rows: Sequence[Sequence[str]], allowed: Sequence[str], words: dict
) -> None:
    wrong = [row for row in rows if _word(row[1]) and _word(row[1]) not in words]
    if wrong:
        told = listed([f"{shown(row[1], 20)!r} ({row[0]})" for row in wrong[:_TOLD]])
        raise DataError(
            f"{name} has {len(wrong):,} labels in other words than asked for: {told}. Allowed: "
            f"{listed(allowed)}."
        )


def _word(label: str) -> str:
    return label.strip().casefold()


def _some(ids: Sequence[str]) -> str:
    more = len(ids) - _TOLD
    return ", ".join(shown(one, 30) for one in ids[:_TOLD]) + (
        f" and {more:,} more" if more > 0 else ""
    )
