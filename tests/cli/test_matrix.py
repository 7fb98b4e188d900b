"""`tfnews matrix` on tiny corpora."""

import pytest
from click.testing import CliRunner

from tests import tiny
from tfnews.cli import main


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    return [
        tiny.splits(tmp_path_factory.mktemp(name), 60, seed, name=name).path
        for seed, name in enumerate(("first", "second"))
    ]


def matrix(*arguments):
    return CliRunner().invoke(main, ["matrix", *map(str, arguments)])


def test_figures_are_shown_and_files_named(sets, tmp_path, monkeypatch):
    monkeypatch.setenv("TFNEWS_SAVED_MODELS", str(tmp_path / "runs"))
    result = matrix(sets[0], "--test-only", sets[1], "--out", tmp_path / "out", "--set", "C=2")
    assert result.exit_code == 0, result.output
    assert "Training tfidf-1 on first" in result.stdout
    assert "Of 1 pairs of different sets" in result.stdout
    for ending in ("html", "md", "csv", "json"):
        assert f"Written: {tmp_path / 'out' / 'matrix'}.{ending}" in result.stdout
    page = (tmp_path / "out" / "matrix.html").read_text()
    assert "tfnews matrix" in page
    assert "C 2.0" in page
    assert result.stdout.endswith("Next: tfnews evaluate tfidf-1\n")


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        ([], 2, "at least one set to train on and another to test on"),
        (["--test-only", "SAME"], 3, "are the same splits"),
        (["--test-only", "FILE"], 2, "is a file, and a folder of splits is wanted"),
        (["--test-only", "SAME", "--arch", "tfidff"], 2, "tfidff"),
        (["--test-only", "SAME", "--set", "D=2"], 2, "Unknown setting 'D'"),
        (["--test-only", "SAME", "--out", "FILE"], 3, "is a file"),
    ],
)
def test_mistakes_are_told_before_anything_is_trained(
    sets, tmp_path, monkeypatch, more, code, said
):
    monkeypatch.setenv("TFNEWS_SAVED_MODELS", str(tmp_path / "runs"))
    file = tmp_path / "news.csv"
    file.write_text("text,label\n")
    places = {"SAME": sets[0], "FILE": file}
    result = matrix(sets[0], *(places.get(one, one) for one in more))
    assert result.exit_code == code
    assert said in result.output
    assert not (tmp_path / "runs").exists()
