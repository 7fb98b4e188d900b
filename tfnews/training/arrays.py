"""Arrays in one npz file, written and read piece by piece: a copy of all may not fit in memory."""

import lzma
import math
import os
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import keras
import numpy as np

from tfnews.errors import RunError
from tfnews.files import replacing
from tfnews.models.variables import fill, pieces

# What a file raises that was cut off or damaged, or that holds pickled objects.
UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, tokenize.TokenError),
    *(EOFError, OSError, RuntimeError, ValueError, SyntaxError),
    *(TypeError, LookupError, AttributeError, ArithmeticError),
)


def write(path: Path, values: Mapping[str, np.ndarray | keras.Variable]) -> None:
    """Write arrays and the values of variables beside a file, then rename it into place.

    Args:
        path: The file.
        values: By name, of any shape, () for a number.

    Raises:
        RunError: The disk is full, or the like.
    """
    try:
        with replacing(path, "wb") as file:
            with zipfile.ZipFile(file, "w") as archive:
                for name, value in values.items():
                    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                        _write_one(member, value)
            file.flush()
            os.fsync(file.fileno())  # or a power cut could leave the new name with no content
    except OSError as error:
        raise RunError(
            f"The state of the fit could not be written to {path}: {error.strerror or error}. "
            "Make room there, then go on with: tfnews fit --resume RUN"
        ) from error


def load(path: Path, variables: Mapping[str, keras.Variable]) -> None:
    """Set variables from the arrays of their names.

    Raises:
        ValueError: An array has another shape than its variable.
        KeyError: There is none of that name.
    """
    with zipfile.ZipFile(path) as archive:
        for name, variable in variables.items():
            with archive.open(f"{name}.npy") as member:
                fill(variable, _StoredRows(member))


def shapes(path: Path) -> dict[str, tuple]:
    """Read all of a file and return the shapes of its arrays.

    Raises:
        Any of `UNREADABLE`: It is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        if any(one.compress_type != zipfile.ZIP_STORED for one in archive.infolist()):
            raise ValueError("compressed arrays, which may be of any size")
        return {name.removesuffix(".npy"): _shape(archive, name) for name in archive.namelist()}


class _StoredRows:
    """An array in a file, of which rows are read in their order."""

    def __init__(self, file: BinaryIO):
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise ValueError(f"An array in format {version}, where (1, 0) is written")
        self.shape, fortran, self.dtype = np.lib.format.read_array_header_1_0(file)
        if fortran or self.dtype.hasobject:
            raise ValueError(f"An array of {self.dtype} that is not plain numbers in rows")
        self.file = file

    def __getitem__(self, rows: slice | tuple) -> np.ndarray:
        count = rows.stop - rows.start if isinstance(rows, slice) else None
        shape = self.shape if count is None else (count, *self.shape[1:])
        data = self.file.read(math.prod(shape) * self.dtype.itemsize)
        return np.frombuffer(data, self.dtype).reshape(shape)


def _write_one(file: BinaryIO, variable: np.ndarray | keras.Variable) -> None:
    if isinstance(variable, np.ndarray):
        np.lib.format.write_array(file, variable, allow_pickle=False)
        return
    described = np.dtype(variable.dtype).str
    header = {"descr": described, "fortran_order": False, "shape": tuple(variable.shape)}
    np.lib.format.write_array_header_1_0(file, header)
    for piece in pieces(variable):
        file.write(piece.tobytes())


def _shape(archive: zipfile.ZipFile, name: str) -> tuple:
    """Return an array's shape, after its bytes were read and their checksum was compared."""
    with archive.open(name) as member:
        shape = _StoredRows(member).shape
        while member.read(2**24):
            pass
        return shape
