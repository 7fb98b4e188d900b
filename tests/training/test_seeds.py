"""Runs that differ in their seed alone."""

import re

import pytest

from tests import tiny
from tfnews.errors import RunError, UsageError
from tfnews.runs import Run
from tfnews.training import seeds as module
from tfnews.training.asked import check_seeds
from tfnews.training.seeds import closing_words, fit_seeds

SWIVEL = {"arch": "swivel20", **tiny.SWIVEL, "epochs": 1}


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("splits"))


@pytest.fixture(scope="module")
def runs(splits, tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return fit_seeds(2, data=splits.path, **SWIVEL, seed=5, root=root, floor=False)


def test_runs_are_named_by_group_and_seed(runs):
    assert [run.name for run in runs] == ["swivel20-seeds-1-seed5", "swivel20-seeds-1-seed6"]
    assert [run.config.seed for run in runs] == [5, 6]
    for run in runs:
        opened = Run.open(run.path)
        assert opened.config.group == "swivel20-seeds-1"
        assert opened.config.to_json()["group"] == "swivel20-seeds-1"


def test_seeds_make_other_models(runs):
    first, second = (run.predictions_path("validation").read_text() for run in runs)
    assert first != second


def test_mean_and_range_are_said(runs):
    scores = [run.scores().validation.scores["f1"] for run in runs]
    said = closing_words(runs)
    mean = sum(scores) / 2
    assert f"F1 {mean:.4f} ({min(scores):.4f} to {max(scores):.4f})" in said
    assert "seeds 5, 6" in said


def test_word_vectors_are_written_for_the_projector(runs, splits):
    folder = runs[0].logs_dir / "words"
    words = (folder / "words.tsv").read_text(encoding="utf-8").splitlines()
    vectors = (folder / "vectors.tsv").read_text(encoding="utf-8").splitlines()
    assert len(words) == len(vectors) == len(set(words))
    assert {len(line.split("\t")) for line in vectors} == {20}
    assert not any(" " in word or "\t" in word for word in words)
    texts = splits.frame("train")["combined_text"].str.lower()
    texts = [set(re.findall(r"\w+", text)) for text in texts]
    assert all(sum(word in text for text in texts) > 1 for word in words)
    config = (folder / "projector_config.pbtxt").read_text()
    assert 'metadata_path: "words.tsv"' in config


def test_a_taken_name_is_told_before_the_first_run_is_trained(runs, splits, monkeypatch):
    monkeypatch.setattr(module, "fit", lambda **options: pytest.fail("trained"))
    root = runs[0].path.parent
    options = {"data": splits.path, **SWIVEL, "root": root}
    with pytest.raises(RunError, match="swivel20-seeds-1-seed6"):
        fit_seeds(3, name="swivel20-seeds-1", seed=6, **options)
    assert module._free("swivel20-seeds", root) == "swivel20-seeds-2"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((1, "cnn"), "--seeds must be"),
        ((3, "tfidf"), "every seed gives the same run"),
        ((3, None), "every seed gives the same run"),
        ((3, "cnn", "a-run"), "--resume"),
        ((3, "cnn", None, True), "--dry-run"),
    ],
)
def test_what_cannot_be_asked(arguments, said):
    with pytest.raises(UsageError, match=said):
        check_seeds(*arguments)
