"""What is measured against what, and the loop that measures it: sides in turn, ratios, parity."""

import contextlib
import importlib.util
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

EXTRA = "pip install '.[benchmark]'"
_ENTRY = Path(__file__).with_name("benchmark.py")
# Of two sides' values; seconds where nothing else is said.
_RATIOS: dict[str, Callable[[float, float], float]] = {
    "times as fast": lambda ours, peer: peer / ours,
    "of its time": lambda ours, peer: ours / peer,
    "of its rate": lambda ours, peer: ours / peer,
}


@dataclass(frozen=True)
class Parity:
    """What must be equal between the two sides of a row.

    Attributes:
        kind: "ids" (lists or digests, every one equal), "scores" (probabilities) or "losses".
        limit: Largest difference allowed; of losses as a share of the peer's.
    """

    kind: str
    limit: float = 0.0


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        title: What is compared.
        ours: Name of our side.
        peer: Name of the peer's side; `None` where a value of ours stands alone.
        shows: A key of `_RATIOS`; the unit of our value where there is no peer.
        at_least: The target; `None` where there is none on this end.
        at_most: The same on the other end.
        parity: What must be equal; `None` where the two sides do not answer the same question.
    """

    title: str
    ours: str
    peer: str | None = None
    shows: str = "times as fast"
    at_least: float | None = None
    at_most: float | None = None
    parity: Parity | None = None

    @property
    def sides(self) -> set[str]:
        """The names of its sides."""
        return {self.ours} | ({self.peer} if self.peer else set())

    def ratios(self, values: dict[str, list[float]]) -> list[float]:
        """Return what each round gives: a ratio of its pair, or our value itself."""
        if self.peer is None:
            return values[self.ours]
        pairs = zip(values[self.ours], values[self.peer], strict=True)
        return [_RATIOS[self.shows](*pair) for pair in pairs]

    def verdict(self, ratio: float) -> str:
        """Return "met" or "missed"; nothing where there is no target."""
        if self.at_least is None and self.at_most is None:
            return ""
        enough = self.at_least is None or ratio >= self.at_least
        return "met" if enough and (self.at_most is None or ratio <= self.at_most) else "missed"


@dataclass(frozen=True)
class Program:
    """A child process in which sides are made ready, and then run when they are asked to.

    Attributes:
        function: "module:function" of tools; it takes a job and returns sides by name: functions
            that do the work once and return what it took and what came of it, ready for JSON.
        sides: The names it knows.
        needs: Modules that must be there.
        settings: Keys of the job that must be set, each by the option of the same name.
    """

    function: str
    sides: tuple[str, ...]
    needs: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    def missing(self, job: dict) -> str:
        """Return what keeps it from running; nothing where it can."""
        absent = [name for name in self.needs if importlib.util.find_spec(name) is None]
        if absent:
            return f"needs {', '.join(absent)} ({EXTRA})"
        unset = [f"--{name}" for name in self.settings if not job.get(name)]
        return f"needs {', '.join(unset)}" if unset else ""


@dataclass(frozen=True)
class Race:
    """Rows that are measured together, their sides in turn.

    Attributes:
        name: As `--only` takes it.
        programs: What has the sides.
        rows: What is compared.
        warm_up: Whether a first pass of each side is left out.
        most_rounds: Fewer than the job asks for, where a round takes minutes and differs little.
    """

    name: str
    programs: tuple[Program, ...]
    rows: tuple[Row, ...]
    warm_up: bool = True
    most_rounds: int = 100


@dataclass
class Result:
    """What a row came to.

    Attributes:
        row: The row.
        skipped: Why it was not measured; nothing where it was.
        values: What each round took, by side.
        ratios: What each round gives.
        outputs: What came of our first run, where no peer's stands beside it.
        parity: What was found of it, in words; nothing where none was asked.
        equal: Whether parity holds.
    """

    row: Row
    skipped: str = ""
    values: dict[str, list[float]] = field(default_factory=dict)
    ratios: list[float] = field(default_factory=list)
    outputs: list = field(default_factory=list)
    parity: str = ""
    equal: bool = True

    @property
    def median(self) -> float:
        """The median ratio."""
        return statistics.median(self.ratios)

    def record(self) -> dict:
        """Return it for JSON."""
        found = {"title": self.row.title, "ours": self.row.ours, "peer": self.row.peer}
        if self.skipped:
            return {**found, "skipped": self.skipped}
        found |= {"shows": self.row.shows, "median": self.median, "ratios": self.ratios}
        found |= {"at_least": self.row.at_least, "at_most": self.row.at_most}
        found |= {"target": self.row.verdict(self.median), "values": self.values}
        found |= {"parity": self.parity, "equal": self.equal}
        return {**found, "outputs": self.outputs} if self.outputs else found


class FailedError(Exception):
    """A program ended before it had answered."""


class Child:
    """A program that runs."""

    def __init__(self, program: Program):
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TOKENIZERS_PARALLELISM": "true"}
        # Shown where it fails.
        self._said = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, str(_ENTRY), "--child", program.function],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            env=environment,
        )
        self.function = program.function

    def ask(self, message: object) -> object:
        """Send a line and return the answer.

        Raises:
            FailedError: The program has ended.
        """
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # the answer will be missing
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            self._said.seek(0)
            said = self._said.read()[-3000:]
            print(said, file=sys.stderr)
            raise FailedError(f"{self.function} ended with status {status}")
        return json.loads(line)

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(BrokenPipeError):  # a dead child's, which would hide why it died
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.terminate()
        self._process.wait()
        self._said.close()


def serve(sides: Callable[[dict], dict]) -> None:
    """Be a child: make the sides of a job ready, then answer each name with what came of it."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print belongs elsewhere
    known: dict[str, Callable[[], tuple]] = {}
    for line in sys.stdin:
        message = json.loads(line)
        if not known:
            known = sides(message)
            answer = sorted(known)
        else:
            answer = known[message]()
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def measure(race: Race, wanted: Iterable[Row], job: dict) -> list[Result]:
    """Run a race, and return a result a row.

    Args:
        race: The race.
        wanted: The rows of it that are asked for.
        job: Sizes, folders and `rounds`.
    """
    results = [Result(row, skipped=_missing(race, row, job)) for row in wanted]
    sides = sorted({side for found in results if not found.skipped for side in found.row.sides})
    if not sides:
        return results
    programs = [program for program in race.programs if set(program.sides) & set(sides)]
    children: dict[str, Child] = {}
    try:
        for program in programs:
            asked = [side for side in program.sides if side in sides]
            child = Child(program)
            children |= dict.fromkeys(asked, child)
            child.ask({**job, "sides": asked})
        values, outputs = take_turns(sides, lambda side: children[side].ask(side), race, job)
        for found in results:
            if not found.skipped:
                _fill(found, values, outputs)
    except FailedError as error:
        for found in results:
            found.skipped = found.skipped or str(error)
            found.equal = False
    finally:
        for child in set(children.values()):
            child.close()
    return results


def take_turns(
    sides: list[str], ask: Callable[[str], list], race: Race, job: dict
) -> tuple[dict[str, list[float]], dict[str, list]]:
    """Run every side once a round, the other way round in every second round.

    Returns:
        What each side took in each round but that of the warm-up, and what came of its first run.
    """
    values: dict[str, list[float]] = {side: [] for side in sides}
    outputs: dict[str, list] = {}
    for number in range(min(job["rounds"], race.most_rounds) + race.warm_up):
        for side in sides if number % 2 else reversed(sides):
            value, output = ask(side)
            outputs.setdefault(side, output)
            if number >= race.warm_up:
                values[side].append(value)
    return values, outputs


def compared(parity: Parity, ours: list, peer: list) -> tuple[str, bool]:
    """Say how far two sides' outputs are apart, and whether that is near enough.

    Scores that are `None` on one side are of texts that it did not score; they are counted.
    """
    if len(ours) != len(peer) or not ours:
        return f"{len(ours)} outputs against {len(peer)}", False
    if parity.kind == "ids":
        equal = sum(a == b for a, b in zip(ours, peer, strict=True))
        return f"{equal:,} of {len(ours):,} texts' ids equal", equal == len(ours)
    pairs = [(a, b) for a, b in zip(ours, peer, strict=True) if None not in (a, b)]
    if not pairs:
        return "no text scored by both", False
    if any(math.isnan(value) for pair in pairs for value in pair):
        return "NaN among the outputs", False
    if parity.kind == "losses":
        apart = max(abs(a - b) / abs(b) for a, b in pairs)
        return f"losses {apart:.1e} apart, relatively", apart <= parity.limit
    apart = max(abs(a - b) for a, b in pairs)
    same = sum((a >= 0.5) == (b >= 0.5) for a, b in pairs)
    told = f"scores at most {apart:.1e} apart, {same / len(pairs):.1%} of decisions equal"
    left = len(ours) - len(pairs)
    return told + (f", {left} not scored" if left else ""), apart <= parity.limit


def _missing(race: Race, row: Row, job: dict) -> str:
    """Return what keeps a row from being measured."""
    told = {p.missing(job): None for p in race.programs if set(p.sides) & row.sides}
    return "; ".join(reason for reason in told if reason)


def _fill(found: Result, values: dict[str, list[float]], outputs: dict[str, list]) -> None:
    row = found.row
    found.values = {side: values[side] for side in sorted(row.sides)}
    found.ratios = row.ratios(values)
    if row.peer is None:
        found.outputs = outputs[row.ours]
    if row.parity:
        found.parity, found.equal = compared(row.parity, outputs[row.ours], outputs[row.peer])
