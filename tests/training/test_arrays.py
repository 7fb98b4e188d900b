"""Tests of files of arrays."""

import errno
import tracemalloc
import zipfile

import keras
import numpy as np
import pytest

from tfnews.errors import RunError
from tfnews.training import arrays


@pytest.fixture
def variables():
    """Give variables of several shapes and types."""
    return {
        "table": keras.Variable(np.arange(12.0).reshape(4, 3)),
        "bias": keras.Variable([1.0, 2.0]),
        "steps": keras.Variable(7, dtype="int64"),
        "seed": keras.Variable([3, 4], dtype="uint32"),
    }


@pytest.mark.parametrize("size", [4, 2**26])
def test_numpy_reads_what_is_written_and_it_loads_again(size, variables, tmp_path, monkeypatch):
    monkeypatch.setattr("tfnews.models.variables._BYTES", size)
    path = tmp_path / "a.npz"
    arrays.write(path, {**variables, "state": np.frombuffer(b"abc", np.uint8)})
    with np.load(path, allow_pickle=False) as saved:
        assert saved["state"].tobytes() == b"abc"
        for name, variable in variables.items():
            assert saved[name].dtype == variable.dtype
            np.testing.assert_array_equal(saved[name], variable.numpy())
    expected = {name: variable.numpy() for name, variable in variables.items()}
    for variable in variables.values():
        variable.assign(variable * 0)
    arrays.load(path, variables)
    for name, variable in variables.items():
        np.testing.assert_array_equal(variable.numpy(), expected[name])
    found = arrays.shapes(path)
    assert found == {**{k: tuple(v.shape) for k, v in variables.items()}, "state": (3,)}
    assert [file.name for file in tmp_path.iterdir()] == ["a.npz"]


def test_a_missing_name_and_another_shape_are_refused(variables, tmp_path):
    arrays.write(tmp_path / "a.npz", {"bias": variables["table"]})
    with pytest.raises(KeyError, match="seed"):
        arrays.load(tmp_path / "a.npz", {"seed": variables["seed"]})
    with pytest.raises(ValueError, match=r"Received: \(4, 3\)"):
        arrays.load(tmp_path / "a.npz", {"bias": variables["bias"]})


@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_a_file_cut_off_is_told(part, variables, tmp_path):
    path = tmp_path / "a.npz"
    arrays.write(path, variables)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    with pytest.raises(arrays.UNREADABLE):
        arrays.shapes(path)


def test_a_changed_byte_is_told(variables, tmp_path):
    path = tmp_path / "a.npz"
    arrays.write(path, variables)
    data = bytearray(path.read_bytes())
    where = data.index(np.arange(12.0).tobytes())
    data[where + 20] ^= 1
    path.write_bytes(data)
    with pytest.raises(arrays.UNREADABLE):
        arrays.shapes(path)


def test_a_full_disk_is_told_with_the_next_step(variables, tmp_path, monkeypatch):
    def full(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(arrays.os, "fsync", full)
    with pytest.raises(RunError, match=r"No space left on device. Make room .* fit --resume RUN"):
        arrays.write(tmp_path / "a.npz", variables)
    assert list(tmp_path.iterdir()) == []


def test_pickled_objects_are_never_opened(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, seed=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="not plain numbers"):
        arrays.shapes(path)


def test_compressed_arrays_are_not_unpacked(tmp_path):
    """A megabyte may unpack to a gigabyte: what tfnews writes is never compressed."""
    path = tmp_path / "a.npz"
    np.savez_compressed(path, table=np.zeros(2**22, np.float32))
    assert path.stat().st_size < 2**16
    tracemalloc.start()
    with pytest.raises(ValueError, match="compressed arrays"):
        arrays.shapes(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**20


@pytest.mark.parametrize("kind", [b"',f4'", b"[[]] ", b"[{}] "])
def test_a_type_that_is_none_is_told(tmp_path, kind):
    """NumPy reads types as Python does, and raises what Python raises."""
    path = tmp_path / "a.npz"
    arrays.write(path, {"a": np.zeros(3, np.float32)})
    with zipfile.ZipFile(path) as archive:
        content = archive.read("a.npy")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", content.replace(b"'<f4'", kind))
    with pytest.raises(arrays.UNREADABLE):
        arrays.shapes(path)
