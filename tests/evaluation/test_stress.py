"""`tfnews.stress` on a tiny run."""

import html
import json
import shutil

import pytest

from tests import tiny
from tfnews import models
from tfnews.data.splits import open_splits
from tfnews.errors import DataError, RunError, UsageError
from tfnews.evaluation import publish
from tfnews.evaluation.calibrate import calibrate
from tfnews.evaluation.stress import check, stress
from tfnews.records.stress import Stress
from tfnews.report.stress import figure, wording
from tfnews.runs import Run
from tfnews.training.fit import fit


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stress")
    splits = tiny.splits(folder, 320)
    return fit(splits.path, root=folder / "runs", floor=False)


@pytest.fixture(scope="module")
def classifier(trained):
    return models.load(trained)


@pytest.fixture
def run(trained, classifier, monkeypatch):
    """Give a run whose model is open, and figures that cost nothing."""
    monkeypatch.setattr(models, "load", lambda run, **_: classifier)
    monkeypatch.setattr(figure, "pngs", lambda found: {"f1": b"png"})
    monkeypatch.setattr(publish, "publish", lambda *_, **__: None)
    return trained


def reads(run):
    return Run(run.path).config.test_reads


def test_validation_texts_are_changed_unless_told_otherwise(run, tmp_path):
    found = stress(run, to=tmp_path / "out", command="tfnews stress RUN")
    assert (found.part, found.rows, found.drawn) == ("validation", 48, 48)
    assert len(found.attacks) == 13
    assert reads(run) == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["stress-f1.png", "stress.html", "stress.json", "stress.md"]
    content = json.loads((tmp_path / "out" / "stress.json").read_text())
    assert Stress.from_json(content) == found
    assert content["schema"] == "tfnews.stress"


def test_a_reading_of_the_test_split_is_counted(run):
    found = stress(run, split="test")
    assert (found.part, reads(run)) == ("test", 1)


def test_of_many_texts_some_are_drawn(run):
    found = stress(run, texts=40)
    assert (found.rows, found.drawn) == (48, 40)
    assert found == stress(run, texts=40)
    assert found.untouched != stress(run, texts=40, seed=5).untouched


def test_texts_of_one_class_are_an_error_and_nothing_is_written(run, tmp_path):
    home = open_splits((run.path / run.config.splits.path).resolve())
    moved = tmp_path / "splits"
    moved.mkdir()
    for part in ("train", "validation", "test"):
        frame = home.frame(part)
        frame[frame["label"] == 1].to_csv(moved / f"{part}.csv", index=False)
    shutil.copytree(run.path, tmp_path / run.name)
    other = Run.open(tmp_path / run.name)
    splits = tiny.config().splits
    other.update(splits=type(splits)(str(moved), "one", {}, ("real", "fake")))
    for part in ("validation", "test"):
        with pytest.raises(DataError, match=r"0 real and \d+ fake texts.* 10 or more of"):
            stress(other, split=part, to=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert reads(other) == reads(run)


def test_a_run_that_learnt_its_validation_texts_is_tried_on_test_texts(run, tmp_path):
    shutil.copytree(run.path, tmp_path / run.name)
    refit = Run.open(tmp_path / run.name)
    refit.update(refit_epochs=0)
    with pytest.raises(RunError, match="--split test"):
        check(refit)
    home = (run.path / run.config.splits.path).resolve()
    assert check(refit, split="test", splits=home).part == "test"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"split": "train"}, "--split"), ({"texts": 5}, "--texts"), ({"seed": -1}, "--seed")],
)
def test_options_have_bounds(run, wrong, said):
    with pytest.raises(UsageError, match=said):
        check(run, **wrong)


def test_the_run_s_report_shows_the_last_one_until_scores_are_read_otherwise(
    trained, classifier, tmp_path, monkeypatch
):
    """A page of its own alone is not found by who reads the report that goes with the run."""
    shutil.copytree(trained.path, tmp_path / trained.name)
    own, home = Run.open(tmp_path / trained.name), open_splits(trained.config.splits.path)
    monkeypatch.setattr(models, "load", lambda run, **_: classifier)
    found = stress(own, splits=home.path)
    assert own.scores().stress == found
    verdict = html.escape(wording.verdict(found))
    for path in (own.report_path, own.card_path):
        assert "Under small changes" in path.read_text()
    assert verdict in own.report_path.read_text()
    monkeypatch.undo()
    calibrate(own, method="none", threshold=0.4, splits=home.path)
    page = own.report_path.read_text()
    assert "Under small changes" not in page
    assert "and not shown: train, stress test" in page or "not shown: stress test" in page
    assert f"tfnews stress {own.name}" in page
    assert own.scores().stress.outdated
