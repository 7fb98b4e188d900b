"""What the system refuses, in one line: a full disk, no permission, a path too long, no memory."""

import errno
import os
import re
import traceback

from tfnews.errors import DataError, ExportError, RunError, TfnewsError, WeightsError, visible

# Command -> what fails when the system refuses it a file, and what needs less memory.
_KINDS = {
    "data": (DataError, "prepare fewer files at once"),
    "predict": (DataError, "give a smaller --batch-size"),
    "weights": (WeightsError, "start from a smaller file of vectors"),
    "export": (ExportError, "export a smaller architecture"),
    "fit": (RunError, "give a smaller --set batch_size=NUMBER, or choose a smaller architecture"),
    "tune": (RunError, "pin a smaller --batch-size, or choose a smaller architecture"),
    "evaluate": (RunError, "choose a machine with more"),
    "matrix": (RunError, "choose a smaller architecture, or fewer sets"),
    "demo": (RunError, "choose a machine with more"),
}
_RIGHTS = "Name a place that you may write to and files that you may read, or change their rights."
_ROOM = "Free some room, or name a place on another disk."
_SAYINGS = {
    errno.ENOSPC: ("The disk is full", _ROOM),
    errno.EDQUOT: ("Your share of the disk is full", _ROOM),
    errno.EFBIG: ("A file grew larger than the system allows", _ROOM),
    errno.EROFS: ("The place is read-only", "Name another place to write to."),
    errno.EACCES: ("Permission denied", _RIGHTS),
    errno.EPERM: ("Permission denied", _RIGHTS),
    errno.ENAMETOOLONG: ("The path is too long", "Choose a shorter name or a higher folder."),
    errno.EMFILE: ("Too many files are open", "Raise the limit, for example with: ulimit -n 4096"),
    errno.ENFILE: ("Too many files are open", "End other programs."),
    errno.ENOTDIR: ("A part of the path is a file, not a folder", "Name another place."),
    errno.EISDIR: ("The path is a folder, not a file", "Name a file."),
    errno.EIO: ("The disk cannot be read or written", "Check it, or name a place on another."),
}
_NO_MEMORY = ("MemoryError", "ResourceExhaustedError", "ArrowMemoryError", "_ArrayMemoryError")
_NUMBERED = re.compile(r"\b(?:errno[ =]+|os error )(\d+)", re.I)  # as HDF5, Arrow and Rust say it
_BESIDE = re.compile(r"\.(.+)\.[0-9a-f]{16}")  # a file that is written beside another
_LONGEST_PATH = 200
_LONGEST_FAULT = 150


def told(error: BaseException, command: str | None) -> TfnewsError | None:
    """Return the error that says in one line what the system refused.

    Args:
        error: What a command ended with.
        command: The command's name.

    Returns:
        An error of the kind of what the command makes; None when the system refused nothing, or the
        one who reads the output has gone.
    """
    kind, less = _KINDS.get(command, (TfnewsError, "choose a machine with more"))
    number = _number(error)
    if number in _SAYINGS:
        what, remedy = _SAYINGS[number]
        return kind(f"{what}{_where(error)}. {remedy}")
    if type(error).__name__ in _NO_MEMORY:
        return kind(f"There is not enough memory. End other programs, or {less}.")
    if isinstance(error, OSError) and error.strerror and number != errno.EPIPE:
        return kind(f"The system refused a file{_where(error)}: {error.strerror}. Check the path.")
    return None


def fault(error: BaseException) -> TfnewsError:
    """Return the error that says in one line where tfnews itself went wrong."""
    said = visible(str(error))
    what = f"{type(error).__name__}: {said[:_LONGEST_FAULT]}" if said else type(error).__name__
    return TfnewsError(
        f"This is a fault of tfnews{_place(error)}: {what}. Please report it, with what tfnews "
        "doctor --json says, and what the same command says after: tfnews --debug"
    )


def _place(error: BaseException) -> str:
    """Return where in the package an error came from, without the folders of this machine."""
    frames = [one for one, _ in traceback.walk_tb(error.__traceback__)]
    named = [(one.f_globals.get("__name__") or "", one) for one in frames]
    ours = [(name, one) for name, one in named if name.startswith("tfnews.")]
    return f" (in {ours[-1][0]})" if ours else ""


def _number(error: BaseException) -> int | None:
    """Return the system's number of an error, whoever reports it."""
    for one in (error, error.__cause__):
        if isinstance(one, OSError) and one.errno:
            return one.errno
        said = str(one) if one is not None else ""
        if found := _NUMBERED.search(said):
            return int(found[1])
        # TensorFlow gives the words alone.
        if number := next((number for number in _SAYINGS if os.strerror(number) in said), None):
            return number
    return None


def _where(error: BaseException) -> str:
    path = getattr(error, "filename", None)
    if not isinstance(path, str | bytes | os.PathLike):  # some errors name a file's number
        return ""
    folder, name = os.path.split(os.fsdecode(path))
    beside = _BESIDE.fullmatch(name)
    shown = os.path.join(folder, beside[1] if beside else name)
    return f": {shown if len(shown) <= _LONGEST_PATH else shown[:_LONGEST_PATH] + '…'}"
