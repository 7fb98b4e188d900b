"""TensorBoard's own HPARAMS plugin answers what a table over several runs must hold."""

import warnings

import pytest
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.plugins import base_plugin
from werkzeug.test import Client

from tests import tiny
from tfnews.records import WeightsRecord
from tfnews.records.scores import Judged
from tfnews.report import board
from tfnews.runs import Run

with warnings.catch_warnings():  # of a library inside TensorBoard
    warnings.simplefilter("ignore", DeprecationWarning)
    from tensorboard.plugins.hparams import hparams_plugin

SCORES = {"f1": 0.75, "roc_auc": 0.875, "fpr": 0.25, "accuracy": 0.5}
STATUSES = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_RUNNING"]
FIRST = [
    *("arch", "data", "epochs_run", "fine_tuned"),
    *("megabytes", "seconds", "state", "weights", "weights_digest"),
]


def made(root, name, *, test=None, **changes):
    run = Run.create(tiny.config(name, **changes), root)
    run.update(state="complete", megabytes=1.5, fit_seconds=2.0)
    run.update_scores(validation=Judged(SCORES), test=test)
    board.write(run)
    return run


def asked(root, path, **request):
    """Return the plugin's answer to a page that shows every run below a folder."""
    multiplexer = plugin_event_multiplexer.EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(root))
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, str(root))
    plugin = hparams_plugin.HParamsPlugin(base_plugin.TBContext(data_provider=provider))
    client = Client(plugin.get_plugin_apps()[path])
    answer = client.post(json={"experimentName": "", **request})
    assert answer.status_code == 200
    return answer.json


def table(root):
    """Return what each run's row holds, by column, and its scores by tag."""
    columns = {"colParams": [{"hparam": name, "includeInResult": True} for name in FIRST]}
    groups = asked(
        root, "/session_groups", allowedStatuses=STATUSES, startIndex=0, sliceSize=9, **columns
    )["sessionGroups"]
    return {
        group["name"]: (
            group["hparams"],
            {one["name"]["tag"]: one["value"] for one in group["metricValues"]},
        )
        for group in groups
    }


@pytest.fixture
def root(tmp_path):
    made(tmp_path, "one")
    settings = {"weights": "/home/someone/models/glove", "trainable": True, "epochs": 3}
    started = WeightsRecord("/home/someone/models/glove#sha256=" + "b" * 64, "b" * 64)
    test = Judged({**SCORES, "f1": 0.5})
    changes = {"arch": "nnlm50", "trainable": True, "weights": started, "recipe": settings}
    made(tmp_path, "two", test=test, **changes)
    return tmp_path


def test_the_first_columns_say_what_was_trained_on_what(root):
    found = asked(root, "/experiment", includeMetrics=True)
    names = [info["name"] for info in found["hparamInfos"]]
    assert names[: len(FIRST)] == FIRST
    assert {"learning_rate", "epochs", "ngrams"} <= set(names[len(FIRST) :])
    assert {"weights", "trainable"} & set(names[len(FIRST) :]) == set()
    tags = [info["name"]["tag"] for info in found["metricInfos"]]
    assert tags[0] == "validation/f1"
    assert tags[4] == "test/f1"
    assert len(tags) == 8


def test_a_row_holds_a_run_and_its_scores_by_split(root):
    rows = table(root)
    assert rows["one"][0] == {
        "arch": "tfidf",
        "data": "made_up",
        "epochs_run": 0,
        "fine_tuned": False,
        "megabytes": 1.5,
        "seconds": 2.0,
        "state": "complete",
        "weights": "none",
        "weights_digest": "none",
    }
    assert rows["one"][1] == {f"validation/{name}": value for name, value in SCORES.items()}
    assert rows["two"][0]["fine_tuned"] is True
    assert rows["two"][0]["weights_digest"] == "b" * 12
    assert rows["two"][1]["test/f1"] == 0.5
    assert rows["two"][1]["validation/f1"] == 0.75


def test_no_folder_of_this_machine_is_shown(root):
    """The table once had the absolute path of the weights as a column."""
    assert table(root)["two"][0]["weights"] == "glove"
    logs = (root / "two" / "logs").rglob("*tfevents*")
    assert not any(b"someone" in path.read_bytes() for path in logs)


def test_a_row_is_replaced_once_the_test_split_is_read(root):
    run = Run.open("one", root)
    run.update_scores(test=Judged({**SCORES, "f1": 0.25, "roc_auc": None}))
    board.write(run)
    found = table(root)["one"][1]
    assert found["test/f1"] == 0.25
    assert "test/roc_auc" not in found
    assert [path.name for path in run.logs_dir.iterdir()] == ["hparams"]
