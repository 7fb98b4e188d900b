"""A ranking on a terminal."""

from collections.abc import Sequence

from tfnews.records import Ranking
from tfnews.report import terminal
from tfnews.report.page import Cell
from tfnews.report.ranking import wording


def render(found: Ranking) -> str:
    """Return a ranking in words and tables; intervals stand below their scores."""
    lines = [f"{wording.title(found)}: {wording.subtitle(found)}", ""]
    lines += [wording.verdict(found), *wording.reasons(found)]
    tables = [wording.score_table(found)]
    tables += [wording.pair_table(found, part) for part in wording.parts(found)]
    tables.append(wording.cost_table(found))
    for head, rows in tables:
        if rows:
            lines += ["", columns(head, rows)]
    return terminal.text([*lines, "", *(f"Note: {note}" for note in found.notes)]).rstrip()


def columns(head: Sequence[str], rows: Sequence[Sequence[Cell | str]]) -> str:
    """Return a table as lines of equal columns, small print below what it belongs to."""
    cells = [list(head)]
    for row in rows:
        cells.append([cell if isinstance(cell, str) else cell.text for cell in row])
        small = ["" if isinstance(cell, str) else _short(cell.small) for cell in row]
        if any(small):
            cells.append(small)
    return terminal.columns(cells)


def _short(small: str) -> str:
    """Return an interval of scores shorter; one of differences has signs and stays."""
    return small.replace(" to ", "–") if small[:1].isdigit() else small
