"""`tfnews demo`: the whole way, once."""

import contextlib
import json
import shlex

import pytest
from click.testing import CliRunner

from tfnews.cli import main
from tfnews.records import Config
from tfnews.runs import Run


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "out"
    with contextlib.chdir(out.parent):  # runs record places from where they were made
        result = CliRunner().invoke(main, ["demo", "--out", str(out), "--articles", "80"])
    assert result.exit_code == 0, result.output
    return out, result.stdout


def test_it_says_that_the_corpus_is_synthetic(demo):
    out, shown = demo
    assert shown.startswith(f"Wrote 80 SYNTHETIC articles to {out}")
    assert "Scores on the test split of the SYNTHETIC corpus" in shown
    assert "these scores say nothing about real news" in shown


def test_two_runs_are_compared_and_reported(demo):
    out, shown = demo
    table = shown[shown.index("Scores on the test split") :]
    for name in ("tfidf-1", "swivel20-ft-1"):
        run = Run.open(name, out / "saved_models")
        assert f"\n{name} " in table
        assert f"Report: {run.report_path}" in shown.splitlines()
        assert run.report_path.stat().st_size > 100_000  # figures and all
        assert "synthetic-demo" in run.card_path.read_text()
        assert run.config.test_reads == 1


def test_a_run_tells_a_command_that_would_do_the_same(demo, monkeypatch):
    """It was once the demo's own, which trains something else on other data."""
    out, _ = demo
    monkeypatch.chdir(out.parent)
    for name in ("tfidf-1", "swivel20-ft-1"):
        run = Run.open(name, out / "saved_models")
        place, *words = shlex.split(run.config.command)
        assert place == "TFNEWS_SAVED_MODELS=out/saved_models"
        assert words[:2] == ["tfnews", "fit"]
        result = CliRunner().invoke(main, [*words[1:], "--dry-run"])
        shown = Config.from_json(json.loads(result.stdout.rpartition("\nNext: ")[0]))
        assert (shown.recipe, shown.splits) == (run.config.recipe, run.config.splits)


def test_what_to_type_next(demo):
    assert demo[1].endswith("\nNext: tfnews data prepare YOUR_FILE --out splits\n")


def test_too_few_articles(tmp_path):
    result = CliRunner().invoke(main, ["demo", "--out", str(tmp_path), "--articles", "9"])
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: --articles must be a whole number from 50")
