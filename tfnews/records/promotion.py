"""What a promotion check found: whether a new model may take the place of the old one."""

from dataclasses import dataclass, field

from tfnews.records.record import Record
from tfnews.records.scores import Judged

SCHEMA = "tfnews.promotion"
VERSION = 1  # raised when a program that reads the JSON would have to change


@dataclass(frozen=True)
class Flip:
    """A text that the two models call by different names.

    Attributes:
        text: Its id, else its place: the file and the line of it. Never the text itself.
        label: 1 is fake, 0 real.
        old: Fake probability by the old model, 0 to 1.
        new: The same by the new one.
        better: Whether the new one calls it right.
    """

    text: str
    label: int
    old: float
    new: float
    better: bool


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two models.

    Attributes:
        name: As it was named.
        kind: "run", "SavedModel" or "TensorFlow Lite".
        threshold: Fake probability from which it calls a text fake.
        digest: SHA-256 of its weights.
        judged: Scores, with 95 % intervals.
    """

    name: str
    kind: str
    threshold: float
    digest: str
    judged: Judged


@dataclass(frozen=True, kw_only=True)
class Promotion(Record):
    """A new model against the old one on a fixed set of texts.

    Attributes:
        set_name: Of the texts.
        class_names: Names of class 0 and class 1.
        digest: SHA-256 of the texts' file; of splits, of the test part.
        rows: Texts that both were asked.
        left_out: Texts that either was trained on.
        old: The model in use.
        new: The one that is to take its place.
        difference: F1 of the new one minus that of the old one.
        interval: 95 %, of the difference, by the paired bootstrap over clusters of copies.
        bootstrap_p: That F1 differs.
        mcnemar_p: That they are right equally often, by McNemar's exact test.
        tolerance: The fall of F1 that is accepted, 0 to 1.
        promoted: Whether F1 falls by no more than that.
        flips: All texts on which they differ, those that got worse first.
        notes: What must be read with it.
    """

    set_name: str
    class_names: tuple[str, str]
    digest: str
    rows: int
    left_out: int = 0
    old: Side
    new: Side
    difference: float
    interval: tuple[float, float] | None = None
    bootstrap_p: float
    mcnemar_p: float
    tolerance: float
    promoted: bool
    flips: tuple[Flip, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)

    def to_json(self) -> dict:
        """Return the content of a JSON file."""
        return {"schema": SCHEMA, "version": VERSION, **super().to_json()}
