"""False alarms and misses in plain words, before any score."""

from markupsafe import Markup

from tfnews.report import markdown, wording
from tfnews.report.content import Report
from tfnews.report.page import rendered
from tfnews.report.section import Section


def _html(report: Report) -> Markup:
    judged = report.judged
    return rendered(
        "plain_words.html",
        false_alarms=wording.false_alarms(judged),
        misses=wording.misses(judged),
        flags=wording.flags(report),
        resembles=wording.resembles(judged.class_names, report.data.name),
        rows=judged.rows,
        part=report.part,
    )


def _markdown(report: Report) -> str:
    return markdown.section(
        f"False alarms first ({report.part} texts)", markdown.bullets(_terminal(report))
    )


def _terminal(report: Report) -> list[str]:
    judged = report.judged
    return [wording.false_alarms(judged), wording.misses(judged), *wording.flags(report)]


SECTION = Section("plain_words", _html, _markdown, _terminal)
