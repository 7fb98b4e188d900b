"""Choose on a run's validation texts how its scores are read, and keep it in the run's model."""

import os
from collections.abc import Callable

import numpy as np
import pandas as pd

from tfnews import progress
from tfnews.catalogue.bounds import bounded
from tfnews.catalogue.names import CALIBRATIONS
from tfnews.data.splits import Splits, own_splits
from tfnews.errors import RunError, UsageError
from tfnews.records import CalibrationRecord, Comparison
from tfnews.report.content import Report
from tfnews.runs import Run
from tfnews.statistics import abstention, calibration, thresholds
from tfnews.statistics.metrics import PREVALENCES


def calibrate(
    run: str | os.PathLike | Run,
    *,
    method: str = "temperature",
    threshold: str | float = 0.5,
    coverage: float | None = None,
    splits: str | os.PathLike | None = None,
    no_text: bool = False,
    root: str | os.PathLike | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Report:
    """Choose a run's calibration, threshold and band anew, on its validation texts alone.

    What is not asked for goes back to its default: one call says all of it. Scores that the run
    had are set aside, and its report is written anew on the validation texts.

    Args:
        run: A complete run, its name or its path.
        method: "temperature", "platt", "isotonic" or "none", as `statistics.calibration.fit` takes
            it.
        threshold: "f1", "youden", "fpr=0.01" or a number, as `statistics.thresholds.choose` takes
            it.
        coverage: Share of each class's texts, above 0 and below 1, that are not to be called by the
            other's name: no class is called where the model is unsure. `None` always calls one.
        splits: Where the run's own splits are now; by default where they were at training.
        no_text: Leave article texts out of report and mistakes.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
        say: Is given a line on what became of it.

    Returns:
        What the report speaks of.

    Raises:
        UsageError: A method, threshold or coverage that is not allowed.
        RunError: No such run, it is not complete, or it was trained on its validation texts.
        DataError: The splits are gone or others, or the validation texts are too few.

    Example:
        >>> report = tfnews.calibrate("tfidf-1", method="platt", threshold="fpr=0.01")
        >>> report.reliability["validation"].before, report.reliability["validation"].after
    """
    rule = check(method, threshold, coverage)
    run = run if isinstance(run, Run) else Run.open(run, root)
    _check_kept_aside(run)
    home = own_splits(run, splits)
    frame = home.frame("validation")
    record = CalibrationRecord(
        method=method, threshold=str(rule), coverage=coverage, rows=_rows(frame, home)
    )
    # What is too little is told now: to open the model takes seconds.
    calibration.check(method, frame["label"], home.class_names)
    with run.lock():
        _carry_out(run, home, frame, record, say)
    from tfnews.evaluation.publish import publish

    return publish(run, home, PREVALENCES, no_text=no_text)


def check(method: str, threshold: str | float, coverage: float | None) -> thresholds.Rule:
    """Check what `calibrate` is asked for, and read the rule of the threshold.

    Raises:
        UsageError: Something is not allowed.
    """
    if method not in CALIBRATIONS:
        raise UsageError(f"Unknown method {method!r}. Allowed: {', '.join(CALIBRATIONS)}.")
    if coverage is not None:
        bounded("--coverage", coverage)
    return thresholds.rule(threshold)


def _check_kept_aside(run: Run) -> None:
    if run.config.refit_epochs is not None:
        raise RunError(
            f"{run.name} was trained once more, on train and validation: no text is left on which "
            "its scores could be calibrated, and it kept the calibration of the fit before. Train "
            "it without --refit to calibrate it."
        )


def _rows(frame: pd.DataFrame, home: Splits) -> dict[str, int]:
    counts = np.bincount(frame["label"], minlength=2).tolist()
    return dict(zip(home.class_names, counts, strict=True))


def _carry_out(
    run: Run,
    home: Splits,
    frame: pd.DataFrame,
    record: CalibrationRecord,
    say: Callable[[str], None],
) -> None:
    from tfnews.evaluation.measure import judged, reliable
    from tfnews.models import load
    from tfnews.report import board

    progress.stage(f"Opening {run.name}")
    classifier = load(run)
    progress.stage("Scoring the validation split", "texts", len(frame))
    before = classifier.scoring
    odds, labels = classifier.log_odds(frame["combined_text"].tolist()), frame["label"].to_numpy()
    names = home.class_names
    classifier.calibration = calibration.fit(record.method, odds, labels, names)
    scored = calibration.applied(classifier.calibration, odds).astype(np.float32)
    rule = thresholds.rule(record.threshold)
    classifier.threshold = thresholds.choose(rule, labels, scored, names)
    classifier.band = None
    if record.coverage is not None:
        classifier.band = abstention.band(
            labels, scored, record.coverage, classifier.threshold, names
        )
        if classifier.band is None:
            say(_ALWAYS_SURE)
    if classifier.scoring != before:
        run.configure_classifier(**classifier.scoring)
    run.update(calibration=record, floor=_compared(run, home, scored, classifier.threshold))
    run.record_predictions("validation", labels, scored)
    run.record_parts(
        {"validation": judged(frame, scored, classifier)},
        {"validation": reliable(frame, scored, classifier)},
    )
    board.write(run)


def _compared(run: Run, home: Splits, scored: np.ndarray, threshold: float) -> Comparison | None:
    """Compare with the simplest model again, where the fit did."""
    from tfnews.evaluation import floor

    if run.config.floor is None:
        return None
    return floor.compare(home, "validation", scored, threshold, run.path.parent)


_ALWAYS_SURE = (
    "No score is unsure: even where a class is always called, that share of the validation texts "
    "of either class is not called by the other's name."
)
