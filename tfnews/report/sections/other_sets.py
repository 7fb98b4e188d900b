"""The model on data sets that it was not trained on."""

from markupsafe import Markup

from tfnews.records import Judged, OtherSet
from tfnews.report import falls, markdown
from tfnews.report.content import Report
from tfnews.report.page import rendered
from tfnews.report.section import Section
from tfnews.report.sections.scores import cell

_SHOWN = {"f1": "F1", "fpr": "FPR", "fnr": "FNR", "roc_auc": "ROC-AUC"}
_HEADING = "On other data sets"
_UNMEASURED = "Not measured. Expect lower scores on texts from elsewhere."


def _html(report: Report) -> Markup | str:
    if not report.other_sets:
        return ""
    rows = [row for away in report.other_sets for row in _rows(away)]
    return rendered(
        "other_sets.html",
        said=falls.elsewhere(report),
        head=["data set", "texts", "left out", *_SHOWN.values()],
        rows=rows,
    )


def _rows(away: OtherSet) -> list[list]:
    """Return a set's scores over those of one answer for all of its texts."""
    judged = away.judged
    rows = [[away.name, f"{judged.rows:,}", f"{away.left_out:,}"]]
    rows += [[f"{away.name}: always {answer}", "", ""] for answer in falls.one_answers(judged)]
    scored = [judged, *map(Judged, falls.one_answers(judged).values())]
    return [
        [*row, *(cell(one, metric) for metric in _SHOWN)]
        for row, one in zip(rows, scored, strict=True)
    ]


def _markdown(report: Report) -> str:
    said = falls.elsewhere(report) or [_UNMEASURED]
    return markdown.section(_HEADING, markdown.bullets(said))


SECTION = Section(
    "other_sets",
    _html,
    _markdown,
    falls.elsewhere,
    heading=_HEADING,
    opening="Carry no score from home over to outlets that {set} does not hold: expect this.",
)
