"""Files and folders that are written beside their place and renamed: nothing is left half-written.

What a process that was killed has left beside a place goes when that place is next written. Whoever
writes holds a lock, which the system takes back from the dead; where there are no such locks, as on
Windows and on some network disks, nothing is removed.
"""

import contextlib
import errno
import hashlib
import io
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import filelock

from tfnews.errors import TfnewsError, UsageError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_KINDS = {stat.S_ISDIR: "a folder", stat.S_ISSOCK: "a socket", stat.S_ISBLK: "a disk"}
# Folders of what the process has open, as /dev/stdout leads into.
_OPEN_FILES = re.compile(r"/proc/[^/]+(/task/[^/]+)?/fd|/dev/fd")
_MOST_LINKS = 40
LARGEST = 2**26  # bytes of a file that is read at once, unless its reader expects more
TAKEN = (errno.EEXIST, errno.ENOTEMPTY)  # what renaming a folder onto another fails with


@contextlib.contextmanager
def replacing(path: str | os.PathLike, mode: str = "w", **options) -> Iterator:
    """Open a file beside `path` for writing and rename it into place when the block succeeds.

    Links are followed, and a file that is replaced keeps who may read and write it. Pipes and
    devices are written to directly.

    Raises:
        UsageError: There is a folder, a socket or a disk.
    """
    path = Path(path)
    if "b" not in mode:
        options.setdefault("encoding", "utf-8")
    open_to_write = _directly if _is_stream(path) else _beside
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(open_to_write(path, mode, options))
            yield file
            stack.close()  # here, so that what renaming fails with is told of `path` too
        except OSError as error:
            if error.errno and not error.filename:
                error.filename = os.fspath(path)  # a write that fails does not say where
            raise


@contextlib.contextmanager
def folder_beside(place: str | os.PathLike) -> Iterator[Path]:
    """Give an empty folder beside `place`, on the same disk, which goes with what is left in it.

    To fill the place, rename a folder made within this one.
    """
    place = Path(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    _sweep(place)
    while True:
        folder = _unused(place)
        try:
            folder.mkdir(0o700)
        except OSError as error:
            error.filename = os.fspath(place)
            raise
        with _held_alive(folder) as is_ours:
            if not is_ours:
                continue
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            return


@contextlib.contextmanager
def replacing_folder(place: str | os.PathLike) -> Iterator[Path]:
    """Give a folder to make, which takes the place of what stands there when the block succeeds.

    Of several processes at once, the place is that of the last.
    """
    place = Path(place)
    with folder_beside(place) as beside:
        made = beside / place.name
        yield made
        while made.exists():
            with contextlib.suppress(FileNotFoundError):
                place.rename(_unused(beside / "old"))
            try:
                made.rename(place)
            except OSError as error:
                if error.errno not in TAKEN:  # else another process was faster
                    raise


def resolved(path: str | os.PathLike) -> Path:
    """Return the place that a path leads to: a link's own would be lost by renaming onto it."""
    return Path(os.path.realpath(path))


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a text file beside `path`, then rename it into place."""
    with replacing(path, newline="\n") as file:
        file.write(text)


def write_json(path: str | os.PathLike, content: object) -> None:
    """Write `content` as indented JSON beside `path`, then rename it into place."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def check_folder(to: str | os.PathLike) -> None:
    """Check that files can go to a folder, which need not be there.

    Raises:
        UsageError: It is a file.
    """
    if Path(to).exists() and not Path(to).is_dir():
        raise UsageError(f"--to takes a folder, and {_shown(Path(to))} is a file. Name another.")


def write_all(folder: str | os.PathLike, files: Mapping[str, str | bytes]) -> list[Path]:
    """Write files of a folder, by name, each beside its place and then renamed; return the paths.

    What is to be written is made before, so that a fault in it leaves no file.
    """
    paths = []
    for name, content in files.items():
        paths.append(Path(folder) / name)
        data = content if isinstance(content, bytes) else content.encode("utf-8")
        with replacing(paths[-1], "wb") as file:
            file.write(data)
    return paths


def read_bytes(path: str | os.PathLike, most: int = LARGEST) -> bytes:
    """Return what a file holds, where that is no more than it may be.

    Raises:
        ValueError: It is more, or has no end.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(size + 1) if size <= most else b""
        if size < len(content):  # it has no size, as a device, or grows
            content += file.read(most - size)
    if max(size, len(content)) > most:
        raise ValueError(f"it has more than {most:,} bytes")
    return content


def read_text(path: str | os.PathLike, most: int = LARGEST) -> str:
    """Return the text of a file in UTF-8, with line ends of any kind as line feeds.

    Raises:
        ValueError: It is too large, as for `read_bytes`, or not UTF-8.
    """
    return io.TextIOWrapper(io.BytesIO(read_bytes(path, most)), "utf-8").read()


def sha256(path: str | os.PathLike) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def held(path: Path, seconds: float, refusal: TfnewsError) -> Iterator[None]:
    """Hold a lock that other processes and threads respect; the system frees it after a crash.

    Args:
        path: The lock's file.
        seconds: To wait for it.
        refusal: Raised where another holds it for longer; its kind also where there is a link.
    """
    if path.is_symlink():  # some versions of the library empty the file that it leads to
        raise type(refusal)(f"{_shown(path)} is a link, and no lock is one. Take it away.")
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=seconds)
    except filelock.Timeout:
        raise refusal from None
    try:
        yield
    finally:
        lock.release()


# --- Where a file goes ------------------------------------------------------------------------


def _is_stream(path: Path) -> bool:
    """Tell whether what is written goes on to somebody, rather than into a file of its own."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    for is_kind, name in _KINDS.items():
        if is_kind(mode):
            raise UsageError(f"{_shown(path)} is {name}, which is not written to. Name a file.")
    return not stat.S_ISREG(mode) or _is_open_already(path)


def _is_open_already(path: Path) -> bool:
    """Tell whether a path leads to a file that a process has open, as /dev/stdout does."""
    for _ in range(_MOST_LINKS):
        if _OPEN_FILES.fullmatch(os.path.realpath(path.parent)):
            return True
        if not path.is_symlink():
            return False
        path = path.parent / path.readlink()
    return False


def _shown(path: Path) -> str:
    name = repr(os.fspath(path))
    return name if len(name) <= 200 else f"{name[:199]}…"


@contextlib.contextmanager
def _directly(path: Path, mode: str, options: dict) -> Iterator:
    # Appending keeps what a redirected output holds already; pipes and devices know no other way.
    with path.open(mode.replace("w", "a"), **options) as file:
        yield file


@contextlib.contextmanager
def _beside(path: Path, mode: str, options: dict) -> Iterator:
    place = resolved(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    _sweep(place)
    while True:
        beside = _unused(place)
        # "x" makes a new file, for others as readable as the system's mask lets it be.
        with beside.open(mode.replace("w", "x"), **options) as file, _held_alive(beside) as is_ours:
            if not is_ours:
                continue
            try:
                _copy_rights(place, beside)
                yield file
                file.close()  # Windows renames no file that is open
                beside.replace(place)
            except BaseException:
                with contextlib.suppress(OSError):  # what failed is told, not what did not follow
                    file.close()
                with contextlib.suppress(OSError):
                    beside.unlink(missing_ok=True)
                raise
            return


def _copy_rights(place: Path, beside: Path) -> None:
    with contextlib.suppress(OSError):  # there is none yet, or the disk knows no rights
        beside.chmod(stat.S_IMODE(place.stat().st_mode) & 0o777)


# --- What others have left --------------------------------------------------------------------


def _unused(place: Path) -> Path:
    return place.with_name(f".{place.name}.{secrets.token_hex(8)}")


def _sweep(place: Path) -> None:
    """Remove what was written beside a place by processes that are no more."""
    ours = re.compile(rf"\.{re.escape(place.name)}\.[0-9a-f]{{16}}")
    with contextlib.suppress(OSError):
        for left in [path for path in place.parent.iterdir() if ours.fullmatch(path.name)]:
            with contextlib.suppress(OSError):
                _remove_dead(left)


def _remove_dead(left: Path) -> None:
    mode = left.lstat().st_mode
    if fcntl is None or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return
    number = os.open(left, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if stat.S_ISDIR(mode):
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink()
    finally:
        os.close(number)


@contextlib.contextmanager
def _held_alive(beside: Path) -> Iterator[bool]:
    """Hold the lock by which others see that a file or folder is in use.

    Yields:
        False where another process was faster and takes it for one that was left.
    """
    try:
        number = os.open(beside, os.O_RDONLY) if fcntl else None
    except FileNotFoundError:
        yield False
        return
    if number is None:
        yield True
        return
    try:
        yield _is_locked_by_us(number, beside)
    finally:
        os.close(number)


def _is_locked_by_us(number: int, beside: Path) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # the disk has no locks, so nobody sweeps it
        return True
    return os.path.exists(beside)
