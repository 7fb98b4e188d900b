"""Rows on their way to splits: what is dropped and why, and which part each is of."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tfnews.catalogue.names import PARTS
from tfnews.data import duplicates, strategies
from tfnews.data.text import excerpt
from tfnews.errors import DataError

_FIRST = ("combined_text", "label", "title", "text", "cluster")
_LAST = ("source_file", "line")
CONTRADICTION = "same text with both labels"  # why such rows are dropped


@dataclass
class Pool:
    """Rows and what is known of each, kept in step while rows are dropped.

    Attributes:
        frame: Columns combined_text, label, title, text, source_file and line, and others.
        prints: Fingerprints of the combined texts.
        parts: int8 `(rows,)`, the number in `PARTS`, or `strategies.UNASSIGNED`.
        rejects: What was dropped: file, line, reason, excerpt.
    """

    frame: pd.DataFrame
    prints: duplicates.Fingerprints
    parts: np.ndarray
    rejects: list[pd.DataFrame] = field(default_factory=list)

    def drop(self, gone: np.ndarray, reason: str) -> None:
        """Move rows, bool `(rows,)`, to the rejects.

        Raises:
            DataError: No row is left.
        """
        if not gone.any():
            return
        frame = self.frame[gone]
        excerpts = [excerpt(text) for text in frame["combined_text"]]
        rejects = frame[["source_file", "line"]].rename(columns={"source_file": "file"})
        self.rejects.append(rejects.assign(reason=reason, excerpt=excerpts))
        self.frame = self.frame[~gone].reset_index(drop=True)
        self.prints = self.prints.select(~gone)
        self.parts = self.parts[~gone]
        if gone.all():
            raise self._nothing_left()

    def _nothing_left(self) -> DataError:
        counts = self.dropped()
        said = ", ".join(f"{reason} ({count:,})" for reason, count in counts.items())
        return DataError(
            f"No row is left of the {counts.total():,} read with a label and a text: {said}. "
            "Look at the sources, and at --text-column, --label-column, --time-column and --cut."
        )

    def contradictions(self) -> np.ndarray:
        """Return which rows' texts stand with both labels, bool `(rows,)`."""
        labels = self.frame["label"].groupby(self.prints.keys)
        return (labels.transform("min") != labels.transform("max")).to_numpy()

    def drop_leaks(self, clusters: np.ndarray) -> np.ndarray:
        """Drop rows that copy a row of a later part, and return the clusters of the rest.

        Args:
            clusters: int64 `(rows,)`.

        Raises:
            DataError: No row is left.
        """
        leaking = strategies.leaks(clusters, self.parts)
        for number, part in enumerate(PARTS[:-1]):
            gone = leaking & (self.parts == number)
            self.drop(gone, f"{part} row duplicates a row of {' or '.join(PARTS[number + 1 :])}")
            clusters, leaking = clusters[~gone], leaking[~gone]
        return pd.factorize(clusters)[0]

    def check_parts(self, names: tuple[str, str], remedy: str) -> None:
        """Stop when a part lacks a class.

        Args:
            names: Of label 0 and label 1.
            remedy: What to do about it, after "Each split needs both classes: ".

        Raises:
            DataError: It does.
        """
        for number, part in enumerate(PARTS):
            labels = self.frame["label"][self.parts == number]
            for label, class_name in enumerate(names):
                if not (labels == label).any():
                    raise DataError(
                        f"The {part} split would hold no {class_name} row of {len(labels)}. Each "
                        f"split needs both classes: {remedy}"
                    )

    def dropped(self) -> Counter:
        """Count the rows dropped, by reason."""
        return Counter(reason for rejects in self.rejects for reason in rejects["reason"])

    def counts(self, names: tuple[str, str]) -> dict[str, dict[str, int]]:
        """Count the rows of each part and class, by the classes' names."""
        labels = self.frame["label"].to_numpy()
        return {
            part: {
                name: int(((self.parts == number) & (labels == label)).sum())
                for label, name in enumerate(names)
            }
            for number, part in enumerate(PARTS)
        }

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return each part's rows, in their order, as they are written."""
        extra = [name for name in self.frame.columns if name not in (*_FIRST, *_LAST)]
        frame = self.frame[[*_FIRST, *extra, *_LAST]]
        return {part: frame[self.parts == number] for number, part in enumerate(PARTS)}


def found_in(exact: np.ndarray, clusters: np.ndarray) -> dict[str, int]:
    """Count the clusters of several copies of one text, and those of several texts.

    Args:
        exact: int64 `(rows,)`, as `duplicates.clusters` gives them.
        clusters: int64 `(rows,)`, likewise.
    """
    texts = pd.Series(exact).groupby(clusters).nunique()
    return {"exact": int((np.bincount(exact) > 1).sum()), "near": int((texts > 1).sum())}
