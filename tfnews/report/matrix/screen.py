"""A matrix on a terminal: the heat map as a table, and the same sentences as elsewhere."""

from tfnews.records.matrix import Cell, Matrix
from tfnews.report import terminal
from tfnews.report.matrix import leave_one_out, wording


def render(made: Matrix) -> str:
    """Return a matrix in words and one table."""
    how_to_read = f"{wording.HOW_TO_READ} In brackets: on its own set."
    lines = [wording.summary(made), "", _table(made), "", how_to_read, ""]
    together = made.leave_one_out
    if together is not None:
        lines += [*leave_one_out.sentences(together), ""]
    return terminal.text([*lines, *wording.falls(made), "", *wording.notes(made)])


def _table(made: Matrix) -> str:
    cells = [
        ["trained on", *(one.name for one in made.sets)],
        ["", *(wording.column_head(one)[1] for one in made.sets)],
    ]
    for name, row in wording.heat(made):
        cells.append([name, *(_figure(cell) for cell in row)])
        cells.append(["", *(wording.figure(cell)[1] for cell in row)])
        doubts = ["" if wording.is_better(cell) else wording.NOT_SHOWN for cell in row]
        if any(doubts):
            cells.append(["", *doubts])
    return terminal.columns(cells)


def _figure(cell: Cell) -> str:
    figure = wording.figure(cell)[0]
    return f"[{figure}]" if cell.at_home else figure
