"""What several sets teach together: which models are trained, on what, and what is said of them."""

import numpy as np
import pytest

from tests import tiny
from tests.report.page import Page
from tfnews.data.splits import open_splits
from tfnews.errors import DataError, UsageError
from tfnews.evaluation.matrix import whole_column
from tfnews.models import load
from tfnews.records.matrix import Matrix
from tfnews.report.matrix import page, screen, tables
from tfnews.runs import Run, every_run
from tfnews.statistics.intervals import paired_difference
from tfnews.training.matrix import matrix

NAMES = ("first", "second", "third")


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    return [tiny.splits(folder / name, 60, seed, name=name).path for seed, name in enumerate(NAMES)]


@pytest.fixture(scope="module")
def made(sets, tmp_path_factory):
    """Give the matrix and its folder of runs."""
    folder = tmp_path_factory.mktemp("made")
    asked = {"assignments": ["balance=sets"], "root": folder / "runs", "out": folder / "out"}
    return matrix(sets, leave_one_out=True, **asked), folder / "runs"


def test_all_sets_and_all_but_each_are_learnt(made):
    found, root = made
    learnt = {run.name: run.config.splits.name for run in every_run(root)}
    together = found.leave_one_out
    assert learnt[together.run] == "first+second+third"
    assert {one.scored.name: learnt[one.run] for one in together.left_out} == {
        "first": "second+third",
        "second": "first+third",
        "third": "first+second",
    }
    assert len(learnt) == 7
    assert all(Run.open(name, root).config.test_reads for name in learnt)


def test_a_set_left_out_is_scored_whole_by_both_models(made, sets):
    found, root = made
    one = found.leave_one_out.left_out[0]
    assert (one.scored.name, one.scored.part) == ("first", "all")
    opened = [open_splits(path) for path in sets]
    frame = whole_column("first", opened[0], opened[1:]).frame
    assert one.scored.rows == len(frame) > len(opened[0].frame("test"))
    runs = (Run.open(name, root) for name in (one.run, found.runs[one.best]))
    scored = [load(run).probabilities(frame["combined_text"].tolist()) for run in runs]
    expected = paired_difference(frame["label"], *scored, frame["cluster"], "roc_auc")
    assert one.gains["roc_auc"].difference == pytest.approx(expected["difference"])
    assert one.gains["roc_auc"].interval == pytest.approx(tuple(expected["interval"]))


def test_the_best_single_model_is_the_best(made):
    for one in made[0].leave_one_out.left_out:
        assert one.best != one.scored.name
        assert one.gains["roc_auc"].difference == pytest.approx(
            one.joined.scores["roc_auc"] - one.single.scores["roc_auc"]
        )


def test_each_set_is_added_to_the_others(made):
    added = made[0].leave_one_out.added
    assert [(one.name, one.tested_on) for one in added] == [
        (a, b) for a in NAMES for b in NAMES if a != b
    ]
    assert all(np.isfinite(one.gain.difference) for one in added)


def test_page_tables_and_terminal_say_the_same(made):
    found = made[0]
    assert Matrix.from_json(found.to_json()) == found
    shown = page.render(found)
    assert not Page(shown).names & {"script", "link", "iframe", "object"}
    for said in (shown, tables.markdown_text(found), screen.render(found)):
        assert "Of 3 sets left out in turn" in said
        assert "second" in said


def test_what_cannot_be_joined_is_told_before_anything_is_trained(sets, tmp_path):
    asked = {"leave_one_out": True, "root": tmp_path / "runs", "out": tmp_path / "out"}
    with pytest.raises(UsageError, match=r"needs 3 sets .* Received: 2"):
        matrix(sets[:2], **asked)
    satire = tiny.splits(tmp_path / "satire", 60, 9, name="satire", label_basis="satire")
    with pytest.raises(DataError, match="they cannot be learnt as one"):
        matrix([*sets[:2], satire.path], **asked)
    assert every_run(tmp_path / "runs") == []
