"""What comparing models on the same texts found."""

from dataclasses import dataclass, field

from tfnews.records.record import Record
from tfnews.records.scores import Judged

SCHEMA = "tfnews.ranking"
VERSION = 1  # raised when a program that reads the JSON would have to change


@dataclass(frozen=True, kw_only=True)
class Paired:
    """A model against the best one on the same texts of one part.

    Attributes:
        difference: Its F1 minus the best one's.
        interval: 95 %, of the difference; `None` for too few clusters.
        bootstrap_p: That F1 differs, by the paired bootstrap over clusters, corrected by Holm.
        only_this: Texts that it alone calls right.
        only_best: Texts that the best one alone calls right.
        mcnemar_p: That they are right equally often, by McNemar's exact test, corrected by Holm.
        worse: Whether either test shows it to be worse.
    """

    difference: float
    interval: tuple[float, float] | None = None
    bootstrap_p: float
    only_this: int
    only_best: int
    mcnemar_p: float
    worse: bool


@dataclass(frozen=True)
class HeldOut:
    """The same architecture on a split of the same set that keeps groups of texts apart.

    Attributes:
        run: Its name.
        columns: None of whose values crosses its splits.
        part: "test", or "validation" where test was not scored.
        f1: Its F1 there.
        interval: 95 %, of that.
    """

    run: str
    columns: tuple[str, ...]
    part: str
    f1: float
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A run, or the runs of one group that differ in their seed alone.

    Attributes:
        name: The run's, or the group's.
        arch: Name of the catalogue's row.
        runs: Names of the runs, the one that stands for all first: that of middle validation F1.
        seeds: Of these runs, in their order.
        parts: Scores by part: of a run, each with its 95 % interval; of several the mean, with the
            lowest and the highest.
        parameters: Weights.
        megabytes: Of the saved model, 10**6 bytes.
        fit_seconds: Of training; of several runs the mean.
        ms_per_text: From raw text to probability, as evaluate measured it; `None` before that.
        cpu: On which that was measured; `None` where it is not known.
        test_reads: How often the test split was scored by them, in all.
        held_out: The same architecture on groups that it has not seen.
        against_best: By part; empty for the best one.
        barred: Why it cannot be chosen; `None` where it can.
        tied: Whether it is the best on the part that decides, or not shown to be worse.
        fronts: Of "latency" and "size": where no other has a higher F1 and costs less.
    """

    name: str
    arch: str
    runs: tuple[str, ...]
    seeds: tuple[int, ...]
    parts: dict[str, Judged]
    parameters: int | None = None
    megabytes: float | None = None
    fit_seconds: float = 0.0
    ms_per_text: float | None = None
    cpu: str | None = None
    test_reads: int = 0
    held_out: HeldOut | None = None
    against_best: dict[str, Paired] = field(default_factory=dict)
    barred: str | None = None
    tied: bool = False
    fronts: tuple[str, ...] = ()

    def score(self, part: str, metric: str = "f1") -> float | None:
        """Return a score on a part; `None` where there is none."""
        return self.parts[part].scores.get(metric) if part in self.parts else None


@dataclass(frozen=True, kw_only=True)
class Ranking(Record):
    """Models compared on the same texts: which is best, which are as good, and which to ship.

    Attributes:
        set_name: Of the texts.
        class_names: Names of class 0 and class 1.
        label_basis: What the labels rest on.
        digests: SHA-256 of the files of texts, by part.
        rows: Texts of each part.
        decided_on: The part that decides which is best and which are as good.
        shown_on: The part whose scores tell how good they are.
        group_columns: None of whose values crosses these splits.
        contenders: The best on the part that decides first; those that are barred last.
        best: Name of that one.
        ship: Name of the run to ship: of the contenders that tie with the best, the smallest.
        notes: What must be read with it.
    """

    set_name: str
    class_names: tuple[str, str]
    label_basis: str = "unstated"
    digests: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int]
    decided_on: str
    shown_on: str
    group_columns: tuple[str, ...] = ()
    contenders: tuple[Contender, ...]
    best: str
    ship: str
    notes: tuple[str, ...] = ()

    @property
    def shipped(self) -> Contender:
        """The contender of the run to ship."""
        return next(one for one in self.contenders if self.ship in one.runs)

    def named(self, name: str) -> Contender:
        """Return a contender by its name."""
        return next(one for one in self.contenders if one.name == name)

    def to_json(self) -> dict:
        """Return the content of a JSON file."""
        return {"schema": SCHEMA, "version": VERSION, **super().to_json()}
