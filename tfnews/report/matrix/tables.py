"""A matrix as Markdown and as CSV."""

from tfnews.records.matrix import Cell, Matrix
from tfnews.report import csv_table, markdown
from tfnews.report.matrix import leave_one_out, wording
from tfnews.statistics.metrics import METRICS


def markdown_text(made: Matrix) -> str:
    """Return Markdown that ends with a newline."""
    pieces = [
        f"# {markdown.plain(wording.title(made))}",
        markdown.plain(wording.subtitle(made)),
        markdown.plain(wording.summary(made)),
        markdown.section("Heat map", f"{wording.HOW_TO_READ}\n\n{_heat(made)}"),
        markdown.section("From home to elsewhere", markdown.bullets(wording.falls(made))),
        markdown.section("All scores", _scores(made)),
        *_together(made),
        markdown.section("Before you believe it", markdown.bullets(wording.notes(made))),
        markdown.section(
            "How it was made",
            markdown.bullets(f"{name}: {value}" for name, value in wording.how_made(made)),
        ),
    ]
    return "\n\n".join(pieces) + "\n"


def csv_text(made: Matrix) -> str:
    """Return a line for each pair of sets: every score and its interval, empty where unknown."""
    bounds = [f"{name}_{end}" for name in METRICS for end in ("low", "high")]
    always = ["always_class", "always_accuracy", "always_f1"]
    head = ["trained_on", "tested_on", "run", "texts", *always, *METRICS, *bounds]
    rows = ([*_facts(made, cell), *_figures(cell)] for cell in made.cells)
    return csv_table.render(head, rows)


def _facts(made: Matrix, cell: Cell) -> list:
    always = cell.scores["always"]
    return [
        cell.trained_on,
        cell.tested_on,
        made.runs[cell.trained_on],
        cell.judged.rows,
        always["class"],
        always["accuracy"],
        always["f1"],
    ]


def _figures(cell: Cell) -> list:
    bounds = (cell.intervals.get(name) or ("", "") for name in METRICS)
    return [*(cell.scores[name] for name in METRICS), *(end for pair in bounds for end in pair)]


def _heat(made: Matrix) -> str:
    head = ["trained on", *(" – ".join(wording.column_head(one)) for one in made.sets)]
    return markdown.table(head, [[name, *map(_cell, cells)] for name, cells in wording.heat(made)])


def _cell(cell: Cell) -> str:
    figure, between = wording.figure(cell)
    said = f"{figure} ({between})" if between else figure
    return said if wording.is_better(cell) else f"{said}, {wording.NOT_SHOWN}"


def _together(made: Matrix) -> list[str]:
    found = made.leave_one_out
    if found is None:
        return []
    tables = (leave_one_out.left_out_table(found), leave_one_out.added_table(found))
    pieces = [markdown.bullets(leave_one_out.sentences(found))]
    for caption, (head, rows) in zip(
        (leave_one_out.LEFT_OUT, leave_one_out.ADDED), tables, strict=True
    ):
        pieces += [caption, markdown.table(head, [[_flat(*cell) for cell in row] for row in rows])]
    return [markdown.section(leave_one_out.HEADING, "\n\n".join(pieces))]


def _flat(text: str, small: str) -> str:
    return f"{text} ({small})" if small else text


def _scores(made: Matrix) -> str:
    rows = ([_flat(*cell) for cell in row] for row in wording.table_rows(made))
    return markdown.table(wording.table_head(), rows)
