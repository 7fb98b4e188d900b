"""pytorch_model.bin: the tensors of torch.save are read, and nothing else is.

The fixtures pytorch_model.bin and legacy.bin were saved by PyTorch.
"""

import collections
import pickle
import signal
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
        ({1: tensor()}, "Received: 1 for a name"),
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


# Bombs: a few hundred bytes that ask for years or for all memory


def nested(depth):
    """Pickle a tuple of one tuple twice, and so on: its parts are shared, all ways through not."""
    return (
        pickle.PROTO + b"\x02" + pickle.UNICODE + b"a\n" + pickle.TUPLE1
        + (pickle.DUP + pickle.TUPLE2) * depth
    )  # fmt: skip


def zipped(path, data):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", data)
    return path


DEEP = 60  # all ways through are 2**60


@pytest.fixture
def ends():
    """Fail a test that would not end; Python's repr looks for the alarm in C, too."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def too_long(*_):
        raise AssertionError("it goes through all ways")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (nested(DEEP) + pickle.BINPERSID + b".", "unpack|unknown way"),
        (nested(DEEP) + b".", "must hold tensors by name. Received: tuple"),
        (b"}" + nested(DEEP) + b"Ns.", "by name only. Received: .* for a name"),
        (b"}(" + nested(DEEP) + b"Nu.", "by name only. Received: .* for a name"),
        (b"(" + nested(DEEP) + b"Nd.", "by name only. Received: .* for a name"),
        (b"\x8f(" + nested(DEEP) + b"\x90.", "holds a set"),
        (b"(" + nested(DEEP) + b"\x91.", "holds a set"),
        (b"}Va\n" + nested(DEEP) + b"s.", "Received: tuple under 'a'"),
        (
            b"ccollections\nOrderedDict\n](" + nested(DEEP) + b"N\x86e\x85R.",
            "cannot be read: TypeError",
        ),
        (b"}Va\nL" + b"9" * 5000 + b"L\ns.", "cannot be read|Received: int"),
        (b"}\x8d" + b"\xff" * 7 + b"\x0f" + b"a.", "cannot be read"),
        (b"(" * 50_000 + b"t" * 49_999 + b".", "must hold tensors|cannot be read"),
    ],
)
@pytest.mark.usefixtures("ends")
def test_a_pickle_that_nests_for_ever_is_refused_at_once(tmp_path, data, message):
    with pytest.raises(WeightsError, match=message) as raised:
        read_pickled(zipped(tmp_path / "a.bin", data))
    assert len(str(raised.value)) < 500 + len(str(tmp_path))


@pytest.mark.usefixtures("ends")
def test_a_reference_of_the_right_length_is_looked_at_before_it_is_told(tmp_path):
    parts = (nested(DEEP),) * 5
    data = b"(" + b"".join(parts) + b"tQ."
    with pytest.raises(WeightsError, match="describes its numbers in an unknown way"):
        read_pickled(zipped(tmp_path / "a.bin", data))


def test_tensors_that_share_their_numbers_too_often_are_refused(tmp_path):
    """2,000 tensors over one storage of 8 MB once asked for 16 GB."""
    one = {"shape": (2**17,), "strides": (1,), "size": 2**17}
    content = {f"t{n}": tensor(**one) for n in range(2000)}
    path = write(tmp_path / "a.bin", content, np.zeros(2**17, "<f4"))
    with pytest.raises(WeightsError, match=r"describes 1,048,576,000 bytes of numbers and has"):
        read_pickled(path)


@pytest.mark.parametrize("size", [2**40, 2**62, 2**80])
def test_numbers_that_the_file_cannot_hold_are_refused(tmp_path, size):
    one = tensor(shape=(size,), strides=(1,), size=size)
    with pytest.raises(WeightsError, match="describes"):
        read_pickled(write(tmp_path / "a.bin", {"a": one}))
