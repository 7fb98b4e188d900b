"""The worst that was found, and what the model may be used for, in plain words."""

from markupsafe import Markup

from tfnews.report import findings, markdown, wording
from tfnews.report.content import Report
from tfnews.report.page import rendered
from tfnews.report.section import Section

_HEADING = "In plain words"


def _html(report: Report) -> Markup:
    worst, use, *others = _terminal(report)
    return rendered(
        "plain_words.html",
        worst=worst,
        use=use,
        others=others,
        resembles=wording.resembles(report.judged.class_names, report.data.name),
        rows=report.judged.rows,
        part=report.part,
        elsewhere=bool(report.other_sets),
    )


def _markdown(report: Report) -> str:
    heading = f"{_HEADING} ({report.part} texts)"
    return markdown.section(heading, markdown.bullets(_terminal(report)))


def _terminal(report: Report) -> list[str]:
    """Say the worst, then the use, then the rest, misses and right flags included."""
    found = findings.ranked(report)
    worst, *others = [one.said for one in found]
    said = [worst, findings.may_be_used(report, found), *others, wording.misses(report.judged)]
    return list(dict.fromkeys([*said, *wording.flags(report)]))


SECTION = Section("plain_words", _html, _markdown, _terminal, heading=_HEADING, kind="alarm")
