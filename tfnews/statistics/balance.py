"""How classes, and data sets, of unequal size are weighed against each other."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd

from tfnews.catalogue.names import DATA_SET

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


def is_asked(options: Mapping[str, object]) -> bool:
    """Say whether anything is balanced, so that `weights` has to see the training split."""
    return bool(_columns(options))


def weights(
    options: Mapping[str, object], train: pd.DataFrame, rows: pd.DataFrame | None = None
) -> np.ndarray | None:
    """Return what rows weigh in training: all classes, sets or both the same, whatever their size.

    A group's weight is the training rows over (groups * rows of the group), as scikit-learn's
    "balanced" for classes: the mean over the training rows is 1. Where classes and sets are
    balanced, a group is one class of one set, so that no set stands for a class.

    Args:
        options: class_weight: "balanced" balances classes; balance: "sets" balances data sets.
        train: The training split, with label and, of joined sets, `DATA_SET`.
        rows: Whose weights are asked for; those of the training split by default.

    Returns:
        float64 `(rows,)`, or None where all weigh the same.
    """
    by = [name for name in _columns(options) if name in train]
    if not by:
        return None
    counts = Counter(_groups(train, by))
    weight = {group: len(train) / (len(counts) * count) for group, count in counts.items()}
    return np.array(
        [weight.get(group, 1.0) for group in _groups(train if rows is None else rows, by)]
    )


def _columns(options: Mapping[str, object]) -> list[str]:
    """Return the columns each of whose values, or pairs of values, weighs the same."""
    by = ["label"] if options.get("class_weight") == "balanced" else []
    return by + ([DATA_SET] if options.get("balance") == "sets" else [])


def _groups(frame: pd.DataFrame, by: Sequence[str]) -> list[Hashable]:
    return list(zip(*(frame[name] for name in by), strict=True))
