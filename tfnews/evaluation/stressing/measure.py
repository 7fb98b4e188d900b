"""What attacks do to a classifier: numbers in, records out, nothing written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tfnews import progress
from tfnews.data.text import combine
from tfnews.evaluation.stressing.attacks import ATTACKS, LEAST, Attack
from tfnews.models import NewsClassifier
from tfnews.records.slices import Rate
from tfnews.records.stress import Side, Stressed
from tfnews.statistics import intervals, paired
from tfnews.statistics.metrics import scores
from tfnews.statistics.rates import effective, wilson
from tfnews.statistics.sample import flagged

_RESAMPLES = 2000  # Holm multiplies the smallest p value, 2 of 2,001, by the number of attacks
_TOO_FEW = f"fewer than {LEAST} texts of a class still get a number"


@dataclass(frozen=True)
class Untouched:
    """Texts as they are, and what the classifier says of them.

    Attributes:
        parts: Title and body of each; together they are the text.
        labels: `(rows,)`, each 0 or 1.
        clusters: `(rows,)`.
        scored: Fake probabilities, float32 `(rows,)`.
        passed: Which the guards let pass, bool `(rows,)`.
    """

    parts: list[tuple[str, str]]
    labels: np.ndarray
    clusters: np.ndarray
    scored: np.ndarray
    passed: np.ndarray


def untouched(classifier: NewsClassifier, frame: pd.DataFrame) -> Untouched:
    """Score texts as they are.

    Args:
        classifier: In float32.
        frame: As `Splits.frame` returns it.
    """
    texts = frame["combined_text"].tolist()
    progress.stage("Scoring the untouched texts", "texts", len(texts))
    pairs = zip(frame["title"], frame["text"], texts, strict=True)
    return Untouched(
        parts=[(a, b) if combine(a, b) == text else ("", text) for a, b, text in pairs],
        labels=frame["label"].to_numpy(),
        clusters=frame["cluster"].to_numpy(),
        scored=classifier.probabilities(texts),
        passed=_passed(classifier, texts),
    )


def attacked(
    classifier: NewsClassifier, before: Untouched, seed: int, attacks: Sequence[Attack] = ATTACKS
) -> tuple[Stressed, ...]:
    """Try each attack on texts, and hold the answers against those before.

    Texts that the guards refuse, before or after, are counted and left out: F1 and flips are of
    texts that had a number and still have one.

    Args:
        classifier: In float32.
        before: From `untouched`.
        seed: Of what attacks draw.
        attacks: What is tried.
    """
    found = [_attacked(classifier, before, seed, attack) for attack in attacks]
    known = [one for one, _ in found if one.skipped is None]
    p_values = iter(paired.holm([p for one, p in found if one.skipped is None]) if known else ())
    return tuple(one if one.skipped else _judged(one, next(p_values)) for one, _ in found)


def worst(found: Sequence[Stressed]) -> str | None:
    """Return the name of the attack by which F1 is shown to fall most."""
    falls = [one for one in found if one.shown]
    return min(falls, key=lambda one: one.difference).attack if falls else None


def side(before: Untouched, rows: np.ndarray, scored: np.ndarray, threshold: float) -> Side:
    """Return what answers are worth on some of the texts.

    Args:
        before: The texts.
        rows: Which of them, bool `(rows,)`.
        scored: Fake probabilities of all, `(rows,)`.
        threshold: A text is called fake at this probability or above.
    """
    labels, clusters, kept = before.labels[rows], before.clusters[rows], scored[rows]
    of_f1 = intervals.bootstrap(labels, kept, clusters, ["f1"], threshold=threshold)["f1"]
    wrong = flagged(kept, threshold) != (labels == 1)
    known = scores(labels, kept, threshold)
    return Side(
        f1=known["f1"],
        interval=of_f1 and tuple(of_f1),
        accuracy=known["accuracy"],
        misses=_rate(wrong[labels == 1], clusters[labels == 1]),
        alarms=_rate(wrong[labels == 0], clusters[labels == 0]),
    )


def _attacked(
    classifier: NewsClassifier, before: Untouched, seed: int, attack: Attack
) -> tuple[Stressed, float]:
    """Return what an attack does, and the p value of the fall of F1."""
    real, fake = classifier.class_names
    made = Stressed(attack=attack.name, doing=attack.doing.format(real=real, fake=fake))
    foreign = classifier.guards and classifier.guards.foreign
    if attack.language and attack.language in (foreign or ()):
        return replace(made, skipped=f"the training texts are not in {attack.language}"), 1.0
    rows, texts = _changed(before, seed, attack)
    made = replace(made, changed=len(rows))
    if len(rows) < LEAST:
        return replace(made, skipped=f"it changes {len(rows):,} texts, fewer than {LEAST}"), 1.0
    passed, scored = before.passed.copy(), before.scored.copy()
    passed[rows] &= _passed(classifier, texts)
    progress.stage(f"Scoring texts: {attack.name}", "texts", len(texts))
    scored[rows] = classifier.probabilities(texts)
    made = replace(made, refused=int((before.passed & ~passed).sum()), texts=int(passed.sum()))
    if np.bincount(before.labels[passed], minlength=2).min() < LEAST:
        return replace(made, skipped=_TOO_FEW), 1.0
    return _compared(made, before, passed, scored, classifier.threshold)


def _changed(before: Untouched, seed: int, attack: Attack) -> tuple[np.ndarray, list[str]]:
    """Return the rows that an attack changes, and their texts after it."""
    rows, texts = [], []
    for row, (parts, label) in enumerate(zip(before.parts, before.labels, strict=True)):
        if attack.label is not None and label != attack.label:
            continue
        text = attack.on(*parts, f"{seed} {row}")
        if text != combine(*parts):
            rows.append(row)
            texts.append(text)
    return np.array(rows, int), texts


def _passed(classifier: NewsClassifier, texts: Sequence[str]) -> np.ndarray:
    if not classifier.guards:
        return np.ones(len(texts), bool)
    return np.array([classifier.guards.reason(text) is None for text in texts], bool)


def _compared(
    made: Stressed, before: Untouched, rows: np.ndarray, scored: np.ndarray, threshold: float
) -> tuple[Stressed, float]:
    labels, clusters = before.labels[rows], before.clusters[rows]
    both = (before.scored[rows], scored[rows])
    thresholds = (threshold, threshold)
    of_before, of_after = intervals.resampled(
        labels, both, thresholds, clusters, resamples=_RESAMPLES
    )
    flipped = flagged(both[0], threshold) != flagged(both[1], threshold)
    sides = [side(before, rows, one, threshold) for one in (before.scored, scored)]
    interval = intervals.percentiles(of_after - of_before)
    compared = replace(
        made,
        before=sides[0],
        after=sides[1],
        difference=sides[1].f1 - sides[0].f1,
        interval=interval and tuple(interval),
        flipped=_rate(flipped, clusters),
    )
    return compared, paired.bootstrap_p(of_after - of_before)


def _judged(one: Stressed, corrected: float) -> Stressed:
    return replace(one, corrected=corrected, shown=corrected < paired.LEVEL and one.difference < 0)


def _rate(counted: np.ndarray, clusters: np.ndarray) -> Rate:
    """Return the share of texts that are counted, with its interval; copies count as one text."""
    wrong, of = int(counted.sum()), len(counted)
    return Rate(wrong, of, wrong / of, wilson(wrong / of, effective(clusters)))
