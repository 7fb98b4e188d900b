"""The validation split in two: one half chooses among trials, the other judges the chosen one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tfnews.data.splits import Splits
from tfnews.errors import DataError


@dataclass(frozen=True)
class Halves:
    """Row numbers of the validation split.

    Attributes:
        choosing: Of the half that trials stop, calibrate and are compared on, rising.
        judging: Of the other half, rising.
    """

    choosing: np.ndarray
    judging: np.ndarray


class Choosing(Splits):
    """Splits whose validation part is the half that chooses; the test part cannot be had.

    Args:
        whole: The splits.
        rows: Of their validation part, those of the half.
    """

    def __init__(self, whole: Splits, rows: np.ndarray):
        vars(self).update(vars(whole))
        self._rows = rows

    def frame(self, part: str) -> pd.DataFrame:
        """Read one part, as `Splits.frame` does.

        Raises:
            DataError: It is the test part.
        """
        if part == "test":
            raise DataError("A search for settings reads no test split. Score the chosen run.")
        whole = super().frame(part)
        return whole.iloc[self._rows].reset_index(drop=True) if part == "validation" else whole


def halve(splits: Splits, seed: int) -> Halves:
    """Part the validation split in two, each class as evenly as its clusters allow.

    Near-copies, which are of one cluster, are never parted.

    Args:
        splits: The fixed splits.
        seed: The same seed parts the same texts.

    Raises:
        DataError: There are too few texts for both classes in both halves.
    """
    frame = splits.frame("validation")
    labels, clusters = frame["label"].to_numpy(), frame["cluster"].to_numpy()
    _, numbers = np.unique(clusters, return_inverse=True)
    counts = np.stack([np.bincount(numbers[labels == label], minlength=numbers.max() + 1)
                       for label in (0, 1)], axis=1)  # fmt: skip
    order = np.random.default_rng(seed).permutation(len(counts))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]  # the largest first
    sizes, half_of = np.zeros((2, 2), int), np.zeros(len(counts), int)
    for cluster in order:
        commoner = counts[cluster].argmax()
        half_of[cluster] = sizes[:, commoner].argmin()
        sizes[half_of[cluster]] += counts[cluster]
    if not sizes.all():
        raise DataError(
            f"The validation split of {splits.path} cannot be parted in two halves that both have "
            f"both classes: it holds {len(labels):,} texts in {len(counts):,} clusters of copies. "
            "Prepare more articles, or a larger validation split."
        )
    of_row = half_of[numbers]
    return Halves(np.flatnonzero(of_row == 0), np.flatnonzero(of_row == 1))
