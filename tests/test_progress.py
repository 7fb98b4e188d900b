"""What somebody who waits is told; time is given, nothing waits for it."""

import gzip
import io
import os
import subprocess
import sys

import pytest

from tfnews import progress
from tfnews.progress import Display, Stage


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    """A terminal of 80 columns."""

    encoding = "utf-8"

    def isatty(self):
        return True

    def fileno(self):
        return 2


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def file(clock):
    """Give a display that writes lines to a file."""
    display = Display(io.StringIO(), clock)
    with display.open():
        yield display


@pytest.fixture
def terminal(clock, monkeypatch):
    """Give a display that writes to a terminal."""
    monkeypatch.setattr(os, "get_terminal_size", lambda number: os.terminal_size((80, 24)))
    display = Display(Terminal(), clock)
    with display.open():
        yield display


def at(display, seconds):
    """Return what a display writes at a time, after all that it wrote before."""
    before = len(display.file.getvalue())
    display.clock.now = seconds
    display.tick()
    return display.file.getvalue()[before:]


# What is told


def test_without_a_display_nothing_is_told(capsys):
    progress.stage("Working", "texts", 3)
    progress.advance()
    progress.read(3, ended=True)
    progress.done()
    with progress.paused(), progress.reading(io.BytesIO()):
        pass
    assert capsys.readouterr() == ("", "")


def test_a_command_that_ends_within_two_seconds_says_nothing(file):
    progress.stage("Working")
    assert at(file, 1.9) == ""


def test_a_file_gets_a_plain_line_now_and_then(file):
    assert at(file, 2) == "Starting (2 s)\n"
    progress.stage("Reading the splits")
    assert at(file, 6.9) == ""  # too soon after the line before
    assert at(file, 7) == "Reading the splits (5 s)\n"
    assert [at(file, second) for second in (8, 12, 21.9)] == ["", "", ""]
    assert at(file, 22) == "Reading the splits (20 s)\n"
    progress.stage("Opening the run")
    assert at(file, 27) == "Opening the run (5 s)\n"
    file.clock.now = 40
    progress.stage("Scoring")
    assert at(file, 40) == "Scoring\n"


def test_a_stage_that_is_over_is_not_told(file):
    progress.stage("Opening the run")
    progress.stage("Scoring")
    assert at(file, 2) == "Scoring (2 s)\n"


def test_the_first_batch_is_said_to_be_prepared(file):
    """Tracing a transformer's graph takes half a minute, in which 0 was shown."""
    progress.stage("Scoring", "rows", 600)
    assert at(file, 20) == "Scoring: preparing the first rows (20 s)\n"


def test_what_is_counted_has_a_rate_and_the_time_left(file):
    progress.stage("Scoring", "rows", 50_000)
    file.clock.now = 10
    progress.advance(1_000)
    file.clock.now = 20
    progress.advance(9_000)
    # 900 in a second since the first batch, which took longer.
    assert at(file, 20) == "Scoring: 10,000 of 50,000 rows, 900 rows/s, 44 s left\n"


def test_of_a_pipe_no_time_is_left(file):
    progress.stage("Scoring", "rows")
    progress.advance(100)
    progress.read(100, ended=False)
    assert at(file, 10) == "Scoring: 100 rows, 10 rows/s\n"


@pytest.mark.parametrize("compressed", [False, True])
def test_how_many_records_a_file_has_follows_from_what_was_read(file, tmp_path, compressed):
    path = tmp_path / "a"
    content = os.urandom(400_000)
    path.write_bytes(gzip.compress(content) if compressed else content)
    raw = path.open("rb", buffering=2**16)
    with raw, gzip.open(raw) if compressed else raw as stream, progress.reading(stream):
        progress.stage("Scoring", "rows")
        stream.read(100_000)
        progress.read(250, ended=False)
        assert file.stage.guessed
        assert 600 < file.stage.total <= 1_000
        progress.advance(250)
        assert " of about " in at(file, 5)
        stream.read()
        progress.read(900, ended=False)  # all is in memory: nothing follows from that
        assert file.stage.total <= 1_000
        progress.read(950, ended=True)
    assert (file.stage.total, file.stage.guessed) == (950, False)
    assert file.source is None


def test_a_stage_that_counts_nothing_is_not_counted(file):
    progress.stage("Timing answers")
    progress.advance(64)
    assert at(file, 3) == "Timing answers (3 s)\n"


@pytest.mark.parametrize(
    ("done", "seconds", "said"),
    [
        (0.5, 10, "0.5 of 100 MB, 0.05 MB/s, 33 min 10 s left"),
        (1, 100, "1 of 100 MB, 0.01 MB/s, 2 h 45 min left"),
        (100, 10, "100 of 100 MB, 10 MB/s, 0 s left"),
    ],
)
def test_numbers_and_times_are_short(done, seconds, said):
    assert Stage("Downloading", 0, "MB", 100, done=done).count(seconds) == said


# On a terminal


def test_a_terminal_has_one_line_that_is_written_over_and_wiped(terminal):
    assert at(terminal, 1.9) == ""
    assert at(terminal, 2) == "\rStarting (2 s)\x1b[K"
    progress.stage("Scoring", "rows", 100)
    progress.advance(25)
    drawn = at(terminal, 12)
    assert drawn.startswith("\rScoring:  25%|█████               | 25 of 100 rows, 2.5 rows/s, ")
    assert "\n" not in drawn
    assert len(drawn) < 80 + len("\r\x1b[K")
    with progress.paused():
        assert terminal.file.getvalue().endswith("\r\x1b[K")
    progress.done()
    assert at(terminal, 30) == ""


def test_a_line_is_cut_to_a_narrow_terminal(terminal, monkeypatch):
    monkeypatch.setattr(os, "get_terminal_size", lambda number: os.terminal_size((20, 24)))
    progress.stage("Working out scores and their intervals", "texts", 10)
    progress.advance(5)
    assert at(terminal, 5) == "\rWorking out scores \x1b[K"


def test_the_line_is_gone_when_the_command_ends(clock, monkeypatch):
    monkeypatch.setattr(os, "get_terminal_size", lambda number: os.terminal_size((80, 24)))
    display = Display(Terminal(), clock)
    with display.open():
        at(display, 5)
    assert display.file.getvalue().endswith("\r\x1b[K")
    progress.stage("Later")
    assert display.stage.what == "Starting"


def test_nobody_who_reads_is_no_error(file):
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    file.file = Gone()
    file.clock.now = 5
    file.tick()


# A whole command


def test_progress_is_on_standard_error_of_a_process():
    """It has a descriptor of its own: the second one leads nowhere as TensorFlow starts."""
    code = (
        "import os, threading, tfnews.progress as p\n"
        "said = threading.Event()\n"
        "class Told(p.Display):\n"
        "    def __init__(self, file):\n"
        "        super().__init__(file, iter(range(0, 9000, 9)).__next__)\n"
        "    def _write(self, text):\n"
        "        super()._write(text); said.set()\n"
        "p.Display = Told\n"
        "with p.shown():\n"
        "    p.stage('Working')\n"
        "    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)\n"
        "    said.wait(60)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert done.stderr.startswith("Working (")


def test_where_standard_error_is_no_file_nothing_is_shown(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress.shown():
        progress.stage("Working")
    assert sys.stderr.getvalue() == ""
