"""What the system refuses a command is one line and an exit code, and leaves nothing half-written.

It was once a traceback of 35 to 67 lines.
"""

import csv
import errno
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from tfnews import cli, files
from tfnews.cli import COMMANDS, main
from tfnews.cli.failures import told
from tfnews.errors import DataError, ExportError, RunError, TfnewsError, WeightsError

HERE = ("/made/up/place", "/made/up/place")


@pytest.mark.parametrize(
    ("number", "what", "remedy"),
    [
        (errno.ENOSPC, "The disk is full", "Free some room"),
        (errno.EDQUOT, "Your share of the disk is full", "Free some room"),
        (errno.EROFS, "The place is read-only", "Name another place"),
        (errno.EACCES, "Permission denied", "you may write to"),
        (errno.EPERM, "Permission denied", "you may write to"),
        (errno.ENAMETOOLONG, "The path is too long", "Choose a shorter name"),
        (errno.EFBIG, "A file grew larger than the system allows", "Free some room"),
        (errno.EMFILE, "Too many files are open", "ulimit"),
        (errno.EBUSY, "The system refused a file", "Device or resource busy. Check the path"),
    ],
)
def test_what_the_system_refuses_is_told_with_path_and_remedy(number, what, remedy):
    error = told(OSError(number, os.strerror(number), "/made/up/place"), "data")
    assert isinstance(error, DataError)
    assert str(error).startswith(f"{what}: /made/up/place")
    assert remedy in str(error)


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("data", DataError),
        ("predict", DataError),
        ("weights", WeightsError),
        ("export", ExportError),
        ("fit", RunError),
        ("evaluate", RunError),
        (None, TfnewsError),
    ],
)
def test_the_kind_is_that_of_what_the_command_makes(command, kind):
    assert type(told(OSError(errno.ENOSPC, "full"), command)) is kind
    assert type(told(MemoryError(), command)) is kind


class ResourceExhaustedError(Exception):
    """As TensorFlow calls both."""


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (MemoryError("Unable to allocate 9 GiB"), "There is not enough memory"),
        (ResourceExhaustedError("OOM when allocating tensor"), "There is not enough memory"),
        (ResourceExhaustedError("a/b; No space left on device"), "The disk is full"),
        (OSError("[Errno 28] Error writing bytes to file"), "The disk is full"),
        (RuntimeError("unable to flush (errno = 28, error message = '...')"), "The disk is full"),
        (Exception("I/O error: Read-only file system (os error 30)"), "The place is read-only"),
    ],
)
def test_libraries_say_the_same_in_their_ways(error, what):
    assert str(told(error, "fit")).startswith(what)


@pytest.mark.parametrize(
    "error",
    [ValueError("3"), KeyError("a"), BrokenPipeError(errno.EPIPE, "Broken pipe"), OSError()],
)
def test_other_errors_are_not_ours_to_tell(error):
    assert told(error, "fit") is None


def test_a_file_written_beside_another_is_called_by_the_others_name():
    path = f"/made/up/.scores.csv.{'0a' * 8}"
    assert "full: /made/up/scores.csv. " in str(told(OSError(errno.ENOSPC, "full", path), "data"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_ends_with_one_line(monkeypatch, command):
    def fail():
        raise OSError(errno.ENOSPC, "No space left on device", "/made/up/place")

    fake = click.Command(command, callback=fail)
    monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: fake)
    monkeypatch.setattr(cli, "_REFUSED", [])
    result = CliRunner().invoke(main, [command])
    assert result.exit_code in (1, 3, 4, 5, 6)
    assert result.output.startswith("Error: The disk is full: /made/up/place. ")
    assert result.output.count("\n") == 1
    result = CliRunner().invoke(main, ["--debug", command])
    assert isinstance(result.exception, OSError)


@pytest.fixture
def news(tmp_path):
    path = tmp_path / "news.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["title", "text", "label"])
        for number in range(40):
            text = f"words {number**5} of {number**7}"
            writer.writerow([f"Title {number}", text, number % 2])
    return path


def prepare(news, out):
    options = ["--fake-value", "1", "--real-value", "0", "--format", "generic"]
    return CliRunner().invoke(main, ["data", "prepare", str(news), "--out", str(out), *options])


@pytest.fixture(autouse=True)
def _none_held(monkeypatch):
    monkeypatch.setattr(cli, "_REFUSED", [])


@pytest.mark.parametrize("written", range(5))
def test_a_disk_that_fills_up_leaves_nothing_of_the_splits(tmp_path, monkeypatch, news, written):
    from tfnews.data import splits

    calls = []

    def full(write):
        def _write(*arguments):
            calls.append(arguments)
            if len(calls) > written:
                raise OSError(errno.ENOSPC, "No space left on device")
            return write(*arguments)

        return _write

    monkeypatch.setattr(splits, "_write_csv", full(splits._write_csv))
    monkeypatch.setattr(splits, "write_json", full(splits.write_json))
    result = prepare(news, tmp_path / "splits")
    assert result.exit_code == 3
    assert result.output == (
        f"Error: The disk is full: {tmp_path / 'splits'}. Free some room, or name a place on "
        "another disk.\n"
    )
    assert list(tmp_path.iterdir()) == [news]


def test_a_path_too_long(tmp_path, news):
    result = prepare(news, tmp_path / ("x" * 300))
    assert result.exit_code == 3
    assert result.output.startswith("Error: The path is too long: ")
    result = prepare(tmp_path / ("x" * 300), tmp_path / "splits")
    assert result.exit_code == 3
    assert result.output.count("\n") == 1
    assert list(tmp_path.iterdir()) == [news]


def test_a_file_that_cannot_be_written_to_its_end_is_not_there(tmp_path):
    def write():
        with files.replacing(tmp_path / "a.csv") as file:
            file.write("half")
            raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match="full") as error:
        write()
    assert error.value.filename == str(tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full here")
def test_standard_output_on_a_full_disk():
    """The process ends with its code, without another error as it ends."""
    code = "from tfnews.cli import run; run()"
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, "archs"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("Error: The disk is full. ")
