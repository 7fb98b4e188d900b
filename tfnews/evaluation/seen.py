"""Which texts of another data set a model has learnt from, as copies or near-copies."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tfnews.data import duplicates
from tfnews.data.splits import PARTS, Splits
from tfnews.errors import DataError

_MOST = 0.5  # of a set's unlearnt texts in the run's own splits: above that it is no other set


@dataclass(frozen=True)
class Seen:
    """The texts of a run's own splits, as fingerprints.

    Attributes:
        name: The set's.
        learnt: Of the parts that the model's weights come from, with signatures.
        others: Of the other parts, without.
    """

    name: str
    learnt: duplicates.Fingerprints
    others: duplicates.Fingerprints


@dataclass(frozen=True)
class Shared:
    """Texts of another set that a model has learnt from.

    Attributes:
        copies: Bool `(rows,)`: those that differ in Unicode form, case and white space at most.
        near: Bool `(rows,)`: near-copies only.
    """

    copies: np.ndarray
    near: np.ndarray

    @property
    def unseen(self) -> np.ndarray:
        """Bool `(rows,)`: what is left to score."""
        return ~(self.copies | self.near)


def seen(home: Splits, learnt: Sequence[str]) -> Seen:
    """Fingerprint a run's own splits.

    Args:
        home: The splits.
        learnt: The parts that the model's weights come from.
    """
    others = [part for part in PARTS if part not in learnt]
    return Seen(home.name, _prints(home, learnt, True), _prints(home, others, False))


def _prints(home: Splits, parts: Sequence[str], near: bool) -> duplicates.Fingerprints:
    texts = [text for part in parts for text in home.frame(part)["combined_text"]]
    return duplicates.fingerprint(texts, near)


def whole(splits: Splits) -> pd.DataFrame:
    """Return all parts of a set as one frame, with the column `part`.

    A folder that names no clusters has them numbered within each part; here they are numbered
    through.
    """
    frames = [splits.frame(part).assign(part=part) for part in PARTS]
    frame = pd.concat(frames, ignore_index=True)
    return frame.assign(cluster=frame.groupby(["part", "cluster"], sort=False).ngroup())


def shared(own: Seen, splits: Splits, frame: pd.DataFrame, run_name: str) -> Shared:
    """Find the rows of another set whose texts a model has learnt from, by `prepare`'s own rule.

    Args:
        own: The run's own splits.
        splits: The other set.
        frame: Its rows, from `whole`.
        run_name: For messages.

    Raises:
        DataError: The other set holds none but the run's own texts, or mostly these.
    """
    prints = duplicates.fingerprint(frame["combined_text"].tolist())
    found = Shared(*duplicates.copied(own.learnt, prints))
    if not found.unseen.any():
        raise DataError(
            f"Every text of {splits.name} was in the training texts of {own.name}, or nearly so: "
            "nothing is left to score. Give a data set that the run has not seen."
        )
    # Not all of them: what joining or preparing left out of the run's splits is in none of these.
    if np.isin(prints.keys[found.unseen], own.others.keys).mean() > _MOST:
        instead = "To score the run's own splits, leave --data out"
        if splits.is_joined:
            instead = f"Of joined sets, give those that are not {own.name}; for its own"
        raise DataError(
            f"{splits.path} is no other data set: most of its texts are in a split of {own.name}, "
            f"which {run_name} was trained on. {instead}: tfnews evaluate {run_name}"
        )
    return found
