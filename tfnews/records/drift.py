"""What a drift check found: whether texts of now are like those of then."""

from dataclasses import dataclass, field
from datetime import date

from tfnews.records.record import Record

SCHEMA = "tfnews.drift"
VERSION = 1  # raised when a program that reads the JSON would have to change
MEASURES = ("score", "length", "unknown", "refused")


@dataclass(frozen=True)
class Side:
    """One measure on one side.

    Attributes:
        texts: How many it was taken of.
        mean: Of the texts; of refusals, the share refused.
        quantiles: Of 0, 5, 10 to 100 % of the texts; none of refusals.
    """

    texts: int
    mean: float
    quantiles: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Shift:
    """How far one measure has moved.

    Attributes:
        measure: One of `MEASURES`.
        then: On the texts that are held against.
        now: On the texts in question.
        distance: How far the shares of texts below some value lie apart at most (Kolmogorov and
            Smirnov's), 0 to 1; of refusals, by how much their share has risen. `None` where a side
            has too few texts.
        at: The value where they do; `None` of refusals.
        p: That chance alone puts them so far apart.
        corrected: The same, corrected by Holm for all measures.
        least: The distance that chance alone reaches at the level, with as few texts; smaller
            shifts mostly stay unseen. `None` of refusals.
        limit: Least distance that is an alarm.
        rings: Whether the distance reaches its limit and `corrected` lies below the level.
    """

    measure: str
    then: Side
    now: Side
    distance: float | None = None
    at: float | None = None
    p: float | None = None
    corrected: float | None = None
    least: float | None = None
    limit: float
    rings: bool = False


@dataclass(frozen=True, kw_only=True)
class Drift(Record):
    """Texts of now held against those that a run knows.

    Attributes:
        run: Its name.
        trained_on: Name of its set.
        class_names: Names of class 0 and class 1.
        feed: Name of the file of texts.
        reference: What they are held against, in words.
        lengths: What their lengths are held against, in words.
        vocabulary: "model", "training" or "common": which words count as known.
        unit: "words" or "characters".
        threshold: Fake probability from which a text is called fake.
        level: Chance of any alarm without cause, 0 to 1.
        read: Records that the file holds.
        drawn: Of them, those that were looked at: all, or as many drawn at random.
        blank: Of those, records without text or that cannot be read.
        copies: Texts left out as copies and near-copies of other texts of the file.
        learnt: Texts left out as copies of training texts.
        texts: What is left, each once.
        called: Share called fake of the scored texts, then and now; `None` where none is scored.
        refused: Texts that get no number, by the kind of reason.
        shifts: Of each measure.
        alarm: Whether any rings.
        command: What was typed; `None` where it is not known.
        notes: What must be read with it.
        day: On which it was made, in ISO 8601, UTC.
        outdated: Whether the run was calibrated anew since; `None` where it was not.
    """

    run: str
    trained_on: str
    class_names: tuple[str, str]
    feed: str
    reference: str
    lengths: str
    vocabulary: str
    unit: str
    threshold: float
    level: float
    read: int
    drawn: int
    blank: int
    copies: int
    learnt: int
    texts: int
    called: tuple[float | None, float | None]
    refused: dict[str, int] = field(default_factory=dict)
    shifts: tuple[Shift, ...]
    alarm: bool
    command: str | None = None
    notes: tuple[str, ...] = ()
    day: str | None = None
    outdated: bool | None = None

    def check_read(self) -> None:
        """Check what a file says before it is told.

        Raises:
            ValueError: A measure is not known, none was compared, or the day is none.
        """
        if self.day is not None:
            date.fromisoformat(self.day)
        for one in self.shifts:
            if one.measure not in MEASURES:
                raise ValueError(f"there is no measure {one.measure[:40]}")
        if all(one.p is None for one in self.shifts):
            raise ValueError("no measure was compared")

    def to_json(self) -> dict:
        """Return the content of a JSON file."""
        return {"schema": SCHEMA, "version": VERSION, **super().to_json()}
