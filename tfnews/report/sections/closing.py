"""The last lines on the terminal, next to where the reader types."""

from tfnews.report import wording
from tfnews.report.content import Report
from tfnews.report.section import Section


def _terminal(report: Report) -> list[str]:
    return [
        "",
        *(f"Warning: {warning}" for warning in wording.warnings(report)),
        wording.resembles(report.judged.class_names, report.data.name),
    ]


SECTION = Section("closing", terminal=_terminal)
