"""What cutting does, on a terminal."""

from tfnews.records.cleaning import Cleaning
from tfnews.report import terminal
from tfnews.report.cleaning import wording
from tfnews.report.ranking.screen import columns


def render(found: Cleaning) -> str:
    """Return it in words and tables; intervals stand below their scores."""
    lines = [f"{wording.title(found)}: {wording.subtitle(found)}", ""]
    for sentence in wording.sentences(found):
        lines += [sentence]
    for head, rows in (wording.score_table(found), wording.pair_table(found)):
        lines += ["", columns(head, rows)]
    return terminal.text([*lines, "", *(f"Note: {note}" for note in found.notes)]).rstrip()
