"""What runs, and models on a server, may be called."""

import re

from tfnews.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
# Windows takes these for devices, with any ending.
_PORTS = (f"{port}{n}" for port in ("com", "lpt") for n in range(10))
_DEVICES = frozenset(("aux", "con", "nul", "prn", *_PORTS))


def is_name(name: str) -> bool:
    """Tell whether a name can be a folder's on every system, and a part of an address."""
    return (
        _NAME.fullmatch(name) is not None
        and not name.endswith(".")
        and name.partition(".")[0].lower() not in _DEVICES
    )


def check_name(name: str, what: str) -> None:
    """Check that a name can be a folder's on every system, and a part of an address.

    Args:
        name: Letters, digits, ".", "_" and "-".
        what: Whose name it is, for the error.

    Raises:
        UsageError: It is not.
    """
    if not is_name(name):
        raise UsageError(
            f"{what} may hold letters, digits, '.', '_' and '-', at most 100 of them, begins with "
            "a letter or digit, does not end in '.', and is no device's on Windows, such as con. "
            f"Received: {name!r}."
        )
