"""A checkpoint whose weights are a pickle, made one of safetensors."""

import os
import pickle
import shutil
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from tests.weights.pickles import Name, pickled, write
from tfnews.errors import WeightsError
from tfnews.models.transformer.checkpoint import read_checkpoint
from tfnews.models.transformer.convert import convert

FIXTURE = Path(__file__).parents[1] / "fixtures" / "tinybert"


@pytest.fixture
def folder(tmp_path):
    """Give a checkpoint that has its weights as a pickle only."""
    copy = Path(shutil.copytree(FIXTURE, tmp_path / "checkpoint"))
    (copy / "model.safetensors").unlink()
    return copy


@pytest.mark.parametrize("name", ["pytorch_model.bin", "legacy.bin"])
def test_a_converted_checkpoint_is_the_same(folder, tmp_path, name):
    if name == "legacy.bin":
        shutil.copy(folder / name, folder / "pytorch_model.bin")
    assert convert(folder, tmp_path / "out") == tmp_path / "out"
    found, expected = read_checkpoint(tmp_path / "out"), read_checkpoint(FIXTURE)
    for ours, theirs in zip(
        found.encoder.get_weights(), expected.encoder.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    names = {"config.json", "model.safetensors", "vocab.txt"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint", "out"]


def test_a_malicious_pickle_is_not_executed(folder, tmp_path, monkeypatch):
    """The same files do execute under Python's own unpickler: the test would notice."""
    called = []
    trap = types.ModuleType("trap")
    trap.spring = called.append
    monkeypatch.setitem(sys.modules, "trap", trap)
    harmful = pickled({"x": Name("trap", "spring")("sprung")})
    pickle.loads(harmful)
    assert called == ["sprung"]

    legacy = b"".join(pickled(n) for n in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}))
    for content in (legacy + harmful, harmful):
        (folder / "pytorch_model.bin").write_bytes(content)
        with pytest.raises(WeightsError):
            convert(folder, tmp_path / "out")
    write(folder / "pytorch_model.bin", {"x": Name("trap", "spring")("sprung")})
    with pytest.raises(WeightsError, match=r"trap\.spring"):
        convert(folder, tmp_path / "out")
    assert called == ["sprung"]
    assert not (tmp_path / "out").exists()


def test_what_exists_is_kept(folder, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(WeightsError, match=r"exists. Name another folder"):
        convert(folder, out)
    assert list(out.iterdir()) == []


def test_a_checkpoint_that_cannot_be_read_is_not_written(folder, tmp_path):
    (folder / "config.json").unlink()
    with pytest.raises(WeightsError, match=r"holds no config\.json"):
        convert(folder, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


def test_the_new_file_is_as_readable_as_the_old(folder, tmp_path):
    os.chmod(folder / "pytorch_model.bin", 0o644)
    convert(folder, tmp_path / "out")
    assert (tmp_path / "out" / "model.safetensors").stat().st_mode & 0o777 == 0o644
