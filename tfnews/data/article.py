"""One article, as a person names it: by its text, its file, or its record in a file."""

import os
import re
from collections import Counter
from collections.abc import Iterable

from tfnews.data import streams, tables
from tfnews.data.blocks import LONGEST_RECORD, TooLong, within
from tfnews.data.decoding import Lines
from tfnews.data.rows import Layout
from tfnews.data.texts import Item, read_texts
from tfnews.errors import DataError, UsageError

_LIKE_A_PATH = re.compile(r"\S*(\.[A-Za-z0-9]{1,8}|[/\\]\S*)")


def article(
    source: str,
    row: str | None = None,
    format: str | None = None,
    longest: int = LONGEST_RECORD,
    **columns: object,
) -> str:
    """Return the text of one article.

    Args:
        source: A file, or "-" for standard input; what is neither is the text itself. A file of a
            kind with named columns is read as `predict` reads it, any other is one article.
        row: Which record: its id as `predict` tells it, else its number, counted from 1. A file of
            plain text then holds one article a line.
        format: One of `tables.FORMATS`; by default the name tells.
        longest: Bytes of an article, or of a record of a file.
        **columns: As `read_texts` takes them.

    Raises:
        UsageError: A folder, a path where nothing is, or a row of what is no file.
        DataError: There is no such record, it cannot be read, or nothing says which is meant.
    """
    given = source == streams.STANDARD_INPUT or streams.is_readable(source)
    if not given:
        _refuse_path(source)
        if row is not None:
            raise UsageError(f"--row names a record of a file. {_shown(source)} is no file.")
        return source
    kind = format or (None if streams.is_standard_input(source) else tables.kind(source))
    if row is None and kind in (None, "lines"):
        return _whole(source, longest)
    items = read_texts(source, format=format, layout=Layout(longest=longest), **columns)
    return _text(source, _only(source, items) if row is None else _chosen(source, items, row))


def _refuse_path(source: str) -> None:
    if os.path.isdir(source):
        raise UsageError(f"{source!r} is a folder. Give one file, or a text.")
    if _LIKE_A_PATH.fullmatch(source):
        raise UsageError(
            f"There is no file {_shown(source)}. A text has spaces; this looks like a path. Give a "
            "file that is there, '-' for standard input, or the text itself."
        )


def _shown(source: str) -> str:
    return repr(source if len(source) <= 60 else f"{source[:57]}...")


def _whole(source: str, longest: int) -> str:
    with streams.opened(source) as stream:
        name = streams.name_of(source)
        lines = list(within(Lines(stream, name, Counter(), "lines", longest=longest), longest))
        if isinstance(lines[-1] if lines else "", TooLong):
            raise DataError(
                f"{name} is an article of more than --max-record-bytes {longest}. Raise that, "
                "or name a record of a file of articles with --input-format and --row."
            )
        return "".join(lines)


def _only(source: str, items: Iterable[Item]) -> Item:
    items = iter(items)
    first, second = next(items, None), next(items, None)
    if second is None and first is not None:
        return first
    found = "no record" if first is None else "more than one record"
    raise DataError(
        f"{streams.name_of(source)} holds {found}. Say which one with --row: its id, or its number "
        "counted from 1."
    )


def _chosen(source: str, items: Iterable[Item], row: str) -> Item:
    """Return the record of an id; where no record has it, the one of that number."""
    numbered, named, count = None, [], 0
    for count, item in enumerate(items, start=1):
        if item.id == row:
            named.append(item)
        if str(count) == row:
            numbered = item
    if len(named) > 1:
        raise DataError(
            f"{len(named)} records of {streams.name_of(source)} have the id {row!r}. Name another "
            "column of ids with --id-column."
        )
    if not named and numbered is None:
        raise DataError(
            f"{streams.name_of(source)} holds no record {row!r}. It has {count:,}: give the id of "
            "one, or its number counted from 1."
        )
    return named[0] if named else numbered


def _text(source: str, item: Item) -> str:
    if item.text is None:
        raise DataError(f"{streams.name_of(source)}, record {item.id}: {item.problem}.")
    return item.text
