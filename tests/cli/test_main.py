"""The command line as a whole, and the shape of the package under it."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import tfnews
from tfnews import errors
from tfnews.cli import COMMANDS, main
from tfnews.models import catalogue

PACKAGE = Path(tfnews.__file__).parent
ROOT = PACKAGE.parent

HEAVY = ("tensorflow", "keras", "keras_hub", "pandas", "sklearn", "matplotlib")

# A room imports rooms of its own floor or of a lower one, never upwards.
FLOORS = {
    "errors": 0,
    "data": 1,
    "runs": 1,
    "models": 2,
    "evaluation": 3,
    "export": 3,
    "scoring": 3,
    "serving": 3,
    "training": 4,
    "cli": 5,
}

# Modules of the lower floors that are TensorFlow by nature: nothing there may import them.
TENSORFLOW_BELOW = {"data/pipeline.py"}


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
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def tree(module):
    return ast.parse((PACKAGE / module).read_text(encoding="utf-8"))


def imported(module):
    """Return the dotted names that a module imports anywhere, functions included."""
    names = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room(module):
    return Path(module).parts[0].removesuffix(".py")


# The commands


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_module(name):
    assert f"cli/{name}.py" in MODULES


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
    [["--help"], ["--version"], ["archs"], ["archs", "--json"], ["completion", "fish"]]
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
    assert result.stderr.strip() == "Interrupted."


def test_an_environment_variable_stands_for_an_option(monkeypatch):
    monkeypatch.setenv("TFNEWS_ARCHS_JSON", "1")
    assert CliRunner().invoke(main, ["archs"]).output.startswith("[")


# The package


@pytest.mark.parametrize("module", MODULES)
def test_imports_never_go_upwards(module):
    floor = FLOORS.get(room(module))
    if floor is None:  # tfnews/__init__.py, which forwards to every floor when asked
        assert module == "__init__.py"
        floor = 0
    ours = {name.split(".")[1] for name in imported(module) if name.startswith("tfnews.")}
    assert {other for other in ours if FLOORS[other] > floor} == set()


@pytest.mark.parametrize(
    "module",
    [name for name in MODULES if FLOORS.get(room(name), 0) <= 1] + ["models/catalogue.py"],
)
def test_the_lower_floors_do_not_import_tensorflow(module):
    names = imported(module)
    assert not any(name.startswith("tfnews.data.pipeline") for name in names)
    if module not in TENSORFLOW_BELOW:
        heavy = ("tensorflow", "keras", "keras_hub")
        assert not {name.split(".")[0] for name in names} & set(heavy)


@pytest.mark.parametrize("module", MODULES)
def test_no_module_is_a_room_for_odds_and_ends(module):
    assert Path(module).stem not in {"utils", "util", "helpers", "helper", "common", "misc"}


@pytest.mark.parametrize("module", MODULES)
def test_no_function_is_longer_than_60_lines_of_code(module):
    lines = (PACKAGE / module).read_text(encoding="utf-8").splitlines()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node for node in ast.walk(tree(module)) if isinstance(node, functions)]
    long = {node.name: n for node in found if (n := code_lines(node, lines)) > 60}
    assert long == {}


def code_lines(function, lines):
    """Count a function's lines without its docstring, blank lines and comments."""
    numbers = set(range(function.lineno, function.end_lineno + 1))
    if ast.get_docstring(function):
        docstring = function.body[0]
        numbers -= set(range(docstring.lineno, docstring.end_lineno + 1))
    texts = (lines[number - 1].strip() for number in numbers)
    return sum(bool(text) and not text.startswith("#") for text in texts)
