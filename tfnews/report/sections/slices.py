"""Where the model errs more: error rates of parts of the test texts, the worst ones in words."""

from collections.abc import Sequence

from markupsafe import Markup

from tfnews.records.slices import Rate, SlicedBy, Slices, Worst
from tfnews.report import markdown
from tfnews.report.content import Report
from tfnews.report.page import Cell, rendered
from tfnews.report.section import Section

HEADING = "Where it errs more"
_ERRORS = {"fpr": "{real} texts called {fake}", "fnr": "{fake} texts called {real}"}
_KINDS = {"fpr": "false alarms", "fnr": "misses"}


def said(found: Slices | None, class_names: Sequence[str]) -> list[str]:
    """Say which slice is worst, what it is worth after so many looks, and how far others lie apart.

    Args:
        found: What was measured; `None` says nothing.
        class_names: Names of class 0 and class 1.
    """
    if found is None:
        return []
    sentences = [
        _worst(_KINDS[rate], _error(rate, class_names), one, found.compared)
        for rate, one in found.worst.items()
    ]
    for by in found.by:
        sentences.append(_spread(by, found.fewest))
    return [sentence for sentence in sentences if sentence]


def _error(rate: str, class_names: Sequence[str]) -> str:
    return _ERRORS[rate].format(real=class_names[0], fake=class_names[1])


def _worst(kind: str, error: str, one: Worst, compared: int) -> str:
    verdict = (
        f"With allowance for the {compared} rates that were compared, this is "
        f"{'shown' if one.shown else 'not shown'} to be more."
    )
    return (
        f"Most {kind} ({error}) are in {_which(one)}, {one.rows:,} texts: {_rate(one.rate)}, "
        f"against {_rate(one.others)} in the others. {verdict}"
    )


def _which(one: Worst) -> str:
    if one.name is None:
        return f"texts with one of {one.values:,} values of {one.column}"
    if one.kind == "length":
        return f"texts of {one.name} words"
    return f"texts with {one.column} {one.name}"


def _rate(rate: Rate) -> str:
    low, high = rate.interval
    return (
        f"{rate.wrong:,} of {rate.of:,}, {100 * rate.rate:.1f} % (95 % interval {100 * low:.1f} to "
        f"{100 * high:.1f})"
    )


def _spread(by: SlicedBy, fewest: int) -> str:
    """Say of a column what no table of it says."""
    if by.unsliced:
        return f"By {by.column}: not looked at, {by.unsliced}."
    if by.named:
        return ""
    apart = [
        f"{_KINDS[rate]} {100 * one.low:.1f} to {100 * one.high:.1f} % (of {one.slices:,})"
        for rate, one in by.spreads.items()
    ]
    told = "; ".join(apart) or "too few texts of a class in each to compare"
    return (
        f"By {by.column}, {by.values:,} values with {fewest} texts or more: {told}. They are not "
        "named, for they may be outlets or persons, and this is no ranking of those."
    )


def _html(report: Report) -> Markup | str:
    found = report.slices
    if found is None:
        return ""
    names = report.data.class_names
    return rendered(
        "slices.html",
        said=said(found, names),
        head=["texts", *(_error(rate, names) for rate in _ERRORS)],
        tables=[(_title(by), _rows(by)) for by in found.by if by.slices],
    )


def _title(by: SlicedBy) -> str:
    return "By length, in words" if by.kind == "length" else f"By {by.column}"


def _rows(by: SlicedBy) -> list[list]:
    return [
        [one.name, f"{one.rows:,}", *(_cell(getattr(one, rate)) for rate in _ERRORS)]
        for one in by.slices
    ]


def _cell(rate: Rate) -> Cell:
    if rate.rate is None:
        return Cell("–", "no such texts")
    low, high = rate.interval
    counted = f"{rate.wrong:,} of {rate.of:,}; {100 * low:.1f} to {100 * high:.1f}"
    return Cell(f"{100 * rate.rate:.1f} %", counted)


def _markdown(report: Report) -> str:
    sentences = said(report.slices, report.data.class_names)
    return markdown.section(HEADING, markdown.bullets(sentences)) if sentences else ""


def _terminal(report: Report) -> list[str]:
    return said(report.slices, report.data.class_names)


SECTION = Section(
    "slices",
    _html,
    _markdown,
    _terminal,
    heading=HEADING,
    opening="Have a person look twice at texts of the kinds where more errors are shown.",
)
