"""Folders of .txt files, one article each, as records; also of FakeNewsNet's own program."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tfnews.data import tables
from tfnews.data.blocks import TooLong, within
from tfnews.data.rows import USUAL, Layout, Row, over_long
from tfnews.errors import DataError
from tfnews.files import sha256

COLUMNS = ("file", "title", "text")
TITLED = "articles whose first line, before a blank one, is read as the title"

_FAKENEWSNET = "news content.json"  # an object with title and text, in a folder of its own
_LONGEST_TITLE = 200  # characters


def files(folder: Path) -> list[Path]:
    """List the articles in a folder and below in order of their paths, hidden ones left out."""
    found = visible(folder)
    return [path for path in found if path.name == _FAKENEWSNET or tables.kind(path) == "lines"]


def visible(folder: Path) -> list[Path]:
    """List the files in a folder and below, without what systems put there for themselves."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if not _is_hidden(path.relative_to(folder)))


def rows(folder: Path, counts: Counter, layout: Layout = USUAL) -> Iterator[Row]:
    """Stream the articles of a folder, with the values of `COLUMNS`.

    Args:
        folder: The folder.
        counts: Tally of oddities, also of `TITLED`.
        layout: What is known of the encoding of all, by default each one's is found out, and how
            long one may be.

    Yields:
        A row for each file, its line being the file's number from 1. A file that cannot be read
        is a fault.
    """
    for number, path in enumerate(files(folder), start=1):
        name = path.relative_to(folder).as_posix()
        try:
            content = _content(path, counts, layout)
            if isinstance(content, TooLong):
                yield Row(number, [name], over_long(layout.longest))
                continue
            title, text = _article(path, content)
        except (DataError, ValueError, RecursionError):
            yield Row(number, [name], "a file that cannot be read")
            continue
        counts[TITLED] += bool(title) and path.name != _FAKENEWSNET
        yield Row(number, [name, title, text])


def digest(folder: Path) -> str:
    """Return the SHA-256 over names and digests of a folder's articles, as 64 hex digits."""
    lines = (f"{path.relative_to(folder).as_posix()} {sha256(path)}\n" for path in files(folder))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _article(path: Path, content: str) -> tuple[str, str]:
    """Return title and body of a file."""
    if path.name != _FAKENEWSNET:
        return _split(content)
    record = json.loads(content)
    if not isinstance(record, dict):
        raise ValueError("not an object")
    title, text = (str(record.get(name) or "") for name in ("title", "text"))
    return title, text


def _content(path: Path, counts: Counter, layout: Layout) -> str:
    """Return what a file holds, or its opening as a `TooLong`."""
    plain = Layout(encoding=layout.encoding, longest=layout.longest)
    with tables.opened(path, "lines", counts, plain) as table:
        found = (TooLong() if row.fault else f"{row.values[0]}\n" for row in table.rows(["text"]))
        lines = list(within(found, layout.longest + 1))
    if lines and isinstance(lines[-1], TooLong):
        return lines[-1]
    return "".join(lines).removesuffix("\n")


def _split(content: str) -> tuple[str, str]:
    """Part the title from the body: a first line with a blank one after it."""
    first, _, rest = content.partition("\n")
    blank, _, body = rest.partition("\n")
    titled = first.strip() and not blank.strip() and body.strip() and len(first) <= _LONGEST_TITLE
    return (first.strip(), body.strip("\n")) if titled else ("", content)
