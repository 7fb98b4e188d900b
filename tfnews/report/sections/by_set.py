"""What a model that learnt from several sets reaches on each of them."""

from collections.abc import Mapping

from markupsafe import Markup

from tfnews.records import Judged
from tfnews.report import markdown
from tfnews.report.content import Report
from tfnews.report.page import Cell, rendered
from tfnews.report.section import Section

HEADING = "Set by set"
_SHOWN = {"f1": "F1 of {fake}", "accuracy": "accuracy", "roc_auc": "ROC-AUC", "fpr": "false alarms"}


def said(found: Mapping[str, Judged], class_names: tuple[str, str]) -> list[str]:
    """Say a line for each set: its scores, with 95 % intervals.

    Args:
        found: Name of a set -> its scores.
        class_names: Names of class 0 and class 1.
    """
    return [
        f"{name}, {one.rows:,} texts: "
        + ", ".join(
            f"{title.format(fake=class_names[1])} {_cell(one, key).text} ({_cell(one, key).small})"
            for key, title in _SHOWN.items()
        )
        for name, one in found.items()
    ]


def _cell(judged: Judged, key: str) -> Cell:
    value, interval = judged.scores[key], judged.intervals.get(key)
    between = f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else "no interval"
    return Cell("–" if value is None else f"{value:.3f}", between)


def _html(report: Report) -> Markup | str:
    found = report.by_set.get(report.part, {})
    if not found:
        return ""
    rows = [
        [name, f"{one.rows:,}", *(_cell(one, key) for key in _SHOWN)] for name, one in found.items()
    ]
    titles = [title.format(fake=report.data.class_names[1]) for title in _SHOWN.values()]
    return rendered("by_set.html", head=["", "texts", *titles], rows=rows, part=report.part)


def _markdown(report: Report) -> str:
    lines = _terminal(report)
    return markdown.section(HEADING, markdown.bullets(lines)) if lines else ""


def _terminal(report: Report) -> list[str]:
    return said(report.by_set.get(report.part, {}), report.data.class_names)


SECTION = Section(
    "by_set",
    _html,
    _markdown,
    _terminal,
    heading=HEADING,
    opening="One figure for several sets hides the one on which the model is worst.",
    kind="panel",
)
