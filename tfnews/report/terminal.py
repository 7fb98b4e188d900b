"""Pieces of what the terminal shows: columns and gaps."""

from collections.abc import Iterable, Sequence

from tfnews.records import Judged
from tfnews.report import wording
from tfnews.statistics.metrics import METRICS, Metric


def score_table(rows: Sequence[tuple[str, Judged]], class_names: Sequence[str]) -> str:
    """Return named scores as lines of equal columns, each score over its 95 % interval.

    Last comes what giving all texts of the last row the commoner class would score.
    """
    shown = [metric for metric in METRICS.values() if metric.on_screen]
    cells = [["", "texts", *(wording.with_names(metric.short, class_names) for metric in shown)]]
    for name, judged in rows:
        cells.append([name, f"{judged.rows:,}", *_numbers(judged.scores, shown)])
        cells.append(["", "", *(_bounds(judged.intervals.get(metric.name)) for metric in shown)])
    always = rows[-1][1].scores.get("always")
    if always:
        numbers = _numbers(always, shown)
        cells.append([f"always {always['class']}", f"{always['rows']:,}", *numbers])
    return columns(cells)


def _numbers(scores: dict, shown: Sequence[Metric]) -> list[str]:
    return [wording.number(scores.get(metric.name)) for metric in shown]


def columns(cells: Sequence[Sequence[str]]) -> str:
    """Return rows as lines of equal columns, the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return "\n".join("  ".join(_aligned(row, widths)).rstrip() for row in cells)


def text(lines: Iterable[str]) -> str:
    """Join lines, without gaps of two lines and without sentences said before, as warnings too."""
    kept = []
    for line in lines:
        if line and {line, line.removeprefix("Warning: ")} & set(kept):
            continue
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first = row[0].ljust(widths[0])
    return [first, *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]


def _bounds(interval: Sequence[float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.3f}–{interval[1]:.3f}"
