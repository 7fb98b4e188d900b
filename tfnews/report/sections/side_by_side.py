"""The classification reports of training and test texts side by side."""

from markupsafe import Markup

from tfnews.report import wording
from tfnews.report.content import Report
from tfnews.report.page import rendered
from tfnews.report.section import Section
from tfnews.statistics import metrics

_PARTS = ("train", "test")
_FIGURES = {"precision": "precision", "recall": "recall", "f1": "F1"}


def _html(report: Report) -> Markup | str:
    if not set(_PARTS) <= set(report.parts):
        return ""
    train, test = (report.parts[part].scores for part in _PARTS)
    found = metrics.classification_table(train, test, report.data.class_names)
    return rendered(
        "side_by_side.html",
        head=["", *(f"{part} {name}" for part in _PARTS for name in (*_FIGURES.values(), "texts"))],
        rows=[[row["name"], *(_cells(row["train"]) + _cells(row["test"]))] for row in found],
    )


def _cells(figures: dict) -> list[str]:
    numbers = [figures[name] for name in _FIGURES]
    shown = ["" if value is None else wording.number(value) for value in numbers]
    return [*shown, f"{figures['support']:,}"]


SECTION = Section(
    "side_by_side",
    _html,
    heading="Training and test texts side by side",
    opening="Expect what the test texts show: the model has learnt the others.",
)
