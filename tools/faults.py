"""Disturb commands as machines do, and hold what is left against the same commands in peace.

    python -m tools.faults FOLDER [--only FAULT]... [--command NAME]... [--moments N] [--seed N]

FOLDER receives a corpus, what the commands make of it in peace, and a folder for each disturbance.
Of each, three things are asked: what stands under its final name is whole, the message is one line
with the right exit code, and the same command again (for a fit, its --resume) comes to what it
comes to in peace and leaves nothing lying about. Prints a Markdown table, and ends with exit code 1
where one of them is not so.

Random moments fall into the work of a command; in one try of ten it starts afresh, and they fall
into the seconds of its start too.

Filling a disk needs the right to mount a small one; taking away rights needs setpriv where root
runs this. Where these are missing, the row says so.
"""

import argparse
import functools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.disturbed import (
    COMMANDS,
    FORKS,
    Bench,
    End,
    Row,
    Trial,
    afresh,
    leftovers,
    lose_a_device,
    start,
    used,
    warm_up,
)
from tools.processes import workers

NO_RIGHTS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all")
_TWO_WORKERS = "--direct_num_workers=2 --direct_running_mode=multi_processing"
_LOOK = 0.05  # seconds between two looks at whether there are workers
_BACK = 86_400 * 400  # seconds that the clock is set back by
_BATCHES = 27  # of a fit: three epochs of nine
_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link")


def signalled(bench: Bench, command: str, sent: signal.Signals) -> Row:
    """Send a signal at random moments of a command, one in ten of which starts afresh."""
    row = Row({"SIGKILL": "killed", "SIGTERM": "terminated"}[sent.name], command)
    for number in range(bench.moments):
        twist = None if number % 10 else afresh
        moment = bench.moment(number) * bench.peace(command, twist).seconds
        place = bench.place(row.fault, command, number)
        trial = start(COMMANDS[command].arguments, place, twist)
        trial.wait(moment)
        end = trial.end(sent)
        if sent is signal.SIGTERM and end.code and (lying := leftovers(place)):
            row.faults.append(f"SIGTERM left lying about: {', '.join(lying[:3])}")
        bench.judge(row, place, end, told=sent is signal.SIGTERM and end.code > 0)
        shutil.rmtree(place)
    return row


def _killed_before(change: int, seen: object) -> None:
    """Count what a process changes of files, and kill it before it makes the given change."""

    def watch(event: str, given: tuple) -> None:
        if event in _CHANGES or (event == "open" and given[2] & (os.O_WRONLY | os.O_RDWR)):
            seen.value += 1
            if seen.value == change:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def killed_at_changes(bench: Bench, command: str) -> Row:
    """Kill a command just before it opens a file to write, renames one, or removes one."""
    row, seen = Row("killed at a change of files", command), FORKS.Value("i", 0, lock=False)
    trial = start(
        COMMANDS[command].arguments,
        bench.place("changes", command),
        functools.partial(_killed_before, 0, seen),
    )
    trial.end()
    changes = seen.value
    for number in range(bench.moments):
        place = bench.place(row.fault, command, number)
        seen.value, change = 0, 1 + int(bench.moment(number) * changes)
        twist = functools.partial(_killed_before, change, seen)
        bench.judge(row, place, start(COMMANDS[command].arguments, place, twist).end(), told=False)
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


def full_disk(bench: Bench, command: str) -> Row:
    """Run a command on disks that fill up at one write or another."""
    row = Row("disk full", command)
    if os.geteuid() or not shutil.which("mount"):
        row.note = "not tried: needs root"
        return row
    written = max(4096, bench.peace(command).written)
    for number in range(bench.moments):
        place = bench.folder / f"full-{command}-{number}"
        with small_disk(place):
            bench.fill(place, command)
            room = used(place) + int(bench.moment(number) * written) // 4096 * 4096
            _resize(place, room)
            end = start(COMMANDS[command].arguments, place, None if number % 10 else afresh).end()
            _resize(place, 64 << 20)
            bench.judge(row, place, end)
        place.rmdir()
    return row


def _resize(place: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={max(size, 4096)}", place], check=True)


def without_rights(bench: Bench, command: str, fault: str, rights: int) -> Row:
    """Run a command as one whom no capability helps where files (or folders) have few rights.

    Without any rights, it is the files that have none; else it is the folders that have these.
    """
    row = Row(fault, command)
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        row.note = "not tried: needs setpriv"
        return row
    place = bench.place(fault, command)
    found = [place, *place.rglob("*")]
    closed = [path for path in found if path.is_dir() == bool(rights)]
    before = {path: path.stat().st_mode for path in closed}
    for path in closed:
        path.chmod(rights)
    twist = functools.partial(afresh, () if os.geteuid() else NO_RIGHTS)
    end = start(COMMANDS[command].arguments, place, twist).end()
    for path, mode in before.items():
        path.chmod(mode)
    if end.code == 0:
        row.faults.append("what it had no right to do was no error")
    bench.judge(row, place, end)
    return row


def twice(bench: Bench, command: str) -> Row:
    """Start a command twice at once, in one place and with one name."""
    row = Row("two at once", command)
    for number in range(bench.moments):
        place = bench.place(row.fault, command, number)
        first = start(COMMANDS[command].arguments, place)
        first.wait(bench.moment(number) * bench.peace(command).seconds if number else 0)
        ends = [trial.end() for trial in (first, start(COMMANDS[command].arguments, place))]
        if all(end.code for end in ends):
            row.faults.append("neither succeeded")
        for end in ends:
            if not end.plain or "The system refused" in end.said:
                row.blame(end)
        row.count(ends[0])
        bench.judge(row, place, ends[1], told=False)
    return row


def closed(bench: Bench, command: str) -> Row:
    """Run a command whose standard streams are closed, from one to all."""
    row = Row("closed streams", command)
    for streams in ("<&-", ">&-", "<&- >&-", "<&- >&- 2>&-"):
        place = bench.place("closed", command)
        shell = ("sh", "-c", f'exec "$@" {streams}', "sh")
        end = start(COMMANDS[command].arguments, place, functools.partial(afresh, shell)).end()
        _undisturbed(bench, row, place, end)
    return row


def lost_device(bench: Bench, command: str) -> Row:
    """Take one of two devices away at random batches of a fit."""
    row = Row("device lost", command)
    if "--devices" not in COMMANDS[command].arguments:
        row.note = "has one device"
        return row
    for number in range(bench.moments):
        place = bench.place(row.fault, command, number)
        batch = 1 + int(bench.moment(number) * _BATCHES)
        twist = functools.partial(lose_a_device, batch)
        end = start(COMMANDS[command].arguments, place, twist).end()
        if "--resume mine" not in end.said:
            row.blame(end)
        bench.judge(row, place, end)
    return row


def _undisturbed(bench: Bench, row: Row, place: Path, end: End) -> None:
    if end.code:
        row.blame(end)
    bench.judge(row, place, end)


def _set_back(moment: float) -> None:
    """Set the process's clock back once it has used so many seconds of the processor."""
    clock, started = time.time, time.process_time()
    time.time = lambda: clock() - _BACK * (time.process_time() - started >= moment)


def clock(bench: Bench, command: str) -> Row:
    """Run a command while the clock is set back, on files of a time that has yet to come."""
    row = Row("clock set back", command)
    if command == "predict-files":
        row.note = "not tried: Beam packs the clock that it has for its workers"
        return row
    for number in range(bench.moments):
        place = bench.place("clock", command, number)
        for path in place.rglob("*"):
            os.utime(path, (time.time() + _BACK,) * 2)
        moment = bench.moment(number) * bench.peace(command).seconds if number else 0
        twist = functools.partial(_set_back, moment)
        _undisturbed(bench, row, place, start(COMMANDS[command].arguments, place, twist).end())
    return row


def worker_killed(bench: Bench, command: str) -> Row:
    """Kill a worker process of a command, at random moments from when there is one."""
    row = Row("worker killed", command)
    if command != "predict-files":
        row.note = "has no workers"
        return row
    arguments = f"{COMMANDS[command].arguments} -- {_TWO_WORKERS}"
    longest = _lifetime(start(arguments, bench.place("workers", command)))
    for number in range(bench.moments):
        place = bench.place(row.fault, command, number)
        trial = start(arguments, place)
        _lifetime(trial, bench.moment(number) * longest)
        killed = workers(trial.process.pid)[-1:]
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        end = trial.end()
        if killed and end.code == 0:
            row.note = "some had done their work"
        bench.judge(row, place, end)
        shutil.rmtree(place)
    return row


def _lifetime(trial: Trial, most: float = float("inf")) -> float:
    """Wait so many seconds from when a command has workers, or till its end; return them."""
    while trial.process.is_alive() and not workers(trial.process.pid):
        trial.process.join(_LOOK)
    begun = time.monotonic()
    while trial.process.is_alive() and time.monotonic() - begun < most:
        trial.process.join(_LOOK)
    return time.monotonic() - begun


FAULTS = {
    "killed": functools.partial(signalled, sent=signal.SIGKILL),
    "killed-at-changes": killed_at_changes,
    "terminated": functools.partial(signalled, sent=signal.SIGTERM),
    "full": full_disk,
    "read-only": functools.partial(without_rights, fault="read-only place", rights=0o555),
    "unreadable": functools.partial(without_rights, fault="input not readable", rights=0),
    "twice": twice,
    "closed": closed,
    "clock": clock,
    "device": lost_device,
    "worker-killed": worker_killed,
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
    warm_up()
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
