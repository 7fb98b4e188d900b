"""What a search is asked for, checked before TensorFlow starts."""

import importlib.util
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfnews import catalogue, places
from tfnews.catalogue.bounds import bounded
from tfnews.catalogue.names import PARTS, PRUNERS
from tfnews.catalogue.rows import Row, searched
from tfnews.catalogue.settings import IDLE, SETTINGS, Range, nearest
from tfnews.data.splits import Splits
from tfnews.errors import RunError, UsageError
from tfnews.naming import check_name
from tfnews.records import StudyRecord
from tfnews.runs import saved_models_root
from tfnews.training.asked import check_weights, opened
from tfnews.training.settings import named, resolve
from tfnews.training.tuning.folder import FORMAT, read
from tfnews.training.tuning.halves import Halves, halve
from tfnews.weights.find import absolute


@dataclass(frozen=True)
class Asked:
    """A search as it was asked for, all of it checked.

    Attributes:
        name: Of the study.
        folder: Of the study; it need not be there.
        row: The catalogue's row.
        splits: The fixed splits, whole.
        halves: Of their validation texts.
        options: Every setting; those of `space` hold what the first trial tries.
        space: Searched settings, and where they are looked for.
        record: What study.json says.
        trials: To come to.
        hours: After which no trial begins; `None` for no limit.
        budget_ms: Milliseconds that one text may take; `None` where they are not measured.
    """

    name: str
    folder: Path
    row: Row
    splits: Splits
    halves: Halves
    options: dict
    space: dict[str, Range]
    record: StudyRecord
    trials: int
    hours: float | None
    budget_ms: float | None


def check(
    data: str | os.PathLike | Sequence[str | os.PathLike] | None,
    arch: str | None = None,
    *,
    trials: int,
    hours: float | None = None,
    budget_ms: float | None = None,
    pruner: str = PRUNERS[0],
    name: str | None = None,
    config: str | os.PathLike | None = None,
    assignments: Iterable[str] = (),
    root: str | os.PathLike | None = None,
    **given: object,
) -> Asked:
    """Say what is wrong with the arguments of `tune`, as far as shows before TensorFlow starts.

    Raises:
        UsageError: A name, number or setting that is not allowed, all settings given, or a study of
            that name that searches something else.
        DataError: The splits cannot be used, or their validation texts are too few to part.
        WeightsError: The weights are not there.
        RunError: The study's folder is something else, or damaged.
    """
    bounded("--trials", trials)
    for option, number in (("--hours", hours), ("--budget-ms", budget_ms)):
        if number is not None:
            bounded(option, number)
    if pruner not in PRUNERS:
        raise UsageError(
            f"Unknown pruner {pruner!r}.{nearest(str(pruner), PRUNERS)} "
            f"Allowed: {', '.join(PRUNERS)}."
        )
    row, assignments = catalogue.row(arch or catalogue.DEFAULT), list(assignments)
    values = {key: value for key, value in given.items() if key in SETTINGS}
    options = resolve(row, values, config, assignments)
    space = _space(row, options, named(values, config, assignments))
    _check_refit(options)
    name = name or f"tune-{row.name}"
    check_name(f"{name}-trial{trials}", "A study's name, with that of a trial,")
    _check_optuna()
    splits = opened(data)
    check_weights(row, options["weights"])
    folder = saved_models_root(root) / name
    halves = halve(splits, options["seed"])
    objectives = ("f1",) if budget_ms is None else ("f1", "ms")
    if options["weights"] != "none":
        options["weights"] = absolute(options["weights"])
    fixed = {key: options[key] for key in options.keys() - space.keys() - _idle(row)}
    record = StudyRecord(
        format=FORMAT,
        arch=row.name,
        data=splits.name,
        digests={part: splits.digest(part) for part in PARTS},
        settings=dict(sorted(fixed.items())) | {"weights": _recorded(options, folder)},
        space={key: str(where) for key, where in space.items()},
        pruner=pruner,
        objectives=objectives,
        rows=(len(halves.choosing), len(halves.judging)),
    )
    _check_same(folder, record)
    return Asked(
        name, folder, row, splits, halves, options, space, record, trials, hours, budget_ms
    )


def _idle(row: Row) -> set[str]:
    return set(IDLE.get(row.kind, ())) - {"weights"}


def _recorded(options: dict, folder: Path) -> str:
    return places.recorded(options["weights"], folder)


def _space(row: Row, options: dict, pinned: set[str]) -> dict[str, Range]:
    """Return what is searched: not what was given, nor what pretrained weights bring."""
    found = {
        key: where
        for key, where in searched(row).items()
        if key not in pinned and not (SETTINGS[key].fresh and options["weights"] != "none")
    }
    if not found:
        raise UsageError(
            f"Nothing is left to search of {row.name}: {', '.join(sorted(searched(row)))} are "
            "given, or come with the weights. Leave one out, or train once with: tfnews fit"
        )
    return found


def _check_refit(options: dict) -> None:
    if options["refit"]:
        raise UsageError(
            "A search compares trials on validation texts, which refit=true trains on. Leave it "
            "out, and train the chosen settings once more with: tfnews fit --refit"
        )


def _check_optuna() -> None:
    if importlib.util.find_spec("optuna") is None:
        raise UsageError(
            "Searching for settings needs optuna, which is not installed. Install it with: "
            "pip install 'tfnews[tune]'"
        )


def _check_same(folder: Path, record: StudyRecord) -> None:
    """Refuse to go on with a study that searches something else."""
    if not folder.exists():
        return
    found = read(folder)
    if found is None:
        raise RunError(
            f"{folder} exists and holds no study. Choose another name with --name, or remove it."
        )
    before, now = found.to_json(), record.to_json()
    other = [_difference(key, before.get(key), now.get(key)) for key in now]
    other = [said for said in other if said]
    if other:
        raise UsageError(
            f"The study {folder.name} in {folder.parent} searches something else: "
            f"{'; '.join(other)[:200]}. Give what it was begun with, or another --name."
        )


def _difference(key: str, before: object, now: object) -> str:
    if before == now:
        return ""
    if key == "digests":
        return "its splits have changed, or are others"
    if isinstance(before, dict) and isinstance(now, dict):
        names = sorted(name for name in before | now if before.get(name) != now.get(name))
        return ", ".join(
            f"{name} {before.get(name, 'not there')}, now {now.get(name, 'not there')}"
            for name in names
        )
    return f"{key} {_worded(before)}, now {_worded(now)}"


def _worded(value: object) -> str:
    return " and ".join(map(str, value)) if isinstance(value, tuple) else str(value)
