"""The model on data sets that it was not trained on."""

from markupsafe import Markup

from tfnews.report import markdown, wording
from tfnews.report.content import Report
from tfnews.report.page import rendered
from tfnews.report.section import Section
from tfnews.report.sections.scores import cell

_SHOWN = {"f1": "F1", "fpr": "FPR", "fnr": "FNR", "roc_auc": "ROC-AUC"}
_UNMEASURED = "Not measured. Expect lower scores on texts from elsewhere."


def _html(report: Report) -> Markup | str:
    if not report.other_sets:
        return ""
    rows = [
        [
            away.name,
            f"{away.judged.rows:,}",
            f"{away.left_out:,}",
            *(cell(away.judged, metric) for metric in _SHOWN),
        ]
        for away in report.other_sets
    ]
    return rendered(
        "other_sets.html",
        said=wording.elsewhere(report),
        head=["data set", "texts", "left out", *_SHOWN.values()],
        rows=rows,
    )


def _markdown(report: Report) -> str:
    said = wording.elsewhere(report) or [_UNMEASURED]
    return markdown.section("On other data sets", markdown.bullets(said))


SECTION = Section("other_sets", _html, _markdown, wording.elsewhere)
