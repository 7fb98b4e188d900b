"""Files on a disk that all workers share, or at addresses that Beam knows, such as gs://.

What is written on a disk is written beside and renamed; an object at an address is seen once it is
whole.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tfnews.data.text import shown
from tfnews.errors import DataError, UsageError
from tfnews.files import read_text, sha256

if TYPE_CHECKING:
    from apache_beam.io.filesystem import FileMetadata
    from apache_beam.options.pipeline_options import PipelineOptions


def is_address(path: str) -> bool:
    """Tell whether a path is an address rather than a place on a disk."""
    return "://" in path


def use(options: "PipelineOptions") -> None:
    """Reach addresses by an engine's options, such as the host of hdfs://."""
    from apache_beam.io.filesystems import FileSystems

    FileSystems.set_options(options)


def absolute(path: str) -> str:
    """Return a place as every worker finds it."""
    return path.rstrip("/") if is_address(path) else os.path.abspath(path)


def joined(folder: str, name: str) -> str:
    """Return the place of what is in a folder."""
    return f"{folder}/{name}" if is_address(folder) else os.path.join(folder, name)


@contextlib.contextmanager
def reached(path: str) -> Iterator[None]:
    """Tell a user why an address cannot be reached. Workers have Beam try again instead.

    Raises:
        UsageError: Beam knows no such addresses, or a library for them is missing.
        DataError: There is no right, no network, or nothing.
    """
    if not is_address(path):
        yield
        return
    from apache_beam.io.filesystem import BeamIOError

    try:
        yield
    except ValueError as error:
        kind = shown(path.partition("://")[0], 20)
        raise UsageError(
            f"{shown(path, 150)} cannot be reached: Beam has no library for {kind}:// here. "
            "Install the one that it needs, such as pip install 'apache-beam[gcp]' for gs://."
        ) from error
    except (BeamIOError, OSError, ImportError) as error:
        raise DataError(
            f"{shown(path, 150)} cannot be reached: {shown(str(error), 150)}. Check the address "
            "and your right to it."
        ) from error


@contextlib.contextmanager
def local(path: str) -> Iterator[str]:
    """Give a file on a disk: itself, or a copy of the same name that goes with the block."""
    if not is_address(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, os.path.basename(path))
        with _opened(path) as source, open(copy, "wb") as target:
            shutil.copyfileobj(source, target)
        yield copy


@contextlib.contextmanager
def written(path: str) -> Iterator[Path]:
    """Give a path to write a file to, which is at its place once the block succeeds."""
    if not is_address(path):
        yield Path(path)
        return
    from apache_beam.io.filesystems import FileSystems

    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, os.path.basename(path))
        yield made
        with made.open("rb") as source, FileSystems.create(path, **_as_it_is()) as target:
            shutil.copyfileobj(source, target)


def text(path: str) -> str | None:
    """Return what a file of UTF-8 holds, None where there is none."""
    if not is_address(path):
        return read_text(path) if os.path.exists(path) else None
    if not exists(path):
        return None
    with _opened(path) as source:
        return source.read().decode("utf-8")


def exists(path: str) -> bool:
    """Tell whether there is a file."""
    if not is_address(path):
        return os.path.exists(path)
    from apache_beam.io.filesystems import FileSystems

    return FileSystems.exists(path)


def names(folder: str, pattern: str = "*") -> list[str]:
    """Return the names of files in a folder that match a pattern, sorted."""
    if not is_address(folder):
        return sorted(path.name for path in Path(folder).glob(pattern))
    return sorted(os.path.basename(one.path) for one in _matched(f"{folder}/{pattern}"))


def addresses(pattern: str) -> list[str]:
    """Return the addresses of the files that a pattern names, sorted."""
    return sorted(one.path for one in _matched(pattern))


def remove(path: str) -> None:
    """Take a file away, if there is one."""
    if not is_address(path):
        Path(path).unlink(missing_ok=True)
    elif exists(path):
        from apache_beam.io.filesystems import FileSystems

        FileSystems.delete([path])


def size(path: str) -> int:
    """Return the bytes of a file."""
    if not is_address(path):
        return os.path.getsize(path)
    from apache_beam.io.filesystems import FileSystems

    return FileSystems.get_filesystem(path).size(path)


def digest(path: str) -> str:
    """Return what tells a file from another: its SHA-256, or the checksum that its store keeps."""
    if not is_address(path):
        return sha256(path)
    from apache_beam.io.filesystems import FileSystems

    return str(FileSystems.checksum(path))


def _matched(pattern: str) -> "list[FileMetadata]":
    from apache_beam.io.filesystems import FileSystems

    return FileSystems.match([pattern])[0].metadata_list


def _opened(path: str) -> contextlib.AbstractContextManager:
    from apache_beam.io.filesystems import FileSystems

    return FileSystems.open(path, **_as_it_is())


def _as_it_is() -> dict[str, str]:
    """Have Beam neither pack nor unpack a file by its name."""
    from apache_beam.io.filesystem import CompressionTypes

    return {"compression_type": CompressionTypes.UNCOMPRESSED}
