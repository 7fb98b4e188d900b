"""Whether the model beats the simplest one; in the card it closes the scores."""

from markupsafe import Markup

from tfnews.report import markdown, wording
from tfnews.report.content import Report
from tfnews.report.page import rendered
from tfnews.report.section import Section


def _html(report: Report) -> Markup | str:
    said = wording.floor(report.floor)
    return rendered("floor.html", said=said) if said else ""


def _markdown(report: Report) -> str:
    return markdown.plain(wording.floor(report.floor) or "")


def _terminal(report: Report) -> list[str]:
    return [wording.floor(report.floor) or ""]


SECTION = Section(
    "floor",
    _html,
    _markdown,
    _terminal,
    heading="Against the simplest model",
    opening="Take the simpler model unless this one is shown to be better.",
)
