"""What comparing choices of cutting found: one architecture, the same articles, other texts."""

from dataclasses import dataclass, field

from tfnews.records.ranking import Paired
from tfnews.records.record import Record
from tfnews.records.scores import Judged

SCHEMA = "tfnews.cleaning"
VERSION = 1  # raised when a program that reads the JSON would have to change


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """A run, or a group of seeds, trained and judged on texts of which something was cut.

    Attributes:
        name: The run's, or the group's.
        runs: Names of the runs, the one that stands for all first.
        seeds: Of these runs, in their order.
        cut: What was cut from bodies, by the names of `data prepare --cut`; none for nothing.
        bodies: How many bodies of the whole set each of these cuts changed.
        rows: Texts of its own part.
        judged: Scores on them: of a run each with its 95 % interval, of several the mean with the
            lowest and the highest.
        changed: How many of the texts that all have in common read otherwise than in the base, by
            class.
        against_base: On these texts, each model reading its own form of them; `None` for the base.
    """

    name: str
    runs: tuple[str, ...]
    seeds: tuple[int, ...]
    cut: tuple[str, ...]
    bodies: dict[str, int]
    rows: int
    judged: Judged
    changed: dict[str, int] = field(default_factory=dict)
    against_base: Paired | None = None


@dataclass(frozen=True, kw_only=True)
class Cleaning(Record):
    """One architecture on the same articles, cut differently.

    Attributes:
        set_name: Of the articles, as the base's splits are called.
        arch: Name of the catalogue's row.
        class_names: Names of class 0 and class 1.
        label_basis: What the labels rest on.
        part: "test", or "validation" where one of the runs was not scored on its test texts.
        common: Articles that stand in this part of all splits, by class.
        moved: Articles of the base's part that another's splits have elsewhere, or not at all.
        choices: The base first, then by how much is cut.
        base: Name of the one of which least was cut; the others are held against it.
        notes: What must be read with it.
    """

    set_name: str
    arch: str
    class_names: tuple[str, str]
    label_basis: str = "unstated"
    part: str
    common: dict[str, int]
    moved: int = 0
    choices: tuple[Cleaned, ...]
    base: str
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict:
        """Return the content of a JSON file."""
        return {"schema": SCHEMA, "version": VERSION, **super().to_json()}
