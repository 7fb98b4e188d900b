"""The files that a pattern names, and what tells them apart."""

import glob
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from tfnews import progress
from tfnews.data.streams import STANDARD_INPUT
from tfnews.data.text import shown
from tfnews.errors import UsageError
from tfnews.files import sha256
from tfnews.scoring.sharded import storage


def matched(pattern: str, out: str | os.PathLike) -> list[str]:
    """Return the files that a pattern names, sorted, as absolute paths or addresses.

    Args:
        pattern: A file, or a pattern with `*`, `?`, `[...]` and `**` as of `glob`.
        out: The folder of the answers, in which none of them may lie.

    Raises:
        UsageError: There is none, one is no file, is named twice, or lies in `out`.
    """
    if pattern == STANDARD_INPUT:
        raise UsageError(
            "With --runner files are read, by several processes, and standard input is none. "
            "Name files, or leave --runner out."
        )
    found = _found(pattern)
    if not found:
        raise UsageError(
            f"No file matches {shown(pattern, 100)!r}. Put a pattern in quotes, such as "
            "'articles-*.jsonl', and check its folder."
        )
    if storage.is_address(pattern):
        return found
    paths = sorted(os.path.abspath(path) for path in found)
    for path in paths:
        if not os.path.isfile(path):
            what = "is a folder" if os.path.isdir(path) else "is no file"
            raise UsageError(
                f"{shown(path, 200)} {what}. With --runner, give a pattern that names files alone, "
                "such as 'FOLDER/*.jsonl'."
            )
    _check_each_once(paths)
    _check_outside(paths, out)
    return paths


def digests(paths: Sequence[str]) -> list[str]:
    """Return what tells each file from another, which takes a second a gigabyte or so."""
    found = []
    progress.stage("Reading the files' digests", "files", len(paths))
    for path in paths:
        with storage.reached(path):
            found.append(storage.digest(path))
        progress.advance()
    return found


def folder_digest(folder: Path) -> str:
    """Return the SHA-256 over the names and digests of a folder's files; hidden ones apart."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    named = ((path.relative_to(folder).as_posix(), path) for path in files)
    lines = [f"{name} {sha256(path)}\n" for name, path in named if not name.startswith(".")]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _found(pattern: str) -> list[str]:
    if storage.is_address(pattern):
        with storage.reached(pattern):
            return storage.addresses(pattern)
    literal = os.path.exists(pattern)
    return [pattern] if literal else glob.glob(os.path.expanduser(pattern), recursive=True)


def _check_each_once(paths: list[str]) -> None:
    seen = {}
    for path in paths:
        other = seen.setdefault(os.path.realpath(path), path)
        if other is not path:
            raise UsageError(
                f"{shown(path, 150)} and {shown(other, 150)} are one file, which would be scored "
                "twice. Give a pattern that names it once."
            )


def _check_outside(paths: list[str], out: str | os.PathLike) -> None:
    folder = os.path.join(os.path.realpath(out), "")
    inside = next((path for path in paths if os.path.realpath(path).startswith(folder)), None)
    if inside is not None:
        raise UsageError(
            f"{shown(inside, 200)} lies in --output {shown(str(out), 100)}. Give a pattern that "
            "leaves the answers out, or another folder."
        )
