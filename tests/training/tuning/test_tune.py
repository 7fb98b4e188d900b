"""Searches with fits: what they leave, what they say, and what they never read."""

import json
import shutil

import numpy as np
import pytest

from tests.report.test_hparams import table
from tests.training.tuning.made import PINNED, study
from tfnews.data.splits import Splits
from tfnews.errors import FitInterruptedError, RunError, UsageError, WeightsError
from tfnews.models import load
from tfnews.report import card, tuned
from tfnews.report.content import DataSet, Report
from tfnews.runs import Run, every_run
from tfnews.statistics.judged import judge
from tfnews.training.tuning import trial as module
from tfnews.training.tuning.halves import halve
from tfnews.training.tuning.tune import closing_words, tune


@pytest.fixture(scope="module", autouse=True)
def the_test_split_is_never_read():
    """Let every search of this file fail that looks at the test split."""
    read = Splits.frame

    def frame(splits, part):
        assert part != "test", "the search has read the test split"
        return read(splits, part)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Splits, "frame", frame)
        yield


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


def searched(splits, root, **changes):
    options = {"trials": 3, "assignments": PINNED, "root": root} | changes
    return tune(splits.path, **options)


@pytest.fixture(scope="module")
def found(splits, root):
    """Give a search of three trials, and the lines it said."""
    said = []
    return searched(splits, root, command="tfnews tune ...", say=said.append), said


# What it leaves


def test_the_best_becomes_a_run_among_the_others(found, root):
    run = found[0].run
    assert [one.name for one in every_run(root)] == [run.name]
    best = max(found[0].trials, key=lambda one: (one.f1, -one.number))
    assert run.name == f"tune-tfidf-trial{best.number}"
    config = Run.open(run.name, root).config
    assert (config.state, config.test_reads, config.command) == ("complete", 0, "tfnews tune ...")
    tuning = config.tuning
    assert (tuning.study, tuning.trial, tuning.trials) == ("tune-tfidf", best.number, 3)
    assert (tuning.f1, tuning.settings) == (best.f1, best.settings)
    assert all(config.recipe[name] == value for name, value in best.settings.items())
    assert len(tuning.digest) == 64
    assert np.isfinite(load(run).probabilities(["a text"])).all()


def test_each_half_is_scored_apart_by_the_saved_model(found, splits):
    run, halves = found[0].run, halve(splits, 0)
    frame = splits.frame("validation")
    scored = load(run).probabilities(frame["combined_text"].tolist())
    kept = np.loadtxt(run.predictions_path("validation"), delimiter=",", skiprows=1, usecols=2)
    np.testing.assert_allclose(kept, scored, atol=1e-6)

    def judged(rows):
        part = frame.iloc[rows]
        columns = (part[name].to_numpy() for name in ("label", "cluster"))
        labels, clusters = columns
        return judge(labels, scored[rows], clusters, 0.5)

    tuning, other = run.config.tuning, judged(halves.judging)
    assert tuning.f1 == pytest.approx(judged(halves.choosing).scores["f1"])
    assert tuning.held_out_f1 == pytest.approx(other.scores["f1"])
    assert list(tuning.held_out_interval) == pytest.approx(other.intervals["f1"])
    assert (tuning.rows, tuning.held_out_rows) == (len(halves.choosing), len(halves.judging))
    assert run.scores().validation.rows == len(frame)


def test_only_scores_are_left_of_the_others(found, root):
    folder = root / "tune-tfidf"
    assert list((folder / "trials").iterdir()) == []
    lines = (folder / "trials.csv").read_text().splitlines()
    assert lines[0] == "trial,state,f1,ms_per_text,seconds,epochs,sublinear_tf,C,fault"
    assert [line.split(",")[:2] for line in lines[1:]] == [[str(n), "complete"] for n in (1, 2, 3)]


def test_every_trial_is_a_row_of_tensorboard(found, root):
    shown = table(root / "tune-tfidf" / "logs")
    assert {values["state"] for values, _ in shown.values()} == {"complete"}
    scores = {name: found["validation/f1"] for name, (_, found) in shown.items()}
    expected = {f"tune-tfidf-trial{one.number}": one.f1 for one in found[0].trials}
    assert scores == pytest.approx(expected)


def test_no_folder_or_name_of_this_machine_is_kept(found, root):
    said = json.dumps(json.loads((root / "tune-tfidf" / "study.json").read_text()))
    assert str(root) not in said


# What it says


def test_it_says_that_the_best_is_too_good_and_what_to_quote(found):
    said, tuning = closing_words(found[0]), found[0].run.config.tuning
    assert "expect this number to be too high" in said
    assert f"which no trial saw: F1 {tuning.held_out_f1:.4f} (95 % interval" in said
    assert "tfidf has no epochs: no trial is broken off early" in found[1]


def test_the_card_says_it_too(found, splits):
    run = found[0].run
    report = Report(run.config, DataSet.of(splits), {"validation": run.scores().validation})
    shown = card.render(report)
    assert "Chosen as the best of 3 trials" in " ".join(shown.split())
    assert f"tune-tfidf, trial {run.config.tuning.trial} of 3: " in shown


# Again


def test_the_same_call_fits_nothing_and_more_trials_go_on(found, splits, root, monkeypatch):
    fitted, fit = [], module.fit_trial
    monkeypatch.setattr(module, "fit_trial", lambda *a, **o: fitted.append(a[3]) or fit(*a, **o))
    assert searched(splits, root).run.name == found[0].run.name
    assert fitted == []
    more = searched(splits, root, trials=4, say=lambda line: None)
    assert fitted == ["tune-tfidf-trial4"]
    assert more.run.config.tuning.trials == 4
    assert more.trials[:3] == found[0].trials


@pytest.fixture(scope="module")
def stopped(splits, tmp_path_factory):
    """Give a search that time has ended, the folder of runs, and the lines it said."""
    root, said = tmp_path_factory.mktemp("stopped"), []
    return searched(splits, root, hours=1e-9, say=said.append), root, said


def test_hours_end_a_search_after_the_trial_at_hand(stopped):
    found, _, said = stopped
    assert [one.number for one in found.trials] == [1]
    assert found.run.name == "tune-tfidf-trial1"
    assert "1e-09 hours are over: 1 of 3 trials" in said


def test_a_run_that_was_taken_away_is_told_with_how_to_have_it_again(splits, stopped, tmp_path):
    shutil.copytree(stopped[1] / "tune-tfidf", tmp_path / "tune-tfidf")
    again = r"tfnews fit --arch tfidf --set sublinear_tf=true --set C=1"
    with pytest.raises(RunError, match=again):
        searched(splits, tmp_path, trials=1)


def test_another_run_of_the_name_is_left_alone(splits, stopped, tmp_path):
    root = shutil.copytree(stopped[1], tmp_path / "runs")
    Run.open("tune-tfidf-trial1", root).update(tuning=None)
    with pytest.raises(RunError, match="is none of this search"):
        searched(splits, root, trials=1)


# Failures


def failing(monkeypatch, errors):
    """Have fits raise what is listed, one after the other, and fit where it is `None`."""
    fit, errors = module.fit_trial, iter(errors)

    def maybe(*arguments, **options):
        if (error := next(errors)) is not None:
            raise error
        return fit(*arguments, **options)

    monkeypatch.setattr(module, "fit_trial", maybe)


def test_a_trial_that_fails_does_not_stop_the_search(splits, tmp_path, monkeypatch):
    failing(monkeypatch, [RunError("The loss became nan"), MemoryError(), None])
    found = searched(splits, tmp_path)
    assert [one.state for one in found.trials] == ["failed", "failed", "complete"]
    assert "The loss became nan" in found.trials[0].fault
    assert found.trials[1].fault.startswith("MemoryError")
    assert found.run.name == "tune-tfidf-trial3"
    assert (found.run.config.tuning.trials, found.run.config.tuning.failed) == (3, 2)
    assert "(2 failed)" in tuned.told(found.run.config.tuning)


def test_all_failed_is_an_error(splits, tmp_path, monkeypatch):
    failing(monkeypatch, [ValueError("one"), ValueError("two\nlines")])
    with pytest.raises(RunError, match=r"None of 2 trials came to a model.*two lines"):
        searched(splits, tmp_path, trials=2)
    assert every_run(tmp_path) == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UsageError("for all"), UsageError),
        (WeightsError("for all"), WeightsError),
        (OSError(28, "No space left on device"), OSError),
        (KeyboardInterrupt(), FitInterruptedError),
        (FitInterruptedError("tfnews fit --resume x"), FitInterruptedError),
    ],
)
def test_what_ends_all_ends_the_search_which_goes_on(splits, tmp_path, monkeypatch, error, kind):
    failing(monkeypatch, [error])
    with pytest.raises(kind) as raised:
        searched(splits, tmp_path)
    if kind is FitInterruptedError:
        assert "goes on with the same command" in str(raised.value)
    left = study(splits, tmp_path)
    assert left.claim().number == 1


# Epochs and milliseconds


@pytest.fixture(scope="module")
def trained(splits, tmp_path_factory):
    """Give a search with epochs whose second trial is broken off, and the folder of runs."""
    root = tmp_path_factory.mktemp("trained")
    options = {"weights": "none", "epochs": 3, "assignments": ["vocabulary_size=100"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "optuna.pruners.MedianPruner.prune",
            lambda self, study, trial: trial.number == 1 and trial.last_step == 1,
        )
        return searched(splits, root, arch="swivel20", trials=2, **options), root


def test_a_trial_is_broken_off_between_epochs(trained):
    found, root = trained
    assert [(one.state, one.epochs) for one in found.trials] == [("complete", 3), ("pruned", 2)]
    assert 0 <= found.trials[1].f1 <= 1
    assert found.run.config.tuning.pruned == 1
    assert found.run.config.floor is not None
    assert list((root / "tune-swivel20" / "trials").glob("tune-*")) == []


def test_a_trial_that_was_broken_off_is_a_row_of_tensorboard(trained):
    found, root = trained
    shown = table(root / "tune-swivel20" / "logs")
    values, scores = shown["tune-swivel20-trial2"]
    assert (values["state"], values["epochs_run"]) == ("pruned", 2)
    assert scores["validation/f1"] == pytest.approx(found.trials[1].f1)


def test_milliseconds_are_a_second_objective(splits, tmp_path, monkeypatch):
    times = iter([5.0, 3.0, 4.0])
    monkeypatch.setattr(module, "one_text_ms", lambda classifier, texts: next(times))
    said = []
    found = searched(splits, tmp_path, budget_ms=4.5, say=said.append)
    assert [one.ms_per_text for one in found.trials] == [5.0, 3.0, 4.0]
    assert found.run.config.tuning.ms_per_text <= 4.5
    assert found.run.config.tuning.budget_ms == 4.5
    assert "within 4.5 ms a text" in closing_words(found)
    with pytest.raises(RunError, match=r"within 1 ms. The fastest, 2, takes 3.00 ms"):
        searched(splits, tmp_path, budget_ms=1)


def test_one_text_is_timed_alone():
    asked = []

    class Classifier:
        def probabilities(self, texts):
            asked.append(texts)

    assert module.one_text_ms(Classifier(), ["a", "b"]) >= 0
    assert asked == [["a"], ["b"], ["a"], ["b"]]
