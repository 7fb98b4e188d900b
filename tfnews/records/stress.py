"""What small changes to its texts do to a run."""

from dataclasses import dataclass

from tfnews.records.record import Record
from tfnews.records.slices import Rate

SCHEMA = "tfnews.stress"
VERSION = 1  # raised when a program that reads the JSON would have to change


@dataclass(frozen=True, kw_only=True)
class Side:
    """A run's answers on some texts.

    Attributes:
        f1: Of the fake class, 0 to 1.
        interval: 95 %, of F1; `None` for fewer than two clusters.
        accuracy: Share called by its own name, 0 to 1.
        misses: Fake texts called real.
        alarms: Real texts called fake.
    """

    f1: float
    interval: tuple[float, float] | None = None
    accuracy: float
    misses: Rate
    alarms: Rate


@dataclass(frozen=True, kw_only=True)
class Stressed:
    """One change to the texts.

    Attributes:
        attack: Its name.
        doing: What is done, as the beginning of a sentence.
        changed: Texts that it changes.
        refused: Texts that get no number by it, and had one before.
        texts: Texts with a number before and after; the rest is of these.
        before: Untouched.
        after: Changed.
        difference: F1 after minus before.
        interval: 95 %, of the difference, by the paired bootstrap over clusters.
        corrected: p value of the difference, corrected by Holm for all attacks.
        shown: Whether F1 falls, `corrected` being below .05.
        flipped: Texts called by the other name than before.
        skipped: Why it was not measured; `None` where it was.
    """

    attack: str
    doing: str
    changed: int = 0
    refused: int = 0
    texts: int = 0
    before: Side | None = None
    after: Side | None = None
    difference: float | None = None
    interval: tuple[float, float] | None = None
    corrected: float | None = None
    shown: bool = False
    flipped: Rate | None = None
    skipped: str | None = None


@dataclass(frozen=True, kw_only=True)
class Stress(Record):
    """A run under small changes to its texts.

    Attributes:
        run: Its name.
        trained_on: Name of its set.
        class_names: Names of class 0 and class 1.
        part: "validation" or "test".
        rows: Texts that the part holds.
        drawn: Of them, those that were changed: all, or as many drawn at random.
        refused: Of those, texts that get no number untouched; they are left out.
        threshold: Fake probability from which a text is called fake.
        seed: Of what attacks draw.
        untouched: Answers before any attack.
        attacks: One each.
        worst: Name of the attack by which F1 is shown to fall most; `None` where none is shown to.
        command: What was typed; `None` where it is not known.
        outdated: Whether the run was calibrated anew since; `None` where it was not.
    """

    run: str
    trained_on: str
    class_names: tuple[str, str]
    part: str
    rows: int
    drawn: int
    refused: int
    threshold: float
    seed: int
    untouched: Side
    attacks: tuple[Stressed, ...]
    worst: str | None = None
    command: str | None = None
    outdated: bool | None = None

    def check_read(self) -> None:
        """Check what a file says before it is told.

        Raises:
            ValueError: An attack is neither measured nor skipped, or the worst is none of them.
        """
        for one in self.attacks:
            sides = [side for side in (one.before, one.after) if side]
            rates = [rate and rate.rate for side in sides for rate in (side.misses, side.alarms)]
            found = (*sides, *rates, one.difference, one.corrected, one.flipped)
            if one.skipped is None and (len(sides) < 2 or None in found):
                raise ValueError(f"the attack {one.attack[:40]} is not whole")
        if self.worst not in (None, *(one.attack for one in self.attacks)):
            raise ValueError(f"the worst attack {self.worst[:40]} is none of those")

    def to_json(self) -> dict:
        """Return the content of a JSON file."""
        return {"schema": SCHEMA, "version": VERSION, **super().to_json()}
