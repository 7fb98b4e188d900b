"""Licences of data and weights."""

from tfnews.report import markdown
from tfnews.report.content import Report
from tfnews.report.section import Section


def _markdown(report: Report) -> str:
    weights = report.config.weights
    of_weights = weights.licence or ("not stated" if weights.handle else "none used")
    lines = [
        f"Data: {report.data.licence or 'not stated; ask its publisher'}",
        f"Pretrained weights ({weights.name}): {of_weights}",
    ]
    return markdown.section("Licences", markdown.bullets(lines))


SECTION = Section("licences", markdown=_markdown)
