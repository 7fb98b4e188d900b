"""What every new run keeps of its classifier: calibration, model and validation scores."""

import gc
import shutil
from collections.abc import Callable

import numpy as np

from tfnews import progress
from tfnews.data.splits import Splits
from tfnews.errors import DataError
from tfnews.evaluation import floor
from tfnews.evaluation.measure import by_set, judged, reliable
from tfnews.models import NewsClassifier
from tfnews.models.opening import check_finite, digests
from tfnews.records import CalibrationRecord
from tfnews.report import wording
from tfnews.runs import Run
from tfnews.statistics import calibration


def calibrated(
    classifier: NewsClassifier,
    splits: Splits,
    method: str,
    run: Run,
    odds: np.ndarray,
    say: Callable[[str], None],
) -> np.ndarray:
    """Fit how scores are read on the validation texts, and return their probabilities (texts,).

    Where there are too few for it, scores stay as they are, which is said: a fit does not fail
    by what `tfnews calibrate` can do another way.

    Args:
        classifier: Trained; its calibration becomes the one that was found.
        splits: Those of the run.
        method: As `fit` takes `calibrate`.
        run: The record of it goes there.
        odds: Log odds of the validation texts, before calibration, (texts,).
        say: Prints a line.
    """
    labels, names = splits.frame("validation")["label"].to_numpy(), splits.class_names
    note = None
    try:
        found = calibration.fit(method, odds, labels, names)
    except DataError as error:
        found, note = calibration.Calibration(), f"Scores are not calibrated. {error}"
        say(note)
    classifier.calibration = found
    rows = dict(zip(names, np.bincount(labels, minlength=2).tolist(), strict=True))
    run.update(calibration=CalibrationRecord(method=found.method, rows=rows, note=note))
    return calibration.applied(found, odds).astype(np.float32)


def save(classifier: NewsClassifier, run: Run) -> None:
    """Write the preset beside, then rename it into place."""
    check_finite(classifier, f"{run.name}, which is not saved,")
    progress.stage("Saving the model")
    beside = run.path / ".model"
    gc.collect()  # the optimizer's moments, two tables that cycles keep alive
    for folder in (beside, run.model_dir):  # left by a fit that died here
        shutil.rmtree(folder, ignore_errors=True)
    try:
        classifier.save_to_preset(str(beside))
        beside.rename(run.model_dir)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)  # a full disk has use for the room
        raise
    size = sum(path.stat().st_size for path in run.model_dir.rglob("*") if path.is_file())
    run.update(megabytes=round(size / 1e6, 2), digests=digests(run.model_dir))


def score(classifier: NewsClassifier, splits: Splits, run: Run, scored: np.ndarray) -> None:
    """Write the validation split's predictions and scores.

    Args:
        classifier: The run's.
        splits: Those of the run.
        run: They go there.
        scored: The calibrated probabilities of the validation texts, (texts,).
    """
    progress.stage("Working out scores and their intervals")
    frame = splits.frame("validation")
    run.record_predictions("validation", frame["label"], scored)
    run.record_parts(
        {"validation": judged(frame, scored, classifier)},
        {"validation": reliable(frame, scored, classifier)},
        by_set={"validation": by_set(frame, scored, classifier)},
    )


def compare_with_floor(
    classifier: NewsClassifier,
    splits: Splits,
    run: Run,
    scored: np.ndarray,
    say: Callable[[str], None],
) -> None:
    """Compare the validation scores with those of the simplest model; see `score`."""
    compared = floor.compare(splits, "validation", scored, classifier.threshold, run.path.parent)
    run.update(floor=compared)
    say(wording.floor(compared))
