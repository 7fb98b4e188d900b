import html
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from tests import tiny
from tfnews import runs
from tfnews.cli import main
from tfnews.data.splits import open_splits
from tfnews.errors import DataError, RunError, UsageError
from tfnews.evaluation.calibrate import calibrate
from tfnews.evaluation.evaluate import evaluate
from tfnews.evaluation.publish import read_predictions
from tfnews.models import load
from tfnews.models.verifying import verify
from tfnews.report import figures
from tfnews.runs import Run
from tfnews.scoring.predict import predict
from tfnews.statistics.sample import flagged, unsure
from tfnews.training.fit import fit


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("home"), 320, label_basis="factcheck")


@pytest.fixture(scope="module")
def scored(splits, tmp_path_factory):
    """Give a run that was fitted, and evaluated at home and elsewhere."""
    folder = tmp_path_factory.mktemp("runs")
    away = tiny.splits(folder / "away", 60, seed=9, name="elsewhere")
    run = fit(splits.path, root=folder)
    with pytest.MonkeyPatch.context() as plain:
        plain.setattr(figures, "draw_all", lambda *arguments: {})
        evaluate(run)
        evaluate(run, [away.path])
    return run


@pytest.fixture
def run(scored, tmp_path, monkeypatch):
    """Give a run of one's own; figures, which take a second, are left out."""
    monkeypatch.setenv("TFNEWS_SAVED_MODELS", str(tmp_path))
    monkeypatch.setattr(figures, "draw_all", lambda *arguments: {})
    shutil.copytree(scored.path, tmp_path / scored.name)
    return Run.open(scored.name)


def texts_of(splits, part):
    return splits.frame(part)["combined_text"].tolist()


def test_a_fit_is_calibrated_by_temperature_unless_told_otherwise(scored, splits):
    classifier, record = load(scored), scored.config.calibration
    assert classifier.calibration.method == record.method == "temperature"
    assert classifier.temperature != 1
    assert sum(record.rows.values()) == len(splits.frame("validation"))
    kept = read_predictions(scored, "validation")
    np.testing.assert_allclose(
        kept, classifier.probabilities(texts_of(splits, "validation")), atol=1e-6
    )
    found = scored.scores().reliability["validation"]
    assert found.after < found.before
    assert found.calibration == classifier.calibration


def test_a_choice_is_kept_in_the_model_and_answers_follow_it(run, splits):
    before = load(run)
    said = []
    report = calibrate(run, threshold="f1", coverage=0.95, say=said.append)
    after, frame = load(run.path), splits.frame("validation")
    assert after.calibration == before.calibration
    scores = after.probabilities(frame["combined_text"].tolist())
    called = flagged(scores, after.threshold) == (frame["label"] == 1)
    assert report.parts["validation"].scores["threshold"] == after.threshold
    assert report.parts["validation"].scores["accuracy"] == called.mean()
    answers = list(predict(run, texts_of(splits, "test")))
    numbers = [answer.fake_probability for answer in answers]
    expected = np.where(unsure(numbers, after.band), "unsure", "scored").tolist()
    assert [answer.outcome for answer in answers] == expected
    assert (after.band is None) == bool(said)
    assert all(one.sound for one in verify(run.path))  # digests are those of the changed file
    record = Run.open(run.name).config.calibration
    assert (record.threshold, record.coverage) == ("f1", 0.95)


def test_scores_of_before_are_set_aside_until_the_run_is_evaluated_again(run):
    old = run.scores()
    report = calibrate(run, method="none", coverage=0.9)
    assert list(report.parts) == ["validation"]
    assert report.other_sets == ()
    assert report.outdated == ("train", "test", "elsewhere")
    page = html.unescape(run.report_path.read_text())
    warned = "Scored before this model was calibrated anew, and not shown: train, test, elsewhere."
    assert warned in page
    assert warned in run.card_path.read_text()
    kept = run.scores()
    assert (kept.test, kept.floor) == (old.test, old.floor)  # none is lost
    assert not run.predictions_path("test").exists()
    assert run.predictions_path("test.outdated").exists()
    report = evaluate(run)
    assert list(report.parts) == ["train", "validation", "test"]
    assert report.outdated == ("elsewhere",)
    assert run.scores().test.scores["ece"] > old.test.scores["ece"]
    now = load(run).probabilities(texts_of(open_splits(run.config.splits.path), "test"))
    np.testing.assert_allclose(read_predictions(run, "test"), now, atol=1e-6)


def test_the_same_choice_again_sets_nothing_aside(run):
    calibrate(run)
    assert run.scores().parts.keys() == {"train", "validation", "test"}
    assert run.predictions_path("test").exists()


def test_what_is_not_asked_for_goes_back_to_its_default(run):
    first = load(run).scoring
    calibrate(run, method="none", threshold=0.25, coverage=0.9)
    changed = load(run)
    assert (changed.threshold, changed.calibration.method) == (0.25, "none")
    assert changed.band.low <= 0.25 <= changed.band.high
    calibrate(run)
    assert load(run).scoring == first


@pytest.mark.parametrize(
    ("asked", "kind", "said"),
    [
        ({"method": "sigmoid"}, UsageError, "Allowed: temperature, platt, isotonic, none"),
        ({"threshold": "best"}, UsageError, "Allowed: f1, youden, fpr=SHARE"),
        ({"coverage": 1.0}, UsageError, "must be a number above 0 below 1. Received: 1.0"),
        ({"method": "platt"}, DataError, "They are enough for: none, temperature."),
        ({"method": "isotonic"}, DataError, "1,000 in all"),
        ({"coverage": 0.999}, DataError, "can be promised from 999 validation texts"),
        ({"threshold": "fpr=0.001"}, DataError, "can be promised from 999 validation texts"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(run, asked, kind, said):
    files = [run.task_path, run.metrics_path, run.config_path, run.report_path]
    before = [path.read_bytes() for path in files]
    with pytest.raises(kind) as refused:
        calibrate(run, **asked)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 500
    assert [path.read_bytes() for path in files] == before


def test_a_run_without_texts_kept_aside_is_refused(run):
    run.update(refit_epochs=0)
    with pytest.raises(RunError, match="no text is left on which its scores could be calibrated"):
        calibrate(run)


def test_a_run_in_training_is_refused(run):
    run.update(state="training")
    with pytest.raises(RunError, match="its state is 'training'"):
        calibrate(run.name)


def test_a_run_that_another_process_is_at_is_refused(run):
    with run.lock(), pytest.raises(RunError, match="Another process is training or calibrating"):
        calibrate(run)


def test_validation_texts_of_one_class_calibrate_nothing(tmp_path):
    """The fit goes on without, and says so; what is asked for afterwards is refused."""
    home, said = tiny.splits(tmp_path / "home", 60), []
    (home.path / "manifest.json").unlink()  # it would tell that the file was changed
    frame = pd.read_csv(home.path / "validation.csv")
    frame[frame["label"] == 1].to_csv(home.path / "validation.csv", index=False)
    found = fit(home.path, root=tmp_path / "runs", floor=False, say=said.append)
    record = found.config.calibration
    assert (record.method, record.rows["real"], load(found).temperature) == ("none", 0, 1)
    assert record.note in said
    assert record.note.startswith("Scores are not calibrated. Calibration by temperature needs 20 ")
    with pytest.raises(DataError, match=r"Received: 0 real and \d+ fake"):
        calibrate(found)
    with pytest.raises(DataError, match="no validation text is labelled real"):
        calibrate(found, method="none", threshold="youden")


def test_a_process_that_dies_leaves_no_score_that_looks_current(run, monkeypatch):
    """What is outdated is set aside first: the model never changes under scores that are shown."""
    before = run.task_path.read_bytes()

    def fail(path, content, write=runs.write_json):
        if path == run.task_path:
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(runs, "write_json", fail)
    with pytest.raises(OSError, match="No space left"):
        calibrate(run, method="none")
    assert run.task_path.read_bytes() == before
    assert run.scores().parts == {}
    assert list(run.model_dir.glob(".*")) == []
    monkeypatch.undo()
    assert load(run.path).calibration.method == "temperature"  # it opens: no digest forbids it


def test_a_damaged_model_is_told(run):
    run.task_path.write_text('{"config": []}')
    with pytest.raises(RunError, match="is not what tfnews writes"):
        run.configure_classifier(threshold=0.3)


def test_a_refitted_run_keeps_all_that_was_chosen(scored, splits, tmp_path):
    again = fit(splits.path, root=tmp_path, refit=True, floor=False)
    assert load(again).scoring == load(scored).scoring


def test_the_command_says_what_changed(run):
    done = CliRunner().invoke(
        main, ["calibrate", run.name, "--method", "none", "--coverage", "0.95", "--no-text"]
    )
    assert done.exit_code == 0, done.output
    assert "Warning: Scored before this model was calibrated anew" in done.stdout
    assert "On texts from elsewhere neither scores nor the band can be trusted" in done.stdout
    assert done.stdout.splitlines()[-1] == f"Next: tfnews evaluate {run.name}"
    config = json.loads(run.task_path.read_text())["config"]
    assert config["temperature"] == 1.0


@pytest.mark.parametrize(
    ("options", "code"),
    [(["--method", "x"], 2), (["--threshold", "x"], 2), (["--coverage", "2"], 2)],
)
def test_the_command_refuses_before_a_run_is_opened(options, code):
    assert CliRunner().invoke(main, ["calibrate", "nowhere", *options]).exit_code == code
