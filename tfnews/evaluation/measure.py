"""Measuring a classifier on texts: numbers in, records out, nothing written."""

import contextlib
import os
import platform
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score

from tfnews import progress
from tfnews.audit.audit import audit
from tfnews.catalogue.names import DATA_SET
from tfnews.data.splits import PARTS, Splits
from tfnews.evaluation import floor
from tfnews.evaluation.kept import kept
from tfnews.evaluation.reasons import reasons
from tfnews.evaluation.seen import Seen, shared, whole
from tfnews.evaluation.slices import slices
from tfnews.models import NewsClassifier
from tfnews.records import Audit, Comparison, Judged, OtherSet, Reason, Reliability, Timings
from tfnews.records.slices import Slices
from tfnews.statistics import mistakes
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
        slices: Error rates of parts of the test part.
        reasons: Which words moved the scores of mistakes that a report quotes.
        by_set: Of joined sets, the scores of validation and test set by set.
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
    slices: Slices | None = None
    reasons: tuple[Reason, ...] = ()
    by_set: dict[str, dict[str, Judged]] = field(default_factory=dict)


def measure(
    classifier: NewsClassifier,
    splits: Splits,
    *,
    against_floor: bool = True,
    root: str | os.PathLike | None = None,
    slice_by: Sequence[str] = (),
    with_words: bool = True,
) -> Measured:
    """Score a classifier on every part of its own splits, the test part too.

    Args:
        classifier: In float32.
        splits: Those it was trained on.
        against_floor: Whether to compare it with the simplest model.
        root: Folder of runs, beside which the floor and the audit of the splits are kept for the
            next time; `None` keeps nothing.
        slice_by: Columns of the splits by which errors are counted apart, besides length.
        with_words: Whether words of the test texts may be kept, to say what moved their scores.
    """
    frames = {part: splits.frame(part) for part in PARTS}
    texts = {part: frame["combined_text"].tolist() for part, frame in frames.items()}
    scored = {part: _scored(classifier, texts[part], f"the {part} split") for part in PARTS}
    compared = None
    if against_floor:
        compared = floor.compare(splits, "test", scored["test"], classifier.threshold, root)
    timings = _timings(classifier, texts["test"])
    return Measured(
        labels={part: frame["label"].to_numpy() for part, frame in frames.items()},
        probabilities=scored,
        parts={part: judged(frames[part], scored[part], classifier) for part in PARTS},
        reliability={part: reliable(frames[part], scored[part], classifier) for part in PARTS[1:]},
        timings=timings,
        audit=_audited(splits, root),
        floor=compared,
        slices=slices(frames["test"], scored["test"], classifier.threshold, slice_by),
        reasons=_reasons(classifier, frames["test"], scored["test"], timings, with_words),
        by_set={part: by_set(frames[part], scored[part], classifier) for part in PARTS[1:]},
        **_refused(classifier, frames["test"], scored["test"]),
    )


def measure_elsewhere(
    classifier: NewsClassifier, own: Seen, splits: Splits, run_name: str
) -> OtherSet:
    """Score a classifier on another data set whole, without the texts it has learnt from.

    Args:
        classifier: In float32.
        own: The splits it was trained on.
        splits: The other data set.
        run_name: Of the classifier, for messages.

    Raises:
        DataError: The other set holds none but the run's own texts.
    """
    rows = whole(splits)
    known = shared(own, splits, rows, run_name)
    of_all = _scored(classifier, rows["combined_text"].tolist(), splits.name)
    frame, scored = rows[known.unseen].reset_index(drop=True), of_all[known.unseen]
    found = judged(frame, scored, classifier, splits.class_names)
    before = None
    if not known.unseen.all():
        before = judged(rows, of_all, classifier, splits.class_names)
    return OtherSet(
        name=splits.name,
        label_basis=splits.label_basis,
        class_names=splits.class_names,
        digests={part: splits.digest(part) for part in PARTS},
        shared_with_training=int(known.copies.sum()),
        near_copies_of_training=int(known.near.sum()),
        with_shared=before,
        **_refused(classifier, frame, scored),
        reliability=reliable(frame, scored, classifier),
        scores=found.scores,
        intervals=found.intervals,
    )


def _scored(classifier: NewsClassifier, texts: list[str], what: str) -> np.ndarray:
    progress.stage(f"Scoring {what}", "texts", len(texts))
    return classifier.probabilities(texts)


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
    progress.stage("Working out scores and their intervals")
    return judge(
        frame["label"].to_numpy(),
        scored,
        frame["cluster"].to_numpy(),
        classifier.threshold,
        class_names or classifier.class_names,
    )


def by_set(
    frame: pd.DataFrame, scored: np.ndarray, classifier: NewsClassifier
) -> dict[str, Judged]:
    """Score a part of joined sets set by set; empty where no sets were joined.

    Args:
        frame: As `Splits.frame` returns it.
        scored: Fake probabilities of its rows, `(rows,)`.
        classifier: Its threshold calls a text fake.

    Returns:
        Name of a set -> its scores; without sets that have one class alone here.
    """
    if DATA_SET not in frame:
        return {}
    rows = {name: (frame[DATA_SET] == name).to_numpy() for name in frame[DATA_SET].unique()}
    return {
        name: judged(frame[own], scored[own], classifier)
        for name, own in rows.items()
        if frame["label"][own].nunique() == 2
    }


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
    progress.stage("Counting the texts that predict would refuse")
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
    progress.stage("Auditing the splits")

    def make() -> dict:
        return audit(splits, seed=_SEED).to_json()

    return kept(root, "audit", splits, make, Audit.from_json, seed=_SEED)


def _reasons(
    classifier: NewsClassifier,
    frame: pd.DataFrame,
    scored: np.ndarray,
    timings: Timings,
    with_words: bool,
) -> tuple[Reason, ...]:
    if not with_words:
        return ()
    wrong = mistakes.find(frame["label"], scored, threshold=classifier.threshold)
    return reasons(classifier, frame, wrong, timings.ms_per_text)


def _timings(classifier: NewsClassifier, texts: list[str]) -> Timings:
    """Time raw texts to probabilities, after one pass that is not counted."""
    progress.stage("Timing answers")
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
        cpu=_cpu(),
    )


def _cpu() -> str | None:
    """Return the name of this machine's processor, as far as the system tells it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name" and value.strip():
                return f"{value.strip()}, {os.cpu_count()} cores"
    return platform.processor() or platform.machine() or None
