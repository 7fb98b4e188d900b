"""An explanation as an HTML page: the text with its words marked, and the figures."""

from collections.abc import Iterator

from tfnews.report.explanation import wording
from tfnews.report.explanation.record import Explanation, Influence
from tfnews.report.page import page, rendered


def render(found: Explanation, top: int = 10) -> str:
    """Return a page that loads nothing and runs no script.

    Args:
        found: What was found.
        top: Rows of the table.
    """
    body = rendered(
        "explanation.html",
        opening=wording.opening(found),
        refused=found.reason is not None,
        text=found.text,
        marked=list(_marked(found)),
        cut=any(not one.read for one in found.influences),
        class_names=found.class_names,
        by=found.by,
        head=wording.head(found),
        rows=wording.rows(found, top),
        caution=wording.CAUTION,
        notes=[note for note in wording.notes(found) if note != wording.CAUTION],
    )
    return page(wording.title(found), wording.subtitle(found), [body])


def _marked(found: Explanation) -> Iterator[dict]:
    """Yield the text in pieces: white space, and words with how they are marked."""
    end = 0
    for one in found.influences:
        if one.start > end:
            yield {"text": found.text[end : one.start], "kind": "", "told": ""}
        yield {
            "text": found.words(one),
            "kind": _kind(found, one),
            "told": wording.told(found, one),
        }
        end = one.end
    yield {"text": found.text[end:], "kind": "", "told": ""}


def _kind(found: Explanation, one: Influence) -> str:
    """Return the class of a word's mark, as the page's style names it."""
    if not one.read:
        return "unread"
    level = wording.level(found, one)
    return f"{'up' if one.contribution > 0 else 'down'}-{level}" if level else "none"
