"""What is needed to make the model again."""

from markupsafe import Markup

from tfnews.report import markdown, wording
from tfnews.report.content import Report
from tfnews.report.page import rendered
from tfnews.report.section import Section


def _html(report: Report) -> Markup:
    return rendered("how_made.html", facts=wording.how_made(report))


def _markdown(report: Report) -> str:
    table = markdown.table(("what", "value"), wording.how_made(report))
    return markdown.section("How it was made", table)


SECTION = Section("how_made", _html, _markdown)
