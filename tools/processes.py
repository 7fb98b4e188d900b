"""The processes that a process has started, as Linux tells of them: workers, and their memory."""

import contextlib
from pathlib import Path

_PROC = Path("/proc")
_WORKER = b"apache_beam.runners.worker.sdk_worker_main"


def below(pid: int) -> list[int]:
    """Return a process and all below it, those that are no more left out."""
    parents = {}
    for folder in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)] = int(fields[1])
    found = [pid] if pid in parents else []
    for one in found:
        found.extend(child for child, parent in parents.items() if parent == one)
    return found


def workers(pid: int) -> list[int]:
    """Return Beam's worker processes below a process, without the shells that they are started by.

    One that has just begun is among them too.
    """
    return [one for one in below(pid) if _command(one)[1:3] == [b"-m", _WORKER]]


def memory(pid: int) -> int:
    """Return the bytes of memory of a process and all below it, what they share counted once."""
    total = 0
    for one in below(pid):
        with contextlib.suppress(OSError):
            lines = (_PROC / str(one) / "smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total * 1024


def _command(pid: int) -> list[bytes]:
    with contextlib.suppress(OSError):
        return (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    return []
