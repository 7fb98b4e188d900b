"""Where things lie, said without telling whose machine it is.

A run is passed on: what it records of other folders leads from its own, or from the home of whoever
opens it, and names nobody.
"""

import os
import re
from pathlib import Path

_RECORDED = ("./", "../", "~/")  # how a recorded place begins, and no address of weights
# An absolute path in a command line or a call: in quotes, or up to a space.
_TYPED = re.compile(
    r"(?P<quote>['\"])(?P<quoted>(?:/|[A-Za-z]:\\)[^'\"]*)(?P=quote)"
    r"|(?<![\w.:/~…])(?P<bare>(?:/|[A-Za-z]:\\)[^\s'\"#,]+)"
)


def recorded(place: str, folder: Path) -> str:
    """Return how a folder records a place: from itself, or from the user's home.

    Args:
        place: An absolute path; anything else, such as a web address, is returned as it is.
        folder: Holds the record.
    """
    if not os.path.isabs(place):
        return place
    place, pin = _parted(place)
    home, here = os.path.realpath(Path.home()), os.path.realpath(folder)
    try:
        shared = os.path.commonpath([place, here])
        at_home = _is_below(place, home) and not _is_below(shared, home)
        near = os.path.relpath(place, home if at_home else here)
    except ValueError:  # on another disk of Windows
        return place + pin
    near = f"{Path(near).as_posix()}/" if near == os.pardir else Path(near).as_posix()
    start = "~/" if at_home else "" if near.startswith("../") else "./"
    return start + near + pin


def found(record: str, folder: Path) -> str:
    """Return the absolute path that `recorded` made a record of; anything else as it is."""
    place, pin = _parted(record)
    if not place.startswith(_RECORDED):
        return record
    if place.startswith("~/"):
        return os.path.join(Path.home(), place[2:]) + pin
    return os.path.normpath(os.path.join(os.path.realpath(folder), place)) + pin


def neutral(command: str) -> str:
    """Return a command line or call with its absolute paths from the working folder, or cut."""
    return _TYPED.sub(_shortened, command)


def _shortened(match: re.Match) -> str:
    path, pin = _parted(match["quoted"] or match["bare"])
    quote = match["quote"] or ""
    here = os.path.realpath(os.curdir)
    if _is_below(os.path.realpath(path), here):
        return f"{quote}{os.path.relpath(os.path.realpath(path), here)}{pin}{quote}"
    name = re.split(r"[/\\]", path.rstrip("/"))[-1]
    return f"{quote}…/{name}{pin}{quote}"


def _parted(handle: str) -> tuple[str, str]:
    path, mark, pin = handle.partition("#")
    return path, mark + pin


def _is_below(path: str, folder: str) -> bool:
    return Path(path).is_relative_to(folder)
