"""Optuna's storage in one file, which several processes share and a kill leaves readable."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from tfnews.errors import RunError

if TYPE_CHECKING:
    import optuna

_STUDY = "study"


class _Lock:
    """Keeps processes from writing at once, and cuts off the line that one died in.

    Optuna's own locks are files that a killed process leaves, and for which others wait half a
    minute; and half a line, as a full disk leaves it, would make one of it and the next.

    Args:
        path: The journal.
    """

    def __init__(self, path: Path):
        self.path = path
        self.lock = filelock.FileLock(f"{path}.lock")

    def acquire(self) -> bool:
        self.lock.acquire()
        _cut(self.path)
        return True

    def release(self) -> None:
        self.lock.release()


def _cut(path: Path) -> None:
    """Cut off what follows the last line's end."""
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        if not end:
            return
        file.seek(end - 1)
        if file.read(1) != b"\n":
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)


def open_study(
    path: Path,
    directions: list[str],
    pruner: "optuna.pruners.BasePruner",
) -> tuple["optuna.Study", "optuna.storages.BaseStorage"]:
    """Open the study of a journal, which is made where there is none, and its storage.

    Args:
        path: The journal.
        directions: Of the objectives, maximize or minimize.
        pruner: Asked after each epoch.

    Raises:
        RunError: The journal is damaged.
    """
    import optuna
    from optuna.storages.journal import JournalFileBackend, JournalStorage

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        storage = JournalStorage(JournalFileBackend(str(path), lock_obj=_Lock(path)))
        study = optuna.create_study(
            study_name=_STUDY,
            storage=storage,
            directions=directions,
            pruner=pruner,
            load_if_exists=True,
        )
        return study, storage
    except (ValueError, LookupError, TypeError, AssertionError) as error:
        raise RunError(
            f"{path} is damaged ({type(error).__name__}: {str(error)[:100]}). Put it back, or "
            "search anew under another --name."
        ) from error
