"""Whether scores can be read as shares, before and after calibration; the band of the unsure."""

from markupsafe import Markup

from tfnews.records import Calibration
from tfnews.report import markdown, shares, wording
from tfnews.report.content import Report
from tfnews.report.page import rendered
from tfnews.report.section import Section

_HEADING = "Scores as shares"


def _said(report: Report) -> list[str]:
    found = report.reliability.get(report.part)
    if found is None:
        return []
    said = [
        _fitted_here(report) or shares.changed(found, f"{report.part} texts"),
        *shares.in_words(found, report.data.class_names),
        shares.unsure(found, report.data.class_names),
        *(line for away in report.other_sets for line in shares.elsewhere(away)),
    ]
    return [*filter(None, said), shares.FAR_AWAY]


def _fitted_here(report: Report) -> str:
    """Say that there is no text yet but those of the fit; "" where there is."""
    return shares.fitted_words(report.reliability["validation"]) if report.part != "test" else ""


def _html(report: Report) -> Markup | str:
    said = _said(report)
    if not said:
        return ""
    rows = [
        [f"{one.score:.2f}", f"{one.texts:,}", f"{wording.in_100(one.share)} %"]
        for one in report.reliability[report.part].bins
    ]
    head = ["mean score", "texts", f"labelled {report.data.class_names[1]}"]
    return rendered("calibration.html", said=said, head=head, rows=rows)


def _markdown(report: Report) -> str:
    said = _said(report)
    return markdown.section(_HEADING, markdown.bullets(said)) if said else ""


def _terminal(report: Report) -> list[str]:
    said = _said(report)
    found = report.reliability.get(report.part)
    hint = ""
    if found is not None and found.calibration == Calibration():
        hint = f"Calibrate it on the validation texts with: tfnews calibrate {report.config.name}"
    return ["", *said, hint, ""] if said else []


SECTION = Section(
    "calibration",
    _html,
    _markdown,
    _terminal,
    heading=_HEADING,
    opening="Quote a score as a chance only for texts like these, and as far as it holds below.",
)
