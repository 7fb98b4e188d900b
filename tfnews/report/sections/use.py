"""What the model is for, and what it is not for."""

from tfnews.report import markdown
from tfnews.report.content import Report
from tfnews.report.section import Section


def _markdown(report: Report) -> str:
    fake = report.data.class_names[1]
    lines = [
        f"To order texts for people to read: those that most resemble texts labelled {fake} first.",
        "To compare architectures on the same data set.",
        "Not for automatic removal, demotion or labelling of texts or accounts: "
        "a person reads a text before anything is done about it.",
        "Not for judging a writer, a publisher or a claim.",
    ]
    return markdown.section("Intended use", markdown.bullets(lines))


SECTION = Section("use", markdown=_markdown)
