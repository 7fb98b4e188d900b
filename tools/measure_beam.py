"""Measure `tfnews predict --runner DirectRunner`, with a worker killed on the way.

    python -m tools.measure_beam FOLDER --run RUN --news FILE [--articles N] [--files N]

Articles are drawn from FILE with replacement, up to N, into files of JSON lines below FOLDER, one
line in a thousand of them broken. Once a third of the shards is finished, a worker is killed, and
the same command goes on. Then plain `predict` scores each file, and the answers of the shards, put
together, are held against its own to the byte. Prints a Markdown table: articles a second from
start to end of both legs, and between the first and the last shard of the second; the most memory
of the command and all its processes at once; and what plain `predict` took. Ends with exit code 1
where a row is missing, is there twice or differs, or a shard was scored twice.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tfnews.data.texts import read_texts
from tfnews.scoring.sharded.predict import SHARD
from tools.processes import memory, workers

PROGRAM = (sys.executable, "-c", "from tfnews.cli import run; run()")
BROKEN = 1000  # of so many lines, one
_TICK = 0.5  # seconds between two looks


@dataclass
class Leg:
    """One command, from its start to its end.

    Attributes:
        seconds: That it took.
        peak: Bytes of memory of all its processes, at most.
        code: It ended with.
        said: On standard error.
        killed: The worker that was killed.
    """

    seconds: float = 0.0
    peak: int = 0
    code: int | None = None
    said: str = ""
    killed: list[int] = field(default_factory=list)


def resampled(news: Path, folder: Path, articles: int, files: int) -> list[Path]:
    """Write articles drawn with replacement into files of JSON lines; return them."""
    texts = [item.text for item in read_texts(news) if item.text]
    draw, paths = random.Random(0), []
    for number in range(files):
        paths.append(folder / f"articles-{number:03d}.jsonl")
        with paths[-1].open("w", encoding="utf-8") as file:
            for row in range(number, articles, files):
                record = {"id": f"row-{row}", "combined_text": draw.choice(texts)}
                line = json.dumps(record, ensure_ascii=False)
                file.write(f"{line[:40] if row % BROKEN == BROKEN - 1 else line}\n")
    return paths


def shards(out: Path) -> dict[Path, float]:
    """Return the finished shards, and when each was."""
    return {path: path.stat().st_mtime for path in out.glob("input-*/counts-*.json")}


def leg(command: list[str], out: Path, kill_at: int | None) -> Leg:
    """Run a command, and kill a worker once so many shards are finished."""
    done, begun = Leg(), time.monotonic()
    with (out.parent / "said.txt").open("w+") as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        while process.poll() is None:
            done.peak = max(done.peak, memory(process.pid))
            if kill_at is not None and not done.killed and len(shards(out)) >= kill_at:
                done.killed = workers(process.pid)[-1:]
                for pid in done.killed:
                    os.kill(pid, signal.SIGKILL)
            time.sleep(_TICK)
        said.seek(0)
        done.said = said.read().strip()
    done.seconds, done.code = time.monotonic() - begun, process.returncode
    return done


def differences(paths: list[Path], out: Path, run: str, folder: Path) -> tuple[list[str], float]:
    """Hold all answers against those of plain predict; return what differs, and its seconds."""
    found, seconds, seen = [], 0.0, Counter()
    for number, path in enumerate(paths):
        begun, plain = time.monotonic(), folder / "plain.jsonl"
        command = [*PROGRAM, "predict", run, str(path), "--output", str(plain)]
        subprocess.run(command, check=True, capture_output=True)
        seconds += time.monotonic() - begun
        answers = sorted((out / f"input-{number:05d}").glob("answers-*.jsonl"))
        joined = b"".join(one.read_bytes() for one in answers)
        if joined != plain.read_bytes():
            found.append(f"{path.name} is answered otherwise than by plain predict")
        ids = (json.loads(line)["id"] for line in joined.splitlines())
        seen.update(one for one in ids if one.startswith("row-"))
    found += [f"{one} is answered {count} times" for one, count in seen.items() if count > 1][:3]
    return found, seconds


def wrong(
    first: Leg, second: Leg, before: dict[Path, float], after: dict[Path, float], expected: int
) -> list[str]:
    """Return what did not go as it has to."""
    again = [path for path in before if after.get(path) != before[path]]
    found = {
        f"the command with a killed worker ended with {first.code}": first.killed
        and first.code != 5,
        "no worker was killed": not first.killed,
        f"going on ended with {second.code}": second.code != 0,
        f"{len(after)} of {expected} shards are there": len(after) != expected,
        f"{len(again)} shards were scored twice": again,
    }
    return [what for what, is_so in found.items() if is_so]


def steady(before: dict[Path, float], after: dict[Path, float]) -> float:
    """Return the articles a second between the first and the last shard of the second leg."""
    times = sorted(after[path] for path in after.keys() - before.keys())
    return SHARD * (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0


def told(given: argparse.Namespace, first: Leg, second: Leg, pace: float, plain: float) -> str:
    """Return the Markdown table."""
    seconds = first.seconds + second.seconds
    row = (
        f"{given.articles:,}",
        f"{given.workers}",
        f"{first.seconds:.0f} + {second.seconds:.0f}",
        f"{given.articles / seconds:,.0f}",
        f"{pace:,.0f}",
        f"{max(first.peak, second.peak) / 2**20:,.0f}",
        f"{given.articles / plain:,.0f}",
    )
    head = (
        "articles", "workers", "seconds, before + after the kill", "articles/s in all",
        "articles/s between shards", "peak MB of all processes", "articles/s of plain predict",
    )  # fmt: skip
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), row))


def main() -> int:
    """Run the measurement and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--run", required=True)
    parser.add_argument("--news", type=Path, required=True)
    parser.add_argument("--articles", type=int, default=200_000)
    parser.add_argument("--files", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    folder = given.folder.resolve()
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    paths = resampled(given.news, folder, given.articles, given.files)
    command = [*PROGRAM, "predict", given.run, str(folder / "articles-*.jsonl")]
    command += ["--runner", "DirectRunner", "--output", str(out), "--"]
    command += [f"--direct_num_workers={given.workers}", "--direct_running_mode=multi_processing"]
    sizes = [len(range(number, given.articles, given.files)) for number in range(given.files)]
    expected = sum(-(-size // SHARD) for size in sizes)
    first = leg(command, out, kill_at=max(1, expected // 3))
    before = shards(out)
    print(f"Killed after {len(before)} of {expected} shards. {first.said.splitlines()[-1]}")
    second = leg(command, out, kill_at=None)
    after = shards(out)
    print(second.said)
    faults, plain = differences(paths, out, given.run, folder)
    faults += wrong(first, second, before, after, expected)
    print(told(given, first, second, steady(before, after), plain))
    print("\n".join(faults) or "Every row is answered once, as plain predict answers it.")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
