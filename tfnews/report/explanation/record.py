"""An explanation, typed: page, terminal and JSON are made of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

SCHEMA = "tfnews.explanation"
VERSION = 1  # raised when a program that reads the JSON would have to change


class Influence(NamedTuple):
    """What one word or sentence adds to a score.

    Attributes:
        start: Its first character in the text, counted from 0 in Unicode characters.
        end: The one after its last.
        contribution: In log odds; above 0 towards class 1. `None` where it was not tried or read.
        read: Whether the model reads it; else it lies beyond the model's cut.
        without: Fake probability of the text without it; occlusion alone tells.
    """

    start: int
    end: int
    contribution: float | None
    read: bool = True
    without: float | None = None


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Why a text got its score: influence on the score, not evidence.

    Attributes:
        text: As it was given.
        outcome: "explained", or "not_explained".
        reason: Why it was not explained.
        method: A name in `EXPLANATIONS`.
        by: A name in `PIECES`.
        run: Name of the run; `None` for a classifier that was given open.
        trained_on: Name of the training set.
        class_names: Names of class 0 (real) and class 1 (fake) there.
        threshold: Fake probability from which a text is flagged.
        fake_probability: The score, 0 to 1.
        label: Which training texts it resembles, in words.
        log_odds: Of the score: 0 is a probability of one half.
        influences: Of all words or sentences, in their order; between them lies white space.
        base: Log odds that the influences start from: those of a text without words. `None` for
            occlusion, whose influences do not add up.
        gap: What base and influences lack of `log_odds`. `None` for occlusion.
        tolerance: The most that `gap` may be, either way.
        tried: Influences that were measured.
        calls: Texts that the model scored for it.
        rule: How those that were tried were chosen; `None` where all were that are read.
    """

    text: str
    outcome: str
    by: str
    trained_on: str
    class_names: tuple[str, str]
    threshold: float
    run: str | None = None
    method: str | None = None
    reason: str | None = None
    fake_probability: float | None = None
    label: str | None = None
    log_odds: float | None = None
    influences: tuple[Influence, ...] = ()
    base: float | None = None
    gap: float | None = None
    tolerance: float | None = None
    tried: int = 0
    calls: int = 0
    rule: str | None = None

    @property
    def complete(self) -> bool:
        """Whether influences add up to the score, where they are meant to."""
        return self.gap is None or abs(self.gap) <= self.tolerance

    def strongest(self, most: int) -> list[Influence]:
        """Return the influences that are furthest from 0, the furthest first."""
        measured = [one for one in self.influences if one.contribution]
        return sorted(measured, key=lambda one: -abs(one.contribution))[:most]

    def words(self, influence: Influence) -> str:
        """Return the piece of the text that an influence is of."""
        return self.text[influence.start : influence.end]

    def to_json(self, notes: Sequence[str]) -> dict:
        """Return the content of a JSON file.

        Args:
            notes: What must be read with it.
        """
        content = asdict(self)
        content["influences"] = [
            {"text": self.words(one), **one._asdict()} for one in self.influences
        ]
        return {
            "schema": SCHEMA,
            "version": VERSION,
            **content,
            "complete": self.complete,
            "scale": "log odds",
            "notes": list(notes),
        }
