"""Whether a run is what was saved: every check of opening it, one by one."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tfnews.data.splits import own_splits
from tfnews.errors import RunError, TfnewsError
from tfnews.links import check_links
from tfnews.models.graph import faults, trusting
from tfnews.models.opening import check_classes, check_digests, open_preset
from tfnews.runs import Run

_SAVED_MODEL = "saved_model.pb"


@dataclass(frozen=True)
class Finding:
    """What one check of a run found.

    Attributes:
        check: Its name.
        said: What is wrong, else what was seen.
        sound: Whether nothing is wrong.
    """

    check: str
    said: str
    sound: bool


def verify(
    run: str | os.PathLike | Run,
    root: str | os.PathLike | None = None,
    *,
    trust_graph: bool = False,
) -> list[Finding]:
    """Check a run: its record, links, files' digests, classes, graph, weights, and its splits.

    Args:
        run: A complete run, its name or its path.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
        trust_graph: Whether a TF-Hub module that the run carries may do more than compute.

    Returns:
        What each check found, in this order; where the record cannot be read, that alone.
    """
    try:
        opened = run if isinstance(run, Run) else Run.open(run, root)
        check_links(opened.path, RunError)
    except TfnewsError as error:
        return [Finding("record", str(error), False)]
    checks = {
        "record": lambda run: f"a complete run of {run.config.arch}, without links out of it",
        "digests": _digests,
        "classes": lambda run: f"those of a {check_classes(run.model_dir).__name__}",
        "graph": lambda run: _graph(run.model_dir, trust_graph),
        "weights": lambda run: _weights(run, trust_graph),
        "splits": _splits,
    }
    return [_found(name, check, opened) for name, check in checks.items()]


def _found(name: str, check: Callable[[Run], str], run: Run) -> Finding:
    try:
        return Finding(name, check(run), True)
    except TfnewsError as error:
        return Finding(name, str(error), False)


def _digests(run: Run) -> str:
    recorded = run.config.digests
    if recorded is None:
        return "none are kept: the run was made by an older tfnews, and a change is not seen"
    check_digests(run.model_dir, recorded)
    return f"{len(recorded)} files are those that were saved"


def _graph(folder: Path, trust_graph: bool) -> str:
    held = [one.parent for one in folder.rglob(_SAVED_MODEL)]
    found = [fault for one in held for fault in faults(one)]
    if found and not trust_graph:
        raise RunError(f"{len(found)} of its operations may do more than compute: {found[0]}")
    if found:
        return f"trusted: it holds {found[0]}"
    return "it computes, and nothing else" if held else "none is carried"


def _weights(run: Run, trust_graph: bool) -> str:
    with trusting(trust_graph):
        classifier = open_preset(run.model_dir)
    return f"{classifier.count_params():,} numbers, all read, all finite"


def _splits(run: Run) -> str:
    if not Path(run.config.splits.path).is_dir():
        return "not there, so not compared"
    own_splits(run)
    return "those the run was trained on"
