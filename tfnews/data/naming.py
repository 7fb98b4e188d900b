"""What the names of files and folders say of labels."""

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from tfnews.errors import DataError

_WORD = re.compile(r"[^\W\d_]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")  # FakeNews is two words


def label(
    path: Path,
    root: Path | None,
    meanings: Mapping[str, int | None],
    *,
    article: bool,
    outer: bool = True,
) -> str:
    """Return the label that stands in a file's name or in that of a folder around it.

    A file of many rows is named by itself first, an article by its folder: its own name may be a
    headline. Of folders the nearest goes first.

    Args:
        path: The file.
        root: The folder that the user named, whose own name counts last; `None` when the user
            named the file, of whose folders then the nearest counts.
        meanings: Pattern of a name, or of one of its words, to 1 (fake), 0 (real) or None (drop).
        article: Whether the file is one article.
        outer: Whether the name of `root` counts at all.

    Returns:
        The pattern that was met; "" when no name says anything.

    Raises:
        DataError: The name of a file of many rows speaks of both classes.
    """
    inside = path.relative_to(root) if root else Path(path.name)
    own = (_stem(path.name), path.name, inside.as_posix())
    around = [(name,) for name in reversed(inside.parent.parts)]
    around += [((root or path.resolve().parent).resolve().name,)] * outer
    for names in [*around, own] if article else [own, *around]:
        found = _met(names, meanings)
        kinds = {meanings[pattern] for pattern in found}
        if len(kinds) == 1:
            return found[0]
        if kinds and names is own:
            raise _both(path.name, found)
    return ""


def counted(found: Mapping[str, int]) -> str:
    """List the folders, or files, of a set with the number of their articles, for a message."""
    shown = [f"{name[:30]} ({number:,})" for name, number in list(found.items())[:4]]
    return ", ".join(shown) + (f" and {len(found) - 4:,} more" if len(found) > 4 else "")


def _met(names: Sequence[str], meanings: Mapping[str, int | None]) -> list[str]:
    """Return the patterns that a name meets, whole or by one of its words."""
    parts = {part for name in names for part in (name.casefold(), *_words(names[0]))}
    found = [key for key in meanings if any(fnmatchcase(part, key) for part in parts)]
    dropped = [key for key in found if meanings[key] is None]
    return dropped or found


def _words(name: str) -> list[str]:
    """Return a name's words, each also run together with a neighbour that only case sets off."""
    plain = [word.casefold() for word in _WORD.findall(name)]
    split = [word.casefold() for word in _WORD.findall(_HUMP.sub(" ", name))]
    return [*plain, *split, " ".join(split)]


def _stem(name: str) -> str:
    return name.split(".")[0]


def _both(name: str, found: Sequence[str]) -> DataError:
    return DataError(
        f"The name {name[:80]!r} speaks of both classes: {' and '.join(found)}. Say which patterns "
        "of names mean what, with --fake-value PATTERN and --real-value PATTERN, or name the "
        "column of labels with --label-column."
    )
