"""TensorBoard itself, started on two runs and a group, and asked what its pages ask."""

import json
import time
import urllib.error
import urllib.request
import warnings
from urllib.parse import urlencode

import numpy as np
import pytest

from tests import tiny
from tfnews.records.scores import Judged
from tfnews.report import board, projector
from tfnews.runs import Run
from tfnews.statistics import metrics

with warnings.catch_warnings():  # of libraries inside TensorBoard
    warnings.simplefilter("ignore")
    from tensorboard import program

LABELS = np.array([0, 0, 0, 1, 1, 1])
ANSWERS = {
    "one": np.array([0.1, 0.2, 0.6, 0.4, 0.8, 0.9], "float32"),
    "many-seed0": np.array([0.1, 0.2, 0.3, 0.7, 0.8, 0.9], "float32"),
    "many-seed1": np.array([0.9, 0.2, 0.3, 0.7, 0.8, 0.9], "float32"),
}
DEADLINE = 60  # seconds until TensorBoard must have read the files


def made(root, name, **changes):
    run = Run.create(tiny.config(name, **changes), root)
    run.update(state="complete", megabytes=1.5, fit_seconds=2.0)
    run.record_predictions("validation", LABELS, ANSWERS[name])
    run.update_scores(validation=Judged(metrics.scores(LABELS, ANSWERS[name])))
    return run


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    root = tmp_path_factory.mktemp("saved_models")
    one = made(root, "one")
    one.record_predictions("test", LABELS, ANSWERS["one"])
    one.update_scores(test=Judged(metrics.scores(LABELS, ANSWERS["one"])))
    runs = [one, *(made(root, f"many-seed{n}", group="many", seed=n) for n in (0, 1))]
    for run in runs:
        board.write(run)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = program.TensorBoard()
        server.configure(argv=[None, "--logdir", str(root), "--port", "0", "--load_fast", "false"])
        yield server.launch()


def asked(address, path, body=None, **query):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    url = f"{address}data/{path}?{urlencode(query)}"
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, data, headers), timeout=30
        ) as found:
            return json.load(found)
    except urllib.error.HTTPError:  # the runs are not read yet
        return None


def until(address, wanted, *arguments, **query):
    """Ask until an answer is as wanted: TensorBoard reads its files beside answering."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        found = asked(address, *arguments, **query)
        if found is not None and wanted(found):
            return found
    raise AssertionError(f"TensorBoard did not answer as wanted within {DEADLINE} s: {found}")


def groups(address):
    body = {
        "experimentName": "",
        "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_RUNNING"],
        "startIndex": 0,
        "sliceSize": 9,
        "aggregationType": "AGGREGATION_AVG",
        "colParams": [{"hparam": "arch", "includeInResult": True}],
    }
    found = until(
        address,
        lambda found: sum(len(one["sessions"]) for one in found["sessionGroups"]) == 3,
        "plugin/hparams/session_groups",
        body,
    )
    return {
        one["name"]: {value["name"]["tag"]: value["value"] for value in one["metricValues"]}
        for one in found["sessionGroups"]
    }


def test_seeds_of_a_group_are_one_row_with_the_mean_of_their_scores(address):
    rows = groups(address)
    assert set(rows) == {"one", "many"}
    assert rows["one"]["test/f1"] == pytest.approx(2 / 3)
    assert rows["one"]["validation/roc_auc"] == pytest.approx(8 / 9)
    # One seed is right on all, the other calls one real text fake: F1 6 / 7.
    assert rows["many"]["validation/f1"] == pytest.approx((1 + 6 / 7) / 2)
    assert rows["many"]["validation/fpr"] == pytest.approx(1 / 6)


def test_scalars_of_each_run_can_be_asked_for(address):
    groups(address)  # all are read
    tags = asked(address, "plugin/scalars/tags")
    assert set(tags) == {f"{name}/logs/hparams" for name in ANSWERS}
    assert {"validation/f1", "validation/fpr", "test/roc_auc"} <= set(tags["one/logs/hparams"])
    found = asked(address, "plugin/scalars/scalars", run="one/logs/hparams", tag="test/f1")
    assert [point[1:] for point in found] == [[0, pytest.approx(2 / 3)]]


def test_precision_and_recall_by_threshold(address):
    groups(address)
    name, tag = "one/logs/hparams", "validation/precision_recall/pr_curves"
    assert tag in asked(address, "plugin/pr_curves/tags")[name]
    curve = asked(address, "plugin/pr_curves/pr_curves", run=name, tag=tag)[name][0]
    at = np.argmin(np.abs(np.array(curve["thresholds"]) - 0.5))
    assert (curve["true_positives"][at], curve["false_positives"][at]) == (2, 1)
    assert curve["precision"][at] == pytest.approx(2 / 3)
    assert curve["recall"][at] == pytest.approx(2 / 3)


def test_confusion_matrices_are_tables_of_text(address):
    groups(address)
    name = "one/logs/hparams"
    found = asked(address, "plugin/text/text", run=name, tag="test/confusion", markdown="true")
    text = found[0]["text"]
    assert "<table>" in text
    assert "called fake" in text
    assert "2 (66.7 %)" in text


def test_words_of_the_projector_are_frequent_and_in_more_than_one_text():
    # Word 3 is of one text alone, 9 is no word, 2 is rarer than 0 and 1.
    texts = [[0, 1, 3, 3, 3, 9], [0, 1, 2, 0], [2]]
    ids, lengths = np.concatenate(texts), np.array([len(text) for text in texts])
    assert projector.frequent(ids, lengths, known=5, most=9).tolist() == [0, 1, 2]
    assert projector.frequent(ids, lengths, known=5, most=1).tolist() == [0]
    assert projector.frequent(np.array([], int), np.array([0]), known=5, most=3).tolist() == []
