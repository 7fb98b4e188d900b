"""What small changes to texts do to a run: typos, case, datelines, look-alike letters and more."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tfnews import places, progress
from tfnews.catalogue.bounds import bounded
from tfnews.data.splits import Splits, own_splits
from tfnews.errors import DataError, RunError, UsageError
from tfnews.evaluation.stressing.attacks import LEAST
from tfnews.files import check_folder, write_all
from tfnews.runs import Run, model_folder

if TYPE_CHECKING:
    import pandas as pd

    from tfnews.records.stress import Stress

PARTS = ("validation", "test")
TEXTS = 2000


@dataclass(frozen=True)
class Request:
    """A stress test that can be tried.

    Attributes:
        run: Complete, with its model.
        home: Its own splits.
        part: One of `PARTS`.
        texts: Texts of it that are changed at most.
        seed: Of what is drawn.
    """

    run: Run
    home: Splits
    part: str
    texts: int
    seed: int


def check(
    run: str | os.PathLike | Run,
    *,
    split: str = "validation",
    splits: str | os.PathLike | None = None,
    texts: int = TEXTS,
    seed: int = 0,
    to: str | os.PathLike | None = None,
    root: str | os.PathLike | None = None,
) -> Request:
    """Check what `tfnews.stress` is asked for, whose arguments these are, without TensorFlow.

    Raises:
        UsageError: A split, a number or the folder cannot be used.
        RunError: There is no such run, it is not complete, or it has learnt the split.
        DataError: The splits are gone, or are not those the run was trained on.
    """
    if split not in PARTS:
        raise UsageError(f"--split takes {' or '.join(PARTS)}. Received: {split!r}.")
    if to is not None:
        check_folder(to)
    texts, seed = bounded("--texts", texts), bounded("--seed", seed)
    run = run if isinstance(run, Run) else Run.open(run, root)
    model_folder(run)
    if split in run.config.learnt_parts:
        raise RunError(
            f"{run.name} was trained once more, on train and validation: on texts that it has "
            "learnt it errs too little. Take its test texts, which counts as a reading: "
            f"tfnews stress {run.name} --split test"
        )
    return Request(run, own_splits(run, splits), split, texts, seed)


def stress(
    run: str | os.PathLike | Run,
    *,
    split: str = "validation",
    splits: str | os.PathLike | None = None,
    texts: int = TEXTS,
    seed: int = 0,
    to: str | os.PathLike | None = None,
    root: str | os.PathLike | None = None,
    no_text: bool = False,
    trust_graph: bool = False,
    command: str | None = None,
) -> "Stress":
    """Change a run's texts in small ways that keep their labels, and score it on them.

    What came out last is kept in the run, whose report is written anew.

    Args:
        run: A complete run, its name or its path.
        split: "validation", or "test", whose reading is counted.
        splits: Where the run's own splits are now; by default where they were at training.
        texts: That are changed at most; of more, that many are drawn at random.
        seed: Of texts and changes that are drawn; the same seed draws the same.
        to: Folder for stress.html, .md, .json and figures.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
        no_text: Leave article texts out of the run's report.
        trust_graph: Whether a TF-Hub module that the run carries may do more than compute.
        command: The command line that was typed, for the report.

    Raises:
        UsageError: A split, a number or the folder cannot be used.
        RunError: There is no such run, it is not complete, or it has learnt the split.
        DataError: The splits are gone or others, or have too few texts of a class.

    Example:
        >>> found = tfnews.stress("tfidf-1")
        >>> found.worst, [(one.attack, one.difference) for one in found.attacks]
    """
    request = check(run, split=split, splits=splits, texts=texts, seed=seed, to=to, root=root)
    manner = {"no_text": no_text, "trust_graph": trust_graph, "command": command}
    return carry_out(request, to=to, **manner)


def carry_out(
    request: Request,
    *,
    to: str | os.PathLike | None = None,
    no_text: bool = False,
    trust_graph: bool = False,
    command: str | None = None,
) -> "Stress":
    """Do what `stress` was asked for, once it was checked."""
    run, home = request.run, request.home
    frame = home.frame(request.part)
    drawn = _drawn(frame, request)
    _check_enough(np.bincount(drawn["label"], minlength=2), home, request.part)

    from tfnews.evaluation.publish import publish
    from tfnews.evaluation.stressing.measure import attacked, side, untouched, worst
    from tfnews.models import load
    from tfnews.records.stress import Stress
    from tfnews.report.stress import page
    from tfnews.statistics.metrics import PREVALENCES

    progress.stage(f"Opening {run.name}")
    classifier = load(run, trust_graph=trust_graph)
    if request.part == "test":
        run.count_test_read()
    before = untouched(classifier, drawn)
    _check_enough(np.bincount(before.labels[before.passed], minlength=2), home, request.part)
    found = attacked(classifier, before, request.seed)
    made = Stress(
        run=run.name,
        trained_on=run.config.splits.name,
        class_names=classifier.class_names,
        part=request.part,
        rows=len(frame),
        drawn=len(drawn),
        refused=int((~before.passed).sum()),
        threshold=classifier.threshold,
        seed=request.seed,
        untouched=side(before, before.passed, before.scored, classifier.threshold),
        attacks=found,
        worst=worst(found),
        command=command and places.neutral(command),
    )
    if to is not None:
        write_all(to, page.files(made))
    run.update_scores(stress=made)
    publish(run, home, PREVALENCES, no_text=no_text)
    return made


def _drawn(frame: "pd.DataFrame", request: Request) -> "pd.DataFrame":
    if len(frame) <= request.texts:
        return frame
    rows = np.random.default_rng(request.seed).permutation(len(frame))[: request.texts]
    return frame.iloc[np.sort(rows)].reset_index(drop=True)


def _check_enough(counts: np.ndarray, home: Splits, part: str) -> None:
    """Check that there are texts enough of both classes.

    Raises:
        DataError: There are not.
    """
    if counts.min() >= LEAST:
        return
    named = " and ".join(
        f"{count:,} {name}" for count, name in zip(counts, home.class_names, strict=True)
    )
    raise DataError(
        f"Of the {part} texts of {home.name}, {named} texts can be scored, and a stress test "
        f"takes {LEAST} or more of each class. Prepare larger splits, or raise --texts."
    )
