"""What a run does on feeds of its users' own, by articles that were labelled by hand."""

from markupsafe import Markup

from tfnews.records.trial import Trial
from tfnews.report import markdown
from tfnews.report.content import Report
from tfnews.report.page import rendered
from tfnews.report.section import Section
from tfnews.report.trial import wording
from tfnews.report.wording import dated

HEADING = "On users' own feeds"


def _said(found: Trial) -> list[str]:
    """Say what it does there, what is to be done about it, and what was labelled."""
    verdict = f"{found.design.feed}: {wording.verdict(found)}"
    labelled = f"{dated(found.day)}{wording.subtitle(found)}"
    return [verdict, *wording.act(found), labelled]


def _html(report: Report) -> Markup | str:
    return Markup("").join(rendered("said.html", said=_said(found)) for found in report.trials)


def _markdown(report: Report) -> str:
    said = [markdown.bullets(_said(found)) for found in report.trials]
    return markdown.section(HEADING, "\n\n".join(said)) if said else ""


def _terminal(report: Report) -> list[str]:
    return [f"Trial on {_said(found)[0]}" for found in report.trials]


SECTION = Section(
    "trials",
    _html,
    _markdown,
    _terminal,
    heading=HEADING,
    opening="Rates by labels of a feed's own articles say more than those on {set}, for that feed.",
    kind="panel",
)
