"""A matrix as Markdown and as CSV."""

from tfnews.records.matrix import Cell, Matrix
from tfnews.report import csv_table, markdown
from tfnews.report.matrix import wording
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


def _scores(made: Matrix) -> str:
    rows = (
        [f"{text} ({small})" if small else text for text, small in row]
        for row in wording.table_rows(made)
    )
    return markdown.table(wording.table_head(), rows)
