"""Which runs are compared: those that were named, or all on the same splits."""

import hashlib
import os
from collections.abc import Sequence

from tfnews.errors import RunError, TfnewsError, UsageError
from tfnews.files import sha256
from tfnews.groups import find_group
from tfnews.runs import Run, saved_models_root

_NAMED = 4  # runs that a message names of a group of splits
_WEIGHTS = ".weights.h5"


def complete_runs(root: str | os.PathLike | None = None) -> list[Run]:
    """Return the complete runs in the folder of runs, by name; damaged ones are left out."""
    found = []
    for path in sorted(saved_models_root(root).glob("*/config.json")):
        try:
            found.append(Run.open(path.parent))
        except TfnewsError:  # in training, or damaged: `tfnews evaluate` says what is wrong
            continue
    return found


def chosen(
    names: Sequence[str | os.PathLike | Run], root: str | os.PathLike | None, *, mixed: bool
) -> tuple[list[Run], list[str]]:
    """Choose the runs to compare.

    Args:
        names: Runs, or groups of runs that differ in their seed alone; none takes the runs of the
            splits that most were trained on, of several such the newest.
        root: Folder of runs.
        mixed: Whether they may have been trained on different splits.

    Returns:
        The runs, and what is to be said of those that were left out.

    Raises:
        RunError: There is no such run, it is not complete, or there are fewer than two.
        UsageError: They were trained on different splits and may not.
    """
    if names:
        runs = named(names, root)
        groups = by_splits(runs)
        if len(groups) > 1 and not mixed:
            raise UsageError(_different(groups))
        return runs, []
    groups = by_splits(complete_runs(root))
    if not groups:
        raise RunError(
            f"There is no complete run in {saved_models_root(root)}. Train some on the same "
            "splits: tfnews fit --data SPLITS --arch ARCH"
        )
    if mixed:
        return [run for group in groups for run in group], []
    most, *others = sorted(groups, key=lambda group: (-len(group), -_newest(group)))
    return most, [_left_out(group) for group in others]


def by_splits(runs: Sequence[Run]) -> list[list[Run]]:
    """Return the runs of the same splits together, told by the digests of their files."""
    groups: dict[tuple, list[Run]] = {}
    for run in runs:
        splits = run.config.splits
        # A run without digests is alone with its folder.
        key = tuple(sorted(splits.digests.items())) or (splits.path,)
        groups.setdefault(key, []).append(run)
    return list(groups.values())


def named(names: Sequence[str | os.PathLike | Run], root: str | os.PathLike | None) -> list[Run]:
    """Open runs, and all complete ones of groups, each once.

    Raises:
        RunError: There is no such run, or it is not complete.
        UsageError: There are fewer than two, or two of one name.
    """
    runs: dict[str, Run] = {}
    for name in names:
        for run in [name] if isinstance(name, Run) else _of_name(name, root):
            runs.setdefault(os.fspath(run.path.resolve()), run)
    if len(runs) < 2:
        raise UsageError(
            f"Comparing takes two runs or more. Received: {_listed(list(runs.values()))}. Leave "
            "the names out to compare all runs on the same splits: tfnews compare"
        )
    _check_names(list(runs.values()))
    return list(runs.values())


def _check_names(runs: Sequence[Run]) -> None:
    """Refuse namesakes in different folders: a table could not tell them apart."""
    folders = {}
    for run in runs:
        for name in filter(None, (run.name, run.config.group)):
            other = folders.setdefault(name, run.path.resolve().parent)
            if other != run.path.resolve().parent:
                raise UsageError(
                    f"Runs in different folders share the name {name}: {other} and "
                    f"{run.path.resolve().parent}. Rename the folder of one; a run is called as "
                    "its folder is."
                )


def _of_name(name: str | os.PathLike, root: str | os.PathLike | None) -> list[Run]:
    """Return the run of a name, or the runs of a group of that name."""
    group = find_group(name, root)
    if group is None:
        return [Run.open(name, root)]
    if not group.complete:
        raise RunError(
            f"No run of the group {group.name} is complete: {group.lacking[:200]}. Wait for its "
            f"training to end, or go on with it: tfnews fit --resume {group.name}"
        )
    return [Run.open(run.path) for run in group.complete]


def of_broken_groups(runs: Sequence[Run]) -> list[str]:
    """Say of which groups not all runs are complete, and so not among those compared."""
    names = {run.config.group: run.path.parent for run in runs if run.config.group}
    groups = [find_group(name, root) for name, root in names.items()]
    return [
        f"Of the group {group.name} {len(group.complete)} "
        f"{'run is' if len(group.complete) == 1 else 'runs are'} compared, which is not all of it: "
        f"{group.lacking[:200]}. Go on with it: tfnews fit --resume {group.name}"
        for group in groups
        if group and group.lacking
    ]


def weights_digest(run: Run) -> str:
    """Return one SHA-256 for all files of a run's weights; "" where there are none.

    The head and what it stands on are files of their own, of which one can be alike by itself.
    """
    digests = run.config.digests or {
        path.name: sha256(path) for path in run.model_dir.glob(f"*{_WEIGHTS}")
    }
    found = "".join(digests[name] for name in sorted(digests) if name.endswith(_WEIGHTS))
    return found and hashlib.sha256(found.encode()).hexdigest()


def of_same_weights(runs: Sequence[Run]) -> list[str]:
    """Say of which runs the weights are the same, so that a tie between them tells nothing."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        if digest := weights_digest(run):
            groups.setdefault(digest, []).append(run)
    return [
        f"The same weights stand in {_listed(same)}: they are one model, however it is read."
        for same in groups.values()
        if len(same) > 1
    ]


def of_searches(runs: Sequence[Run]) -> list[str]:
    """Say which runs half of the validation texts chose, so that their scores are too high."""
    found = [run for run in runs if run.config.tuning]
    if not found:
        return []
    held_out = "; ".join(
        f"{run.name} {run.config.tuning.held_out_f1:.4f} on {run.config.tuning.held_out_rows:,} "
        "validation texts that did not choose it"
        for run in found
    )
    return [
        f"Chosen by half of the validation texts among many trials: {_listed(found)}. Expect their "
        f"validation scores to be too high against runs that were not. F1 of {held_out}."
    ]


def _newest(runs: Sequence[Run]) -> float:
    return max(run.config_path.stat().st_mtime for run in runs)


def _different(groups: Sequence[Sequence[Run]]) -> str:
    named = "; ".join(f"{_set(group)}: {_listed(group)}" for group in groups[:3])
    return (
        "These runs were trained on different splits, so their scores answer different "
        f"questions: {named}. Compare runs of one of these, or ask all of them the same texts "
        "with --data SPLITS_OR_FILE."
    )


def _left_out(group: Sequence[Run]) -> str:
    return (
        f"Not compared, since trained on other splits ({_set(group)}): {_listed(group)}. Compare "
        f"these with: tfnews compare {' '.join(run.name for run in group[:_NAMED])}"
        f"{' ...' * (len(group) > _NAMED)}"
        if len(group) > 1
        else f"Not compared, since alone on its splits ({_set(group)}): {group[0].name}."
    )


def _set(group: Sequence[Run]) -> str:
    splits = group[0].config.splits
    return f"{splits.name} {splits.digests.get('test', '')[:8]}".strip()


def _listed(runs: Sequence[Run]) -> str:
    more = f" and {len(runs) - _NAMED} more" if len(runs) > _NAMED else ""
    return ", ".join(run.name for run in runs[:_NAMED]) + more if runs else "none"
