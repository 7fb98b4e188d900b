"""Give readers, openers and tokenizers inputs that nobody would write, and count what comes of it.

    pip install atheris
    python tools/fuzz.py FOLDER [--only TARGET]... [--inputs N] [--seconds N]

A target is a function of bytes that may refuse them with an error of tfnews and with nothing else,
that must end within 20 seconds and 4 GB, and that checks its own answers: what `data prepare` reads
of a file, `predict` reads the same. Inputs come from libFuzzer, which grows them from the seeds of
the target by what code they reach, through changes that know the form of the input. FOLDER receives
the corpus of each target, how many inputs it had, and what broke it. Prints a Markdown table, and
ends with exit code 1 where a target broke.

In a FOLDER of an earlier run, a target goes on to `--inputs` in all, from the corpus that there is
and by another seed. What the corpus gives it again is not counted again. With `--inputs 0` it
prints the table of what there is.
"""

import argparse
import hashlib
import json
import logging
import math
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from tfnews.errors import TfnewsError
from tools import fuzz_models, fuzz_tables, fuzz_texts
from tools.fuzz_tables import Target

SECONDS = 20  # that an input may take
MEGABYTES = 4096  # that a process may hold, TensorFlow included
LONGEST = 65_536  # bytes of an input
OF_A_PROCESS = 10_000  # inputs: TensorFlow keeps what it made of each other one, as a rule
TARGETS: dict[str, Target] = {
    **fuzz_tables.TARGETS,
    **fuzz_models.TARGETS,
    **fuzz_texts.TARGETS,
}
_ANEW = 0.4  # share of the inputs made of a seed: what libFuzzer keeps was refused, much of it
COUNTS = "counts.json"
OUTCOMES = ("taken", "refused", "broke")


def outcome(target: Target, data: bytes) -> bool:
    """Give a target an input; tell whether it was taken (`True`) or refused (`False`)."""
    with tempfile.TemporaryDirectory(dir=fuzz_tables.MEMORY) as folder:
        try:
            target.check(Path(folder), data)
        except TfnewsError as error:
            said = str(error)
            if not isinstance(error, target.refuses):
                raise AssertionError(f"refused as a {type(error).__name__}: {said}") from error
            if len(said) > 500 or any(ord(char) < 32 and char != "\n" for char in said):
                raise AssertionError(f"not a message to show: {said[:600]!r}") from error
            return False
        return True


def counted(folder: Path) -> Counter:
    """Return what came of the inputs of a target so far, and the seconds and processes it took."""
    kept = folder / COUNTS
    return Counter(json.loads(kept.read_text("utf-8")) if kept.exists() else {})


def inputs_of(counts: Counter) -> int:
    """Return how many inputs were counted."""
    return sum(counts[outcome] for outcome in OUTCOMES)


class Count:
    """Counts what comes of inputs, and keeps one input of each way to break a target.

    Args:
        target: What they are given.
        folder: Receives counts.json, which a later process goes on from, and what broke the target.
        most: With this many, counts.json is written at once: libFuzzer ends the process then.

    Attributes:
        again: How many of the inputs to come were counted before, and are not counted again.
    """

    def __init__(self, target: Target, folder: Path, most: int):
        self.target = target
        self.folder = folder
        self.most = most
        self.counts = counted(folder)
        self.counts["processes"] += 1
        self.again = 0
        self.written = time.monotonic()

    def __call__(self, data: bytes) -> None:
        """Give the target one input."""
        try:
            self.count("taken" if outcome(self.target, data) else "refused")
        except Exception as error:
            self.count("broke")
            where = [
                f"{one.filename}:{one.lineno}" for one in traceback.extract_tb(error.__traceback__)
            ]
            name = hashlib.sha256("".join([type(error).__name__, *where]).encode()).hexdigest()[:12]
            if not (self.folder / f"broke-{name}").exists():
                (self.folder / f"broke-{name}").write_bytes(data)
                said = "".join(traceback.format_exception(error))
                (self.folder / f"broke-{name}.txt").write_text(said, "utf-8", "replace")
                self.write()
        if time.monotonic() > self.written + 1 or inputs_of(self.counts) == self.most:
            self.write()

    def count(self, what: str) -> None:
        """Count an input, unless it was counted before."""
        if self.again:
            self.again -= 1
        else:
            self.counts[what] += 1

    def write(self) -> None:
        """Write how many inputs there were so far."""
        now = time.monotonic()
        self.counts["seconds"] += now - self.written
        self.written = now
        (self.folder / COUNTS).write_text(json.dumps(self.counts), "utf-8")


def child(name: str, folder: Path, inputs: int, seconds: int) -> None:
    """Fuzz one target in this process, which libFuzzer ends."""
    import atheris

    target = TARGETS[name]
    count = Count(target, folder, inputs)
    with atheris.instrument_imports(include=["tfnews"]):  # made when first called
        seeds = target.seeds()
        count.again = len(seeds) if inputs_of(count.counts) else 0
        for data in seeds:
            count(data)
    logging.disable()
    corpus = sum(1 for _ in (folder / "corpus").iterdir())
    count.again = corpus + 1  # the seeds among it; libFuzzer gives an empty input before all

    def change(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        data = rng.choice(seeds) if rng.random() < _ANEW else data
        return target.change(data, rng, lambda part: atheris.Mutate(part, most))[:most]

    longest = max(LONGEST, 2 * max(map(len, seeds)))
    arguments = [
        sys.argv[0],
        f"-runs={inputs - inputs_of(count.counts) + count.again}",
        f"-max_total_time={seconds}",
        f"-timeout={SECONDS}",
        f"-rss_limit_mb={MEGABYTES}",
        f"-max_len={longest}",
        "-len_control=0",
        f"-artifact_prefix={folder}/broke-",
        f"-seed={count.counts['processes']}",
        str(folder / "corpus"),
    ]
    atheris.Setup(arguments, count, custom_mutator=change)
    atheris.Fuzz()


def fuzzed(name: str, folder: Path, inputs: int, seconds: int) -> tuple[str, bool]:
    """Fuzz one target in processes of its own, up to a number of inputs in all.

    Returns:
        A row of the Markdown table, and whether the target held.
    """
    place = folder / re.sub(r"\W+", "-", name)
    ended = 0
    if inputs_of(counted(place)) < inputs:
        (place / "corpus").mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(TARGETS[name].seeds()):
            (place / "corpus" / f"seed-{number}").write_bytes(data)
        ended = _in_turns(name, place, inputs, seconds)
    counts = counted(place)
    ran = inputs_of(counts)
    held = ended == 0 and not any(place.glob("broke-*"))
    words = ("held" if ran else "not tried") if held else f"broke: see {place}"
    minutes, taken = counts["seconds"] / 60, counts["taken"] / max(1, ran)
    return f"| {name} | {ran:,} | {taken:.0%} | {minutes:.1f} | {words} |", held


def _in_turns(name: str, place: Path, inputs: int, seconds: int) -> int:
    """Run one process after the other; return the exit code of the last."""
    end = time.monotonic() + seconds if seconds else math.inf
    had, ended = -1, 0
    while not ended and had < (has := inputs_of(counted(place))) < inputs:
        had, left = has, math.ceil(end - time.monotonic()) if seconds else 0
        if seconds and left <= 0:  # 0 would tell the process that there is no end
            break
        command = [sys.executable, __file__, str(place), "--child", name]
        command += ["--inputs", str(min(inputs, has + OF_A_PROCESS)), "--seconds", str(left)]
        with (place / "said.txt").open("a", encoding="utf-8") as said:
            ended = subprocess.run(
                command, stdout=said, stderr=subprocess.STDOUT, check=False
            ).returncode
    return ended


def main() -> int:
    """Fuzz each target and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", action="append", choices=TARGETS)
    parser.add_argument("--inputs", type=int, default=100_000, help="of a target, in all")
    parser.add_argument("--seconds", type=int, default=0, help="most for a target; 0: no end")
    parser.add_argument("--child", choices=TARGETS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.folder, given.inputs, given.seconds)
    print("| target | inputs | taken | minutes | outcome |\n| --- | --- | --- | --- | --- |")
    broke = 0
    for name in given.only or TARGETS:
        row, held = fuzzed(name, given.folder, given.inputs, given.seconds)
        broke += not held
        print(row, flush=True)
    return int(broke > 0)


if __name__ == "__main__":
    sys.exit(main())
