"""Choosing the threshold from which a text is called fake, on texts kept aside for it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfnews.errors import DataError, UsageError
from tfnews.statistics.abstention import passed_by_few
from tfnews.statistics.metrics import best_threshold, between
from tfnews.statistics.sample import flagged

_ALLOWED = "f1, youden, fpr=SHARE with a share above 0 and below 1, or a number from 0 to 1"


@dataclass(frozen=True)
class Rule:
    """How a threshold is chosen.

    Attributes:
        name: "f1", "youden", "fpr" or "fixed".
        number: The share of false alarms for "fpr", the threshold itself for "fixed".
    """

    name: str
    number: float | None = None

    def __str__(self) -> str:
        """Return it as `rule` reads it."""
        if self.number is None:
            return self.name
        return f"{'fpr=' if self.name == 'fpr' else ''}{self.number:g}"


def rule(said: str | float) -> Rule:
    """Read a rule: "f1", "youden", "fpr=0.01", or a threshold such as 0.5.

    Raises:
        UsageError: It is none of these.
    """
    text = str(said).strip()
    if text in ("f1", "youden"):
        return Rule(text)
    name = "fpr" if text.startswith("fpr=") else "fixed"
    try:
        number = float(text.removeprefix("fpr="))
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1 or (name == "fpr" and number in (0, 1)):
        raise UsageError(f"Unknown threshold {text[:40]!r}. Allowed: {_ALLOWED}.")
    return Rule(name, number)


def choose(
    chosen: Rule,
    labels: Sequence[int],
    probabilities: Sequence[float],
    class_names: Sequence[str] = ("real", "fake"),
) -> float:
    """Return the threshold that a rule chooses on some rows.

    Args:
        chosen: "f1" maximises F1 of class 1; "youden" the share of class 1 that is found less the
            share of false alarms (Youden 1950, "Index for rating diagnostic tests"); "fpr" is the
            lowest from which a new text of class 0 is flagged with no more than that probability,
            by the rank that `abstention.passed_by_few` takes; "fixed" is itself.
        labels: `(rows,)`, each 0 or 1; both occur unless the rule is "fixed".
        probabilities: `(rows,)`, of class 1.
        class_names: Names of class 0 and class 1, for messages.

    Raises:
        DataError: There is no such threshold, or too few texts to say.
    """
    labels, scores = np.asarray(labels), np.asarray(probabilities, np.float64)
    if chosen.name == "fixed":
        return chosen.number
    for label, name in enumerate(class_names):
        if not (labels == label).any():
            raise DataError(
                f"A threshold by {chosen} is chosen between two classes, and no validation text is "
                f"labelled {name}. Give a number instead: --threshold 0.5"
            )
    if chosen.name == "f1":
        return best_threshold(labels, scores)[0]
    if chosen.name == "youden":
        return _youden(labels, scores)
    return _of_few_alarms(chosen.number, labels, scores, class_names)


def _youden(labels: np.ndarray, scores: np.ndarray) -> float:
    steps = np.unique(scores)
    found, alarms = (
        np.array([flagged(scores[labels == label], step).mean() for step in steps])
        for label in (1, 0)
    )
    best = int(np.argmax(found - alarms))
    return between(steps[best - 1] if best else 0.0, steps[best])


def _of_few_alarms(
    share: float, labels: np.ndarray, scores: np.ndarray, class_names: Sequence[str]
) -> float:
    passed = passed_by_few(scores[labels == 0], 1 - share, class_names[0])
    above = scores[scores > passed]
    if not len(above):
        raise DataError(
            f"No threshold keeps false alarms at {share:g} and flags anything: a validation text "
            f"labelled {class_names[0]} scores {passed:.4f}, as high as any other. Allow more "
            "false alarms, or train a model that tells the classes apart."
        )
    return between(passed, above.min())
