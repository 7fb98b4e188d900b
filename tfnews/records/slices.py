"""Error rates of one model on parts of its test texts."""

from collections.abc import Iterable
from dataclasses import dataclass, field

RATES = ("fpr", "fnr")


def _check_rates(names: Iterable[str]) -> None:
    if not set(names) <= set(RATES):
        raise ValueError(f"slices are told apart by {' and '.join(RATES)} alone")


@dataclass(frozen=True)
class Rate:
    """A share of errors: `wrong` of `of` texts; rate and 95 % interval `None` without texts."""

    wrong: int
    of: int
    rate: float | None = None
    interval: tuple[float, float] | None = None

    def check_read(self) -> None:
        """Check what a file says: a `ValueError` where rate and interval do not go together."""
        if len({self.of == 0, self.rate is None, self.interval is None}) > 1:
            raise ValueError("a share of no texts has neither rate nor interval, others have both")


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Texts that have something in common.

    Attributes:
        name: What it is, as "12 to 130".
        rows: How many.
        fpr: Real texts called fake.
        fnr: Fake texts called real.
    """

    name: str
    rows: int
    fpr: Rate
    fnr: Rate


@dataclass(frozen=True)
class Spread:
    """Of a rate over the slices of a column that have enough texts: how many, least and most."""

    slices: int
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class SlicedBy:
    """The test texts, sliced one way.

    Attributes:
        column: "length", or the name of a column.
        kind: "length" in words, "date", "number", "site" or "value".
        named: Whether slices may be told apart: not where they may be outlets or persons.
        values: Slices with enough texts of their own.
        slices: All of them; none where they are not named.
        spreads: By "fpr" and "fnr", where two slices or more have enough texts.
        unsliced: Why there are no slices; `None` where there are.
    """

    column: str
    kind: str
    named: bool
    values: int = 0
    slices: tuple[Slice, ...] = ()
    spreads: dict[str, Spread] = field(default_factory=dict)
    unsliced: str | None = None

    def check_read(self) -> None:
        """Check what a file says: a `ValueError` where there is no such rate."""
        _check_rates(self.spreads)


@dataclass(frozen=True, kw_only=True)
class Worst:
    """The slice with the highest rate of one kind of error.

    Attributes:
        column: By which it was sliced.
        kind: As `SlicedBy` has it.
        name: The slice's; `None` where it is not told.
        values: How many slices of that column have enough texts of their own.
        rows: Texts in it, of both classes.
        rate: In the slice.
        others: In the other texts.
        shown: Whether it is higher than in the others, with allowance for all comparisons.
    """

    column: str
    kind: str
    name: str | None = None
    values: int
    rows: int
    rate: Rate
    others: Rate
    shown: bool

    def check_read(self) -> None:
        """Check what a file says: a `ValueError` where there is nothing to compare."""
        if not (self.rate.of and self.others.of):
            raise ValueError("the slice with the most errors, or the others, are no texts")


@dataclass(frozen=True, kw_only=True)
class Slices:
    """Where a model errs more, on its test texts.

    Attributes:
        fewest: Texts that a slice must have, and a rate to be compared.
        compared: Rates of slices that were compared with those of the other texts.
        by: Each way of slicing.
        worst: By "fpr" and "fnr", where any were compared and there was an error.
    """

    fewest: int
    compared: int
    by: tuple[SlicedBy, ...]
    worst: dict[str, Worst] = field(default_factory=dict)

    def check_read(self) -> None:
        """Check what a file says: a `ValueError` where there is no such rate."""
        _check_rates(self.worst)
