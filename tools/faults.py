"""Disturb commands as machines do, and hold what is left against the same commands in peace.

    python tools/faults.py FOLDER [--only FAULT]... [--command NAME]... [--moments N] [--seed N]

FOLDER receives a corpus, what the commands make of it in peace, and a folder for each disturbance.
Of each, three things are asked: what stands under its final name is whole, the message is one line
with the right exit code, and the same command again (for a fit, its --resume) comes to what it
comes to in peace and leaves nothing lying about. Prints a Markdown table, and ends with exit code 1
where one of them is not so.

Filling a disk needs the right to mount a small one; taking away rights needs setpriv where root
runs this. Where these are missing, the row says so.
"""

import argparse
import functools
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tfnews.data.demo import write_corpus

PROGRAM = (sys.executable, "-c", "from tfnews.cli import run; run()")
NO_RIGHTS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all")
ARTICLES = 300
TOLERANCE = 1e-6
INTERRUPTED = 130  # the exit code of SIGTERM as of Ctrl-C
_LONGEST = 600  # seconds that a command may take
_FIT = (
    "fit --data splits --arch swivel20 --weights none --batch-size 16 --epochs 3 --no-floor "
    "--set checkpoint_steps=2 --set deterministic=true --name mine"
)
# What a message may end with that no person can act on.
_RAW = ("Traceback", "Error: [Errno", "fault of tfnews")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _prepared(place: Path) -> object:
    folder = place / "splits"
    if not (folder / "manifest.json").exists():
        return None
    return {path.name: _digest(path) for path in sorted(folder.iterdir())}


def _fitted(place: Path) -> object:
    folder = place / "saved_models" / "mine"
    if not (folder / "config.json").exists():
        return None
    if json.loads((folder / "config.json").read_text("utf-8"))["state"] != "complete":
        return None
    lines = (folder / "predictions" / "validation.csv").read_text("utf-8").splitlines()[1:]
    return [float(line.rsplit(",")[-1]) for line in lines]


def _evaluated(place: Path) -> object:
    folder = place / "saved_models" / "floor"
    scores = json.loads((folder / "metrics.json").read_text("utf-8"))
    return scores.get("test") and [scores["test"], _digest(folder / "predictions" / "test.csv")]


def _predicted(place: Path) -> object:
    path = place / "scored.csv"
    return _digest(path) if path.exists() else None


def _exported(place: Path) -> object:
    folder = place / "exports" / "news" / "1"
    if not folder.exists():
        return None
    said = json.loads((folder / "parity.json").read_text("utf-8"))
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return [said["conversion"], said["device"], sorted(files)]


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


COMMANDS = {
    "prepare": Command(
        "data prepare corpus.csv --fake-value 1 --real-value 0 --out splits",
        ("corpus.csv",),
        _prepared,
    ),
    "fit": Command(_FIT, ("splits",), _fitted, "fit --resume mine --no-floor"),
    "evaluate": Command("evaluate floor", ("splits", "saved_models/floor"), _evaluated),
    "predict": Command(
        "predict floor corpus.csv --output scored.csv",
        ("corpus.csv", "splits", "saved_models/floor"),
        _predicted,
    ),
    "export": Command(
        "export floor --to exports --name news", ("splits", "saved_models/floor"), _exported
    ),
}


@dataclass
class End:
    """How a process ended: its exit code, negative for a signal, and its standard error."""

    code: int
    said: str

    @property
    def plain(self) -> bool:
        """Tell whether its message is one that a user can act on, with a code of ours."""
        last = self.said.strip().splitlines()[-1:] or [""]
        if any(raw in self.said for raw in _RAW):
            return False
        if self.code == INTERRUPTED:
            return "nterrupted" in last[0]
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

    def count(self, end: End) -> None:
        """Add an end to those seen."""
        self.times += 1
        name = signal.Signals(-end.code).name if end.code < 0 else str(end.code)
        self.ends[name] = self.ends.get(name, 0) + 1


class Bench:
    """Runs commands in folders of their own, from a stock that was made in peace.

    Args:
        folder: Receives all; what stands there of an earlier time is removed.
        moments: How many times each random disturbance is tried.
        seed: Of their moments.
    """

    def __init__(self, folder: Path, moments: int, seed: int):
        self.folder = folder.resolve()
        self.stock = self.folder / "in-peace"
        self.moments = moments
        self.random = np.random.default_rng(seed)
        self.seconds: dict[str, float] = {}

    @functools.cached_property
    def expected(self) -> dict[str, object]:
        """What each command makes in peace, and how long it takes, after `seconds`."""
        shutil.rmtree(self.stock, ignore_errors=True)
        write_corpus(self.stock, ARTICLES).rename(self.stock / "corpus.csv")
        made = {}
        for name, command in COMMANDS.items():
            if name == "evaluate":  # those that follow start from a run
                self._peaceful("fit --data splits --name floor")
            place = self.stock if name in ("prepare", "fit") else self.place("in-peace-too", name)
            self.seconds[name] = self._peaceful(command.arguments, place)
            made[name] = command.made(place)
        return made

    def _peaceful(self, arguments: str, place: Path | None = None) -> float:
        started = time.monotonic()
        end = ended(start(arguments, place or self.stock))
        if end.code:
            raise RuntimeError(f"In peace, too, {arguments} failed: {end.said}")
        return time.monotonic() - started

    def place(self, fault: str, command: str, number: int = 0) -> Path:
        """Make a new folder that holds what a command needs."""
        place = self.folder / f"{fault}-{command}-{number}".replace(" ", "-")
        shutil.rmtree(place, ignore_errors=True)
        self.fill(place, command)
        return place

    def fill(self, place: Path, command: str) -> None:
        """Put what a command needs into a folder."""
        for path in COMMANDS[command].needs:
            source, target = self.stock / path, place / path
            target.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if source.is_dir() else shutil.copyfile
            copy(source, target)

    def judge(self, row: Row, place: Path, told: bool = True, end: End | None = None) -> None:
        """Hold what a disturbed command left against peace, before and after it is done again."""
        command, expected = COMMANDS[row.command], self.expected[row.command]
        if end is not None:
            row.count(end)
            if told and not end.plain:
                row.faults.append(f"exit {end.code}: {end.said.strip()[-200:]!r}")
        left = command.made(place)
        if left is not None and not same(left, expected):
            row.faults.append("something half-written stands under the final name")
        if left is None or row.command == "evaluate":
            self._again(row, place, command)
        if lying := leftovers(place):
            row.faults.append(f"left lying about: {', '.join(lying[:3])}")

    def _again(self, row: Row, place: Path, command: Command) -> None:
        begun = (place / "saved_models" / "mine" / "config.json").exists()
        end = ended(start(command.again if command.again and begun else command.arguments, place))
        if end.code:
            row.faults.append(f"the command again: exit {end.code}: {end.said.strip()[-200:]!r}")
        elif not same(command.made(place), self.expected[row.command]):
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


def start(arguments: str, place: Path, before: tuple[str, ...] = (), **options) -> subprocess.Popen:
    """Start a command in a folder, in a session of its own."""
    options = {"stdout": subprocess.DEVNULL, "stdin": subprocess.DEVNULL, **options}
    environment = {**os.environ, **options.pop("env", {})}
    environment.pop("TFNEWS_SAVED_MODELS", None)
    return subprocess.Popen(
        [*before, *PROGRAM, *arguments.split()],
        cwd=place,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        **options,
    )


def ended(process: subprocess.Popen) -> End:
    """Wait for a process; one that does not end is killed, and its code is SIGKILL's."""
    try:
        said = process.communicate(timeout=_LONGEST)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        said = process.communicate()[1] + f"\nIt did not end within {_LONGEST} s."
    return End(process.returncode, said)


def signalled(bench: Bench, command: str, sent: signal.Signals) -> Row:
    """Send a signal at random moments of a command."""
    row = Row({"SIGKILL": "killed", "SIGTERM": "terminated"}[sent.name], command)
    expected = bench.expected
    for number in range(bench.moments if expected else 0):
        place = bench.place(row.fault, command, number)
        process = start(COMMANDS[command].arguments, place)
        try:
            process.wait(bench.random.uniform(0.02, 1) * bench.seconds[command])
        except subprocess.TimeoutExpired:
            process.send_signal(sent)
        end = ended(process)
        if sent is signal.SIGTERM and end.code and (lying := leftovers(place)):
            row.faults.append(f"SIGTERM left lying about: {', '.join(lying[:3])}")
        bench.judge(row, place, told=sent is signal.SIGTERM and end.code > 0, end=end)
        shutil.rmtree(place)
    return row


@contextmanager
def small_disk(place: Path) -> Iterator[None]:
    """Mount a disk in memory, and take it away."""
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def used(place: Path) -> int:
    """Count the bytes of a folder as a disk counts them, in pages."""
    page = 4096
    files = [path for path in place.rglob("*") if path.is_file()]
    return sum(-(-path.stat().st_size // page) * page for path in files)


def full_disk(bench: Bench, command: str) -> Row:
    """Run a command on disks that fill up at one write or another."""
    row = Row("disk full", command)
    if os.geteuid() or not shutil.which("mount"):
        row.note = "not tried: needs root"
        return row
    needs = _needed(bench, command)
    for number in range(bench.moments):
        place = bench.folder / f"full-{command}-{number}"
        with small_disk(place):
            bench.fill(place, command)
            room = used(place) + int(bench.random.uniform(0, 1) * needs) // 4096 * 4096
            _resize(place, room)
            end = ended(start(COMMANDS[command].arguments, place))
            _resize(place, 64 << 20)
            bench.judge(row, place, end=end)
        place.rmdir()
    return row


def _resize(place: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={max(size, 4096)}", place], check=True)


def _needed(bench: Bench, command: str) -> int:
    """Return how many bytes a command writes in peace."""
    place = bench.place("size", command)
    before = used(place)
    ended(start(COMMANDS[command].arguments, place))
    found = used(place) - before
    shutil.rmtree(place)
    return max(found, 4096)


def _without_rights() -> tuple[str, ...] | None:
    if os.geteuid():
        return ()
    return NO_RIGHTS if shutil.which("setpriv") else None


def read_only(bench: Bench, command: str) -> Row:
    """Run a command where nothing may be written, as one whom no capability helps."""
    row = Row("read-only place", command)
    before = _without_rights()
    if before is None:
        row.note = "not tried: needs setpriv"
        return row
    place = bench.place("read-only", command)
    folders = [place, *(path for path in place.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    end = ended(start(COMMANDS[command].arguments, place, before))
    for path in folders:
        path.chmod(0o755)
    bench.judge(row, place, end=end)
    return row


def unreadable(bench: Bench, command: str) -> Row:
    """Run a command on files that may not be read."""
    row = Row("input not readable", command)
    before = _without_rights()
    if before is None:
        row.note = "not tried: needs setpriv"
        return row
    place = bench.place("unreadable", command)
    files = [path for path in place.rglob("*") if path.is_file()]
    for path in files:
        path.chmod(0o000)
    end = ended(start(COMMANDS[command].arguments, place, before))
    for path in files:
        path.chmod(0o644)
    if end.code == 0:
        row.faults.append("a file that may not be read was no error")
    bench.judge(row, place, end=end)
    return row


def twice(bench: Bench, command: str) -> Row:
    """Start a command twice at once, in one place and with one name."""
    row = Row("two at once", command)
    place = bench.place("twice", command)
    both = [start(COMMANDS[command].arguments, place) for _ in range(2)]
    ends = [ended(process) for process in both]
    if all(end.code for end in ends):
        row.faults.append("neither succeeded")
    for end in ends[:1]:
        row.count(end)
        if not end.plain:
            row.faults.append(f"exit {end.code}: {end.said.strip()[-200:]!r}")
    bench.judge(row, place, end=ends[1])
    return row


def closed(bench: Bench, command: str) -> Row:
    """Run a command whose standard input and output are closed."""
    row = Row("closed streams", command)
    place = bench.place("closed", command)
    shell = ("sh", "-c", 'exec "$@" <&- >&-', "sh")
    end = ended(start(COMMANDS[command].arguments, place, shell))
    if end.code:
        row.faults.append(f"exit {end.code}: {end.said.strip()[-200:]!r}")
    bench.judge(row, place, end=end)
    return row


_CLOCK = """
import time
_now, _asked = time.time, [0]
def _back():
    _asked[0] += 1
    return _now() - (86_400 * 400 if _asked[0] > {after} else 0)
time.time = _back
"""


def clock(bench: Bench, command: str) -> Row:
    """Run a command while the clock is set back by 400 days."""
    row = Row("clock set back", command)
    place = bench.place("clock", command)
    stub = bench.folder / "clock"
    stub.mkdir(exist_ok=True)
    (stub / "sitecustomize.py").write_text(_CLOCK.format(after=20), "utf-8")
    path = os.pathsep.join(filter(None, [str(stub), os.environ.get("PYTHONPATH")]))
    end = ended(start(COMMANDS[command].arguments, place, env={"PYTHONPATH": path}))
    if end.code:
        row.faults.append(f"exit {end.code}: {end.said.strip()[-200:]!r}")
    bench.judge(row, place, end=end)
    return row


FAULTS = {
    "killed": functools.partial(signalled, sent=signal.SIGKILL),
    "terminated": functools.partial(signalled, sent=signal.SIGTERM),
    "full": full_disk,
    "read-only": read_only,
    "unreadable": unreadable,
    "twice": twice,
    "closed": closed,
    "clock": clock,
}


def told(row: Row) -> str:
    """Return a row of the Markdown table."""
    ends = ", ".join(f"{code} × {times}" for code, times in sorted(row.ends.items()))
    outcome = row.note or "; ".join(dict.fromkeys(row.faults)) or "whole, told, and the same again"
    return f"| {row.fault} | {row.command} | {row.times} | {ends} | {outcome} |"


def main() -> int:
    """Run a campaign and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", action="append", choices=FAULTS, help="a fault; all by default")
    parser.add_argument("--command", action="append", choices=COMMANDS, help="all by default")
    parser.add_argument("--moments", type=int, default=10, help="random moments of each command")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    bench = Bench(given.folder, given.moments, given.seed)
    rows = []
    print(
        "| disturbance | command | times | exit codes | outcome |\n| --- | --- | --- | --- | --- |"
    )
    for fault in given.only or FAULTS:
        for command in given.command or COMMANDS:
            rows.append(FAULTS[fault](bench, command))
            print(told(rows[-1]), flush=True)
    return int(any(row.faults for row in rows))


if __name__ == "__main__":
    sys.exit(main())
