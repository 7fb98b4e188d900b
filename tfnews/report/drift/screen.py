"""A drift check on a terminal."""

from tfnews.records.drift import Drift
from tfnews.report import terminal
from tfnews.report.drift import wording


def render(found: Drift) -> str:
    """Return a drift check in words and one table."""
    table = terminal.columns([wording.HEAD, *wording.rows(found)])
    lines = [wording.verdict(found), *wording.advice(found), "", table, "", *wording.moved(found)]
    return terminal.text([*lines, "", *(f"Note: {note}" for note in wording.notes(found))])
