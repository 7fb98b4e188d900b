"""Which columns of a file are read: one rule for every layout and every command."""

from collections.abc import Container, Sequence
from typing import NamedTuple

from tfnews.data.text import listed, shown
from tfnews.errors import DataError
from tfnews.records import ColumnsRecord

COMBINED = "combined_text"


class Chosen(NamedTuple):
    """The columns that make a text, as the file names them; `None` where there is none."""

    title: str | None
    text: str | None


def find(name: str | None, columns: Sequence[str]) -> str | None:
    """Return the column of that name: the same letters, else the first that differs in case alone.

    Args:
        name: What is looked for; `None` finds nothing.
        columns: The file's columns.
    """
    if name is None or name in columns:
        return name
    folded = name.strip().casefold()
    return next((column for column in columns if column.strip().casefold() == folded), None)


def required(name: str | None, columns: Sequence[str], source: str, option: str) -> str | None:
    """Return the column of that name as the file writes it; `None` stays `None`.

    Raises:
        DataError: The file has none; the message lists those it has and names the option.
    """
    found = find(name, columns)
    if name is not None and found is None:
        raise DataError(
            f"Column {shown(name, 60)!r} is not in {source}. It has: {listed(columns)}. Name "
            f"another with {option}."
        )
    return found


def usual(columns: Sequence[str]) -> Chosen:
    """Return what is read of an unknown layout: combined_text alone, else title and text."""
    combined = find(COMBINED, columns)
    return Chosen(None, combined) if combined else by_name(columns)


def by_name(columns: Sequence[str]) -> Chosen:
    """Return the columns title and text, as far as they are there."""
    return Chosen(find("title", columns), find("text", columns))


def as_trained(names: Sequence[str], trained: Sequence[ColumnsRecord], named: bool) -> Chosen:
    """Return what is read by default of a file of texts to score.

    Args:
        names: The file's columns.
        trained: How the training news was read; of several ways the first whose text is there.
        named: Whether the user names one column of the two.
    """
    if not named and find(COMBINED, names):
        return usual(names)
    for record in trained:
        if text := find(record.text, names):
            title = record.title and (find(record.title, names) or find("title", names))
            return Chosen(title, text)
    return by_name(names)


def chosen(title: str | None, text: str | None, default: Chosen) -> Chosen:
    """Lay the columns that the user named over those read by default.

    A column given for both is read once, as the text. A title named where no text is known makes
    a set of headlines.
    """
    headline = title or default.title
    body = text or default.text or title
    return Chosen(None if headline == body else headline, body)


def in_source(name: str, columns: Container[str]) -> str:
    """Return what a source's column is called whose name is taken: one that no other column has."""
    other = f"{name}_in_source"
    while other in columns:
        other += "_too"
    return other
