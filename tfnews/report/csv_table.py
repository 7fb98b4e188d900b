"""Tables of a report as CSV, which people open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence

from tfnews.errors import still

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows under their head; a text that a spreadsheet would compute has an apostrophe."""
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerows([*map(_cell, row)] for row in (head, *rows))
    return file.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    shown = still(value)  # a carriage return would begin another row
    return f"'{shown}" if value.startswith(_FORMULA) else shown
