import json

import pytest

from tests import tiny
from tfnews.evaluation import floor, measure
from tfnews.evaluation.kept import _digest as digest_of
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


AUDIT = {
    "name": "made_up",
    "class_names": ["real", "fake"],
    "label_basis": "unstated",
    "parts": {},
    "overlap": {},
    "fitted": {"train": 2, "of": 2, "validation": 2},
    "learnable": True,
    "probes": [],
    "tokens": [],
    "skipped": {},
}
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


def forge(folder, name, found):
    """Write another content into an entry, with the digest that it has."""
    (path,) = (folder / ".kept").glob(f"{name}-*")
    entry = json.loads(path.read_text())
    path.write_text(json.dumps({**entry, "found": found, "digest": digest_of(found)}))


@pytest.mark.parametrize("found", [None, 3, {"scores": "x"}, ["x"]])
def test_an_entry_of_another_form_is_made_again_whatever_its_digest(splits, make, tmp_path, found):
    """An audit or a floor of another form once ended evaluate as a fault of tfnews."""

    def read(content):
        if not isinstance(content, dict) or content["scores"] == "x":
            raise ValueError
        return content["scores"]

    kept(tmp_path, "thing", splits, make, read)
    forge(tmp_path, "thing", found)
    assert kept(tmp_path, "thing", splits, make, read) == EXPECTED["scores"]
    assert kept(tmp_path, "thing", splits, make, read) == EXPECTED["scores"]
    assert make.calls == 2


@pytest.mark.parametrize("found", ["x", {}, [], [0.5], [[0.5]], [2.0] * 9, [None] * 9])
def test_answers_of_the_floor_that_are_none_are_worked_out_again(
    splits, tmp_path, monkeypatch, found
):
    rows = len(splits.frame("test"))
    monkeypatch.setattr(floor, "_fitted", lambda *given: [0.25] * rows)
    answers = floor.probabilities(splits, "test", tmp_path)
    forge(tmp_path, "floor-test", found * (rows // 9) if len(found) == 9 else found)
    assert (
        floor.probabilities(splits, "test", tmp_path).tolist() == answers.tolist() == [0.25] * rows
    )


def test_an_audit_that_is_none_is_made_again(splits, tmp_path, monkeypatch):
    made = measure.Audit.from_json(AUDIT)
    monkeypatch.setattr(measure, "audit", lambda splits, seed: made)
    assert measure._audited(splits, tmp_path) == made
    forge(tmp_path, "audit", {**AUDIT, "probes": 3})
    assert measure._audited(splits, tmp_path) == made


def test_a_folder_that_cannot_be_written_to_costs_time_alone(splits, make, tmp_path):
    (tmp_path / "file").write_text("")
    for _ in range(2):
        assert kept(tmp_path / "file", "thing", splits, make) == EXPECTED
    assert make.calls == 2


def test_nothing_is_kept_where_no_folder_is_named(splits, make):
    kept(None, "thing", splits, make)
    kept(None, "thing", splits, make)
    assert make.calls == 2
