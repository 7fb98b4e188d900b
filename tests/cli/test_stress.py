"""`tfnews stress` on a tiny run."""

import json

import pytest
from click.testing import CliRunner

from tests import tiny
from tfnews import models
from tfnews.cli import main
from tfnews.evaluation import publish
from tfnews.training.fit import fit


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stress")
    return fit(tiny.splits(folder, 320).path, root=folder / "runs", floor=False)


@pytest.fixture
def stress(run, monkeypatch):
    classifier = models.load(run)
    monkeypatch.setattr(models, "load", lambda run, **_: classifier)
    monkeypatch.setattr(publish, "publish", lambda *_, **__: None)

    def _stress(*arguments):
        return CliRunner().invoke(main, ["stress", str(run.path), *map(str, arguments)])

    return _stress


def test_the_worst_is_said_first_and_files_are_named(stress, tmp_path):
    result = stress("--to", tmp_path / "out", "--seed", "3", "--texts", "46")
    assert result.exit_code == 0, result.output
    assert "attacks" in result.stdout.splitlines()[0]
    assert "untouched" in result.stdout
    assert f"Written: {tmp_path / 'out' / 'stress.html'}, .md, .json and figures" in result.stdout
    assert (tmp_path / "out" / "stress-f1.png").stat().st_size > 1000


def test_json_is_for_programs(stress):
    result = stress("--json", "--split", "test")
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    assert (content["part"], len(content["attacks"])) == ("test", 13)
