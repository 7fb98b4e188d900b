"""What depends on the splits alone, worked out once and kept beside the runs.

Every entry can be deleted at any time: it is worked out anew.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import tfnews
from tfnews.data.splits import PARTS, Splits
from tfnews.files import read_text, write_json

_T = TypeVar("_T")
_FOLDER = ".kept"
_LARGEST = 2**30  # bytes of an entry
_STACK = ("scikit-learn", "numpy", "pandas", "datasketch")


def kept(
    root: str | os.PathLike | None,
    name: str,
    splits: Splits,
    make: Callable[[], object],
    read: Callable[[object], _T] = lambda found: found,
    **more: object,
) -> _T:
    """Return what was kept of some splits, else make it and keep it.

    What decides the result decides which entry it is: the digests of the three files, how the
    manifest names set and classes, the code of tfnews, the versions of the libraries, and `more`.

    Args:
        root: The folder of runs, in which entries are kept; `None` keeps nothing.
        name: What is kept.
        splits: The fixed splits.
        make: Makes it, JSON-able.
        read: Makes of that, as JSON gives it back, what is returned; a `ValueError` of it says that
            an entry is another's, whatever its digest says.
        more: What else decides it, JSON-able.

    Returns:
        What `read` makes of what `make` returns.
    """
    if root is None:
        return read(json.loads(json.dumps(make())))
    decides = {
        "name": name,
        "digests": {part: splits.digest(part) for part in PARTS},
        "set": [splits.name, *splits.class_names, splits.label_basis],
        "code": _code(),
        "versions": {package: version(package) for package in _STACK},
        **more,
    }
    path = Path(root) / _FOLDER / f"{name}-{_digest(decides)}.json"
    found = _read(path, decides, read)
    if found is None:
        content = json.loads(json.dumps(make()))
        _write(path, {"decides": decides, "digest": _digest(content), "found": content})
        found = read(content)
    return found


def _read(path: Path, decides: dict, read: Callable[[object], _T]) -> _T | None:
    """Return what an entry holds; `None` where it is missing, damaged or another's."""
    try:
        entry = json.loads(read_text(path, _LARGEST))
        whole = entry["decides"] == decides and entry["digest"] == _digest(entry["found"])
        return read(entry["found"]) if whole else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _write(path: Path, entry: dict) -> None:
    # A folder that cannot be written to, or a full disk: next time it is made again.
    with contextlib.suppress(OSError):
        write_json(path, entry)


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@cache
def _code() -> str:
    """Return a digest of this package's modules, which change between two versions too."""
    folder = Path(tfnews.__file__).parent
    digest = hashlib.sha256(version("tfnews").encode())
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
