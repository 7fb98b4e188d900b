"""Digests of weights, and handles that pin one: HANDLE#sha256=HEX."""

import hashlib
import os
import re
from pathlib import Path

from tfnews.errors import WeightsError
from tfnews.files import sha256
from tfnews.weights.archive import SUFFIXES

_PIN = re.compile(r"(?P<handle>.*)#sha256=(?P<digest>[0-9a-fA-F]{64})")


def module_digest(folder: str | os.PathLike) -> str:
    """Return the SHA-256 of a module: of the lines "sha256  name" of its files, sorted by name."""
    folder = Path(folder)
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    lines = "".join(f"{sha256(files[name])}  {name}\n" for name in sorted(files))
    return hashlib.sha256(lines.encode("utf-8")).hexdigest()


def split_pin(handle: str) -> tuple[str, str | None]:
    """Split a handle from the digest it pins, which is `None` when it pins none.

    Raises:
        WeightsError: What follows "#sha256" is not "=" and 64 hex digits.
    """
    if "#sha256" not in handle:
        return handle, None
    match = _PIN.fullmatch(handle)
    if match is None:
        raise WeightsError(
            f"A pinned handle ends in #sha256= and 64 hex digits. Received: {handle!r}."
        )
    return match["handle"], match["digest"].lower()


def is_vectors(handle: str) -> bool:
    """Tell whether a handle names a file of word vectors: any file that is no archive."""
    path = split_pin(handle)[0]
    return os.path.isfile(path) and not path.endswith(SUFFIXES)


def check_pin(handle: str, pin: str | None, folder: Path, archive: str | None) -> None:
    """Compare a pinned digest with a module's own and its archive's: one must be equal.

    Args:
        handle: What the user named, for the error.
        pin: The pinned digest; `None` agrees with everything.
        folder: The module.
        archive: SHA-256 of the archive it came in; `None` when that is not known.

    Raises:
        WeightsError: Neither is equal.
    """
    if pin in (None, archive):
        return
    found = module_digest(folder)
    if found != pin:
        raise WeightsError(
            f"The weights {handle!r} are not those that are pinned. Pinned: sha256 {pin}. Found: "
            f"module {found}, archive {archive or 'not known'}. If the new ones are to be "
            "trusted, pin one of these two digests; else fetch the weights again."
        )
