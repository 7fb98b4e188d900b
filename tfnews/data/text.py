"""The one rule that turns a title and a body into the string every model reads."""

import re
import unicodedata

INPUT_RULE = "title-space-text"

_WHITE_SPACE = re.compile(r"\s+")


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
    return _WHITE_SPACE.sub(" ", folded).strip()
