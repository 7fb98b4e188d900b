"""A trial as one self-contained HTML page."""

from tfnews.records.trial import Trial
from tfnews.report.page import Cell, page, rendered
from tfnews.report.trial import wording


def render(found: Trial) -> str:
    """Return a page that loads nothing and runs no script."""
    head = wording.own_head(found)
    body = rendered(
        "trial.html",
        verdict=wording.verdict(found),
        act=wording.act(found),
        how_to_read=wording.HOW_TO_READ,
        own=(head, [row[: len(head)] for row in wording.own_rows(found)]),
        tried=(
            wording.tried_head(found),
            [[Cell(*cell) for cell in row] for row in wording.tried_rows(found)],
        ),
        strata=(wording.strata_head(found), wording.strata_rows(found)),
        notes=wording.notes(found),
        how_made=wording.how_made(found),
    )
    return page(wording.title(found), wording.subtitle(found), [body])
