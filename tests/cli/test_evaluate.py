"""`tfnews evaluate` on a tiny corpus."""

import html
import json
import shutil
import signal
from dataclasses import replace

import pytest
from click.testing import CliRunner

from tests import tiny
from tfnews.cli import INTERRUPTED, main
from tfnews.data.splits import open_splits
from tfnews.models.opening import digests
from tfnews.report import figures
from tfnews.runs import Run
from tfnews.training.fit import fit


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    splits = tiny.splits(tmp_path_factory.mktemp("splits"), label_basis="crowd")
    return fit(splits.path, root=tmp_path_factory.mktemp("runs"))


@pytest.fixture
def run(fitted, tmp_path, monkeypatch):
    """Give a run of one's own; figures, which take a second, are left out."""
    monkeypatch.setenv("TFNEWS_SAVED_MODELS", str(tmp_path))
    monkeypatch.setattr(figures, "draw_all", lambda *arguments: {})
    shutil.copytree(fitted.path, tmp_path / fitted.name)
    return Run.open(fitted.name)


def evaluate(*arguments):
    return CliRunner().invoke(main, ["evaluate", *map(str, arguments)])


def test_scores_are_said_and_report_and_card_named(run):
    result = evaluate("tfidf-1", "--prevalence", "0.05")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "tfidf-1 on synthetic-demo, test split, label basis crowd:"
    assert lines[1].endswith("the labels can be had without reading.")
    assert lines[2].startswith("This model may put texts like those of synthetic-demo in order")
    assert "called fake" in lines[3]
    assert "If 5 % of the texts you check are fake" in result.stdout
    assert "If 1 %" not in result.stdout
    assert f"Report: {run.report_path}" in lines
    assert f"Card:   {run.card_path}" in lines
    assert lines[-1] == "Next: tfnews predict tfidf-1 FILE"
    assert run.report_path.is_file()
    assert run.card_path.is_file()


def test_sigterm_between_scores_and_report_leaves_both_whole(run, monkeypatch, terminable):
    def ended(*arguments):
        signal.raise_signal(signal.SIGTERM)

    before = run.report_path.exists(), {path.name for path in run.path.iterdir()}
    monkeypatch.setattr(figures, "draw_all", ended)
    result = evaluate("tfidf-1")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (130, INTERRUPTED)
    assert (run.report_path.exists(), {path.name for path in run.path.iterdir()}) == before
    assert json.loads(run.metrics_path.read_text())["test"]["scores"]["rows"] == 16


def test_errors_are_told_by_a_column(run):
    result = evaluate("tfidf-1", "--slice-by", "OUTLET")
    assert result.exit_code == 0, result.output
    length, outlet = Run.open("tfidf-1").scores().slices.by
    assert (length.column, outlet.column, outlet.named) == ("length", "outlet", False)
    said = "By outlet: not looked at, no two parts have 20 texts each."  # of 16
    assert said in result.stdout
    assert said in run.card_path.read_text()
    assert said in run.report_path.read_text()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--slice-by", "colour"], "cannot be sliced by 'colour'. Columns to choose from: "),
        (["--slice-by", "label"], "cannot be sliced by 'label'"),
        (["--slice-by", "outlet", "--data", "."], "Leave one of them out"),
    ],
)
def test_what_cannot_be_sliced_by_is_told_before_the_test_split_is_read(run, more, said):
    result = evaluate("tfidf-1", *more)
    assert result.exit_code == 2
    assert said in result.output
    assert Run.open("tfidf-1").config.test_reads == 0


def test_texts_stay_out_when_asked(run):
    """A threshold of 0 makes mistakes of all real texts."""
    task = run.model_dir / "task.json"
    task.write_text(task.read_text().replace('"threshold": 0.5', '"threshold": 0.0'))
    run.update(digests=digests(run.model_dir))
    result = evaluate("tfidf-1", "--no-text")
    assert result.exit_code == 0, result.output
    page = html.unescape(run.report_path.read_text())
    titles = open_splits(run.config.splits.path).frame("test")["title"]
    assert not any(title in page for title in titles)


def test_another_data_set(run, tmp_path):
    other = tiny.splits(tmp_path / "other", 60, seed=9, name="elsewhere")
    result = evaluate("tfidf-1", "--data", other.path)
    assert result.exit_code == 0, result.output
    assert "On elsewhere, F1" in result.stdout
    assert "Left out of elsewhere" in result.stdout
    assert "validation split" in result.stdout.splitlines()[0]
    assert Run.open("tfidf-1").config.test_reads == 0


def test_a_data_set_whose_labels_mean_something_else(run, tmp_path):
    other = tiny.splits(
        tmp_path / "other", 60, seed=9, name="baits", class_names=("news", "clickbait")
    )
    result = evaluate("tfidf-1", "--data", other.path)
    assert result.exit_code == 0, result.output
    assert "Warning: Labels in baits do not mean what they mean in" in result.stdout
    assert "called clickbait" not in result.stdout
    for page in (run.report_path, run.card_path):
        assert "Labels in baits do not mean" in page.read_text()


def test_splits_that_moved(run, tmp_path):
    shutil.copytree(run.config.splits.path, tmp_path / "moved")
    run.update(splits=replace(run.config.splits, path=str(tmp_path / "gone")))
    result = evaluate("tfidf-1")
    assert result.exit_code == 3
    assert "also take their new place, with --splits FOLDER" in result.stderr
    assert evaluate("tfidf-1", "--splits", tmp_path / "moved").exit_code == 0


def test_a_run_that_is_not_there(run):
    result = evaluate("tfidf-2")
    assert result.exit_code == 5
    assert result.stderr.startswith("Error: No run 'tfidf-2'")
    assert "tfidf-1" in result.stderr


def test_a_run_in_training(run):
    run.update(state="training")
    result = evaluate("tfidf-1")
    assert result.exit_code == 5
    assert "is not complete: its state is 'training'" in result.stderr


@pytest.mark.parametrize("prevalence", ["2", "-0.1", "some"])
def test_a_prevalence_is_a_share(prevalence):
    assert evaluate("tfidf-1", "--prevalence", prevalence).exit_code == 2
