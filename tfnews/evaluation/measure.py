"""Measuring a classifier on texts: numbers in, records out, nothing written."""

import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score

from tfnews.audit.audit import audit
from tfnews.data.splits import PARTS, Splits
from tfnews.data.text import for_matching
from tfnews.errors import DataError
from tfnews.evaluation import floor
from tfnews.evaluation.kept import kept
from tfnews.models import NewsClassifier
from tfnews.records import Audit, Comparison, Judged, OtherSet, Reliability, Timings
from tfnews.statistics.judged import judge, reliability
from tfnews.statistics.sample import flagged

_TIMED_TEXTS = 256
_SEED = 0  # of the audit's sample


@dataclass(frozen=True)
class Measured:
    """A classifier on the splits it was trained on.

    Attributes:
        labels: Of each part, int8 `(rows,)`.
        probabilities: Fake probabilities of each part, float32 `(rows,)`.
        parts: Scores of each part.
        reliability: What calibration changes on the parts that were not trained on.
        timings: Of test texts.
        audit: What the splits give away.
        floor: Comparison with the simplest model on the test part; `None` where it is that one.
        refused: Test texts that `predict` would give no number, `{kind of reason: texts}`.
        f1_of_scored: F1 on the test part without these; `None` where there are none.
    """

    labels: dict[str, np.ndarray]
    probabilities: dict[str, np.ndarray]
    parts: dict[str, Judged]
    reliability: dict[str, Reliability]
    timings: Timings
    audit: Audit
    floor: Comparison | None = None
    refused: dict[str, int] = field(default_factory=dict)
    f1_of_scored: float | None = None


def measure(
    classifier: NewsClassifier,
    splits: Splits,
    *,
    against_floor: bool = True,
    root: str | os.PathLike | None = None,
) -> Measured:
    """Score a classifier on every part of its own splits, the test part too.

    Args:
        classifier: In float32.
        splits: Those it was trained on.
        against_floor: Whether to compare it with the simplest model.
        root: Folder of runs, beside which the floor and the audit of the splits are kept for the
            next time; `None` keeps nothing.
    """
    frames = {part: splits.frame(part) for part in PARTS}
    texts = {part: frame["combined_text"].tolist() for part, frame in frames.items()}
    scored = {part: classifier.probabilities(texts[part]) for part in PARTS}
    compared = None
    if against_floor:
        compared = floor.compare(splits, "test", scored["test"], classifier.threshold, root)
    return Measured(
        labels={part: frame["label"].to_numpy() for part, frame in frames.items()},
        probabilities=scored,
        parts={part: judged(frames[part], scored[part], classifier) for part in PARTS},
        reliability={part: reliable(frames[part], scored[part], classifier) for part in PARTS[1:]},
        timings=_timings(classifier, texts["test"]),
        audit=_audited(splits, root),
        floor=compared,
        **_refused(classifier, frames["test"], scored["test"]),
    )


def measure_elsewhere(
    classifier: NewsClassifier, home: Splits, splits: Splits, run_name: str
) -> OtherSet:
    """Score a classifier on another data set whole, without the texts it was trained on.

    Args:
        classifier: In float32.
        home: The splits it was trained on.
        splits: The other data set.
        run_name: Of the classifier, for messages.

    Raises:
        DataError: The other set holds none but the run's own texts.
    """
    frame, shared = _unseen(home, splits, run_name)
    scored = classifier.probabilities(frame["combined_text"].tolist())
    found = judged(frame, scored, classifier, splits.class_names)
    return OtherSet(
        name=splits.name,
        label_basis=splits.label_basis,
        class_names=splits.class_names,
        digests={part: splits.digest(part) for part in PARTS},
        shared_with_training=shared,
        **_refused(classifier, frame, scored),
        reliability=reliable(frame, scored, classifier),
        scores=found.scores,
        intervals=found.intervals,
    )


def judged(
    frame: pd.DataFrame,
    scored: np.ndarray,
    classifier: NewsClassifier,
    class_names: Sequence[str] | None = None,
) -> Judged:
    """Return scores and their 95 % intervals over the frame's clusters.

    Args:
        frame: As `Splits.frame` returns it.
        scored: Fake probabilities of its rows, `(rows,)`.
        classifier: Its threshold calls a text fake.
        class_names: The set's own names of class 0 and class 1; by default the classifier's.
    """
    return judge(
        frame["label"].to_numpy(),
        scored,
        frame["cluster"].to_numpy(),
        classifier.threshold,
        class_names or classifier.class_names,
    )


def reliable(frame: pd.DataFrame, scored: np.ndarray, classifier: NewsClassifier) -> Reliability:
    """Return what calibration changes on a frame's rows, whose fake probabilities are `scored`."""
    return reliability(
        frame["label"].to_numpy(),
        scored,
        frame["cluster"].to_numpy(),
        classifier.threshold,
        classifier.calibration,
        classifier.band,
    )


def _unseen(home: Splits, splits: Splits, run_name: str) -> tuple[pd.DataFrame, int]:
    """Return the rows of another set that are not in the training split, and how many are."""
    parts = [splits.frame(part).assign(part=part) for part in PARTS]
    frame = pd.concat(parts, ignore_index=True)
    # A folder that names no clusters has them numbered within each part.
    frame["cluster"] = frame.groupby(["part", "cluster"], sort=False).ngroup()
    own = {part: set(home.frame(part)["combined_text"].map(for_matching)) for part in PARTS}
    texts = frame["combined_text"].map(for_matching)
    shared = texts.isin(own["train"])
    if shared.all():
        raise DataError(
            f"Every text of {splits.name} was in the training split of {home.name}, so nothing is "
            "left to score. Give a data set that the run has not seen."
        )
    if texts[~shared].isin(own["validation"] | own["test"]).all():
        raise DataError(
            f"{splits.path} is no other data set: each of its texts is in a split of {home.name}, "
            f"which {run_name} was trained on. To score the run's own splits, leave --data out: "
            f"tfnews evaluate {run_name}"
        )
    return frame[~shared].reset_index(drop=True), int(shared.sum())


def _refused(classifier: NewsClassifier, frame: pd.DataFrame, scored: np.ndarray) -> dict:
    """Count the texts that `predict` would give no number, and score the others.

    Args:
        classifier: Its guards are asked.
        frame: As `Splits.frame` returns it.
        scored: Fake probabilities of its rows, `(rows,)`.

    Returns:
        `refused`, texts by the kind of reason, and `f1_of_scored`; `None` where all are refused,
        or none.
    """
    if not classifier.guards:
        return {"refused": {}, "f1_of_scored": None}
    reasons = [classifier.guards.reason(text) for text in frame["combined_text"]]
    kinds = Counter(reason.split(":")[0] for reason in reasons if reason)
    kept = np.array([reason is None for reason in reasons])
    f1 = None
    if kinds and kept.any():
        called = flagged(scored[kept], classifier.threshold)
        f1 = float(f1_score(frame["label"][kept], called, zero_division=0))
    return {"refused": dict(kinds), "f1_of_scored": f1}


def _audited(splits: Splits, root: str | os.PathLike | None) -> Audit:
    def make() -> dict:
        return audit(splits, seed=_SEED).to_json()

    return Audit.from_json(kept(root, "audit", splits, make, seed=_SEED))


def _timings(classifier: NewsClassifier, texts: list[str]) -> Timings:
    """Time raw texts to probabilities, after one pass that is not counted."""
    texts = texts[:_TIMED_TEXTS]
    size = classifier.prediction_batch
    batches = [texts[start : start + size] for start in range(0, len(texts), size)]
    for batch in batches:
        classifier.probabilities(batch)
    started = time.perf_counter()
    for batch in batches:
        classifier.probabilities(batch)
    seconds = time.perf_counter() - started
    return Timings(
        len(texts),
        ms_per_text=round(1000 * seconds / len(texts), 3),
        texts_per_second=round(len(texts) / seconds, 1),
    )
