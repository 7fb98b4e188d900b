"""What small changes to its texts did to a run when it was last tried."""

from markupsafe import Markup

from tfnews.report import markdown
from tfnews.report.content import Report
from tfnews.report.page import rendered
from tfnews.report.section import Section
from tfnews.report.stress import wording

HEADING = "Under small changes"


def _said(report: Report, with_command: bool = True) -> list[str]:
    """Say the worst attack, what is to be done about it, and what was changed."""
    found = report.stress
    if found is None:
        return []
    advice = wording.advice(found, with_command)
    return [wording.verdict(found), *advice, wording.subtitle(found)]


def _html(report: Report) -> Markup | str:
    if report.stress is None:
        return ""
    return rendered(
        "stress_summary.html",
        said=_said(report, with_command=False),  # which stands in the box of commands
        falls=wording.falls(report.stress),
    )


def _markdown(report: Report) -> str:
    if report.stress is None:
        return ""
    lines = [*_said(report), *wording.falls(report.stress)]
    return markdown.section(HEADING, markdown.bullets(lines))


def _terminal(report: Report) -> list[str]:
    return _said(report)[:1]


SECTION = Section(
    "stress",
    _html,
    _markdown,
    _terminal,
    heading=HEADING,
    opening="Texts come mistyped, cut and disguised: rely on an answer only as far as stands here.",
    kind="panel",
)
