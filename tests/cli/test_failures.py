"""What the system refuses a command is one line and an exit code, and leaves nothing half-written.

It was once a traceback of 35 to 67 lines.
"""

import csv
import errno
import os
import signal
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from tfnews import cli, files
from tfnews.cli import COMMANDS, main
from tfnews.cli.failures import fault, told
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


# The last net


class LibraryError(Exception):
    """Of a library, which nobody has thought of."""


@pytest.mark.parametrize(
    "error",
    [LibraryError("\x1b[2J\nlong" * 1000), KeyError("a"), RecursionError(), UnicodeError("\ud800")],
)
@pytest.mark.parametrize("command", ["data", "fit"])
def test_what_nobody_thought_of_is_one_line_that_asks_for_a_report(monkeypatch, error, command):
    def fail():
        raise error

    fake = click.Command(command, callback=fail)
    monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: fake)
    result = CliRunner().invoke(main, [command])
    assert result.exit_code == 1
    assert result.output.startswith("Error: This is a fault of tfnews")
    assert type(error).__name__ in result.output
    assert "--debug" in result.output
    assert result.output.count("\n") == 1
    assert "\x1b" not in result.output
    result = CliRunner().invoke(main, ["--debug", command])
    assert result.exception is error


def test_a_fault_names_the_module_and_no_folder_of_this_machine():
    with pytest.raises(TypeError) as raised:
        files.replacing("a", 3).__enter__()
    said = str(fault(raised.value))
    assert "(in tfnews.files)" in said
    assert os.path.dirname(files.__file__) not in said


_WAITS = """
import os, signal, sys, click
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup, and a shell's &, have tests ignore these
signal.signal(signal.SIGINT, signal.default_int_handler)
from tfnews import cli
from tfnews.files import folder_beside, replacing
def wait():
    with folder_beside("splits") as made, replacing("scores.csv") as file:
        file.write("half"); file.flush()
        print("ready", flush=True)
        signal.pause()
fake = click.Command("data", callback=wait)
cli.LazyGroup.get_command = lambda *_: fake
cli.run()
"""


@pytest.mark.skipif(os.name != "posix", reason="no such signals here")
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_command_that_is_ended_cleans_up(tmp_path, number):
    """What SIGTERM ended left its temporary files behind."""
    child = subprocess.Popen(
        [sys.executable, "-c", _WAITS, "data"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(getattr(signal, number))
    _, said = child.communicate()
    assert child.returncode == 130
    assert said.decode() == f"{cli.INTERRUPTED}\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_give_no_traceback_and_no_file_their_numbers(tmp_path, closed):
    code = (
        "import os, click; from tfnews import cli\n"
        "def opened():\n"
        f"    with open({str(tmp_path / 'a')!r}, 'w') as file:\n"
        "        assert file.fileno() > 2; os.write(1, b'said'); click.echo('told')\n"
        "cli.LazyGroup.get_command = lambda *_: click.Command('data', callback=opened)\n"
        "cli.run()"
    )
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" data {closed}', sys.executable, code],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr == b""
    assert (tmp_path / "a").read_bytes() == b""
