"""What is needed to make the model again."""

from markupsafe import Markup

from tfnews.report import markdown, wording
from tfnews.report.content import Report
from tfnews.report.page import rendered
from tfnews.report.section import Section

_HEADING = "How it was made"


def _html(report: Report) -> Markup:
    """Leave out the command, which stands among the others."""
    facts = [fact for fact in wording.how_made(report) if fact[0] != "command"]
    return rendered("how_made.html", facts=facts)


def _markdown(report: Report) -> str:
    table = markdown.table(("what", "value"), wording.how_made(report))
    return markdown.section(_HEADING, table)


SECTION = Section(
    "how_made",
    _html,
    _markdown,
    heading=_HEADING,
    opening="Give this to whoever must make the model again or trace where it comes from.",
)
