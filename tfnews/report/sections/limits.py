"""What a score cannot tell."""

from tfnews.report import markdown
from tfnews.report.content import Report
from tfnews.report.section import Section


def _markdown(report: Report) -> str:
    lines = [
        "It sees words, not facts: it looks nothing up and cannot tell whether a claim is true.",
        f"It knows the publishers, topics, language and years of {report.data.name} and little "
        "else.",
        "Rewriting a text in another style changes its score.",
        "A score is calibrated, at best, for texts like those it was measured on.",
        "Shares of right flags depend on how many texts are of either class where it is used.",
    ]
    return markdown.section("Limits", markdown.bullets(lines))


SECTION = Section("limits", markdown=_markdown)
