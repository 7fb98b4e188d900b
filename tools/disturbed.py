"""Commands as a campaign of faults runs them: in a fork, in a folder, and held against peace.

A command is a fork of a process that has its imports behind it and has computed nothing: moments
fall into the work rather than the seconds of the start.
"""

import hashlib
import itertools
import json
import multiprocessing
import os
import pkgutil
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import tfnews
from tfnews.cli import run
from tfnews.data.demo import write_corpus

PROGRAM = (sys.executable, "-c", "from tfnews.cli import run; run()")
ARTICLES = 200
TOLERANCE = 1e-6
INTERRUPTED = 130  # the exit code of SIGTERM as of Ctrl-C
FORKS = multiprocessing.get_context("forkserver")
_LONGEST = 600  # seconds that a command may take
_FIT = (
    "fit --data splits --arch swivel20 --weights none --batch-size 16 --epochs 3 --no-floor "
    "--set checkpoint_steps=2 --set deterministic=true --name mine"
)
_TUNE = (
    "tune --data splits --name mine --trials 4 --set ngrams=1 --set min_df=1 "
    "--set max_features=10000"
)
_FLOOR = "fit --data splits --name floor"
# What a message may end with that no person can act on.
_RAW = ("Traceback", "Error: [Errno", "fault of tfnews")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _prepared(place: Path) -> object:
    folder = place / "splits"
    if not (folder / "manifest.json").exists():
        return None
    return {path.name: _digest(path) for path in sorted(folder.iterdir())}


def _fitted(place: Path, run: str = "mine") -> object:
    folder = place / "saved_models" / run
    if not (folder / "config.json").exists():
        return None
    if json.loads((folder / "config.json").read_text("utf-8"))["state"] != "complete":
        return None
    lines = (folder / "predictions" / "validation.csv").read_text("utf-8").splitlines()[1:]
    return [float(line.rsplit(",")[-1]) for line in lines]


def _tuned(place: Path) -> object:
    found = sorted((place / "saved_models").glob("mine-trial*"))
    return _fitted(place, found[0].name) if len(found) == 1 else found or None


def _evaluated(place: Path) -> object:
    folder = place / "saved_models" / "floor"
    scores = json.loads((folder / "metrics.json").read_text("utf-8"))
    return scores.get("test") and [scores["test"], _digest(folder / "predictions" / "test.csv")]


def _predicted(place: Path) -> object:
    path = place / "scored.csv"
    return _digest(path) if path.exists() else None


def _answered(place: Path) -> object:
    folder = place / "answers"
    if not (folder / "answers.json").exists():
        return None
    if not json.loads((folder / "answers.json").read_text("utf-8"))["complete"]:
        return None
    return [_digest(path) for path in sorted(folder.rglob("*-00000.*"))]


def _exported(place: Path) -> object:
    folder = place / "exports" / "news" / "1"
    if not folder.exists():
        return None
    said = json.loads((folder / "parity.json").read_text("utf-8"))
    return [said["conversion"], said["device"], files(folder)]


@dataclass(frozen=True)
class Command:
    """What is disturbed.

    Attributes:
        arguments: Of the command line, in a folder that holds what `needs` names.
        needs: Paths below the folder of what was made in peace.
        made: Reads what it makes; `None` where nothing stands under the final name.
        again: Arguments of the command that takes it up where the first was broken off.
    """

    arguments: str
    needs: tuple[str, ...]
    made: Callable[[Path], object]
    again: str | None = None

    def left(self, place: Path) -> object:
        """Read what stands under the final name, whole or not."""
        try:
            return self.made(place)
        except (OSError, ValueError, LookupError) as error:
            return f"not to be read: {error!r}"


COMMANDS = {
    "prepare": Command(
        "data prepare corpus.csv --fake-value 1 --real-value 0 --out splits",
        ("corpus.csv",),
        _prepared,
    ),
    "fit": Command(_FIT, ("splits",), _fitted, "fit --resume mine --no-floor"),
    "fit-on-two": Command(
        f"{_FIT} --devices cpu:2", ("splits",), _fitted, "fit --resume mine --no-floor"
    ),
    "tune": Command(_TUNE, ("splits",), _tuned),
    "evaluate": Command("evaluate floor", ("splits", "saved_models/floor"), _evaluated),
    "predict": Command(
        "predict floor corpus.csv --output scored.csv",
        ("corpus.csv", "splits", "saved_models/floor"),
        _predicted,
    ),
    "predict-files": Command(
        "predict floor corpus*.csv --output answers --runner DirectRunner",
        ("corpus.csv", "splits", "saved_models/floor"),
        _answered,
    ),
    "export": Command(
        "export floor --to exports --name news", ("splits", "saved_models/floor"), _exported
    ),
}


# What commands need, by how it is made.
MADE_BY = {"splits": COMMANDS["prepare"].arguments, "saved_models/floor": _FLOOR}


@dataclass
class End:
    """How a process ended: its exit code, negative for a signal, and its standard error."""

    code: int
    said: str

    @property
    def plain(self) -> bool:
        """Tell whether its message is one that a user can act on, with a code of ours."""
        last = self.said.strip().splitlines()[-1:] or [""]
        if self.code == INTERRUPTED:  # native code may have printed what it lost
            return "nterrupted" in last[0]
        if any(raw in self.said for raw in _RAW):
            return False
        return self.code == 0 or (0 < self.code < 7 and last[0].startswith("Error:"))


@dataclass
class Row:
    """A line of the table: a disturbance of a command, and what came of it.

    Attributes:
        times: How often it was tried.
        ends: Exit codes that were seen, and how often.
        faults: What was not as it has to be; a missing right is no fault but a note.
    """

    fault: str
    command: str
    times: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    note: str = ""

    def blame(self, end: End, of: str = "") -> None:
        """Add to the faults how a process ended."""
        self.faults.append(f"{of}exit {end.code}: {end.said.strip()[-200:]!r}")

    def count(self, end: End) -> None:
        """Add an end to those seen."""
        self.times += 1
        name = signal.Signals(-end.code).name if end.code < 0 else str(end.code)
        self.ends[name] = self.ends.get(name, 0) + 1


@dataclass
class Trial:
    """A process of a command, and the file that its standard error goes to."""

    process: multiprocessing.process.BaseProcess
    said: Path

    def wait(self, moment: float = float("inf")) -> float:
        """Wait until it has ended or has used so many seconds of the processor; return those used.

        A moment of the processor is the same point of the work however busy the machine is.
        """
        clock, used, latest = (~self.process.pid << 3) | 2, 0.0, time.monotonic() + _LONGEST
        while self.process.is_alive() and used < moment and time.monotonic() < latest:
            with suppress(OSError):  # it has ended since
                used = time.clock_gettime(clock)
            self.process.join(0.02)
        return used

    def end(self, sent: signal.Signals | None = None) -> End:
        """Wait for it, with a signal; what does not end is killed, and its code is SIGKILL's."""
        if sent and self.process.is_alive():
            os.kill(self.process.pid, sent)
        self.wait()
        self.process.kill()
        self.process.join()
        said = self.said.read_text("utf-8", "replace")
        self.said.unlink()
        return End(self.process.exitcode, said)


def warm_up() -> None:
    """Import beforehand what commands import, once for all that are started afterwards."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    modules = pkgutil.walk_packages(tfnews.__path__, "tfnews.")
    FORKS.set_forkserver_preload([module.name for module in modules])


def start(arguments: str, place: Path, twist: Callable[[], None] | None = None) -> Trial:
    """Start a command in a folder, in a session of its own, which does `twist` before it."""
    number, said = tempfile.mkstemp(prefix="said-", dir=place.parent)
    os.close(number)
    process = FORKS.Process(target=_be, args=(arguments.split(), place, said, twist))
    process.start()
    return Trial(process, Path(said))


def _be(arguments: list[str], place: Path, said: str, twist: Callable[[], None] | None) -> None:
    os.setsid()
    os.chdir(place)
    os.environ.pop("TFNEWS_SAVED_MODELS", None)
    for number, path in enumerate((os.devnull, os.devnull, said)):
        os.dup2(os.open(path, os.O_RDWR), number)
    sys.argv = ["tfnews", *arguments]
    if twist:
        twist()
    run()


def afresh(before: tuple[str, ...] = ()) -> None:
    """Become a process that has nothing imported yet, by way of another program if need be."""
    command = (*before, *PROGRAM, *sys.argv[1:])
    os.execvp(command[0], command)


def lose_a_device(batch: int) -> None:
    """Have TensorFlow say after so many batches what it says when a device no longer answers."""
    import tensorflow as tf

    from tfnews.training.callbacks import Progress

    numbers, counted = itertools.count(1), Progress.on_train_batch_end

    def lose(self: Progress, number: int, logs: dict | None = None) -> None:
        counted(self, number, logs)
        if next(numbers) == batch:
            raise tf.errors.UnavailableError(None, None, "CPU:1 was taken away")

    Progress.on_train_batch_end = lose


@dataclass
class Peace:
    """What a command makes in peace, the processor's seconds that it takes, and the bytes."""

    made: object
    seconds: float
    written: int


class Bench:
    """Runs commands in folders of their own, from a stock that was made in peace.

    Args:
        folder: Receives all; what stands there of an earlier time is removed.
        moments: How many times each random disturbance is tried.
        seed: Of their moments.
        articles: Of the corpus.
    """

    def __init__(self, folder: Path, moments: int, seed: int, articles: int = ARTICLES):
        self.folder = folder.resolve()
        self.stock = self.folder / "in-peace"
        self.moments = moments
        self.random = np.random.default_rng(seed)
        self._peace: dict[tuple, Peace] = {}
        self._seen: set[tuple] = set()  # what was left, of each command, and done again
        shutil.rmtree(self.stock, ignore_errors=True)
        write_corpus(self.stock, articles).rename(self.stock / "corpus.csv")

    def peace(self, name: str, twist: Callable[[], None] | None = None) -> Peace:
        """Run a command in peace, once."""
        if (name, twist) not in self._peace:
            command, place = COMMANDS[name], self.place("in peace", name)
            before = used(place)
            seconds = self._in_peace(command.arguments, place, twist)
            found = Peace(command.made(place), seconds, used(place) - before)
            self._peace[name, twist] = found
        return self._peace[name, twist]

    def _in_peace(self, arguments: str, place: Path, twist: Callable | None = None) -> float:
        trial = start(arguments, place, twist)
        seconds = trial.wait()
        if (end := trial.end()).code:
            raise RuntimeError(f"In peace, too, {arguments} failed: {end.said}")
        return seconds

    def moment(self, number: int) -> float:
        """Draw one of the moments that are spread over a whole: between 0 and 1."""
        return (number + self.random.uniform()) / self.moments

    def place(self, fault: str, command: str, number: int = 0) -> Path:
        """Make a new folder that holds what a command needs."""
        place = self.folder / f"{fault}-{command}-{number}".replace(" ", "-")
        shutil.rmtree(place, ignore_errors=True)
        self.fill(place, command)
        return place

    def fill(self, place: Path, command: str) -> None:
        """Put what a command needs into a folder."""
        place.mkdir(parents=True, exist_ok=True)
        for path in COMMANDS[command].needs:
            source, target = self._needed(path), place / path
            target.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if source.is_dir() else shutil.copyfile
            copy(source, target)

    def _needed(self, path: str) -> Path:
        for made, arguments in MADE_BY.items() if path in MADE_BY else ():
            if not (self.stock / made).exists():
                self._in_peace(arguments, self.stock)
        return self.stock / path

    def judge(self, row: Row, place: Path, end: End, told: bool = True) -> None:
        """Hold what a disturbed command left against peace, before and after it is done again.

        What an earlier try left too is not done again.
        """
        command, expected = COMMANDS[row.command], self.peace(row.command).made
        row.count(end)
        if told and not end.plain:
            row.blame(end)
        left = command.left(place)
        if left is not None and not same(left, expected):
            row.faults.append("something half-written stands under the final name")
        seen = row.command, state(place)
        if seen in self._seen:
            return
        self._seen.add(seen)
        if left is None or row.command == "evaluate":
            self._again(row, place, command)
        if lying := leftovers(place):
            row.faults.append(f"left lying about: {', '.join(lying[:3])}")

    def _again(self, row: Row, place: Path, command: Command) -> None:
        begun = (place / "saved_models" / "mine" / "config.json").exists()
        end = start(command.again if command.again and begun else command.arguments, place).end()
        if end.code:
            row.blame(end, "the command again: ")
        elif not same(command.left(place), self.peace(row.command).made):
            row.faults.append("the command again came to something else than in peace")


def same(left: object, expected: object) -> bool:
    """Compare what two commands made; numbers of a fit within `TOLERANCE`."""
    if isinstance(left, list) and left and isinstance(left[0], float):
        return len(left) == len(expected) and np.allclose(left, expected, rtol=0, atol=TOLERANCE)
    return left == expected


def leftovers(place: Path) -> list[str]:
    """List files that a broken-off command wrote for itself; locks and what is kept are none."""
    names = (".lock", ".writing", ".kept")
    found = [path for path in place.rglob("*") if path.name.startswith((".", "tmp"))]
    return [
        str(path.relative_to(place))
        for path in found
        if not any(part in names or part.endswith(".lock") for part in path.parts)
    ]


def files(place: Path) -> list[str]:
    """List the files below a folder, by their paths from it."""
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


def state(place: Path) -> frozenset:
    """Return files and their contents; of hidden ones, which are nobody's to read, the kinds."""
    found = {path: "/." in f"/{path}" for path in files(place)}
    return frozenset(
        re.sub("[0-9a-f]{16}", "*", path) if hidden else (path, _digest(place / path))
        for path, hidden in found.items()
    )


def used(place: Path) -> int:
    """Count the bytes of a folder as a disk counts them, in pages."""
    page = 4096
    return sum(-(-(place / path).stat().st_size // page) * page for path in files(place))
