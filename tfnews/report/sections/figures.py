"""The figures, each with how to read it."""

import base64
from pathlib import Path

import numpy as np
from markupsafe import Markup

from tfnews.data.splits import PARTS
from tfnews.report.content import Report
from tfnews.report.page import Cell, rendered
from tfnews.report.section import Section

# What each figure shows to whoever cannot see it, and how to read it; the matrices are tables.
FIGURES = {
    "histogram": (
        "Scores of each class",
        "A good model keeps the two colours apart. Bars in the middle are texts it is unsure of. "
        "The vertical scale is logarithmic: a small bar can be a tenth of a tall one.",
    ),
    "calibration": (
        "Calibration",
        "On the dashed line a score can be read as a share. Below it the model's "
        "scores are higher than the share of texts labelled {fake}, above it lower. "
        "Where scores were calibrated, the dotted line shows them as they were before. "
        "The lower bars count the texts behind each point: trust points with many.",
    ),
    "risk_coverage": (
        "Errors among the surest texts",
        "From left to right the model calls more texts, the surest first. A curve that rises late "
        "means that its errors are where it is unsure. It says so of texts like these alone.",
    ),
    "roc": (
        "ROC curve",
        "Every threshold is a point: further up finds more, further right gives more false alarms.",
    ),
    "precision_recall": (
        "Precision-recall curve",
        "Every threshold is a point: further right finds more, further up has more right flags. "
        "It holds for the share of each class in this data set only.",
    ),
    "loss": (
        "Loss by epoch",
        "When the validation curve rises while the training curve falls, the model learns its "
        "training texts by heart.",
    ),
    "accuracy": ("Accuracy by epoch", "The two curves part when training texts are memorised."),
}


def _html(report: Report) -> Markup | str:
    fake = report.data.class_names[1]
    drawn = [
        (_base64(report.figures[name]), title, how_to_read.format(fake=fake))
        for name, (title, how_to_read) in FIGURES.items()
        if name in report.figures
    ]
    if not drawn:
        return ""
    names = report.data.class_names
    return rendered("figures.html", figures=drawn, names=names, matrices=_matrices(report))


def _matrices(report: Report) -> list[dict]:
    """Return each part's confusion matrix, counts and shares of each label's texts, in words."""
    return [
        {
            "title": f"{part}: {matrix[0][1] + matrix[1][0]:,} of {np.sum(matrix):,} wrong",
            "rows": [[_counted(count, sum(row)) for count in row] for row in matrix],
        }
        for part in reversed(PARTS)
        if part in report.parts
        for matrix in [report.parts[part].scores["confusion"]]
    ]


def _counted(count: int, of: int) -> Cell:
    return Cell(f"{count:,}", f"{100 * count / of:.1f} %" if of else "")


def _base64(png: bytes | Path) -> str:
    content = png if isinstance(png, bytes) else Path(png).read_bytes()
    return base64.b64encode(content).decode("ascii")


SECTION = Section(
    "figures",
    _html,
    heading="Figures",
    opening="Look here before you move the threshold: fewer false alarms cost more misses.",
)
