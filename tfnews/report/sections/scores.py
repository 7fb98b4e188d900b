"""Every score of each part, with its interval."""

from markupsafe import Markup

from tfnews.data.splits import PARTS
from tfnews.records import Judged
from tfnews.report import markdown, terminal, wording
from tfnews.report.content import Report
from tfnews.report.page import Cell, rendered
from tfnews.report.section import Section
from tfnews.statistics.metrics import METRICS

_HEADING = "Scores"


def cell(judged: Judged, metric: str) -> Cell:
    """Return a score over its interval."""
    bounds = judged.intervals.get(metric)
    return Cell(wording.number(judged.scores.get(metric)), wording.interval(bounds))


def _html(report: Report) -> Markup:
    names = report.data.class_names
    parts = {part: report.parts[part] for part in reversed(PARTS) if part in report.parts}
    always = report.judged.scores.get("always")
    if always:
        parts[f"always {always['class']} ({report.part})"] = Judged(always)
    rows = {True: [["texts", *(f"{judged.rows:,}" for judged in parts.values())]], False: []}
    for metric in METRICS.values():
        if metric.in_table:
            label = wording.with_names(metric.label, names)
            found = [label, *(cell(judged, metric.name) for judged in parts.values())]
            rows[metric.leads].append(found)
    return rendered("scores.html", head=["", *parts], first=rows[True], rest=rows[False])


def _markdown(report: Report) -> str:
    judged = report.judged
    always = judged.scores.get("always") or {}
    rows = [
        (
            wording.with_names(metric.label, judged.class_names),
            wording.number(judged.scores.get(metric.name)),
            wording.interval(judged.intervals.get(metric.name)) or "–",
            wording.number(always.get(metric.name)),
        )
        for metric in METRICS.values()
        if metric.in_card
    ]
    head = ("score", report.part, "95 % interval", f"always {always.get('class', 'one class')}")
    table = markdown.table(head, rows)
    return markdown.section(_HEADING, table)


def _terminal(report: Report) -> list[str]:
    table = terminal.score_table(list(report.parts.items()), report.judged.class_names)
    unscored = ""
    if report.part == "test":
        unscored = wording.unscored(
            "test texts", report.judged, report.refused, report.f1_of_scored
        )
    return ["", table, unscored, _costs(report), ""]


def _costs(report: Report) -> str:
    """Say what the model weighs and how fast it answers."""
    config, timings = report.config, report.timings
    if not timings:
        return ""
    return (
        f"{config.parameters.total:,} parameters, {config.megabytes:.1f} MB; "
        f"{timings.ms_per_text:.2f} ms a text, {timings.texts_per_second:,.0f} texts/s"
    )


SECTION = Section(
    "scores",
    _html,
    _markdown,
    _terminal,
    heading=_HEADING,
    opening="Weigh two errors: false alarms fall on {real} texts, misses let {fake} ones pass.",
)
