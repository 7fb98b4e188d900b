"""Folders that others made: their links may lead to files that are not theirs to read.

Pipes and devices in them may never end.
"""

import os
import stat
from pathlib import Path

from tfnews.errors import TfnewsError

_SNAPSHOTS = "snapshots"
_CACHED = ("models--", "datasets--")


def check_links(folder: str | os.PathLike, refusal: type[TfnewsError]) -> None:
    """Refuse a folder with a link that leads out of it; the folder itself may be reached by one.

    A pipe, a device or a socket in it is refused, too: whoever reads one waits for what may never
    come.

    In Hugging Face's cache, whose files are links to another folder of the same repository, that
    repository's folder is the bound.

    Args:
        folder: Whose files are to be opened.
        refusal: What is raised.
    """
    bound = _bound(os.path.realpath(folder))
    for place, folders, files in os.walk(folder):
        for path in (os.path.join(place, name) for name in (*folders, *files)):
            if os.path.islink(path) and not Path(os.path.realpath(path)).is_relative_to(bound):
                inside = os.path.relpath(path, folder)
                raise refusal(
                    f"{inside[-100:]!r} in {os.fspath(folder)[-150:]} is a link that leads out of "
                    "that folder. Such links are not followed: what they lead to may be another's. "
                    "If it is yours, put the file itself there."
                )
            if not _is_kept(path):
                raise refusal(
                    f"{os.path.relpath(path, folder)[-100:]!r} in {os.fspath(folder)[-150:]} is a "
                    "pipe, a device or a socket, which is not read. Allowed: files and folders. "
                    "Take it away, or copy the folder again."
                )


def _is_kept(path: str) -> bool:
    """Tell whether there is a file, a folder, a link or nothing any more."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:  # another process has taken it away
        return True
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)


def _bound(folder: str) -> Path:
    path = Path(folder)
    cached = path.parent.name == _SNAPSHOTS and path.parent.parent.name.startswith(_CACHED)
    return path.parent.parent if cached else path
