"""The bytes of files, named pipes and standard input, decompressed."""

import contextlib
import functools
import gzip
import io
import os
import shutil
import stat
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tfnews.data.text import shown
from tfnews.errors import DataError

STANDARD_INPUT = "-"
BLOCK = 2**16  # bytes read at once; more leave a processor's nearest memory

_HEAD = 2**14  # bytes that tell what a file is and how it is encoded


def is_standard_input(source: object) -> bool:
    """Tell whether `source` is "-"."""
    return source == STANDARD_INPUT


def is_readable(source: str | os.PathLike) -> bool:
    """Tell whether `source` is a file or a pipe with a name, as a shell's `<(command)` is."""
    try:
        kind = os.stat(source).st_mode
    except (OSError, ValueError):  # not there, or no name that a file can have
        return False
    return stat.S_ISREG(kind) or stat.S_ISFIFO(kind)


def name_of(source: str | os.PathLike) -> str:
    """Return what messages call a source: its file name, or "standard input"."""
    return "standard input" if is_standard_input(source) else Path(source).name


@contextlib.contextmanager
def opened(source: str | os.PathLike) -> Iterator[io.BufferedReader]:
    """Open a source as bytes, decompressed if its first two bytes say gzip.

    Raises:
        DataError: It may not or cannot be read, or is a damaged gzip file; also while it is read.
    """
    try:
        with contextlib.ExitStack() as stack:
            if is_standard_input(source):
                stream = io.BufferedReader(sys.stdin.buffer)
                stack.callback(stream.detach)  # else the wrapper would close standard input
            else:
                stream = stack.enter_context(open(source, "rb", buffering=BLOCK))
            if stream.peek(2)[:2] == b"\x1f\x8b":
                unpacked = stack.enter_context(gzip.open(stream))
                stream = io.BufferedReader(unpacked, BLOCK)
            yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{name_of(source)} is a damaged or cut-off gzip file ({shown(str(error))}). "
            "Fetch or compress it anew."
        ) from error
    except OSError as error:
        raise DataError(
            f"{shown(str(source))} cannot be read: {error.strerror or error}. Check its path and "
            "your right to read it, or copy it to another disk."
        ) from error


def head(stream: io.BufferedReader) -> tuple[bytes, io.BufferedReader]:
    """Return the first 16 kB of a stream and a stream that begins with them again."""
    first = stream.peek(_HEAD)[:_HEAD]
    if len(first) == _HEAD:
        return first, stream
    # A pipe shows what it holds at the moment, which may be a single byte.
    read = functools.partial(stream.read1, _HEAD)
    pieces, size = [], 0
    while size < _HEAD and (piece := read()):
        pieces.append(piece)
        size += len(piece)
    first = b"".join(pieces)
    return first[:_HEAD], io.BufferedReader(_Again(first, stream), BLOCK)


class _Again(io.RawIOBase):
    """What was read of a stream, and then the rest of it."""

    def __init__(self, first: bytes, rest: io.BufferedReader):
        self._first = first
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        data = self._first[: len(buffer)] or self._rest.read1(len(buffer))
        self._first = self._first[len(data) :]
        buffer[: len(data)] = data
        return len(data)


@contextlib.contextmanager
def seekable(stream: io.BufferedReader) -> Iterator[BinaryIO]:
    """Put a pipe, or what comes out of gzip, on the disk, where it can be read from its end."""
    if stream.seekable() and not isinstance(stream.raw, gzip.GzipFile):
        yield stream
        return
    with tempfile.TemporaryFile() as spool:
        shutil.copyfileobj(stream, spool)
        spool.seek(0)
        yield spool
