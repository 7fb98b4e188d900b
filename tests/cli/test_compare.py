"""`tfnews compare`, on runs whose answers are made up, and its gate."""

import json

import pytest
from click.testing import CliRunner

from tests import tiny
from tests.comparison import made
from tfnews.cli import main
from tfnews.comparison import promote as module
from tfnews.records import Flip, Judged, Promotion, Side


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    splits = tiny.splits(tmp_path_factory.mktemp("home"), 200)
    root = tmp_path_factory.mktemp("runs")
    made.run(root, splits, "large", 0.0, megabytes=50.0)
    made.run(root, splits, "small", 0.05)
    return root


@pytest.fixture
def compare(runs, monkeypatch):
    monkeypatch.setenv("TFNEWS_SAVED_MODELS", str(runs))
    return lambda *arguments: CliRunner().invoke(main, ["compare", *map(str, arguments)])


def test_the_run_to_ship_is_said_and_what_to_type_next(compare):
    result = compare()
    assert result.exit_code == 0, result.output
    assert "Ship small: the smallest (1.0 MB) of the 2 that tie" in result.stdout
    assert result.stdout.splitlines()[-1] == "Next: tfnews compare --to DIR"


def test_files_are_named(compare, tmp_path):
    result = compare("large", "small", "--to", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / "compare.html").is_file()
    assert "Next: tfnews export small" in result.stdout


def test_json_for_programs(compare):
    content = json.loads(compare("--json").stdout)
    assert content["ship"] == "small"


@pytest.mark.parametrize(
    "arguments",
    [
        ["one", "--gate", "--data", "x"],
        ["one", "two", "--gate"],
        ["one", "two", "three", "--gate", "--data", "x"],
        ["one", "two", "--fake-value", "1"],
        ["one", "two", "--gate", "--data", "x", "--tolerance", "2"],
        ["large", "small", "--tolerance", "0.05"],
        ["large", "small", "--show", "3"],
    ],
)
def test_what_cannot_be_carried_out(compare, arguments):
    result = compare(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")


def test_a_run_that_is_not_there(compare):
    result = compare("large", "other")
    assert result.exit_code == 5
    assert "No run 'other'" in result.stderr


def side(name, f1):
    scores = {"f1": f1, "accuracy": f1, "roc_auc": f1, "fpr": 1 - f1}
    return Side(name=name, kind="run", threshold=0.5, digest=name, judged=Judged(scores))


def found(promoted):
    return Promotion(
        set_name="golden",
        class_names=("real", "fake"),
        digest="ab",
        rows=40,
        old=side("old", 0.9),
        new=side("new", 0.8),
        difference=-0.1,
        bootstrap_p=0.01,
        mcnemar_p=0.02,
        tolerance=0.01,
        promoted=promoted,
        flips=tuple(Flip(f"story-{n}", 1, 0.9, 0.1, False) for n in range(3)),
    )


@pytest.mark.parametrize("promoted", [True, False])
def test_the_gate_ends_with_1_where_the_new_one_is_worse(compare, tmp_path, monkeypatch, promoted):
    monkeypatch.chdir(tmp_path)
    for name in ("old", "new"):  # folders of exports, as far as the command looks itself
        (tmp_path / name).mkdir()
    monkeypatch.setattr(module, "promote", lambda *models, **options: found(promoted))
    result = compare("old", "new", "--gate", "--data", "golden.csv", "--show", "2")
    assert result.exit_code == (0 if promoted else 1)
    opening = "Promoted: new may" if promoted else "Not promoted: new is worse than old"
    assert result.stdout.startswith(opening)
    assert result.stdout.count("story-") == 2
    as_json = compare("old", "new", "--gate", "--data", "golden.csv", "--json")
    assert as_json.exit_code == (0 if promoted else 1)
    assert json.loads(as_json.stdout)["promoted"] is promoted
