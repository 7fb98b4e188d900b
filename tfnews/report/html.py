"""One self-contained HTML page about a run, for a moderator who knows no machine learning."""

from collections.abc import Iterator

from tfnews.report import page, wording
from tfnews.report.content import Report
from tfnews.report.page import rendered
from tfnews.report.sections import SECTIONS


def render(report: Report) -> str:
    """Return a page that loads nothing from elsewhere and runs no script."""
    fake, set_name = report.data.class_names[1], report.data.name
    return page.page(
        f"How well {report.config.name} recognises texts labelled {fake} in {set_name}",
        _subtitle(report),
        [rendered("report.html", sections=list(_shown(report)))],
    )


def _shown(report: Report) -> Iterator[dict[str, str]]:
    """Yield the sections that have something to say, as the template wants them."""
    for section in SECTIONS:
        body = section.html(report)
        if body:
            yield {
                "key": section.key,
                "heading": section.heading,
                "opening": section.opens(report),
                "kind": section.kind,
                "body": body,
            }


def _subtitle(report: Report) -> str:
    config, data = report.config, report.data
    texts = sum(data.counts.get("train", {}).values())
    learnt = f"{texts:,} texts of {data.name}" if texts else data.name
    pretrained = config.weights.handle not in (None, "none")
    frozen = pretrained and not config.trainable
    written = f"{wording.day(report.written)}. " if report.written else ""
    kept = ", its pretrained part left as it was" if frozen else ""
    return (
        f"{written}Architecture {config.arch}, learnt from {learnt}{kept}. "
        f"What the labels rest on: {wording.label_basis(data.label_basis)}."
    )
