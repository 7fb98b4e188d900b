"""Cutting what a publisher puts around an article: datelines and known footers.

Cutting removes the plainest giveaways only. An article still reads like its publisher, so a
model can still learn publishers: splits by source or by time are the remedy, not this.
"""

import re

import pandas as pd

from tfnews.errors import UsageError

NOTE = (
    "Cutting removes the plainest giveaways only; it does not remove a source's style. "
    "To measure without it, split by source or by time."
)

_AGENCIES = (
    "(?:Thomson )?Reuters(?: Foundation| Breakingviews)?|AP|Associated Press|AFP|UPI|IANS|ANI|PTI|"
    "EFE|DPA|TASS|Xinhua|Bloomberg(?: News)?|CNN"
)
# A footer is cut only when it starts this near the end, so that no article loses its body to
# a phrase in the middle of it.
_FOOTER_CHARACTERS = 300

_DATELINE = re.compile(
    r"\A\s*"
    r"(?:\(+[^()]{0,400}\)+\s*)?"  # "(Corrects spelling in paragraph 3) WASHINGTON (Reuters) - "
    rf"(?:[^\W\d_][^()\n]{{0,79}})?\((?:{_AGENCIES})\)\s*(?:[-–—:]\s*)+"
)
_FOOTER = re.compile(
    r"(?:"
    r"(?i:featured image)\b"
    r"|\b(?i:image|photo)s? (?i:via|courtesy of|credits?)\b"
    r"|\b(?i:photo by) [^.\n]{1,80}(?i:getty images)"
    r"|(?i:read more:)"
    r"|READ [^a-z\n]{0,60}(?:AT|ON [^a-z\n]{2,60}):"
    r"|SUPPORT (?:21WIRE|OUR WORK)\b"
    r"|\b(?:Via|VIA): (?=.{0,60}\Z)"
    rf").{{0,{_FOOTER_CHARACTERS}}}\Z",
    re.DOTALL,
)
_OPENING = re.compile(r"\A\s*21st Century Wire (?:says|asks)\b[\s:.,-]*", re.IGNORECASE)

CUTS = {"dateline": (_DATELINE,), "footer": (_OPENING, _FOOTER)}


def check_cuts(names: tuple[str, ...]) -> None:
    """Raise UsageError unless every name is a known cut."""
    for name in names:
        if name not in CUTS:
            raise UsageError(f"No cut is named {name!r}. Known cuts: {', '.join(CUTS)}.")


def cut(text: str, name: str) -> str:
    """Cut one kind of thing from an article's body.

    Args:
        text: Body of the article.
        name: A key of `CUTS`.

    Returns:
        The body without it; the same string when there is nothing to cut.
    """
    shorter = text
    for pattern in CUTS[name]:
        shorter = pattern.sub("", shorter)
    return text if shorter == text else shorter.rstrip()


def cut_column(texts: pd.Series, names: tuple[str, ...]) -> tuple[pd.Series, dict[str, int]]:
    """Cut every named kind from a column of bodies.

    Returns:
        The column, and for each name the number of bodies it changed.
    """
    changed = {}
    for name in names:
        shorter = texts.map(lambda text, name=name: cut(text, name))
        changed[name] = int((shorter != texts).sum())
        texts = shorter
    return texts, changed
