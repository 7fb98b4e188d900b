"""Which runs make an ensemble, and why some cannot: told from their records alone.

Nothing here imports TensorFlow, so that a wrong name is answered at once.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from tfnews.data.splits import Splits, own_splits
from tfnews.errors import RunError, UsageError
from tfnews.groups import find_group
from tfnews.runs import Run, check_free, model_folder, next_name

_FEWEST = 2
_MEANT = "tfnews ensemble RUN RUN ..."


@dataclass(frozen=True)
class Asked:
    """An ensemble that can be tried.

    Attributes:
        runs: Its members, two or more complete runs on the same splits.
        splits: Theirs.
        name: Of the run to come; free when it was looked at.
    """

    runs: tuple[Run, ...]
    splits: Splits
    name: str


def check(
    runs: Sequence[str | os.PathLike | Run],
    name: str | None = None,
    splits: str | os.PathLike | None = None,
    root: str | os.PathLike | None = None,
) -> Asked:
    """Check what `ensemble` is asked for, whose arguments these are, without TensorFlow.

    Raises:
        UsageError: Fewer than two runs, one given twice, an ensemble, one that was trained on
            validation texts too, or runs of different splits or classes.
        RunError: One is not there, not complete or has lost its model, or the name is taken.
        DataError: The splits are gone or were changed.
    """
    if name is not None:
        check_free(name, root)
    members = [run for one in runs for run in _named(one, root)]
    _check_number(members)
    for run in members:
        _check_one(run)
    for check_pair in (_check_splits, _check_classes):
        for other in members[1:]:
            check_pair(members[0], other)
    for run in members:
        model_folder(run)
    there = [run for run in members if os.path.isdir(run.config.splits.path)]
    opened = own_splits((there or members)[0], splits)
    return Asked(tuple(members), opened, name or next_name("ensemble", root))


def _named(one: str | os.PathLike | Run, root: str | os.PathLike | None) -> list[Run]:
    """Return a run, or the runs of the group that goes by a name."""
    if isinstance(one, Run):
        return [one]
    group = find_group(one, root)
    if group and group.lacking:
        raise RunError(
            f"The group {group.name} is not whole: {group.lacking[:200]}. Go on with it: tfnews "
            f"fit --resume {group.name}. Or name runs of it one by one."
        )
    return [Run.open(run.path) for run in group.runs] if group else [Run.open(one, root)]


def _check_number(runs: Sequence[Run]) -> None:
    places = [run.path.resolve() for run in runs]
    twice = next((run for run in runs if places.count(run.path.resolve()) > 1), None)
    if twice is not None:
        raise UsageError(
            f"{twice.name} is given more than once. All members of an ensemble count the same: "
            f"name each once: {_MEANT}"
        )
    if len(runs) < _FEWEST:
        raise UsageError(
            f"An ensemble is the average of 2 runs or more. Received: "
            f"{', '.join(run.name for run in runs) or 'none'}. Name others trained on the same "
            f"splits, or a group of seeds: {_MEANT}"
        )


def _check_one(run: Run) -> None:
    config = run.config
    if config.members:
        names = " ".join(member.run for member in config.members)
        raise UsageError(
            f"{run.name} is an ensemble itself, whose members would count less than the others. "
            f"Name these instead of it: {names}"
        )
    if config.refit_epochs is not None:
        raise UsageError(
            f"{run.name} was trained once more on its validation texts (--refit), on which an "
            "ensemble is calibrated and scored. Take one that was trained without --refit."
        )


def _check_splits(first: Run, other: Run) -> None:
    one, two = first.config.splits, other.config.splits
    if one.digests != two.digests or not (one.digests or one.path == two.path):
        raise UsageError(
            f"{first.name} and {other.name} were trained on different splits: {_set(first)} and "
            f"{_set(other)}. What one has learnt from may be what the other is judged by. Train "
            "all members on the same folder: tfnews fit --data SPLITS"
        )


def _set(run: Run) -> str:
    splits = run.config.splits
    return f"{splits.name[:40]} {splits.digests.get('train', '')[:8]}".strip()


def _check_classes(first: Run, other: Run) -> None:
    one, two = first.config.splits, other.config.splits
    told = [("/".join(of.class_names), of.label_basis) for of in (one, two)]
    if told[0] != told[1]:
        named = [f"{names[:60]} (label basis {basis[:20]})" for names, basis in told]
        raise UsageError(
            f"{first.name} and {other.name} name their classes otherwise: {named[0]} and "
            f"{named[1]}. An average of what means different things means nothing. Train them on "
            "splits whose classes are named alike."
        )
    if first.config.input_rule != other.config.input_rule:
        raise RunError(
            f"{first.name} and {other.name} join title and text by different rules, "
            f"{first.config.input_rule!r} and {other.config.input_rule!r}. Train one again."
        )
