"""The bytes of files, named pipes and standard input, decompressed, and their lines as text."""

import codecs
import contextlib
import functools
import gzip
import io
import itertools
import os
import shutil
import stat
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tfnews.errors import DataError

STANDARD_INPUT = "-"
NOT_UTF8 = "lines that are not UTF-8, read as Windows-1252"

_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UNPACKED = 2**16  # bytes
_PIECE = 2**22  # bytes; a file whose lines end in CR alone is one line to readline
# As browsers read Latin-1: the five bytes that Windows-1252 leaves undefined are C1 controls.
_WINDOWS_1252 = "".join(
    bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256)
)


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
        DataError: It is a damaged gzip file; also while it is read.
    """
    try:
        with contextlib.ExitStack() as stack:
            if is_standard_input(source):
                stream = io.BufferedReader(sys.stdin.buffer)
                stack.callback(stream.detach)  # else the wrapper would close standard input
            else:
                stream = stack.enter_context(open(source, "rb"))
            if stream.peek(2)[:2] == b"\x1f\x8b":
                unpacked = stack.enter_context(gzip.open(stream))
                stream = io.BufferedReader(unpacked, _UNPACKED)
            yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{name_of(source)} is a damaged or cut-off gzip file ({error}). "
            "Fetch or compress it anew."
        ) from error


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


class Lines:
    """The lines of a stream as text, each with its end: CR, LF or both.

    Args:
        stream: What is read; a byte order mark at its start is left out.
        name: What messages call it.
        counts: Tally in which `NOT_UTF8` is counted.

    Attributes:
        last: The line given last.
    """

    def __init__(self, stream: io.BufferedReader, name: str, counts: Counter):
        self.name = name
        self.last = ""
        self._stream = stream
        self._counts = counts

    def __iter__(self) -> Iterator[str]:
        """Yield the lines.

        Raises:
            DataError: They are UTF-16.
        """
        lines = _split(self._stream)
        first = next(lines, b"").removeprefix(codecs.BOM_UTF8)
        _refuse_utf16(self.name, first)
        for line in itertools.chain([first] if first else (), lines):
            self.last = text = decoded(line, self._counts)
            yield text


def decoded(data: bytes, counts: Counter) -> str:
    """Decode one line or value: as UTF-8 or, counted, as Windows-1252, which has every byte."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        counts[NOT_UTF8] += 1
        return codecs.charmap_decode(data, "strict", _WINDOWS_1252)[0]


def _split(stream: io.BufferedReader) -> Iterator[bytes]:
    rest = b""
    for piece in iter(functools.partial(stream.readline, _PIECE), b""):
        if not rest and piece.endswith(b"\n") and piece.find(b"\r", 0, -2) < 0:
            yield piece
            continue
        lines = (rest + piece).splitlines(keepends=True)
        rest = b"" if piece.endswith(b"\n") else lines.pop()  # LF may follow, or more of the line
        yield from lines
    if rest:
        yield rest


def _refuse_utf16(name: str, first: bytes) -> None:
    # Without its mark, UTF-16 still shows by the zeros beside each letter of a Latin script.
    halves = (first[0:4:2], first[1:4:2])
    if first.startswith(_UTF_16_MARKS) or halves.count(b"\0\0") == 1:
        raise DataError(f"{name} is UTF-16. Save it as UTF-8.")
