"""`tfnews export`: what is refused is refused before TensorFlow starts, and leaves nothing."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from tests import tiny
from tfnews.cli import main
from tfnews.records import WeightsRecord
from tfnews.runs import Run

WITHOUT_TENSORFLOW = """
import sys
from click.testing import CliRunner
from tfnews.cli import main
result = CliRunner().invoke(main, ["export", *sys.argv[1:]])
print(result.exit_code, "tensorflow" in sys.modules, result.output)
"""


@pytest.fixture
def runs(tmp_path, monkeypatch):
    folder = tmp_path / "runs"
    Run.create(tiny.config("training"), folder)
    mine = Run.create(tiny.config("mine", state="complete"), folder)
    weights = WeightsRecord("x", licence="research only")
    closed = Run.create(tiny.config("closed", state="complete", weights=weights), folder)
    for run in (mine, closed):
        run.model_dir.mkdir()
        (run.model_dir / "task.json").touch()
    monkeypatch.setenv("TFNEWS_SAVED_MODELS", str(folder))
    return folder


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "Which run"),
        (("none",), 5, "No run 'none'"),
        (("training",), 5, "is not complete"),
        (("mine", "--target", "onnx"), 2, "Unknown target 'onnx'"),
        (("mine", "--name", "a/b"), 2, "Received: 'a/b'"),
        (("mine", "--quantize", "int4"), 2, "Unknown quantisation"),
        (("mine", "--to", "/dev/null/x"), 6, "is a file"),
        (("closed",), 6, "--accept-licence"),
        (("--rollback",), 2, "Which model"),
        (("--list", "--rollback"), 2, "exclude each other"),
        (("--rollback", "--name", "news"), 2, "no folder of exports"),
    ],
)
def test_what_is_refused_is_one_line(runs, tmp_path, monkeypatch, arguments, code, said):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["export", *arguments])
    assert result.exit_code == code, result.output
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs"]


def test_refusals_need_no_tensorflow(runs):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, "closed"], capture_output=True, text=True
    )
    assert done.stdout.startswith("6 False Error: The licence"), done.stdout + done.stderr
