"""Words and sentences of a raw text, by their places in it."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

# Chinese characters and kana, with the marks that change them and the punctuation after them: where
# no spaces stand between words, each character is one. All else goes to the next white space.
_ALONE = (
    r"\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    r"\U00020000-\U0003134f"
)
_MARKS = r"\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef"
_WORD = re.compile(rf"[{_ALONE}][{_MARKS}]*[^\w\s]*|[^\s{_ALONE}]+")
_RUN = re.compile(r"\S+")

_STOP = re.compile(r"[.!?…。！？]\W*$")
_ABBREVIATION = re.compile(r"\W*((\w\.)+|(Mr|Mrs|Ms|Dr|Prof|St|Sen|Rep|Gov|Gen|Jr|Sr|No|vs)\.)$")


class Span(NamedTuple):
    """Characters of a text: the first one's place, and the one after the last's."""

    start: int
    end: int


def words(text: str) -> list[Span]:
    """Return the words of a text, punctuation at them included; white space lies between them."""
    return [Span(*found.span()) for found in _WORD.finditer(text)]


def runs(text: str) -> list[Span]:
    """Return what stands between white space."""
    return [Span(*found.span()) for found in _RUN.finditer(text)]


def sentences(text: str, spans: Sequence[Span]) -> list[range]:
    """Return which words make each sentence; together they are all words.

    A sentence ends with a word that ends in . ! ? or …, or with a line, unless the next word begins
    with a small letter.

    Args:
        text: The text.
        spans: Its words.
    """
    ends = [
        place
        for place, (one, following) in enumerate(pairwise(spans), start=1)
        if _parts_here(text, one, following)
    ]
    borders = [0, *ends, len(spans)]
    return [range(*border) for border in pairwise(borders) if border[0] < border[1]]


def _parts_here(text: str, one: Span, following: Span) -> bool:
    if text[following.start].islower():
        return False
    if "\n" in text[one.end : following.start]:
        return True
    word = text[one.start : one.end]
    return bool(_STOP.search(word)) and not _ABBREVIATION.match(word)


def joined(spans: Sequence[Span], numbers: range) -> Span:
    """Return the span from the first to the last of some words that follow each other."""
    return Span(spans[numbers[0]].start, spans[numbers[-1]].end)


def without(text: str, spans: Sequence[Span], numbers: range) -> str:
    """Return a text without some words that follow each other, and the white space after them."""
    first, last = numbers[0], numbers[-1]
    if last + 1 < len(spans):
        return text[: spans[first].start] + text[spans[last + 1].start :]
    return text[: spans[first - 1].end if first else 0]
