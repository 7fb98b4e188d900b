"""Whether the texts that were checked last are like those that a run knows."""

from markupsafe import Markup

from tfnews.report import markdown
from tfnews.report.content import Report
from tfnews.report.drift import wording
from tfnews.report.page import rendered
from tfnews.report.section import Section
from tfnews.report.wording import dated

HEADING = "On the texts that were checked last"


def _said(report: Report) -> list[str]:
    found = report.drift
    if found is None:
        return []
    verdict = f"{dated(found.day)}{wording.verdict(found)}"
    return [verdict, wording.subtitle(found), *wording.advice(found)]


def _html(report: Report) -> Markup | str:
    said = _said(report)
    return rendered("said.html", said=said) if said else ""


def _markdown(report: Report) -> str:
    said = _said(report)
    return markdown.section(HEADING, markdown.bullets(said)) if said else ""


def _terminal(report: Report) -> list[str]:
    return [f"Last drift check. {said}" for said in _said(report)[:1]]


SECTION = Section(
    "drift",
    _html,
    _markdown,
    _terminal,
    heading=HEADING,
    opening="Scores hold for texts like those of {set}: newer texts may be unlike them.",
    kind="panel",
)
