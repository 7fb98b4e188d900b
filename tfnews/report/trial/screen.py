"""A trial on a terminal: the same sentences as elsewhere, and two tables."""

from tfnews.records.trial import Trial
from tfnews.report import terminal
from tfnews.report.trial import wording


def render(found: Trial) -> str:
    """Return a trial in words and tables."""
    head = wording.own_head(found)
    own = [head, *(row[: len(head)] for row in wording.own_rows(found))]
    lines = [
        wording.subtitle(found),
        "",
        wording.verdict(found),
        *wording.act(found),
        "",
        terminal.columns(own),
        "",
        _tried(found),
        "",
        *wording.notes(found),
    ]
    return terminal.text(lines)


def _tried(found: Trial) -> str:
    cells = [wording.tried_head(found)]
    for row in wording.tried_rows(found):
        cells.append([text for text, _ in row])
        cells.append([small for _, small in row])
    return terminal.columns(cells)
