"""How classes of unequal size are weighed against each other."""

from collections.abc import Sequence

import numpy as np

# Texts of the commoner class to one of the other from which "auto" balances the classes.
BALANCED_FROM = 3.0


def settled(choice: str, labels: Sequence[int]) -> str:
    """Settle "auto" by the labels of the training split: "balanced" from `BALANCED_FROM` on.

    Args:
        choice: "auto", "balanced" or "none".
        labels: `(rows,)`, each 0 or 1; both occur.
    """
    if choice != "auto":
        return choice
    return "balanced" if ratio(labels) >= BALANCED_FROM else "none"


def ratio(labels: Sequence[int]) -> float:
    """Return how many rows of the commoner class come to one of the other, 1 or more."""
    counts = np.bincount(np.asarray(labels), minlength=2)
    return float(counts.max() / counts.min())


def weights(choice: str, labels: Sequence[int]) -> tuple[float, float] | None:
    """Return the weight of a row of class 0 and of class 1, or None where all weigh the same.

    A class's weight is rows / (2 * its rows), as scikit-learn's "balanced": the mean is 1.

    Args:
        choice: "balanced" or "none".
        labels: `(rows,)`, each 0 or 1; both occur.
    """
    if choice == "none":
        return None
    counts = np.bincount(np.asarray(labels), minlength=2)
    return tuple((len(labels) / (2 * counts)).tolist())
