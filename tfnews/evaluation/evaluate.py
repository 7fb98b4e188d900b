"""Score a run, say what the scores mean, and write its report: measure, then publish."""

import os
from collections.abc import Sequence

from tfnews import progress
from tfnews.catalogue.bounds import bounded
from tfnews.evaluation import floor
from tfnews.evaluation.measure import measure, measure_elsewhere
from tfnews.evaluation.publish import publish, record
from tfnews.evaluation.request import Request, check
from tfnews.evaluation.seen import seen
from tfnews.models import load
from tfnews.models.repeatable import repeatable
from tfnews.report import board
from tfnews.report.content import Report
from tfnews.runs import Run
from tfnews.statistics import metrics


def evaluate(
    run: str | os.PathLike | Run,
    data: Sequence[str | os.PathLike] = (),
    *,
    splits: str | os.PathLike | None = None,
    prevalences: Sequence[float] = metrics.PREVALENCES,
    slice_by: Sequence[str] = (),
    no_text: bool = False,
    root: str | os.PathLike | None = None,
    trust_graph: bool = False,
) -> Report:
    """Score a run on its own splits, or on other data sets, and write report.html and card.md.

    Each reading of the test split is counted in the run, before it is scored. Other data sets are
    scored whole, without copies and near-copies of the texts that the run was trained on.

    Args:
        run: A complete run, its name or its path.
        data: Folders of splits of other data sets; none scores the run's own.
        splits: Where the run's own splits are now; by default where they were at training.
        prevalences: Shares of fake texts, in [0, 1], at which the share of right flags is told.
        slice_by: Columns of the run's own splits by which errors are counted apart, besides length
            and the column that `prepare` took time from.
        no_text: Leave article texts and their words out of report, mistakes and scores.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
        trust_graph: Whether a TF-Hub module that the run carries may do more than compute, such as
            read and write any file.

    Returns:
        What the report speaks of.

    Raises:
        UsageError: A prevalence is not from 0 to 1, there is no such column to slice by, or other
            data sets are named beside one.
        RunError: No such run, or it is not complete.
        DataError: The splits are gone, or are not those the run was trained on; or another data
            set holds none but the run's own texts.

    Example:
        >>> report = tfnews.evaluate("tfidf-1")
        >>> report.parts["test"].scores["fpr"], report.parts["test"].intervals["fpr"]
    """
    prevalences = [bounded("--prevalence", one) for one in prevalences]
    request = check(run, data, splits=splits, slice_by=slice_by, root=root)
    return carry_out(request, prevalences, no_text=no_text, trust_graph=trust_graph)


def carry_out(
    request: Request,
    prevalences: Sequence[float] = metrics.PREVALENCES,
    *,
    no_text: bool = False,
    trust_graph: bool = False,
) -> Report:
    """Do what `evaluate` was asked for, once it was checked."""
    run, home = request.run, request.home
    if run.config.recipe.get("deterministic"):
        repeatable()
    progress.stage(f"Opening {run.name}")
    classifier = load(run, trust_graph=trust_graph)
    if request.others:
        progress.stage("Reading the run's own texts")
        own = seen(home, run.config.learnt_parts)
    for other in request.others:
        run.record_other_set(measure_elsewhere(classifier, own, other, run.name))
    if request.others and no_text:
        run.record_parts({}, {}, reasons=())
    if not request.others:
        run.count_test_read()
        measured = measure(
            classifier,
            home,
            against_floor=run.config.arch != floor.FLOOR,
            root=run.path.parent,
            slice_by=request.slice_by,
            with_words=not no_text,
        )
        record(run, measured)
        board.write(run)
    if no_text or not request.others:  # what is measured of the run later leaves them out too
        run.update_scores(no_text=no_text)
    return publish(run, home, prevalences, no_text=no_text)
