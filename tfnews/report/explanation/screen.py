"""An explanation on a terminal: the text with its words coloured, and a table."""

import re

import click

from tfnews.errors import still
from tfnews.report import terminal
from tfnews.report.explanation import wording
from tfnews.report.explanation.record import Explanation, Influence

_EXCERPT = 60  # characters of a word or sentence in the table
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_UP, _DOWN = "bright_red", "bright_cyan"


def render(found: Explanation, top: int = 10, colour: bool = False) -> str:
    """Return an explanation in words and a table.

    Args:
        found: What was found.
        top: Rows of the table.
        colour: Whether the whole text stands first, its words coloured.
    """
    lines = [still(wording.opening(found)), ""]
    if colour and found.influences:
        lines += [_coloured(found), "", _legend(found), ""]
    if rows := wording.rows(found, top):
        cells = [[_short(row[0]), *row[1:]] for row in rows]
        lines += [still(terminal.columns([wording.head(found), *cells])), ""]
    return terminal.text([*lines, *map(still, wording.notes(found))]).rstrip()


def _coloured(found: Explanation) -> str:
    pieces, end = [], 0
    for one in found.influences:
        pieces += [_plain(found.text[end : one.start]), _styled(found, one)]
        end = one.end
    return "".join(pieces)


def _styled(found: Explanation, one: Influence) -> str:
    word = _plain(found.words(one))
    if not one.read:
        return click.style(word, dim=True)
    level = wording.level(found, one)
    if not level:
        return word
    colour = _UP if one.contribution > 0 else _DOWN
    return click.style(word, fg=colour, bold=level > 1, underline=level > 2)


def _legend(found: Explanation) -> str:
    real, fake = map(still, found.class_names)
    said = [click.style(f"towards {fake}", fg=_UP), click.style(f"towards {real}", fg=_DOWN)]
    if any(not one.read for one in found.influences):
        said.append(click.style("not read", dim=True))
    return f"({', '.join(said)}; the strongest are bold and underlined)"


def _short(text: str) -> str:
    text = " ".join(_plain(text).split())
    return text if len(text) <= _EXCERPT else f"{text[: _EXCERPT - 1]}…"


def _plain(text: str) -> str:
    """Return a text without characters that would steer a terminal."""
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text)
