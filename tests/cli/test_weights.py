"""`tfnews weights build`: from a file of vectors to a module that opens."""

from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from tfnews.cli import main
from tfnews.cli.weights import build

LINES = "the 1 2\nfake 3 4\nU.S. 5 6\nfake 7 8\n"


@pytest.fixture
def run(tmp_path):
    (tmp_path / "glove.txt").write_text(LINES, encoding="utf-8")

    def call(*arguments, source="glove.txt"):
        out = ["--out", str(tmp_path / "module")]
        arguments = ["weights", "build", str(tmp_path / source), *out, *arguments]
        return CliRunner().invoke(main, arguments)

    return call


def test_build(run, tmp_path):
    result = run("--normalise", "lower", "--oov-buckets", "2", "--licence", "PDDL 1.0")
    assert result.exit_code == 0, result.output
    assert "Left out: 1 repeated words." in result.output
    assert "1 words can never be met in a text normalised by 'lower'." in result.output
    assert "3 words of 2 numbers, 2 for unknown words" in result.output
    assert f"--weights {tmp_path / 'module'}" in result.output.splitlines()[-1]

    from tfnews.models.embedding.module import read_module

    module = read_module(tmp_path / "module")
    assert module.words == ["the", "fake", "U.S."]
    np.testing.assert_array_equal(module.table[:3], [[1, 2], [3, 4], [5, 6]])
    assert (module.oov_buckets, module.normalise, module.licence) == (2, "lower", "PDDL 1.0")


def test_next_step_can_be_pasted_whatever_the_folder_is_called(run, tmp_path):
    out = tmp_path / "mod ü"
    assert run("--out", str(out)).output.splitlines()[-1].endswith(f"--weights '{out}'")


def test_npy_with_words_and_a_limit(run, tmp_path):
    np.save(tmp_path / "vectors.npy", np.eye(3, dtype=np.float32))
    (tmp_path / "words.txt").write_text("a\nb\nc\n")
    words = ["--words", str(tmp_path / "words.txt")]
    result = run(*words, "--limit", "2", source="vectors.npy")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "module/assets/tokens.txt").read_text() == "a\nb\n"


def test_errors_are_one_line_with_their_exit_code(run, tmp_path):
    (tmp_path / "broken.txt").write_text("a 1 2\nb 1\n")
    result = run(source="broken.txt")
    assert result.exit_code == 4
    assert result.stderr.startswith("Error: Line 2 of ")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "module").exists()

    assert run("--format", "npy").exit_code == 2
    assert run("--oov-buckets", "0").exit_code == 2

    assert run().exit_code == 0
    again = run()
    assert again.exit_code == 4
    assert "exists. Name another folder" in again.stderr


def test_every_option_has_help():
    assert all(option.help for option in build.params if isinstance(option, click.Option))


def test_convert(tmp_path):
    checkpoint = Path(__file__).parents[1] / "models" / "fixtures" / "tinybert"
    arguments = ["weights", "convert", str(checkpoint), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "model.safetensors: 0.1 MB, SHA-256 " in result.output
    assert f"--weights {tmp_path / 'out'}" in result.output.splitlines()[-1]

    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 4
    assert "exists. Name another folder" in again.stderr
