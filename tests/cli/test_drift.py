"""`tfnews drift` on a tiny run."""

import json

import pytest
from click.testing import CliRunner

from tests import tiny
from tfnews import models
from tfnews.cli import main
from tfnews.training.fit import fit

FOREIGN = [f"o governo disse que não vai mudar a lei número {row} para ela" for row in range(40)]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drift")
    splits = tiny.splits(folder, 320)
    return fit(splits.path, root=folder / "runs", floor=False)


@pytest.fixture
def drift(run, monkeypatch):
    classifier = models.load(run)
    monkeypatch.setattr(models, "load", lambda run, **_: classifier)

    def _drift(*arguments, **options):
        words = ["drift", str(run.path), *map(str, arguments)]
        return CliRunner().invoke(main, words, **options)

    return _drift


def test_silence_ends_with_0_and_an_alarm_with_1(drift, run, tmp_path):
    home = (run.path / run.config.splits.path).resolve()
    result = drift(home / "test.csv", "--to", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("No alarm: test.csv is like the validation texts of")
    assert f"Written: {tmp_path / 'out' / 'drift.html'}, .md, .json and figures" in result.stdout
    result = drift("-", input="\n".join(FOREIGN))
    assert result.exit_code == 1, result.output
    assert result.stdout.startswith("Alarm: standard input is unlike the validation texts of")
    assert "Next:" not in result.stdout


def test_json_is_for_programs_and_keeps_the_exit_code(drift, tmp_path):
    (tmp_path / "week.txt").write_text("\n".join(FOREIGN))
    result = drift(tmp_path / "week.txt", "--json")
    assert result.exit_code == 1
    content = json.loads(result.stdout)
    assert content["alarm"] is True
    assert {one["measure"] for one in content["shifts"]} == {
        "score", "length", "unknown", "refused"
    }  # fmt: skip


def test_limits_and_columns_are_options(drift, tmp_path):
    lines = (json.dumps({"body": text}) for text in FOREIGN)
    (tmp_path / "week.jsonl").write_text("\n".join(lines))
    result = drift(
        tmp_path / "week.jsonl", "--text-column", "body", "--max-shift", "1", "--max-refused", "1",
        "--level", "0.001", "--reference", tmp_path / "week.jsonl",
    )  # fmt: skip
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ('{"text": "one"}\n', 3, "holds 1 different texts"),
        ('{"text": ""}\n' * 30, 3, "holds no text: 30 records"),
        ('{"headline": "one"}\n', 3, "Column 'text' is not in week.jsonl"),
        ("", 3, "week.jsonl"),
    ],
)
def test_bad_feeds_are_told_and_write_nothing(drift, tmp_path, content, code, said):
    (tmp_path / "week.jsonl").write_text(content)
    result = drift(tmp_path / "week.jsonl", "--to", tmp_path / "out")
    assert result.exit_code == code
    assert said in result.stderr
    assert not (tmp_path / "out").exists()


def test_standard_input_is_read_once(drift):
    result = drift("-", "--reference", "-")
    assert result.exit_code == 2
    assert "can be read once" in result.stderr
