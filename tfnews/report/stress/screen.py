"""A stress test on a terminal."""

from tfnews.records.stress import Stress
from tfnews.report import terminal
from tfnews.report.stress import wording


def render(found: Stress) -> str:
    """Return a stress test in words and one table, intervals below their figures."""
    cells = [wording.HEAD]
    for row in wording.rows(found):
        cells.append([cell if isinstance(cell, str) else cell.text for cell in row])
        cells.append(["" if isinstance(cell, str) else _short(cell.small) for cell in row])
    lines = [wording.verdict(found), *wording.advice(found), "", terminal.columns(cells), ""]
    lines += [*wording.falls(found), ""]
    return terminal.text([*lines, *(f"Note: {note}" for note in wording.notes(found))])


def _short(small: str) -> str:
    """Return an interval without its p value, which the page shows."""
    return small.split(", p ")[0].replace(" to ", "–" if small[:1].isdigit() else " to ")
