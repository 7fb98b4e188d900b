"""Several runs that differ in their seed alone, kept as one group."""

import itertools
import os
from collections.abc import Callable, Sequence
from statistics import fmean

from tfnews.catalogue.rows import DEFAULT
from tfnews.errors import RunError
from tfnews.groups import find_group, unfinished_group
from tfnews.naming import check_name
from tfnews.runs import Run, group_of, saved_models_root
from tfnews.training.asked import check_seeds
from tfnews.training.fit import fit, fit_like

_SCORES = {"f1": "F1", "accuracy": "accuracy", "roc_auc": "ROC-AUC", "fpr": "false alarms"}


def fit_seeds(
    seeds: int, *, say: Callable[[str], None] = lambda line: None, **options: object
) -> list[Run]:
    """Train one architecture with several seeds: the given one, or 0, and those after it.

    The runs are called NAME-seed0 and so on and have the group NAME; `compare` and TensorBoard show
    a group as one row.

    Args:
        seeds: How many, 2 or more.
        say: Prints a line of progress.
        **options: As `fit` takes them; no `resume`.

    Returns:
        The runs, in the order of their seeds.

    Raises:
        UsageError: Fewer than 2, a run to resume, or a row that no seed changes.
        RunError: A name is taken.
    """
    root, name = options.pop("root", None), options.pop("name", None)
    first = options.pop("seed", None) or 0
    arch = _arch(options, root)
    check_seeds(seeds, arch, options.get("resume"), options.get("dry_run"))
    group = name or _free(f"{arch}-seeds", root)
    names = {first + n: f"{group}-seed{first + n}" for n in range(seeds)}
    _check_free(group, list(names.values()), root)
    runs = []
    for number, (seed, own) in enumerate(names.items(), start=1):
        say(f"Seed {seed}, {number} of {seeds}")
        told = {"name": own, "seed": seed, "group": group, "group_seeds": tuple(names)}
        runs.append(fit(**options, **told, root=root, say=say))
    return runs


def resume_seeds(
    name: str,
    *,
    root: str | os.PathLike | None = None,
    floor: bool = True,
    devices: str | None = None,
    trust_graph: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> list[Run]:
    """Go on with a group that was broken off: its run that was in training, and seeds to come.

    What is complete stays as it is. Seeds that were not begun are trained as the others were.

    Args:
        name: The group's.
        root: Folder of runs.
        floor: Whether the tfidf floor is fitted beside the models and compared.
        devices: What trains now, as `fit` takes it; by default what trained before.
        trust_graph: Whether the graph of a module may do more than compute.
        say: Prints a line of progress.

    Returns:
        All runs of the group, in the order of their seeds.

    Raises:
        RunError: There is no such group, all of it is complete, or another process is at it.
        DataError: Its splits are gone or were changed.
    """
    group = unfinished_group(name, root)
    if group is None:
        raise RunError(f"There is no group of runs {name!r}. Start one with: tfnews fit --seeds N")
    manner = {"root": root, "floor": floor, "trust_graph": trust_graph, "say": say}
    manner["devices"] = devices
    say(f"Going on with the group {name}: {group.lacking}")
    for run in group.unfinished:
        say(f"Seed {run.config.seed}")
        fit(resume=run.path, **manner)
    for seed in group.missing:
        say(f"Seed {seed}")
        fit_like(group.runs[0], seed, f"{name}-seed{seed}", **manner)
    return [Run.open(run.path) for run in group_of(name, root)]


def closing_words(runs: Sequence[Run]) -> str:
    """Say in a few lines what the seeds came to, on the validation split."""
    found = [run.scores().validation.scores for run in runs]
    seeds = ", ".join(str(run.config.seed) for run in runs)
    told = "; ".join(
        f"{label} {_mean_and_range([one[name] for one in found])}"
        for name, label in _SCORES.items()
        if all(one[name] is not None for one in found)
    )
    return (
        f"{runs[0].config.group}, seeds {seeds}, on the validation split, mean (lowest to highest)"
        f": {told}. Saved in {', '.join(run.name for run in runs)}. The test split was not read."
    )


def _mean_and_range(values: Sequence[float]) -> str:
    return f"{fmean(values):.4f} ({min(values):.4f} to {max(values):.4f})"


def _arch(options: dict, root: object) -> str:
    if options.get("from_run") is not None:
        return Run.open(options["from_run"], root).config.arch
    return options.get("arch") or DEFAULT


def _free(stem: str, root: object) -> str:
    """Return `stem-N` with the first N, counted from 1, that no group has taken."""
    folder = saved_models_root(root)
    names = (f"{stem}-{number}" for number in itertools.count(1))
    return next(name for name in names if not any(folder.glob(f"{name}-seed*")))


def _check_free(group: str, names: Sequence[str], root: object) -> None:
    """Refuse names that are taken before the first run is trained."""
    there = find_group(group, root)
    if there:
        go_on = f"It is not whole: {there.lacking[:150]}. Go on: tfnews fit --resume {group}"
        raise RunError(
            f"A group named {group!r} exists in {saved_models_root(root)}: "
            f"{', '.join(run.name for run in there.runs[:4])}{' ...' * (len(there.runs) > 4)}. "
            f"{go_on if there.lacking else 'Choose another name with --name.'}"
        )
    for name in (group, *names):
        check_name(name, "A run's name")
        if (saved_models_root(root) / name).exists():
            raise RunError(
                f"A run named {name!r} exists in {saved_models_root(root)}. Choose another name "
                "for the group with --name, or remove that folder."
            )
