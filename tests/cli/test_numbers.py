"""No option takes a number without bounds: one of 10**23 was once handed on, and so was nan."""

import importlib

import click
import pytest
from click.testing import CliRunner

from tfnews.catalogue.bounds import BOUNDS
from tfnews.catalogue.settings import SETTINGS
from tfnews.cli import COMMANDS, main
from tfnews.cli.numbers import Number

NUMBERS = (click.INT, click.FLOAT)
FITS = (["fit"], ["tune"])  # their numbers are settings, which are looked at all together


def commands():
    for name in COMMANDS:
        command = importlib.import_module(f"tfnews.cli.{name}").command
        yield from walked([name], command)


def walked(path, command):
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from walked([*path, name], below)
    else:
        yield path, command


OPTIONS = [
    (path, option)
    for path, command in commands()
    for option in command.params
    if option.type in NUMBERS or isinstance(option.type, Number | click.IntRange | click.FloatRange)
]


def test_they_are_found():
    assert len(OPTIONS) > 30


@pytest.mark.parametrize(("path", "option"), OPTIONS, ids=lambda one: getattr(one, "name", None))
def test_a_number_has_bounds(path, option):
    if option.type in NUMBERS:
        assert path in FITS
        assert option.name in SETTINGS
        return
    assert isinstance(option.type, Number)
    assert option.type.option in BOUNDS
    assert option.type.option in option.opts


@pytest.mark.parametrize("value", ["nan", "inf", "1e400", "-1", "9" * 23, "", "x", "0x10"])
def test_what_is_out_of_bounds_is_one_line(value):
    for path, option in OPTIONS:
        if path in FITS and option.type in NUMBERS:
            continue
        result = CliRunner().invoke(main, [*path, f"{option.opts[0]}={value}"])
        assert result.exit_code == 2, (path, option.name)
        assert result.output.startswith(f"Error: {option.opts[0]} must be "), result.output
        assert result.output.count("\n") == 1


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "9" * 23])
def test_a_fit_says_so_before_it_reads_anything(value):
    for path, option in OPTIONS:
        if path not in FITS or option.type not in NUMBERS:
            continue
        arch = "bert-tiny" if option.name == "trainable_layers" else "cnn"
        result = CliRunner().invoke(main, [*path, "--arch", arch, f"{option.opts[0]}={value}"])
        assert result.exit_code == 2, option.name
