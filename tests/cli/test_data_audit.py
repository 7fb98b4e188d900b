import json

import pytest
from click.testing import CliRunner

from tests.audit import news
from tfnews.cli import main
from tfnews.data.splits import PARTS


def _run(*arguments):
    return CliRunner().invoke(main, ["data", "audit", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return news.splits(tmp_path_factory.mktemp("clean") / "splits").path


@pytest.fixture
def copied(tmp_path):
    for part in PARTS:
        news.frame("train").to_csv(tmp_path / f"{part}.csv", index=False)
    return tmp_path


def test_a_clean_set_passes_even_strictly(clean):
    result = _run(clean, "--strict")
    assert result.exit_code == 0
    assert "No shortcut was found" in result.output
    assert result.output.endswith(f"Next: tfnews fit --data {clean}\n")


def test_findings_end_with_1_only_if_strict(copied):
    assert _run(copied).exit_code == 0
    result = _run(copied, "--strict")
    assert result.exit_code == 1
    assert "240 stand word for word in train too" in result.output
    assert result.output.endswith("Next: tfnews data prepare SOURCE --out FOLDER\n")


def test_files_are_written_when_asked_and_the_splits_left_alone(clean, tmp_path):
    before = sorted(path.name for path in clean.iterdir())
    assert _run(clean, "--json", tmp_path / "a.json", "--html", tmp_path / "a.html").exit_code == 0
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["name"] == "made_up"
    assert "What made_up gives away" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in clean.iterdir()) == before


def test_a_folder_without_splits_is_one_line(tmp_path):
    result = _run(tmp_path)
    assert result.exit_code == 3
    assert "is not a folder of splits" in result.output


def test_a_sheet_is_named_and_never_written_over(clean, tmp_path):
    """Labels that a person had filled in were once lost when the command was typed again."""
    sheet = tmp_path / "doubted.csv"
    result = _run(clean, "--labels", "--sheet", sheet)
    assert f"Written: {sheet}." in result.output
    assert result.output.endswith(f"tfnews data relabel {clean} {sheet} --out FOLDER\n")
    sheet.write_text("filled")
    result = _run(clean, "--labels", "--sheet", sheet)
    assert result.exit_code == 2
    assert "is there already" in result.output
    assert sheet.read_text() == "filled"
