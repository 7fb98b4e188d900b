"""The command line as a whole."""

import importlib.util
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import tfnews
from tfnews import catalogue, errors
from tfnews.cli import COMMANDS, INTERRUPTED, main

ROOT = Path(tfnews.__file__).parent.parent

HEAVY = ("tensorflow", "keras", "keras_hub", "pandas", "sklearn", "matplotlib")


def walk(path, command):
    """Yield (words typed, command) for a command and all below it."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from walk(f"{path} {name}", below)


WRITTEN = [name for name in COMMANDS if importlib.util.find_spec(f"tfnews.cli.{name}")]
WALKED = dict(
    pair
    for name in WRITTEN
    for pair in walk(name, importlib.import_module(f"tfnews.cli.{name}").command)
)


# The commands


def test_every_command_has_its_module():
    assert list(COMMANDS) == WRITTEN


def test_help_lists_every_command_with_its_line():
    shown = CliRunner().invoke(main, ["--help"], terminal_width=200).output
    for name, line in COMMANDS.items():
        assert f"{name} " in shown
        assert line in shown


@pytest.mark.parametrize("path", WALKED)
def test_every_command_and_option_has_help(path):
    command = WALKED[path]
    assert command.help
    options = [param for param in command.params if isinstance(param, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("path", WALKED)
def test_every_command_shows_its_help(path):
    result = CliRunner().invoke(main, [*path.split(), "--help"], prog_name="tfnews")
    assert result.exit_code == 0
    assert f"tfnews {path}" in result.output


@pytest.mark.parametrize("path", WALKED)
def test_every_command_is_documented(path):
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    assert any(f"tfnews {path}" in page.read_text(encoding="utf-8") for page in pages)


def test_an_unknown_command_is_a_usage_error():
    result = CliRunner().invoke(main, ["fitt"])
    assert result.exit_code == 2
    assert "No such command 'fitt'" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["archs"], ["archs", "--json"], ["completion", "fish"], ["doctor"]]
    + [[*path.split(), "--help"] for path in WALKED],
    ids=" ".join,
)
def test_light_commands_import_nothing_heavy(arguments):
    """A help text that first imports TensorFlow takes five seconds."""
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from tfnews.cli import main\n"
        f"result = CliRunner().invoke(main, {arguments!r})\n"
        "assert result.exit_code == 0, result.output\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_what_commands_print_does_not_run_into_the_line_of_progress():
    folder = ROOT / "tfnews" / "cli"
    beside = [path.name for path in folder.glob("*.py") if "click.echo(" in path.read_text("utf-8")]
    assert sorted(beside) == ["__init__.py", "say.py"]  # the first when progress has ended


# Errors and environment variables


def failing_with(monkeypatch, error, *arguments):
    def fail():
        raise error

    monkeypatch.setattr(catalogue, "rows", fail)
    return CliRunner().invoke(main, [*arguments, "archs"])


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.TfnewsError, 1),
        (errors.UsageError, 2),
        (errors.DataError, 3),
        (errors.WeightsError, 4),
        (errors.RunError, 5),
        (errors.ExportError, 6),
    ],
)
def test_an_error_of_ours_is_one_line_and_its_exit_code(monkeypatch, kind, code):
    result = failing_with(monkeypatch, kind("What was wrong. What to do."))
    assert result.stderr == "Error: What was wrong. What to do.\n"
    assert result.stdout == ""
    assert result.exit_code == code


def test_debug_lets_the_traceback_through(monkeypatch):
    error = errors.DataError("What was wrong.")
    assert failing_with(monkeypatch, error, "--debug").exception is error


def test_an_interrupt_ends_with_130(monkeypatch):
    result = failing_with(monkeypatch, KeyboardInterrupt())
    assert result.exit_code == 130
    assert result.stderr.strip() == INTERRUPTED


@pytest.mark.parametrize(
    "error", [AttributeError("'RaggedTensorSpec' has no '_type_spec'"), errors.RunError("Damaged.")]
)
def test_an_interrupt_that_native_code_made_another_error_of_is_one(monkeypatch, terminable, error):
    """SIGTERM once ended an evaluation as a fault of tfnews: TensorFlow lost what it raised."""
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    result = failing_with(monkeypatch, error)
    assert (result.exit_code, result.stderr.strip()) == (130, INTERRUPTED)


def test_an_interrupted_fit_says_how_to_go_on(monkeypatch, terminable):
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    result = failing_with(monkeypatch, errors.FitInterruptedError("Go on with: this."))
    assert (result.exit_code, result.stderr.strip()) == (130, "Error: Go on with: this.")


def test_an_environment_variable_stands_for_an_option(monkeypatch):
    monkeypatch.setenv("TFNEWS_ARCHS_JSON", "1")
    assert CliRunner().invoke(main, ["archs"]).output.startswith("[")


# What native code says

DYING = """
import ctypes, os, sys, types
import click
from tfnews import cli

@click.command()
def command():
{body}

sys.modules["tfnews.cli.demo"] = types.SimpleNamespace(command=command)
sys.argv = ["tfnews", "demo"]
cli.run()
"""


def dies(*lines):
    """Return what a command whose code is `lines` says as it ends, and its exit code."""
    body = "".join(f"    {line}\n" for line in lines)
    program = [sys.executable, "-c", DYING.format(body=body)]
    done = subprocess.run(program, capture_output=True, text=True)
    return done.stderr, done.returncode


def test_a_crash_after_tensorflows_start_is_told_and_its_start_is_not():
    """All that native code wrote was once lost, its last words too."""
    last = "os.write(2, b'what(): last words\\n')"
    said, code = dies("import tensorflow as tf", "tf.constant(1) + 1", last, "os.abort()")
    assert code == -signal.SIGABRT
    assert "what(): last words\nFatal Python error: Aborted" in said
    assert "cpu_feature_guard" not in said


def test_a_segmentation_fault_is_told():
    said, code = dies("ctypes.string_at(0)")
    assert code == -signal.SIGSEGV
    assert said.startswith("Fatal Python error: Segmentation fault")


def test_a_crash_as_tensorflow_starts_is_told():
    said, code = dies("with cli._silenced():", "    os.write(2, b'chatter')", "    os.abort()")
    assert code == -signal.SIGABRT
    assert said.startswith("Fatal Python error: Aborted")


def test_what_is_said_after_the_silence_is_heard():
    said, code = dies(
        "with cli._silenced():", "    os.write(2, b'chatter')", "os.write(2, b'word')"
    )
    assert (said, code) == ("word", 0)
