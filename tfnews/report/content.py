"""What a report speaks of, typed: the page, the card and the terminal are made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from tfnews.data.splits import UNSTATED, Splits
from tfnews.records import Audit, Comparison, Config, Judged, OtherSet, Reason, Reliability, Timings
from tfnews.records.drift import Drift
from tfnews.records.slices import Slices
from tfnews.records.stress import Stress
from tfnews.records.trial import Trial
from tfnews.statistics.metrics import PREVALENCES
from tfnews.statistics.mistakes import Mistakes


@dataclass(frozen=True)
class DataSet:
    """The data set a run was trained on; all but the name may be unknown.

    Attributes:
        name: As scores and sentences quote it.
        class_names: Names of class 0 and class 1.
        label_basis: What the labels rest on.
        licence: Of the texts.
        counts: Texts of each class, `{part: {class name: texts}}`.
        strategy: How the splits were drawn.
        seed: By which they were drawn.
        digests: SHA-256 of each file of the splits.
        sources: Files they were made of, `{file, sha256, ...}`.
        warnings: What `prepare` warned of.
    """

    name: str
    class_names: tuple[str, str] = ("real", "fake")
    label_basis: str = UNSTATED
    licence: str | None = None
    counts: Mapping[str, dict[str, int]] = field(default_factory=dict)
    strategy: str | None = None
    seed: int | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[dict, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, splits: Splits) -> "DataSet":
        """Take what a folder of splits and its manifest say."""
        manifest = splits.manifest
        return cls(
            splits.name,
            splits.class_names,
            splits.label_basis,
            licence=splits.licence,
            counts=manifest.get("counts") or {},
            strategy=manifest.get("strategy"),
            seed=manifest.get("seed"),
            digests=manifest.get("digests") or {},
            sources=tuple(manifest.get("sources") or ()),
            warnings=tuple(manifest.get("warnings") or ()),
        )


@dataclass(frozen=True)
class Report:
    """What is known of a run; what is empty or `None` is left out of page, card and terminal.

    Attributes:
        config: The run's config.json.
        data: What it was trained on.
        parts: Scores of train, validation and test; at least one of the last two.
        other_sets: The model on other data sets.
        prevalences: Shares of fake texts, in [0, 1], at which the share of right flags is told.
        test_reads: How often the test part was scored, this time included.
        mistakes: Texts of the part it speaks of.
        timings: Of test texts.
        floor: Comparison with the simplest model.
        audit: What the splits give away.
        figures: PNG bytes or paths by the names of `figures.draw_all`.
        warnings: Sentences to show above our own.
        refused: Test texts that `predict` would give no number, `{kind of reason: texts}`.
        f1_of_scored: F1 on the test part without these; `None` where there are none.
        reliability: What calibration changes on each part; `None` where it was not measured.
        outdated: Names of what was scored before the run was calibrated anew.
        slices: Error rates of parts of the test part.
        reasons: Which words moved the scores of mistakes, by their rows in the test part.
        by_set: Of joined sets, the scores of each part set by set.
        stress: What small changes to its texts did when it was last tried.
        trials: What it does on feeds of its users' own.
        drift: What the last drift check found.
        written: The day on which the report is.
    """

    config: Config
    data: DataSet
    parts: Mapping[str, Judged]
    other_sets: tuple[OtherSet, ...] = ()
    prevalences: tuple[float, ...] = PREVALENCES
    test_reads: int = 0
    mistakes: Mistakes | None = None
    timings: Timings | None = None
    floor: Comparison | None = None
    audit: Audit | None = None
    figures: Mapping[str, bytes | Path] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict)
    f1_of_scored: float | None = None
    reliability: Mapping[str, Reliability | None] = field(default_factory=dict)
    outdated: tuple[str, ...] = ()
    slices: Slices | None = None
    reasons: tuple[Reason, ...] = ()
    by_set: Mapping[str, Mapping[str, Judged]] = field(default_factory=dict)
    stress: Stress | None = None
    trials: tuple[Trial, ...] = ()
    drift: Drift | None = None
    written: date | None = None

    @property
    def part(self) -> str:
        """The part it speaks of: test, or validation where the test part was not scored."""
        return "test" if "test" in self.parts else "validation"

    @property
    def judged(self) -> Judged:
        """The scores of that part."""
        return self.parts[self.part]
