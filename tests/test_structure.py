"""The shape of the package: what may import what, and how long things are."""

import ast
from pathlib import Path

import pytest

import tfnews

PACKAGE = Path(tfnews.__file__).parent
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))

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
