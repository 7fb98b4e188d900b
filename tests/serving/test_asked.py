"""What cannot be served: one line each, before TensorFlow starts."""

import subprocess
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

from tests import tiny
from tfnews.cli import main
from tfnews.errors import ExportError, UsageError
from tfnews.runs import Run
from tfnews.serving import asked
from tfnews.serving.asked import Limits, bind, check


def graph(folder):
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").touch()


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Give a folder of runs: one complete, one in training; beside it repositories."""
    root = tmp_path / "runs"
    monkeypatch.setenv("TFNEWS_SAVED_MODELS", str(root))
    mine = Run.create(replace(tiny.config("mine"), state="complete"), root)
    mine.model_dir.mkdir()
    (mine.model_dir / "task.json").touch()
    Run.create(replace(tiny.config("lost"), state="complete"), root)
    Run.create(tiny.config("young"), root)
    (tmp_path / "empty" / "news").mkdir(parents=True)
    graph(tmp_path / "exports" / "mine" / "1")
    graph(tmp_path / "broken" / "news" / "1")
    (tmp_path / "broken" / "models.config").write_text("model_config_list {")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "What is to be served?"),
        (["none"], 5, "No run 'none'"),
        (["young"], 5, "is not complete"),
        (["lost"], 5, "has lost its model"),
        (["{root}/empty"], 6, "holds no version to serve"),
        (["{root}/broken"], 6, "models.config cannot be read"),
        (["mine", "{root}/exports"], 2, "'mine' would be served twice"),
        (["mine", "mine"], 2, "'mine' would be served twice"),
        (["mine", "--max-batch", "0"], 2, "--max-batch must be a whole number from 1"),
        (["mine", "--poll", "0"], 2, "--poll must be a number above 0"),
        (["mine", "--port", "70000"], 2, "--port must be a whole number from 0 up to 65,535"),
        (["mine", "--host", "256.0.0.1"], 2, "cannot listen on 256.0.0.1"),
    ],
)
def test_what_cannot_be_served_is_one_line(root, arguments, code, said):
    done = CliRunner().invoke(main, ["serve", *(one.format(root=root) for one in arguments)])
    assert done.exit_code == code, done.output
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_place_that_the_system_refuses_is_the_configurations_fault(root):
    """A name that is too long was an error of the system's own."""
    said = f'model_config_list {{ config {{ name: "news" base_path: "{"a" * 999}" }} }}'
    (root / "broken" / "models.config").write_text(said)
    with pytest.raises(ExportError, match=r"models\.config cannot be read .*too long"):
        check([root / "broken"])


def test_a_port_in_use_is_told(root):
    with bind("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f":{port}: .*in use"):
            bind("127.0.0.1", port)


def test_nothing_is_imported_of_tensorflow_before_all_is_checked(root):
    program = (
        "import sys; from tfnews.serving.asked import check; check(['mine']);"
        "assert not {'tensorflow', 'keras'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_library_that_is_missing_is_told_with_its_extra(monkeypatch):
    monkeypatch.setattr(asked, "_NEEDS", ("starlette", "no_such_library"))
    with pytest.raises(UsageError, match=r"no-such-library.*pip install 'tfnews\[serve\]'"):
        check(["mine"])


def test_limits_are_bounded():
    with pytest.raises(UsageError, match="--answer-within must be a number from"):
        Limits(answer_within=float("nan"))
