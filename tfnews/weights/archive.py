"""Unpack archives of unknown origin: nothing leaves the folder, nothing grows beyond a limit."""

import errno
import gzip
import tarfile
import zlib
from pathlib import Path
from typing import BinaryIO

from tfnews.errors import WeightsError

SUFFIXES = (".tar.gz", ".tgz", ".tar")

MOST_BYTES = 16 << 30  # unpacked; the largest published module takes 1 GB
MOST_MEMBERS = 10_000
MOST_TIMES = 100  # the archive's own size, above which it is no module: floats hardly compress
_UNQUESTIONED = 64 << 20  # bytes that any archive may unpack to

_READ = 1 << 20
# What the system says of a name that is too long, or is a file's and a folder's at once.
_NAMES = (errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY)
_GZIP = b"\x1f\x8b"


def unpack(
    archive: Path, out: Path, *, most_bytes: int = MOST_BYTES, most_members: int = MOST_MEMBERS
) -> None:
    """Unpack a tar archive, plain or compressed by gzip, into a folder.

    Args:
        archive: The file.
        out: A new or empty folder. After an error it may hold a part: unpack beside, then rename.
        most_bytes: Most bytes that may come out, headers included; beyond 64 MiB also no more
            than `MOST_TIMES` the archive's size.
        most_members: Most files and folders.

    Raises:
        WeightsError: The archive is damaged, would write outside `out`, holds links or devices,
            or exceeds a limit.
    """
    out.mkdir(parents=True, exist_ok=True)
    most_bytes = min(most_bytes, max(_UNQUESTIONED, MOST_TIMES * archive.stat().st_size))
    try:
        with _open(archive) as stream:
            metered = _Metered(stream, archive, most_bytes)
            with tarfile.open(fileobj=metered, mode="r|") as tar:
                for number, member in enumerate(tar, start=1):
                    _check(archive, member, number, most_bytes - metered.count, most_members)
                    _extract(archive, tar, member, out)
            while metered.read(_READ):  # a tar ends before its stream, whose checksum comes last
                pass
    except tarfile.FilterError as error:
        raise WeightsError(_unsafe(archive, str(error))) from error
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise WeightsError(
            f"{archive} is not a whole .tar.gz archive ({error or type(error).__name__}). It may "
            "have been cut short, or be a web page saved under that name: fetch it again."
        ) from error


def _extract(archive: Path, tar: tarfile.TarFile, member: tarfile.TarInfo, out: Path) -> None:
    try:
        tar.extract(member, out, filter="data")
    except OSError as error:
        if error.errno not in _NAMES:
            raise  # a full disk and the like, for which the archive cannot be blamed
        reason = (
            f"{member.name[-60:]!r} cannot be a file or folder beside the others ({error.strerror})"
        )
        raise WeightsError(_unsafe(archive, reason)) from error


def _open(archive: Path) -> BinaryIO:
    with archive.open("rb") as file:
        compressed = file.read(2) == _GZIP
    return gzip.open(archive) if compressed else archive.open("rb")


class _Metered:
    """A stream that refuses to give more than a number of bytes, whatever its headers claim."""

    def __init__(self, stream: BinaryIO, archive: Path, most: int):
        self.stream = stream
        self.archive = archive
        self.most = most
        self.count = 0

    def read(self, size: int) -> bytes:
        """Read as the stream does, and count."""
        data = self.stream.read(size)
        self.count += len(data)
        if self.count > self.most:
            raise WeightsError(_too_large(self.archive, f"over {self.most:,} bytes"))
        return data


def _check(
    archive: Path, member: tarfile.TarInfo, number: int, left: int, most_members: int
) -> None:
    parts = member.name.replace("\\", "/").split("/")
    if member.name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
        raise WeightsError(_unsafe(archive, f"{member.name!r} leads out of the folder"))
    # Sparse files are refused too: a few bytes of them unpack to any size.
    if not (member.isdir() or member.isfile()) or member.issparse():
        raise WeightsError(_unsafe(archive, f"{member.name!r} is not a plain file or folder"))
    if number > most_members:
        raise WeightsError(_too_large(archive, f"over {most_members:,} files"))
    if member.size > left:
        claim = f"{member.name!r} claims {member.size:,} bytes where {left:,} are left"
        raise WeightsError(_too_large(archive, claim))


def _unsafe(archive: Path, reason: str) -> str:
    return (
        f"{archive} is refused: {reason}. A module's archive holds plain files, all below its own "
        "folder. Do not use this one; fetch it from its maker."
    )


def _too_large(archive: Path, reason: str) -> str:
    return (
        f"{archive} is refused: it unpacks to more than is allowed: {reason}. If it is to be "
        "trusted, unpack it yourself and give the folder: --weights FOLDER"
    )
