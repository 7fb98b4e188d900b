"""What metrics.json says of a run."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NoReturn

from tfnews.errors import RunError
from tfnews.records.audit import Audit, Token
from tfnews.records.calibration import Reliability
from tfnews.records.drift import Drift
from tfnews.records.record import Record
from tfnews.records.slices import Slices
from tfnews.records.stress import Stress
from tfnews.records.trial import Trial


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _is_count(value: object) -> bool:
    return isinstance(value, int) and _is_number(value) and value >= 0


def _is_pair(value: object, of: Callable[[object], bool]) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(of, value))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _of_a_class(value: object) -> bool:
    """Tell whether these are precision, recall, F1 and support."""
    return isinstance(value, dict) and all(map(_is_number, value.values()))


def _of_one_answer(value: object) -> bool:
    """Tell whether these are the scores of giving each text the same class."""
    if not isinstance(value, dict) or not _is_text(value.get("class")):
        return False
    return all(_is_score(name, score) for name, score in value.items() if name != "class")


def _is_score(name: str, value: object) -> bool:
    return _SCORES[name](value) if name in _SCORES else value is None or _is_number(value)


# What `metrics.scores` returns, by what it can be; the others are numbers or not known.
_SCORES = {
    "rows": _is_count,
    "threshold": lambda value: _is_number(value) and 0 <= value <= 1,
    "class_names": lambda value: _is_pair(value, _is_text),
    "f1": _is_number,
    "accuracy": _is_number,
    "confusion": lambda value: _is_pair(value, lambda row: _is_pair(row, _is_count)),
    "classes": lambda value: isinstance(value, dict) and all(map(_of_a_class, value.values())),
    "always": _of_one_answer,
}


class _Read(dict):
    """Scores that a file holds: what it lacks is told when it is asked for, as the file's fault."""

    def __missing__(self, name: str) -> NoReturn:
        raise RunError(
            f"A metrics.json lacks {str(name)[:40]!r} among the scores of its run, which every "
            "tfnews has written. Take that file away, and have it made anew: tfnews evaluate RUN"
        )


def _read(value: object) -> object:
    if isinstance(value, dict):
        return _Read({name: _read(one) for name, one in value.items()})
    return value


@dataclass(frozen=True)
class Judged:
    """Scores of one model on one set of texts.

    Attributes:
        scores: What `metrics.scores` returned.
        intervals: What `intervals.bootstrap` returned; empty where none were drawn.
    """

    scores: dict[str, object]
    intervals: dict[str, list[float] | None] = field(default_factory=dict)

    def check_read(self) -> None:
        """Check what a file says before it is computed with; what it lacks, when it is asked for.

        Raises:
            ValueError: The threshold is no number from 0 to 1, another score is none, or an
                interval is not two numbers.
        """
        object.__setattr__(self, "scores", _read(self.scores))
        for name, score in self.scores.items():
            if not _is_score(name, score):
                raise ValueError(f"{name[:40]} among the scores is not what it can be")
        for name, interval in self.intervals.items():
            if interval is not None and not _is_pair(interval, _is_number):
                raise ValueError(f"the interval of {name[:40]} is not two numbers")

    @property
    def class_names(self) -> tuple[str, str]:
        """The names of class 0 and class 1 in the set that was scored."""
        return tuple(self.scores["class_names"])

    @property
    def rows(self) -> int:
        """How many texts were scored."""
        return self.scores["rows"]


@dataclass(frozen=True)
class Timings:
    """How long a model takes from raw texts to probabilities.

    Attributes:
        rows: Texts that were timed.
        ms_per_text: Milliseconds.
        texts_per_second: The same the other way round.
        cpu: What it was measured on; `None` where it was not recorded.
    """

    rows: int
    ms_per_text: float
    texts_per_second: float
    cpu: str | None = None


@dataclass(frozen=True)
class Reason:
    """Which words moved the score of a text that was called by the other class's name.

    Attributes:
        row: Of the test split, counted from 0.
        method: How it was found out, as `explain` names it.
        words: Those that moved it most towards the class it was called, the most first, with what
            they add to the log odds, all places of a word together.
    """

    row: int
    method: str
    words: tuple[Token, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A model's F1 against that of the simplest model on the same texts.

    Attributes:
        arch: The simplest model's.
        part: Whose texts they are, "validation" or "test".
        f1: The simplest model's.
        difference: The model's F1 minus that.
        interval: 95 %, of the difference; `None` for too few clusters.
        gain_shown: Whether the whole interval lies above 0.
    """

    arch: str
    part: str
    f1: float
    difference: float
    interval: tuple[float, float] | None = None
    gain_shown: bool


@dataclass(frozen=True, kw_only=True)
class OtherSet:
    """The model on a data set that it was not trained on.

    Attributes:
        name: The set's name, numbered where it has a namesake.
        label_basis: What the set's labels rest on.
        class_names: The set's own names of class 0 and class 1.
        digests: SHA-256 of each part's file.
        shared_with_training: Texts left out because the model was trained on them; `None` where
            nobody counted.
        near_copies_of_training: Texts left out besides, of which the model was trained on
            near-copies; `None` where nobody looked.
        with_shared: Scores with what was left out; `None` where nothing was.
        refused: Texts that `predict` would give no number, `{kind of reason: texts}`.
        f1_of_scored: F1 without these texts; `None` where there are none.
        reliability: What calibration changes there.
        outdated: Whether the run was calibrated anew since; `None` where it was not.
        scores: As `Judged` has them.
        intervals: As `Judged` has them.
    """

    name: str
    label_basis: str = "unstated"
    class_names: tuple[str, str]
    digests: dict[str, str] = field(default_factory=dict)
    shared_with_training: int | None = None
    near_copies_of_training: int | None = None
    with_shared: Judged | None = None
    refused: dict[str, int] = field(default_factory=dict)
    f1_of_scored: float | None = None
    reliability: Reliability | None = None
    outdated: bool | None = None
    scores: dict[str, object]
    intervals: dict[str, list[float] | None] = field(default_factory=dict)

    def check_read(self) -> None:
        """Check what a file says, as `Judged` does."""
        judged = self.judged
        judged.check_read()
        object.__setattr__(self, "scores", judged.scores)

    @property
    def judged(self) -> Judged:
        """The scores."""
        return Judged(self.scores, self.intervals)

    @property
    def left_out(self) -> int:
        """How many texts were left out."""
        return (self.shared_with_training or 0) + (self.near_copies_of_training or 0)


@dataclass(frozen=True, kw_only=True)
class Scores(Record):
    """What metrics.json says of a run; `None` is what was not measured.

    Attributes:
        train: Scores of the training split.
        validation: Scores of the validation split.
        test: Scores of the test split.
        timings: Of test texts.
        audit: What the run's splits give away.
        floor: Comparison with the simplest model on the test split.
        other_sets: The model on other data sets, by their names there.
        refused: Test texts that `predict` would give no number, `{kind of reason: texts}`.
        f1_of_scored: F1 on the test split without these texts; `None` where there are none.
        reliability: What calibration changes on each split, by its name.
        outdated: Splits that were scored before the run was calibrated anew; `None` where it never
            was.
        slices: Error rates of parts of the test split.
        reasons: Which words moved the scores of its mistakes that a report quotes; empty, and not
            `None`, which would leave what a file has, where none may be kept.
        by_set: Of joined sets, the scores of validation and test set by set; sets that have texts
            of both classes there.
        stress: What small changes to its texts did when it was last tried.
        trials: What it does on feeds, without their articles; of each feed the last.
        drift: What the last drift check found.
        no_text: Whether its report is to leave article texts out.
    """

    train: Judged | None = None
    validation: Judged | None = None
    test: Judged | None = None
    timings: Timings | None = None
    audit: Audit | None = None
    floor: Comparison | None = None
    other_sets: dict[str, OtherSet] | None = None
    refused: dict[str, int] | None = None
    f1_of_scored: float | None = None
    reliability: dict[str, Reliability] | None = None
    outdated: tuple[str, ...] | None = None
    slices: Slices | None = None
    reasons: tuple[Reason, ...] | None = None
    by_set: dict[str, dict[str, Judged]] | None = None
    stress: Stress | None = None
    trials: tuple[Trial, ...] | None = None
    drift: Drift | None = None
    no_text: bool | None = None

    @property
    def parts(self) -> dict[str, Judged]:
        """The splits whose scores hold, in the order in which rows are used."""
        parts = {part: judged for part, judged in self._scored.items() if judged}
        return {part: parts[part] for part in parts if part not in (self.outdated or ())}

    @property
    def _scored(self) -> dict[str, Judged | None]:
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def with_parts(self, parts: dict[str, Judged], reliability: dict[str, Reliability]) -> "Scores":
        """Add what splits score now, and what calibration changes on them."""
        left = self.outdated and tuple(part for part in self.outdated if part not in parts)
        known = {**(self.reliability or {}), **reliability}
        return replace(self, **parts, reliability=known, outdated=left)

    def all_outdated(self) -> "Scores":
        """Mark all as of before the run was calibrated anew; they are kept, and not shown."""
        scored = tuple(part for part, judged in self._scored.items() if judged)
        sets = {name: replace(one, outdated=True) for name, one in (self.other_sets or {}).items()}
        return replace(
            self,
            outdated=scored,
            other_sets=sets or None,
            reasons=(),
            stress=self.stress and replace(self.stress, outdated=True),
            trials=self.trials and tuple(replace(one, outdated=True) for one in self.trials),
            drift=self.drift and replace(self.drift, outdated=True),
        )

    def with_trial(self, trial: Trial) -> "Scores":
        """Add what a feed's labels showed; that of the very same feed is replaced."""
        feed = trial.design.feed_digest
        others = [one for one in self.trials or () if one.design.feed_digest != feed]
        return replace(self, trials=(*others, trial.without_articles()))

    def with_other_set(self, away: OtherSet) -> "Scores":
        """Add another set; only that of the very same files is replaced, not a namesake.

        A set whose name is taken by other files is numbered.
        """
        sets = self.other_sets or {}
        numbered = (f"{away.name} ({number})" for number in itertools.count(2))
        name = next(
            name
            for name in itertools.chain([away.name], numbered)
            if name not in sets or sets[name].digests == away.digests
        )
        return replace(self, other_sets={**sets, name: replace(away, name=name)})
