import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from tests import tiny
from tfnews.errors import RunError, UsageError
from tfnews.evaluation.evaluate import evaluate
from tfnews.export.export import export
from tfnews.export.rare import forget
from tfnews.models import load
from tfnews.models.verifying import verify
from tfnews.records import Calibration
from tfnews.runs import Run
from tfnews.scoring.predict import predict
from tfnews.training import ensemble as module
from tfnews.training import keeping
from tfnews.training.ensemble import closing_words, ensemble
from tfnews.training.fit import fit
from tfnews.training.members import check

MEMBERS = ["words", "pairs", "vectors"]


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("ensemble"))


@pytest.fixture(scope="module")
def root(splits, tmp_path_factory):
    """Give a folder of three runs; the average of these is `made`."""
    root = tmp_path_factory.mktemp("runs")
    fit(splits.path, name="words", assignments=["ngrams=1"], root=root, group="seeds")
    fit(splits.path, name="pairs", root=root, group="seeds")
    fit(splits.path, "swivel20", name="vectors", **tiny.SWIVEL, root=root, floor=False)
    return root


@pytest.fixture(scope="module")
def made(root):
    """Give the average, and what its members answer to the validation texts, (members, texts)."""
    return ensemble(MEMBERS, name="all", floor=False, root=root)


@pytest.fixture(scope="module")
def texts(splits):
    return splits.frame("validation")["combined_text"].tolist()


@pytest.fixture
def copy(root, tmp_path):
    """Give a function that copies a run to a folder of runs of its own."""

    def copied(name, to=None, **changes):
        shutil.copytree(root / name, tmp_path / "copies" / (to or name))
        run = Run.open(tmp_path / "copies" / (to or name))
        run.update(**changes)
        return run

    return copied


def test_it_answers_the_mean_of_its_members_calibrated_in_turn(root, made, splits, texts):
    alone = np.mean([load(name, root).probabilities(texts) for name in MEMBERS], axis=0)
    classifier = load(made)
    known = classifier.calibration
    odds = np.log(alone / (1 - alone)) / known.temperature + known.bias
    np.testing.assert_allclose(classifier.probabilities(texts), 1 / (1 + np.exp(-odds)), atol=1e-5)
    assert sum(made.config.calibration.rows.values()) == len(splits.frame("validation"))


def test_the_record_says_what_it_is_made_of(root, made):
    config = Run.open(made.path).config
    assert (config.arch, config.state) == ("ensemble", "complete")
    assert [(one.run, one.arch, one.learnt) for one in config.members] == [
        ("words", "tfidf", True),
        ("pairs", "tfidf", True),
        ("vectors", "swivel20", True),
    ]
    members = [Run.open(name, root).config for name in MEMBERS]
    assert config.parameters.total == sum(one.parameters.total for one in members)
    assert config.megabytes == pytest.approx(sum(one.megabytes for one in members), abs=0.2)
    assert config.fit_seconds > sum(one.fit_seconds for one in members)
    written = json.loads(made.config_path.read_text())
    assert written["members"][0]["path"] == "../words"
    scored = Run.open("words", root).scores().validation.scores["f1"]
    assert f"Its members there: words {scored:.4f}, pairs" in closing_words(made)


def test_it_needs_its_members_no_more(root, made, copy, texts):
    alone = copy("all")
    expected = load(made).probabilities(texts)
    np.testing.assert_array_equal(load(alone).probabilities(texts), expected)
    assert not (alone.path.parent / "words").exists()


def test_it_is_sound_and_a_changed_weight_is_found(copy):
    run = copy("all")
    assert all(one.sound for one in verify(run))
    with open(run.model_dir / "model.weights.h5", "r+b") as file:
        file.seek(3000)
        file.write(b"x")
    assert [one.check for one in verify(run) if not one.sound][:1] == ["digests"]
    with pytest.raises(RunError, match=r"model\.weights\.h5 is another"):
        load(run)


def test_it_is_evaluated_explained_and_refuses_what_its_members_refuse(root, made, splits):
    report = evaluate(made.path)
    assert report.parts["test"].rows == len(splits.frame("test"))
    page = made.report_path.read_text()
    assert "words (tfidf), pairs (tfidf), vectors (swivel20)" in page
    found = [one.reason for one in predict(made, ["", "x"])]
    assert found == [one.reason for one in predict(Run.open("words", root), ["", "x"])]
    assert all(found)


def test_it_is_exported_as_a_saved_model_alone(made, tmp_path):
    written = export(made, to=tmp_path, min_document_frequency=5, max_drop=1.0)[0]
    assert written.parity["conversion"]["largest"] < 1e-5
    assert written.parity["rare_words"]["learnt"]
    assert written.parity["rare_words"]["dropped"] > 0
    with pytest.raises(Exception, match=r"reads a text in several ways at once.*Allowed: savedm"):
        export(made, "tflite", to=tmp_path)


def test_rare_words_are_forgotten_of_learnt_vocabularies_alone(made, splits):
    """A published table holds words that no training text has, and needs them."""
    classifier, config = load(made), made.config
    run = Run.open(made.path)
    published = [*config.members[:2], type(config.members[2])("vectors", "", "", "swivel20", False)]
    run.config = type(config)(**{**vars(config), "members": tuple(published)})
    own = classifier.preprocessor.tokenizer.ranges()[2]
    before = list(classifier.preprocessor.tokenizer.members["member_3"].get_vocabulary())
    forget(classifier, run, splits.frame("train")["combined_text"].tolist(), 50)
    members = classifier.preprocessor.tokenizer.members
    assert members["member_3"].get_vocabulary() == before
    assert any(word.startswith(" ") for word in members["member_1"].get_vocabulary())
    assert len(own) >= len(before)


def test_members_whose_scores_are_no_shares_are_named(root):
    runs = [Run.open(name, root) for name in MEMBERS]
    maps = (Calibration(), Calibration(2.0), Calibration())
    said = module._uncalibrated(runs, [SimpleNamespace(calibration=one) for one in maps])
    assert said.startswith("Not calibrated: words, vectors. ")
    assert said.endswith("tfnews calibrate words")
    assert module._uncalibrated(runs[1:2], [SimpleNamespace(calibration=maps[1])]) == ""


def test_a_group_of_seeds_stands_for_its_runs(root):
    asked = check(["seeds", "vectors"], None, None, root)
    assert [run.name for run in asked.runs] == ["pairs", "words", "vectors"]


# What is refused


def test_an_ensemble_is_no_member(made, root):
    with pytest.raises(UsageError, match=r"all is an ensemble itself.*words pairs vectors"):
        ensemble(["all", "words"], root=root)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "2 runs or more. Received: none"),
        (["words"], "2 runs or more. Received: words"),
        (["words", "vectors", "words"], "words is given more than once"),
    ],
)
def test_too_few_and_one_twice(root, given, message):
    with pytest.raises(UsageError, match=message):
        ensemble(given, root=root)


def test_the_same_weights_under_two_names(root, copy):
    copy("words", to="again")
    again = root / "again"
    shutil.copytree(root / "words", again)
    try:
        with pytest.raises(UsageError, match="words and again have the same weights"):
            ensemble(["words", "again"], root=root)
    finally:
        shutil.rmtree(again)
    assert not (root / "ensemble-1").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"refit_epochs": 3}, "trained once more on its validation texts"),
        ({"splits": {"digests": {"train": "0" * 64}}}, "different splits: .* made_up 0000"),
        ({"splits": {"class_names": ("ham", "spam")}}, "ham/spam"),
        ({"splits": {"label_basis": "crowd"}}, "label basis crowd"),
    ],
)
def test_runs_that_do_not_go_together(root, copy, changes, message):
    config = Run.open("words", root).config
    if "splits" in changes:
        fields = {**vars(config.splits), "name": "made_up", **changes["splits"]}
        changes = {"splits": type(config.splits)(**fields)}
    other = copy("words", **changes)
    with pytest.raises((UsageError, RunError), match=message):
        ensemble([Run.open("pairs", root), other], root=root)


def test_a_run_that_is_not_complete(root, copy):
    young = copy("words", state="training")
    with pytest.raises(RunError, match="is not complete"):
        ensemble(["pairs", young.path], root=root)


def test_what_is_interrupted_leaves_nothing(root, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(keeping, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ensemble(MEMBERS[:2], name="never", root=root)
    assert not (root / "never").exists()


def test_an_ensemble_is_not_trained_on(made, root, splits):
    for given in ({"from_run": "all"}, {"arch": "ensemble"}):
        with pytest.raises(UsageError, match="An ensemble is not trained"):
            fit(splits.path, **given, root=root)
