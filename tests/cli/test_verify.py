"""`tfnews verify`, and `--trust-graph`."""

import json

import click
import pytest
from click.testing import CliRunner

from tests import tiny
from tests.models.hostile import TARGET, Layout, Writes, save
from tests.serving import made
from tfnews.cli import main
from tfnews.models.opening import digests

OPENS = ("fit", "evaluate", "predict", "explain", "export", "serve", "verify")


def invoke(*args):
    return CliRunner().invoke(main, list(args))


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("TFNEWS_SAVED_MODELS", str(tmp_path))
    for name in ("first", "second"):
        run = made.run(tmp_path, name)
        run.update(digests=digests(run.model_dir))
    return tmp_path


def test_sound_runs(runs):
    done = invoke("verify", "--all")
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert [line for line in lines if line.endswith(": sound")] == [
        f"{runs / name}: sound" for name in ("first", "second")
    ]
    assert "  graph    none is carried" in lines


def test_one_that_is_not(runs):
    with (runs / "second" / "model" / "task.json").open("a") as file:
        file.write(" ")
    done = invoke("verify", "first", "second")
    assert done.exit_code == 5
    assert "first: sound" in done.output
    assert "second: NOT SOUND" in done.output
    assert "! The model in" in done.output
    assert "task.json is another" in done.output
    assert "1 of 2 runs is not sound" in done.output


def test_a_run_that_is_not_there(runs):
    done = invoke("verify", "third")
    assert done.exit_code == 5
    assert "No run 'third'" in done.output


@pytest.mark.parametrize("args", [[], ["first", "--all"]])
def test_what_is_to_be_checked_must_be_said(runs, args):
    done = invoke("verify", *args)
    assert done.exit_code == 2
    assert "or --all alone" in done.output


@pytest.mark.parametrize("name", OPENS)
def test_every_command_that_opens_a_graph_can_be_told_to_trust_it(name):
    command = main.get_command(click.Context(main), name)
    assert "--trust-graph" in [option for one in command.params for option in one.opts]


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("data"), articles=60)


def test_fit_opens_no_graph_that_writes_unless_it_is_trusted(splits, tmp_path):
    """`fit --weights MODULE` once wrote what the module's graph writes."""
    module = save(Writes, tmp_path)
    command = ["fit", "--data", str(splits.path), "--arch", "swivel20", "--dry-run"]
    done = invoke(*command, "--weights", str(module))
    assert done.exit_code == 4
    assert "WriteFile" in done.output
    assert "--trust-graph" in done.output
    assert not (tmp_path / TARGET).exists()
    trusted = invoke(*command, "--weights", str(module), "--trust-graph")
    assert trusted.exit_code == 0, trusted.output
    assert (tmp_path / TARGET).exists()
    said = json.loads(trusted.output[: trusted.output.rindex("}") + 1])
    assert "WriteFile" in said["weights"]["trusted"][0]


def test_trust_is_not_recorded_of_a_graph_that_needs_none(splits, tmp_path):
    module = save(Layout, tmp_path)
    command = ["fit", "--data", str(splits.path), "--arch", "swivel20", "--dry-run"]
    done = invoke(*command, "--weights", str(module), "--trust-graph")
    assert done.exit_code == 0, done.output
    assert "trusted" not in json.loads(done.output[: done.output.rindex("}") + 1])["weights"]
