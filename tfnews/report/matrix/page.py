"""A matrix as one self-contained HTML page: a heat map, sentences and a table."""

from tfnews.records.matrix import Cell, Matrix
from tfnews.report.matrix import leave_one_out, wording
from tfnews.report.page import Cell as TableCell
from tfnews.report.page import page, rendered

# Least figure of each shade above 0.5; below it is another colour.
_SHADES = (0.5, 0.6, 0.7, 0.8, 0.9)


def render(made: Matrix) -> str:
    """Return a page that loads nothing and runs no script."""
    body = rendered(
        "matrix.html",
        summary=wording.summary(made),
        falls=wording.falls(made),
        how_to_read=wording.HOW_TO_READ,
        legend=_legend(),
        columns=[TableCell(*wording.column_head(one)) for one in made.sets],
        rows=[(name, [_shown(cell) for cell in cells]) for name, cells in wording.heat(made)],
        table_head=wording.table_head(),
        scores=[[TableCell(*cell) for cell in row] for row in wording.table_rows(made)],
        together=_together(made),
        notes=wording.notes(made),
        how_made=wording.how_made(made),
    )
    return page(wording.title(made), wording.subtitle(made), [body])


def _together(made: Matrix) -> dict | None:
    found = made.leave_one_out
    if found is None:
        return None
    tables = (leave_one_out.left_out_table(found), leave_one_out.added_table(found))
    shown = [(head, [[TableCell(*cell) for cell in row] for row in rows]) for head, rows in tables]
    return {
        "heading": leave_one_out.HEADING,
        "said": leave_one_out.sentences(found),
        "tables": list(zip((leave_one_out.LEFT_OUT, leave_one_out.ADDED), shown, strict=True)),
    }


def _shown(cell: Cell) -> dict:
    text, small = wording.figure(cell)
    kind = f"heat-{_shade(cell.scores[wording.SHOWN])}{' own' if cell.at_home else ''}"
    doubt = "" if wording.is_better(cell) else wording.NOT_SHOWN
    return {"text": text, "small": small, "kind": kind, "doubt": doubt}


def _shade(value: float) -> str:
    """Return the name of a figure's shade: "below", or 0 to 4."""
    # As it is printed, or 0.50 would stand in the colour of what is below.
    at = sum(round(value, 2) >= least for least in _SHADES)
    return str(at - 1) if at else "below"


def _legend() -> list[tuple[str, str]]:
    """Return each shade's class and meaning, lowest first."""
    ends = [*(f"{least - 0.01:.2f}" for least in _SHADES[1:]), "1"]
    shades = zip(_SHADES, ends, strict=True)
    return [
        ("heat-below", "below 0.5"),
        *((f"heat-{at}", f"{low:g} to {high}") for at, (low, high) in enumerate(shades)),
    ]
