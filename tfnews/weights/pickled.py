"""Tensors of a file that torch.save wrote, read without torch and without running its pickle.

torch.save writes a pickle that describes tensors, and the numbers beside it. The pickle is read by
an unpickler that knows four names and refuses every other one before anything is called.
"""

import collections
import contextlib
import math
import os
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from tfnews.errors import WeightsError

PICKLED = "pytorch_model.bin"

# torch's storage classes -> type of their numbers, which are little-endian.
_BFLOAT16 = "bfloat16"
_STORAGES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "BFloat16Storage": _BFLOAT16,
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "|i1",
    "ByteStorage": "|u1",
    "BoolStorage": "|b1",
}

# How files of torch before 1.6 begin: a pickled number.
_LEGACY_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


def check_convertible(folder: str | os.PathLike, out: str | os.PathLike) -> None:
    """Check that a checkpoint can be converted, without TensorFlow.

    Args:
        folder: Holds pytorch_model.bin.
        out: The folder to make.

    Raises:
        WeightsError: There is no such file, or `out` exists.
    """
    if not Path(folder, PICKLED).is_file():
        raise WeightsError(_missing(Path(folder, PICKLED)))
    if Path(out).exists():
        raise WeightsError(f"{out} exists. Name another folder, or remove it first.")


def _missing(path: Path) -> str:
    return f"There is no {path}. Give a folder that holds a {PICKLED}."


def read_pickled(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Read the tensors of a file that torch.save wrote, in its present or its old format.

    Args:
        path: The file.

    Returns:
        Arrays by name; bfloat16 becomes float32.

    Raises:
        WeightsError: The file is missing, damaged, or asks for anything but tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(_missing(path))
    with path.open("rb") as file:
        legacy = file.read(len(_LEGACY_MAGIC)) == _LEGACY_MAGIC
    if not legacy and not zipfile.is_zipfile(path):
        raise WeightsError(
            f"{path} is neither a zip archive nor a pickle of torch.save. Copy it again, or save "
            "it anew with torch: torch.save(model.state_dict(), FILE)."
        )
    with _reading(path):
        return dict(_read_legacy(path) if legacy else _read_zip(path))


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except WeightsError as error:
        raise WeightsError(f"{path} {error}") from error
    # What a damaged pickle raises depends on where the damage is.
    except Exception as error:
        raise WeightsError(
            f"{path} cannot be read: {type(error).__name__}: {error}. Copy it again."
        ) from error


class _Storage(NamedTuple):
    """A run of numbers that lies beside the pickle."""

    key: str
    dtype: str
    size: int


class _Tensor(NamedTuple):
    """A view of a storage; offset and strides count numbers, not bytes."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuild_tensor(storage: _Storage, offset: int, shape: tuple, strides: tuple, *_) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


def _rebuild_parameter(tensor: _Tensor, *_) -> _Tensor:
    return tensor


_ALLOWED = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    **{("torch", name): dtype for name, dtype in _STORAGES.items()},
}


class _Unpickler(pickle.Unpickler):
    """Builds descriptions of tensors; knows the names of `_ALLOWED` and no other."""

    def find_class(self, module: str, name: str) -> object:
        """Return what stands for a name, or refuse it."""
        if (module, name) not in _ALLOWED:
            raise WeightsError(
                f"holds {module}.{name}, which is not a tensor, and was not executed. "
                f"Allowed: {', '.join('.'.join(known) for known in _ALLOWED)}. If you trust its "
                "maker, save it anew with torch: torch.save(model.state_dict(), FILE)."
            )
        return _ALLOWED[module, name]

    def persistent_load(self, reference: tuple) -> _Storage:
        """Return the description of a storage."""
        kind, dtype, key, _, size, *view = reference
        known = kind == "storage" and dtype in _STORAGES.values() and not any(view)
        if not known or not isinstance(key, str) or not _counts((size,)):
            raise WeightsError(f"describes its numbers in an unknown way: {reference!r:.200}.")
        return _Storage(key, dtype, size)


def _read_zip(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    with zipfile.ZipFile(path) as archive:
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise WeightsError("is compressed, which torch.save never does.")
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise WeightsError(f"must hold one data.pkl. Received: {len(pickles)}.")
        root = pickles[0].removesuffix("data.pkl")
        if f"{root}byteorder" in archive.namelist():
            _check_byteorder(archive.read(f"{root}byteorder").decode())
        with archive.open(pickles[0]) as file:
            tensors = _described(_Unpickler(file).load())
        for name, tensor in tensors.items():
            yield name, _array(tensor, archive.read(f"{root}data/{tensor.storage.key}"))


def _read_legacy(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    with path.open("rb") as file:
        _magic, _version, system = (_Unpickler(file).load() for _ in range(3))
        _check_byteorder("little" if system["little_endian"] else "big")
        tensors = _described(_Unpickler(file).load())
        keys = _Unpickler(file).load()
        storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
        numbers = {key: _next_storage(file, storages[key]) for key in keys}
    for name, tensor in tensors.items():
        yield name, _array(tensor, numbers[tensor.storage.key])


def _next_storage(file: BinaryIO, storage: _Storage) -> bytes:
    """Read a storage's size, eight bytes, and its numbers."""
    size = int.from_bytes(file.read(8), "little")
    if size != storage.size:
        raise WeightsError(f"holds {size:,} numbers where {storage.size:,} are described.")
    return file.read(size * _number(storage).itemsize)


def _check_byteorder(found: str) -> None:
    if found != "little":
        raise WeightsError(f"must be little-endian. Received: {found!r}.")


def _described(content: object) -> dict[str, _Tensor]:
    """Check that the pickle holds tensors by name."""
    if not isinstance(content, dict):
        raise WeightsError(f"must hold tensors by name. Received: {type(content).__name__}.")
    for name, tensor in content.items():
        if not isinstance(name, str) or not isinstance(tensor, _Tensor):
            raise WeightsError(
                f"must hold tensors by name only. Received: {type(tensor).__name__} under "
                f"{name!r:.80}. Save the weights alone: torch.save(model.state_dict(), FILE)."
            )
    return content


def _number(storage: _Storage) -> np.dtype:
    return np.dtype("<u2" if storage.dtype == _BFLOAT16 else storage.dtype)


def _counts(numbers: object) -> bool:
    """Tell whether these are whole numbers from 0 on."""
    return isinstance(numbers, tuple) and all(type(n) is int and n >= 0 for n in numbers)


def _array(tensor: _Tensor, data: bytes) -> np.ndarray:
    """Copy a view out of its storage's bytes, within which it must lie."""
    storage, offset, shape, strides = tensor
    flat = np.frombuffer(data, _number(storage))
    known = isinstance(storage, _Storage) and _counts((offset,)) and _counts(shape)
    if not known or not _counts(strides) or len(shape) != len(strides):
        raise WeightsError(f"describes a tensor in an unknown way: {tensor!r:.200}.")
    size = math.prod(shape)
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if flat.size != storage.size or size > flat.size or (size and last >= flat.size):
        raise WeightsError(f"describes a tensor that reaches outside its numbers: {tensor!r:.200}.")
    steps = [step * flat.itemsize for step in strides]
    array = np.lib.stride_tricks.as_strided(flat[offset:], shape, steps).copy()
    if storage.dtype == _BFLOAT16:  # the upper half of a float32
        array = (array.astype("<u4") << 16).view("<f4")
    return array
