"""A checkup as a whole: what is wrong, what to do, and what is passed on of it."""

import getpass
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from tfnews.cli import main
from tfnews.doctor import devices, libraries, machine, screen
from tfnews.doctor import doctor as module
from tfnews.doctor.doctor import doctor
from tfnews.records.checkup import Checkup, Device, Extra, Library


@pytest.fixture(autouse=True)
def libraries_that_are_there(monkeypatch):
    """Whatever the environment of the tests lacks, these have all."""
    monkeypatch.setattr(libraries, "core", lambda: (Library("tensorflow", ">=2", "2.21.0"),))
    monkeypatch.setattr(libraries, "extras", lambda: (extra(),))
    monkeypatch.setattr(libraries, "conflicts", lambda found: ["a asks for b>=2: missing"])


def extra(**changes):
    return Extra("tune", "tune", (replace(Library("optuna", ">=5", "5.0.0"), **changes),))


def asked(*arguments):
    return CliRunner().invoke(main, ["doctor", *arguments])


def test_it_ends_well_where_all_is_there():
    result = asked()
    assert result.exit_code == 0
    assert "tensorflow 2.21.0" in result.output
    assert "Note: a asks for b>=2: missing." in result.output
    assert result.output.rstrip().endswith("What every command needs is there.")


def test_what_all_need_and_is_missing_is_a_fault(monkeypatch):
    core = (Library("tensorflow", ">=2", None, "missing"), Library("keras", "", "3"))
    monkeypatch.setattr(libraries, "core", lambda: core)
    result = asked()
    assert result.exit_code == 1
    assert "Fault: tensorflow>=2 is needed: missing." in result.output
    assert "pip install 'tensorflow>=2'" in result.output
    assert "What every command needs is there" not in result.output
    assert asked("--json").exit_code == 1


def test_what_some_need_is_told_with_what_to_type(monkeypatch):
    missing = extra(version=None, fault="missing")
    monkeypatch.setattr(libraries, "extras", lambda: (missing,))
    result = asked()
    assert result.exit_code == 0
    assert "missing: optuna; needed for tune" in result.output
    assert "pip install 'tfnews[tune]'" in result.output


def test_json_has_no_path_and_no_name_of_a_user():
    result = asked("--json")
    found = Checkup.from_json(json.loads(result.stdout))
    assert all(place.path is None for place in found.places)
    assert found.python in result.stdout
    for name in (str(Path.home()), f'"{getpass.getuser()}"'):
        assert name not in result.stdout


def test_another_python_is_a_fault(monkeypatch):
    monkeypatch.setattr(module, "_PYTHONS", ((9, 0), (9, 1)))
    assert "is not one of 3.11 to 3.13" in doctor().faults[0]


def test_little_memory_is_noted(monkeypatch):
    monkeypatch.setattr(machine, "memory", lambda: (8.0, 0.5))
    assert any("Only 0.5 GB of memory" in note for note in doctor().notes)


# Devices


def answered(monkeypatch, code, stdout="", stderr=""):
    def run(command, **options):
        assert command[0] == sys.executable
        return subprocess.CompletedProcess(command, code, stdout, stderr)

    monkeypatch.setattr(subprocess, "run", run)


def test_tensorflow_is_started_only_when_asked(monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *a, **o: pytest.fail("started"))
    assert doctor().devices is None


def test_devices_are_listed(monkeypatch):
    answered(monkeypatch, 0, 'chatter\n[["CPU", "A"], ["GPU", "B"]]\n')
    found = doctor(devices=True)
    assert found.devices == (Device("CPU", "A"), Device("GPU", "B"))
    assert "Devices that TensorFlow sees: CPU (A), GPU (B)" in screen.render(found)


def test_a_graphics_card_that_is_not_seen_is_noted(monkeypatch):
    answered(monkeypatch, 0, '[["CPU", "A"]]')
    monkeypatch.setattr(machine, "gpu_driver", lambda: "550.1")
    assert any("tensorflow[and-cuda]" in note for note in doctor(devices=True).notes)


def test_a_tensorflow_that_does_not_start_is_a_fault(monkeypatch):
    """As when two libraries were built for different versions of a third."""
    answered(monkeypatch, 1, "", "Traceback\nVersionError: gencode 7.36.1 runtime 6.33.6\n")
    found = doctor(devices=True)
    assert "exit 1): VersionError: gencode 7.36.1" in found.faults[0]
    answered(monkeypatch, -11)
    assert "exit -11): it says nothing" in doctor(devices=True).faults[0]


def test_a_tensorflow_that_hangs_is_a_fault(monkeypatch):
    def run(command, **options):
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(subprocess, "run", run)
    assert devices.seen() == ((), "TensorFlow did not start within 180 s")
