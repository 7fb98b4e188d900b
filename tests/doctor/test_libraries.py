"""Libraries by what packages say of themselves, made up here."""

import configparser
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

import tfnews
from tfnews.doctor import libraries

INSTALLED = {"tensorflow": "2.21.0", "pandas": "1.5.0", "protobuf": "6.33.6", "optuna": "5.1.0"}
REQUIRED = {
    "tfnews": [
        "tensorflow<2.22,>=2.21",
        "pandas>=2.2",
        "click>=8.2",
        'pywin32; platform_system == "NoSuchSystem"',
        'optuna<6,>=5; extra == "tune"',
        'openpyxl>=3.1; extra == "excel"',
        'pytest>=8; extra == "test"',
    ],
    "tensorflow": ["protobuf>=7", 'other; extra == "and-cuda"', "not a requirement !"],
    "protobuf": ["tensorflow"],
}


@pytest.fixture(autouse=True)
def packages(monkeypatch):
    def version(name):
        if name not in INSTALLED:
            raise PackageNotFoundError(name)
        return INSTALLED[name]

    monkeypatch.setattr(libraries, "version", version)
    monkeypatch.setattr(libraries, "requires", REQUIRED.get)


def test_what_every_command_needs_is_told_from_what_is_there():
    found = {one.name: (one.version, one.fault) for one in libraries.core()}
    assert found == {
        "tensorflow": ("2.21.0", None),
        "pandas": ("1.5.0", "1.5.0 is installed"),
        "click": (None, "missing"),
    }


def test_extras_name_what_they_are_for_and_what_they_lack():
    found = {one.name: one.missing for one in libraries.extras()}
    assert found == {"excel": ("openpyxl",), "tune": ()}


def test_libraries_that_do_not_go_together_are_told_once():
    assert list(libraries.conflicts(libraries.core())) == [
        "tensorflow asks for protobuf>=7: 6.33.6 is installed"
    ]


def test_every_extra_is_said_to_be_for_something():
    config = configparser.ConfigParser()
    config.read(Path(tfnews.__file__).parent.parent / "setup.cfg")
    declared = set(config["options.extras_require"]) - {"test", "benchmark"}  # for who works on it
    assert declared <= set(libraries.EXTRAS)
