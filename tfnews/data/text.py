"""The one rule that turns a title and a body into the string every model reads."""

import unicodedata
from collections.abc import Iterable

INPUT_RULE = "title-space-text"
SHOWN = 120  # characters of a user's data that one part of a message quotes; no message has 200


def combine(title: str, text: str) -> str:
    """Join a title and a body by one space; an empty side adds nothing.

    Args:
        title: Headline, may be empty.
        text: Body, may be empty.

    Returns:
        The string that is tokenised, with outer white space removed.
    """
    return f"{title.strip()} {text.strip()}".strip()


def for_matching(text: str) -> str:
    """Fold Unicode form, case and white space, so that copies of one text compare equal."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.split())


def excerpt(text: str, length: int = 80) -> str:
    """Return the opening of a text on one line, at most `length` characters long."""
    line = " ".join(printable(text[: 4 * length]).split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def is_unicode(text: str) -> bool:
    """Tell whether a text can be written: it has no half of a pair that stands for one sign."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def printable(text: str) -> str:
    """Return a text that can be written, with a question mark for what cannot."""
    return text.encode("utf-8", "replace").decode()


def shown(value: str, most: int = SHOWN) -> str:
    """Return at most `most` characters of what a user wrote, in one line, for a message."""
    opening = " ".join(printable(value[: 4 * most]).split())
    return opening if len(opening) <= most else f"{opening[: most - 1]}…"


def listed(names: Iterable[str], most: int = SHOWN) -> str:
    """Join names by commas for a message: as many as fit into `most` characters, at least one."""
    whole = [shown(name, 40) or "(nameless)" for name in names]
    kept, size = [], 0
    for name in whole:
        size += len(name) + 2
        if kept and size > most:
            break
        kept.append(name)
    more = len(whole) - len(kept)
    return ", ".join(kept) + (f" and {more:,} more" if more else "")
