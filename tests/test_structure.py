"""The shape of the package: what may import what, and how long things are."""

import ast
from pathlib import Path

import pytest

import tfnews

PACKAGE = Path(tfnews.__file__).parent
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))

# A room imports itself and rooms of lower floors, never upwards nor across.
FLOORS = {
    "errors": 0,
    "catalogue": 1,
    "links": 1,
    "naming": 1,
    "progress": 1,
    "records": 1,
    "files": 1,
    "places": 1,
    "packing": 1,
    "runs": 2,
    "data": 3,
    "doctor": 3,
    "groups": 3,
    "statistics": 3,
    "weights": 3,
    "models": 4,
    "audit": 5,
    "report": 6,
    "evaluation": 7,
    "export": 7,
    "scoring": 8,
    "serving": 8,
    "comparison": 8,
    "training": 8,
    "trial": 9,
    "drift": 9,
    "cli": 10,
}
LIGHT = 3  # floors up to this one never import TensorFlow


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
    assert {other for other in ours - {room(module)} if FLOORS[other] >= floor > 0} == set()


@pytest.mark.parametrize("module", [m for m in MODULES if FLOORS.get(room(m), 0) <= LIGHT])
def test_the_lower_floors_do_not_import_tensorflow(module):
    heavy = {"tensorflow", "keras", "keras_hub", "tensorflow_text", "tensorflow_hub"}
    assert not {name.split(".")[0] for name in imported(module)} & heavy


def test_no_two_modules_import_each_other_in_a_circle():
    names = {
        f"tfnews.{m.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}": m
        for m in MODULES
        if m != "__init__.py"
    }
    arrows = {
        m: {
            names[module]
            for found in imported(m)
            if (module := found if found in names else found.rpartition(".")[0]) in names
            and names[module] != m
        }
        for m in names.values()
    }
    left = dict(arrows)
    while free := [m for m, to in left.items() if not to & left.keys()]:
        for module in free:
            del left[module]
    assert sorted(left) == []


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
