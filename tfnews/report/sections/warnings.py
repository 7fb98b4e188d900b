"""What to know before believing the scores; the terminal says it last."""

from markupsafe import Markup

from tfnews.report import markdown, wording
from tfnews.report.content import Report
from tfnews.report.page import rendered
from tfnews.report.section import Section
from tfnews.report.sections.commands import without_command


def _html(report: Report) -> Markup | str:
    found = wording.warnings(report)
    return rendered("warnings.html", warnings=map(without_command, found)) if found else ""


def _markdown(report: Report) -> str:
    found = wording.warnings(report)
    return markdown.section("Warnings", markdown.bullets(found)) if found else ""


SECTION = Section(
    "warnings",
    _html,
    _markdown,
    heading="Before you believe the scores",
    opening="Settle each of these, or say it beside every score that you quote.",
    kind="alarm",
)
