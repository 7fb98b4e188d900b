"""The same command comes to the same numbers, to the bit, wherever its folder lies."""

import json
import shutil

import keras
import pytest
from tensorflow.python.framework import config  # nothing public tells, nor puts it back

from tests import tiny
from tfnews.evaluation.evaluate import evaluate
from tfnews.runs import Run
from tfnews.training.fit import fit

_TIMES = ("timings",)  # of metrics.json: they differ, of course


@pytest.fixture(autouse=True)
def indeterminate():
    """Put back what a fit sets for its whole process."""
    yield
    config.disable_op_determinism()


def fitted(place):
    """Fit and evaluate in a folder; give what is left of it, and whether it was computed so."""
    options = {"arch": "swivel20", **tiny.SWIVEL, "batch_size": 16, "deterministic": True}
    run = fit(place / "splits", name="mine", root=place / "runs", **options)
    config.disable_op_determinism()  # as in the process of another command
    evaluate("mine", root=place / "runs")
    return Run.open(run.path), config.is_op_determinism_enabled()


def left_by(run):
    metrics = json.loads((run.path / "metrics.json").read_text("utf-8"))
    assert all(metrics.pop(name) for name in _TIMES)
    tables = {path.name: path.read_bytes() for path in (run.path / "predictions").iterdir()}
    history = [{k: v for k, v in line.items() if k != "seconds"} for line in run.history()]
    return {"metrics": metrics, "history": history, **tables}


def test_two_fits_are_equal_to_the_bit_and_so_after_the_folder_has_moved(tmp_path):
    tiny.splits(tmp_path / "here")
    run, repeated = fitted(tmp_path / "here")
    first, card = left_by(run), (run.path / "card.md").read_text("utf-8")
    assert repeated  # evaluate computes as the fit did
    assert run.config.recipe["deterministic"] is True
    assert "deterministic True" in card
    (tmp_path / "here").rename(tmp_path / "there")
    shutil.rmtree(tmp_path / "there" / "runs")
    keras.utils.set_random_seed(99)  # which a process that comes later has, too
    assert left_by(fitted(tmp_path / "there")[0]) == first


def test_a_fit_leaves_the_order_of_sums_open_unless_told(tmp_path):
    splits = tiny.splits(tmp_path)
    fit(splits.path, arch="tfidf", root=tmp_path)
    assert not config.is_op_determinism_enabled()
