"""A trial as Markdown."""

from tfnews.records.trial import Trial
from tfnews.report import markdown
from tfnews.report.trial import wording


def render(found: Trial) -> str:
    """Return Markdown that ends with a newline."""
    head = wording.own_head(found)
    own = markdown.table(head, [row[: len(head)] for row in wording.own_rows(found)])
    pieces = [
        f"# {markdown.plain(wording.title(found))}",
        markdown.plain(wording.subtitle(found)),
        *map(markdown.plain, [wording.verdict(found), *wording.act(found)]),
        markdown.section("At the run's own threshold", f"{wording.HOW_TO_READ}\n\n{own}"),
        markdown.section("Other thresholds", _tried(found)),
        markdown.section("Before you believe it", markdown.bullets(wording.notes(found))),
        markdown.section(
            "What was labelled",
            markdown.table(wording.strata_head(found), wording.strata_rows(found)),
        ),
        markdown.section(
            "How it was made",
            markdown.bullets(f"{name}: {value}" for name, value in wording.how_made(found)),
        ),
    ]
    return "\n\n".join(pieces) + "\n"


def _tried(found: Trial) -> str:
    rows = (
        [f"{text} ({small})" if small else text for text, small in row]
        for row in wording.tried_rows(found)
    )
    return markdown.table(wording.tried_head(found), rows)
