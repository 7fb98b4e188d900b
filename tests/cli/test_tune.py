"""`tfnews tune` from the command line."""

import os

from click.testing import CliRunner

from tests import tiny
from tfnews.cli import main
from tfnews.runs import Run


def test_a_search_is_told_and_its_run_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiny.splits(tmp_path, 200)
    given = "--trials 1 --set ngrams=1 --set min_df=1 --set max_features=10000 --name a.b"
    result = CliRunner().invoke(main, ["tune", "--data", "splits", *given.split()])
    assert result.exit_code == 0, result.output
    assert "trial 1 of 1  F1 " in result.output
    assert "Chosen as the best of 1 trial on " in result.output
    assert result.output.rstrip().endswith("Next: tfnews evaluate a.b-trial1")
    run = Run.open("a.b-trial1")
    assert run.config.command == f"tfnews tune --data splits {given}"
    assert os.fspath(tmp_path) not in run.config_path.read_text()
