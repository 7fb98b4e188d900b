"""What a matrix of data sets says: one architecture trained on each, tested on each."""

from dataclasses import dataclass

from tfnews.records.record import Record
from tfnews.records.scores import Judged


@dataclass(frozen=True, kw_only=True)
class ScoredSet:
    """A set whose texts are scored; every model is scored on the same ones.

    Attributes:
        name: The set's, numbered where it has a namesake.
        label_basis: What its labels rest on.
        class_names: Its own names of class 0 and class 1.
        digests: SHA-256 of each part's file.
        part: "test", its test split, where a model was trained on the set; else "all".
        rows: Texts that are scored.
        copies: Texts left out because some model of the matrix was trained on them.
        near_copies: Texts left out besides, of which some model was trained on near-copies.
    """

    name: str
    label_basis: str
    class_names: tuple[str, str]
    digests: dict[str, str]
    part: str
    rows: int
    copies: int
    near_copies: int


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A model on a set's texts.

    Attributes:
        trained_on: Name of the set that it was trained on.
        tested_on: Name of the set whose texts were scored.
        scores: As `Judged` has them.
        intervals: As `Judged` has them.
    """

    trained_on: str
    tested_on: str
    scores: dict[str, object]
    intervals: dict[str, list[float] | None]

    @property
    def judged(self) -> Judged:
        """The scores."""
        return Judged(self.scores, self.intervals)

    @property
    def at_home(self) -> bool:
        """Whether it was trained on the same set."""
        return self.trained_on == self.tested_on


@dataclass(frozen=True, kw_only=True)
class Gain:
    """How much better one model is than another on the same texts.

    Attributes:
        metric: Name of the score.
        difference: Of the one and the other; `None` where the score is not defined.
        interval: 95 %, of the difference, from resampling clusters; `None` for too few.
        shown: Whether the whole interval lies on the better side of 0.
    """

    metric: str
    difference: float | None
    interval: tuple[float, float] | None = None
    shown: bool


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """The model of all other sets on a set that it has not learnt from.

    Attributes:
        scored: The set, all its texts but those that any of the models has learnt from.
        run: The run that was trained on the other sets.
        joined: Its scores.
        best: Name of the set whose model alone does best here by ROC-AUC, chosen in hindsight.
        single: That model's scores.
        gains: Of the joined model over that one, by the score's name.
    """

    scored: ScoredSet
    run: str
    joined: Judged
    best: str
    single: Judged
    gains: dict[str, Gain]


@dataclass(frozen=True, kw_only=True)
class Added:
    """What a set adds to the others, seen on the test texts of one of them.

    Attributes:
        name: The set's, with which and without which all sets were learnt.
        tested_on: Name of the other set.
        gain: Of the model of all sets over that of all but this one.
    """

    name: str
    tested_on: str
    gain: Gain


@dataclass(frozen=True, kw_only=True)
class LeaveOneOut:
    """Models of all sets, and of all sets but one.

    Attributes:
        run: The run that was trained on all.
        left_out: Each set in its turn.
        added: Each set on each other.
    """

    run: str
    left_out: tuple[LeftOut, ...]
    added: tuple[Added, ...]


@dataclass(frozen=True, kw_only=True)
class Matrix(Record):
    """One architecture trained on each of some sets and tested on each, and on others.

    Attributes:
        arch: Name of the catalogue's row.
        recipe: The settings that were asked for, before "auto" was settled.
        command: What was typed or called; `None` where that is not known.
        runs: The run that was trained on each set, by the set's name, in the order of the rows.
        sets: What was tested on, in the order of the columns: the trained ones, then the others.
        cells: Row by row.
        leave_one_out: What several sets together teach; `None` where it was not asked for.
    """

    arch: str
    recipe: dict[str, object]
    command: str | None = None
    runs: dict[str, str]
    sets: tuple[ScoredSet, ...]
    cells: tuple[Cell, ...]
    leave_one_out: LeaveOneOut | None = None

    def cell(self, trained_on: str, tested_on: str) -> Cell:
        """Return the cell of a row and a column, by the names of their sets."""
        pair = (trained_on, tested_on)
        return next(one for one in self.cells if (one.trained_on, one.tested_on) == pair)

    def home(self, trained_on: str) -> Cell:
        """Return the cell of a model on its own set's test split."""
        return self.cell(trained_on, trained_on)

    def away(self, trained_on: str) -> tuple[Cell, ...]:
        """Return the cells of a model on the other sets."""
        return tuple(c for c in self.cells if c.trained_on == trained_on and not c.at_home)
