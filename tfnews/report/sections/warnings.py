"""What to know before believing the scores; the terminal says it last."""

from markupsafe import Markup

from tfnews.report import markdown, wording
from tfnews.report.content import Report
from tfnews.report.page import rendered
from tfnews.report.section import Section


def _html(report: Report) -> Markup | str:
    found = wording.warnings(report)
    return rendered("warnings.html", warnings=found) if found else ""


def _markdown(report: Report) -> str:
    found = wording.warnings(report)
    return markdown.section("Warnings", markdown.bullets(found)) if found else ""


SECTION = Section("warnings", _html, _markdown)
