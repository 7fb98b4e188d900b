"""Tensors of a file that torch.save wrote, read without torch and without running its pickle.

torch.save writes a pickle that describes tensors, and the numbers beside it. The pickle is read by
an unpickler that knows four names and refuses every other one before anything is called.
"""

import collections
import contextlib
import io
import math
import os
import pickle
import reprlib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, ClassVar, NamedTuple

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

_told = reprlib.Repr()
_told.maxlevel, _told.maxtuple, _told.maxother = 2, 4, 60
_MOST_SHARED = 4  # times the file's size that tensors may come to which share their numbers
_MOST_DIMENSIONS = 8

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
            f"{path} cannot be read: {type(error).__name__} ({str(error)[:100]}). Copy it again."
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


def _empty_dict() -> collections.OrderedDict:
    return collections.OrderedDict()  # of no arguments: made of pairs it would hash their keys


_ALLOWED = {
    ("collections", "OrderedDict"): _empty_dict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    **{("torch", name): dtype for name, dtype in _STORAGES.items()},
}


class _Unpickler(pickle._Unpickler):
    """Builds descriptions of tensors; knows the names of `_ALLOWED` and no other.

    Python's own unpickler written in Python, since a key must be looked at before it is hashed: a
    tuple of tuples that a few hundred bytes nest would be hashed for years.
    """

    dispatch: ClassVar = dict(pickle._Unpickler.dispatch)

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
            raise WeightsError(f"describes its numbers in an unknown way: {_told.repr(reference)}.")
        return _Storage(key, dtype, size)

    def _load_dict(self) -> None:
        _check_keys(self.stack[::2])
        self.load_dict()

    def _load_item(self) -> None:
        _check_keys(self.stack[-2:-1])
        self.load_setitem()

    def _load_items(self) -> None:
        _check_keys(self.stack[::2])
        self.load_setitems()

    def _load_state(self) -> None:
        """Drop what torch notes of a dictionary's versions."""
        self.stack.pop()

    def _refuse_set(self) -> None:
        raise WeightsError("holds a set, which is no tensor. " + _ANEW)

    dispatch[pickle.DICT[0]] = _load_dict
    dispatch[pickle.SETITEM[0]] = _load_item
    dispatch[pickle.SETITEMS[0]] = _load_items
    dispatch[pickle.BUILD[0]] = _load_state
    dispatch[pickle.ADDITEMS[0]] = dispatch[pickle.FROZENSET[0]] = _refuse_set


_ANEW = "Save the weights alone: torch.save(model.state_dict(), FILE)."


def _check_keys(keys: Iterable[object]) -> None:
    for key in keys:
        if not isinstance(key, str):
            raise WeightsError(
                f"must hold tensors by name only. Received: {_told.repr(key)} for a name. {_ANEW}"
            )


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
        described = io.BytesIO(archive.read(pickles[0]))  # which gives no more than it has
        tensors = _described(_Unpickler(described).load(), path)
        for name, tensor in tensors.items():
            yield name, _array(tensor, archive.read(f"{root}data/{tensor.storage.key}"))


def _read_legacy(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    with path.open("rb") as file:
        _magic, _version, system = (_Unpickler(file).load() for _ in range(3))
        _check_byteorder("little" if system["little_endian"] else "big")
        tensors = _described(_Unpickler(file).load(), path)
        keys = _Unpickler(file).load()
        _check_keys(keys)
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


def _described(content: object, path: Path) -> dict[str, _Tensor]:
    """Check that the pickle holds tensors by name, of sizes that a file like this can have."""
    if not isinstance(content, dict):
        raise WeightsError(f"must hold tensors by name. Received: {type(content).__name__}.")
    for name, tensor in content.items():
        if not isinstance(name, str) or not isinstance(tensor, _Tensor):
            raise WeightsError(
                f"must hold tensors by name only. Received: {type(tensor).__name__} under "
                f"{_told.repr(name)}. {_ANEW}"
            )
    tensors = content.values()
    for tensor in tensors:
        _check_tensor(tensor)
    storages = {tensor.storage for tensor in tensors}
    told = sum(storage.size * _number(storage).itemsize for storage in storages)
    wanted = sum(math.prod(one.shape) * _number(one.storage).itemsize for one in tensors)
    most = path.stat().st_size
    if told > most or wanted > _MOST_SHARED * most:
        raise WeightsError(
            f"describes {max(told, wanted):,} bytes of numbers and has {most:,} bytes in all. "
            "Do not use it; fetch it from its maker."
        )
    return content


def _check_tensor(tensor: _Tensor) -> None:
    storage, offset, shape, strides = tensor
    known = isinstance(storage, _Storage) and _counts((offset,)) and _counts(shape)
    if not known or not _counts(strides) or len(shape) != len(strides):
        raise WeightsError(f"describes a tensor in an unknown way: {_told.repr(tensor)}.")


def _number(storage: _Storage) -> np.dtype:
    return np.dtype("<u2" if storage.dtype == _BFLOAT16 else storage.dtype)


def _counts(numbers: object) -> bool:
    """Tell whether these are whole numbers from 0 on."""
    few = isinstance(numbers, tuple) and len(numbers) <= _MOST_DIMENSIONS
    return few and all(type(n) is int and 0 <= n < 2**63 for n in numbers)


def _array(tensor: _Tensor, data: bytes) -> np.ndarray:
    """Copy a view out of its storage's bytes, within which it must lie."""
    storage, offset, shape, strides = tensor
    flat = np.frombuffer(data, _number(storage))
    size = math.prod(shape)
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if flat.size != storage.size or size > flat.size or (size and last >= flat.size):
        raise WeightsError(
            f"describes a tensor that reaches outside its numbers: {_told.repr(tensor)}."
        )
    steps = [step * flat.itemsize for step in strides]
    array = np.lib.stride_tricks.as_strided(flat[offset:], shape, steps).copy()
    if storage.dtype == _BFLOAT16:  # the upper half of a float32
        array = (array.astype("<u4") << 16).view("<f4")
    return array
