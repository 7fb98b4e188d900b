"""pytorch_model.bin: the tensors of torch.save are read, and nothing else is.

The fixtures pytorch_model.bin and legacy.bin were saved by PyTorch.
"""

import collections
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.weights.pickles import NUMBERS, Name, tensor, write
from tfnews.errors import WeightsError
from tfnews.weights.pickled import read_pickled

FIXTURE = Path(__file__).parents[1] / "models" / "fixtures" / "tinybert"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pytorch_model.bin"


@pytest.mark.parametrize("name", ["pytorch_model.bin", "legacy.bin"])
def test_both_formats_of_pytorch(name):
    expected = load_file(FIXTURE / "model.safetensors")
    found = read_pickled(FIXTURE / name)
    assert set(expected) <= set(found)
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value)


def test_torch_is_not_needed():
    assert "torch" not in sys.modules


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, NUMBERS.reshape(3, 4)),
        ({"shape": (4, 3), "strides": (1, 4)}, NUMBERS.reshape(3, 4).T),
        ({"offset": 5, "shape": (2,), "strides": (3,)}, NUMBERS[[5, 8]]),
        ({"offset": 7, "shape": (), "strides": ()}, NUMBERS[7]),
        ({"shape": (0, 4), "strides": (4, 1)}, np.zeros((0, 4))),
    ],
)
def test_views(path, arguments, expected):
    found = read_pickled(write(path, {"x": tensor(**arguments)}))["x"]
    np.testing.assert_array_equal(found, expected)
    assert found.flags.c_contiguous
    assert found.base is None


@pytest.mark.parametrize(
    ("storage", "dtype"),
    [("HalfStorage", "f2"), ("DoubleStorage", "f8"), ("LongStorage", "i8"), ("BoolStorage", "?")],
)
def test_kinds_of_numbers(path, storage, dtype):
    numbers = (NUMBERS % 2).astype(dtype)
    content = {"x": tensor(storage=Name("torch", storage))}
    found = read_pickled(write(path, content, numbers))["x"]
    assert found.dtype == dtype
    np.testing.assert_array_equal(found.ravel(), numbers)


def test_bfloat16_becomes_float32(path):
    upper_half = (NUMBERS.view("<u4") >> 16).astype("<u2")
    content = {"x": tensor(storage=Name("torch", "BFloat16Storage"))}
    found = read_pickled(write(path, content, upper_half))["x"]
    assert found.dtype == "float32"
    np.testing.assert_array_equal(found.ravel(), NUMBERS)


def test_parameters_and_shared_numbers(path):
    parameter = Name("torch._utils", "_rebuild_parameter")
    content = {"x": parameter(tensor(), True, collections.OrderedDict()), "y": tensor()}
    found = read_pickled(write(path, content))
    np.testing.assert_array_equal(found["x"], found["y"])


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("posix", "system"),
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("__builtin__", "exec"),
        ("subprocess", "Popen"),
        ("torch", "load"),
        ("torch.serialization", "load"),
        ("torch._utils", "_rebuild_device_tensor_from_numpy"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("collections", "OrderedDict.__reduce__"),
        ("tfnews.runs", "os.system"),
    ],
)
def test_any_other_name_is_refused_by_name(path, module, name):
    content = {"x": Name(module, name)("touch executed")}
    with pytest.raises(WeightsError, match=f"holds {module}.{name}, .* was not executed"):
        read_pickled(write(path, content))


@pytest.mark.parametrize(
    "arguments",
    [
        {"offset": 1},
        {"offset": -1},
        {"shape": (4, 4)},
        {"shape": (12,), "strides": (2,)},
        {"shape": (2,), "strides": (-1,)},
        {"shape": (10**12,), "strides": (0,)},
        {"shape": (3, 4), "strides": (1,)},
        {"shape": "ab", "strides": (1, 1)},
        {"shape": (3.0, 4), "strides": (4, 1)},
        {"size": 13},
        {"size": -1},
        {"key": 0},
        {"kind": "other"},
        {"storage": "<f4 of no kind"},
        {"storage": Name("collections", "OrderedDict")},
    ],
)
def test_a_tensor_outside_its_numbers_or_of_no_known_kind(path, arguments):
    with pytest.raises(WeightsError, match=str(path)):
        read_pickled(write(path, {"x": tensor(**arguments)}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([tensor()], "must hold tensors by name. Received: list"),
        ({"model": {"x": tensor()}, "epoch": 3}, "Received: dict under 'model'"),
        ({"x": tensor(), "epoch": 3}, "Received: int under 'epoch'"),
        ({1: tensor()}, "Received: _Tensor under 1"),
    ],
)
def test_more_than_tensors(path, content, message):
    with pytest.raises(WeightsError, match=message):
        read_pickled(write(path, content))


def test_files_of_another_kind(path, tmp_path):
    with pytest.raises(WeightsError, match="There is no"):
        read_pickled(path)
    path.write_bytes(b"tensors")
    with pytest.raises(WeightsError, match=r"neither a zip archive nor a pickle of torch.save"):
        read_pickled(path)
    write(path, {"x": tensor()}, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(WeightsError, match="is compressed"):
        read_pickled(path)
    write(path, {"x": tensor()}, extra=[("model/byteorder", "big")])
    with pytest.raises(WeightsError, match=r"must be little-endian. Received: 'big'"):
        read_pickled(path)
    write(path, {"x": tensor()}, extra=[("other/data.pkl", b"")])
    with pytest.raises(WeightsError, match=r"must hold one data.pkl. Received: 2"):
        read_pickled(path)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "legacy.bin"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_file_cut_short(path, name, part):
    whole = (FIXTURE / name).read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(WeightsError, match=str(path)):
        read_pickled(path)
