"""`tfnews.drift` on a tiny run, and on real texts."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from tests import tiny
from tfnews import models
from tfnews.data.prepare import prepare
from tfnews.drift import feed
from tfnews.drift.drift import check, drift
from tfnews.errors import DataError, RunError, UsageError
from tfnews.evaluation.calibrate import calibrate
from tfnews.records.drift import Drift
from tfnews.runs import Run
from tfnews.statistics import shifts
from tfnews.training.fit import fit

LOAD = models.load


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("home"), 320)


@pytest.fixture(scope="module")
def run(splits, tmp_path_factory):
    return fit(splits.path, root=tmp_path_factory.mktemp("runs"), floor=False)


@pytest.fixture(scope="module")
def classifier(run):
    return models.load(run)


@pytest.fixture(autouse=True)
def opened_once(request, monkeypatch):
    """Open the run's model once, which takes seconds."""
    if "run" in request.fixturenames:
        classifier = request.getfixturevalue("classifier")
        monkeypatch.setattr(models, "load", lambda run, **_: classifier)


@pytest.fixture
def own_test_texts(splits):
    return splits.frame("test")["combined_text"].tolist()


def shift(found, name):
    return next(one for one in found.shifts if one.measure == name)


def test_texts_of_the_same_source_are_silent_and_read_no_test_split(run, splits, own_test_texts):
    reads = run.config.test_reads
    found = drift(run, own_test_texts)
    assert not found.alarm
    assert found.texts == shift(found, "length").now.texts == len(own_test_texts) - found.copies
    once = [splits.frame(part)["cluster"].nunique() for part in ("train", "validation")]
    assert shift(found, "length").then.texts == sum(once)
    assert shift(found, "score").then.texts == once[1]
    assert found.vocabulary == "training"
    assert Run(run.path).config.test_reads == reads


def test_texts_of_another_language_ring_though_few_are_scored(run):
    texts = [f"o governo disse que não vai mudar a lei número {row} para ela" for row in range(40)]
    found = drift(run, texts)
    assert found.alarm
    assert {"unknown", "refused"} <= {one.measure for one in found.shifts if one.rings}
    assert sum(found.refused.values()) == 40
    assert found.called[1] is None
    assert shift(found, "score").p is None


def test_limits_are_the_caller_s(run, own_test_texts):
    cut = [" ".join(text.split()[:-15]) for text in own_test_texts]
    usual = drift(run, cut, max_shift=0.01, level=0.2)
    assert shift(usual, "length").rings
    assert not drift(run, cut, max_shift=1.0, max_refused=1.0).alarm


def test_other_texts_can_be_held_against(run, own_test_texts, tmp_path):
    (tmp_path / "week.jsonl").write_text(
        "".join(json.dumps({"text": text}) + "\n" for text in own_test_texts[:24])
    )
    found = drift(run, own_test_texts[24:], reference=tmp_path / "week.jsonl")
    assert (found.reference, found.lengths) == ("week.jsonl", "week.jsonl")
    assert 20 <= shift(found, "length").then.texts <= 24


def test_without_its_splits_a_run_needs_other_texts(run, own_test_texts, tmp_path):
    moved = tmp_path / run.name
    shutil.copytree(run.path, moved)
    lost = Run.open(moved)
    lost.update(splits=tiny.config(splits=run.config.splits).splits)
    config = json.loads((moved / "config.json").read_text())
    config["splits"]["path"] = "./nowhere"
    (moved / "config.json").write_text(json.dumps(config))
    with pytest.raises(DataError, match=r"no longer at .* --reference FILE"):
        drift(moved, own_test_texts)
    found = drift(moved, own_test_texts[24:], reference=own_test_texts[:24])
    assert (found.vocabulary, found.learnt) == ("common", 0)
    assert any("splits are not there" in note for note in found.notes)
    with pytest.raises(DataError):
        drift(moved, own_test_texts, reference=own_test_texts, splits=tmp_path)


def test_training_texts_are_left_out(run, splits, own_test_texts):
    learnt = splits.frame("train")["combined_text"].tolist()[:30]
    assert drift(run, own_test_texts + learnt).learnt == 30
    with pytest.raises(DataError, match=r"holds 0 different texts.* and 30 training texts"):
        drift(run, learnt)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], "holds no text: 0 records"),
        ([""] * 50, "holds no text: 50 records.*--text-column"),
        ([f"one text {row}" for row in range(19)], "holds 19 different texts.*takes 20 or more"),
        (["the same text"] * 50, "of which 49 copies"),
    ],
)
def test_too_few_texts_are_an_error_and_write_nothing(run, texts, said, tmp_path):
    with pytest.raises(DataError, match=said):
        drift(run, texts, to=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_run_that_learnt_its_validation_texts_holds_no_scores_against(run, tmp_path):
    shutil.copytree(run.path, tmp_path / run.name)
    refit = Run.open(tmp_path / run.name)
    refit.update(refit_epochs=0)
    with pytest.raises(RunError, match=r"trained once more.*--reference FILE"):
        check(refit, ["a text"])


@pytest.mark.parametrize("wrong", [{"level": 0}, {"max_shift": 2}, {"max_refused": -1}])
def test_limits_have_bounds(run, wrong):
    with pytest.raises(UsageError, match=next(iter(wrong)).replace("_", "-")):
        check(run, ["a text"], **wrong)


def test_what_is_no_option_is_told(run):
    with pytest.raises(TypeError, match="'threshold'"):
        check(run, ["a text"], threshold=0.4)


def test_files_are_written_and_read_back(run, own_test_texts, tmp_path):
    found = drift(
        run, own_test_texts, to=tmp_path / "out", command="tfnews drift RUN /home/a/b.csv"
    )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "drift-length.png", "drift-refused.png", "drift-score.png", "drift-unknown.png",
        "drift.html", "drift.json", "drift.md",
    ]  # fmt: skip
    content = json.loads((tmp_path / "out" / "drift.json").read_text())
    assert Drift.from_json(content) == found
    assert content["schema"] == "tfnews.drift"
    assert found.command == "tfnews drift RUN …/b.csv"


def test_the_run_s_report_shows_the_last_one_until_scores_are_read_otherwise(
    run, splits, own_test_texts, tmp_path, monkeypatch
):
    shutil.copytree(run.path, tmp_path / run.name)
    own = Run.open(tmp_path / run.name)
    found = drift(own, own_test_texts, splits=splits.path)
    assert own.scores().drift == found
    assert not own.report_path.exists()  # none was asked for yet
    calibrate(own, method="none", threshold=0.4, splits=splits.path)
    page = own.report_path.read_text()
    assert "checked last" not in page
    assert "drift check" in page
    assert f"tfnews drift {own.name} FILE" in page
    monkeypatch.setattr(models, "load", LOAD)  # the other threshold
    drift(own, own_test_texts, splits=splits.path)
    for path in (own.report_path, own.card_path):
        assert "On the texts that were checked last" in path.read_text()


def test_a_run_that_may_only_be_read_is_checked_all_the_same(run, own_test_texts, monkeypatch):
    """A monitor often reads the run of somebody else."""

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Run, "change_scores", refuse)
    found = drift(run, own_test_texts)
    assert "Not kept in the run: Permission denied" in found.notes


@pytest.mark.slow
def test_isot_rings_for_other_languages_and_topics_and_not_for_itself(real_data, tmp_path):
    """The brief of the command: Portuguese and COVID posts ring, ISOT's own texts do not."""
    sources = [real_data / "isot_sample" / f"{name}.csv.gz" for name in ("Fake", "True")]
    home = prepare(sources, tmp_path / "isot")
    run = fit(home.path, root=tmp_path / "runs", floor=False)
    assert not drift(run, home.path / "test.csv").alarm
    for name in (
        "fakebr/fakebr_size_normalized.csv.gz",
        "constraint_covid/constraint_valid.csv.gz",
        "spanish_fakenews/spanish_dev.csv.gz",
    ):
        assert drift(run, real_data / name).alarm, name
    frames = pd.concat([home.frame(part) for part in ("validation", "test")])
    texts = frames["combined_text"].tolist()
    classifier = models.load(run)
    _, known = feed.vocabulary(classifier, home.frame("train")["combined_text"].tolist())
    values = feed.measured(classifier, texts, known, "all").values
    generator, rings = np.random.default_rng(0), 0
    for _ in range(100):
        halves = {name: np.array_split(generator.permutation(v), 2) for name, v in values.items()}
        pair = [{name: half[side] for name, half in halves.items()} for side in (0, 1)]
        rings += any(one.rings for one in shifts.compare(*pair, shifts.Limits()))
    assert rings <= 5
