"""Whether runs differ in nothing but what was cut from the articles they read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tfnews.data.splits import Splits, own_splits
from tfnews.errors import UsageError
from tfnews.records import Config
from tfnews.runs import Run

ROW = ["source_file", "line"]  # which together tell an article from all others
# What `prepare` records of a choice that would change splits, besides the cuts.
_CHOICES = (
    "strategy", "ratios", "seed", "group_columns", "time_column", "mapping", "class_names",
    "label_basis", "input_rule", "columns",
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """A run, or a group of seeds, and the splits it has learnt from.

    Attributes:
        name: The run's, or the group's.
        runs: The runs.
        splits: Theirs.
    """

    name: str
    runs: tuple[Run, ...]
    splits: Splits

    @property
    def cut(self) -> tuple[str, ...]:
        """What was cut."""
        return tuple(self.splits.manifest.get("cut") or ())


def choices(runs: Sequence[Run]) -> list[Choice]:
    """Open the splits of runs that differ in what was cut alone, the least cut first.

    Raises:
        UsageError: They differ in more, in nothing, or their articles cannot be told apart.
        DataError: Splits are gone or were changed.
    """
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.config.group or run.name, []).append(run)
    found = [
        Choice(name if len(some) > 1 else some[0].name, tuple(some), own_splits(some[0]))
        for name, some in groups.items()
    ]
    for one in found:
        _check_prepared(one)
    first, *others = sorted(found, key=lambda one: len(one.cut))
    for other in others:
        _check_pair(first, other)
    _check_cuts([first, *others])
    return [first, *others]


def _check_prepared(one: Choice) -> None:
    frame_has = one.splits.frame("validation").columns
    if "cut" not in one.splits.manifest or not set(ROW) <= set(frame_has):
        raise UsageError(
            f"The splits of {one.name} do not say what was cut, or which article a row is of: "
            "they were not made by tfnews data prepare. Make splits with and without --cut by it."
        )
    if any(run.config.splits.digests != one.runs[0].config.splits.digests for run in one.runs):
        raise UsageError(f"The runs of the group {one.name} were trained on different splits.")


def _check_pair(first: Choice, other: Choice) -> None:
    found = next(_differences(first, other), None)
    if found:
        raise UsageError(
            f"{first.name} and {other.name} differ in more than what was cut: {found}. Which of "
            "both made a difference could not be told. Train them alike, on splits that tfnews "
            "data prepare made of the same files with another --cut alone."
        )


def _differences(first: Choice, other: Choice) -> Iterator[str]:
    """Yield in a few words what two choices do not have alike, besides their cuts."""
    one, two = (choice.splits.manifest for choice in (first, other))
    if _files(one) != _files(two):
        yield "the files that their splits were made of"
    names = (name for name in _CHOICES if one.get(name) != two.get(name))
    yield from (f"{name.replace('_', ' ')} of their splits" for name in names)
    if _threshold(one) != _threshold(two):
        yield "near-duplicates of their splits"
    if sorted(run.config.seed for run in first.runs) != sorted(
        run.config.seed for run in other.runs
    ):
        yield "their seeds"
    known, mine = (_training(choice.runs[0].config) for choice in (first, other))
    yield from (name for name in known | mine if known.get(name) != mine.get(name))


def _files(manifest: dict) -> list[tuple]:
    return sorted(
        (str(one.get("format")), str(one.get("sha256"))) for one in manifest.get("sources") or ()
    )


def _threshold(manifest: dict) -> object:
    return (manifest.get("clusters") or {}).get("threshold")


def _training(config: Config) -> dict[str, object]:
    """Return all that a run was told, by what a user calls it."""
    read = config.calibration
    alone = {name: one for name, one in config.recipe.items() if name not in ("seed", "weights")}
    return {
        "architecture": config.arch,
        "trainable": config.trainable,
        "weights": (config.weights.handle, config.weights.digest),
        "the runs they go on from": [one.digest for one in config.lineage],
        "the members they average": [one.digest for one in config.members],
        "a training once more on validation": config.refit_epochs is not None,
        "how scores are read": read and (read.method, read.threshold, read.coverage),
        **alone,
    }


def _check_cuts(found: Sequence[Choice]) -> None:
    seen: dict[tuple[str, ...], str] = {}
    for one in found:
        other = seen.setdefault(tuple(sorted(one.cut)), one.name)
        if other != one.name:
            raise UsageError(
                f"Of the texts of {other} and {one.name} the same was cut: "
                f"{', '.join(one.cut) or 'nothing'}. Name one run for each choice of --cut, or a "
                "group of seeds."
            )
    if len(found) < 2:
        raise UsageError(
            f"Comparing cuts takes runs on two forms of the texts or more. Received: "
            f"{found[0].name}. Name one for each choice of --cut."
        )
