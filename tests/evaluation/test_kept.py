import json

import pytest

from tests import tiny
from tfnews.evaluation.kept import kept


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("splits"), articles=60)


@pytest.fixture
def make():
    """Give a function that counts its calls."""

    def make():
        make.calls += 1
        return {"scores": [0.1, 1 / 3], "pair": (1, 2)}

    make.calls = 0
    return make


EXPECTED = {"scores": [0.1, 1 / 3], "pair": [1, 2]}


def test_it_is_made_once_and_given_back_as_it_was(splits, make, tmp_path):
    found = [kept(tmp_path, "thing", splits, make, seed=0) for _ in range(3)]
    assert found == [EXPECTED] * 3
    assert make.calls == 1
    (path,) = (tmp_path / ".kept").iterdir()
    assert path.name.startswith("thing-")


def test_whatever_decides_it_decides_the_entry(splits, make, tmp_path, monkeypatch):
    others = tiny.splits(tmp_path / "others", articles=60, name="others")
    kept(tmp_path, "thing", splits, make, seed=0)
    kept(tmp_path, "thing", splits, make, seed=1)
    kept(tmp_path, "other", splits, make, seed=0)
    kept(tmp_path, "thing", others, make, seed=0)  # the same texts under another name
    monkeypatch.setattr("tfnews.evaluation.kept.version", lambda package: "7.0")
    kept(tmp_path, "thing", splits, make, seed=0)
    assert make.calls == 5


def test_each_of_the_three_files_decides(splits, make, tmp_path, monkeypatch):
    kept(tmp_path, "thing", splits, make)
    digest = type(splits).digest
    for changed in ("train", "validation", "test"):
        monkeypatch.setattr(
            type(splits),
            "digest",
            lambda self, part, changed=changed: digest(self, part) + "x" * (part == changed),
        )
        kept(tmp_path, "thing", splits, make)
    assert make.calls == 4


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", "null", '{"decides": 1}', "number", "[" * 200_000]
)
def test_a_damaged_entry_is_made_again(splits, make, tmp_path, damage):
    kept(tmp_path, "thing", splits, make)
    (path,) = (tmp_path / ".kept").iterdir()
    whole = path.read_text()
    path.write_text(whole.replace("0.333", "0.334") if damage == "number" else damage)
    assert kept(tmp_path, "thing", splits, make) == EXPECTED
    assert make.calls == 2
    assert json.loads(path.read_text()) == json.loads(whole)


def test_a_folder_that_cannot_be_written_to_costs_time_alone(splits, make, tmp_path):
    (tmp_path / "file").write_text("")
    for _ in range(2):
        assert kept(tmp_path / "file", "thing", splits, make) == EXPECTED
    assert make.calls == 2


def test_nothing_is_kept_where_no_folder_is_named(splits, make):
    kept(None, "thing", splits, make)
    kept(None, "thing", splits, make)
    assert make.calls == 2
