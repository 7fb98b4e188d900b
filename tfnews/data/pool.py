"""Rows on their way to splits: what is dropped and why, and which part each is of."""

import contextlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from tfnews import progress
from tfnews.catalogue.names import PARTS
from tfnews.data import duplicates, strategies
from tfnews.data.spool import Spool
from tfnews.data.text import excerpt
from tfnews.errors import DataError
from tfnews.files import folder_beside, resolved

_FIRST = ("combined_text", "label", "title", "text", "cluster")
_LAST = ("source_file", "line")
CONTRADICTION = "same text with both labels"  # why such rows are dropped


@contextlib.contextmanager
def pooled(out: str | os.PathLike, near: bool = True) -> Iterator["Pool"]:
    """Give an empty pool, whose texts lie beside `out` while the block lasts.

    Args:
        out: The folder of splits that is to be written of it.
        near: Whether near-copies will be looked for.
    """
    place = resolved(out)
    with folder_beside(place) as folder:
        yield Pool(Spool(folder, place), near)


class Pool:
    """Rows and what is known of each, kept in step while rows are dropped.

    Texts wait on disk; what is held of a row are some 30 bytes.

    Args:
        spool: An empty one, for the rows.
        near: Whether near-copies will be looked for.

    Attributes:
        frame: A row each: row (its number as it was added), label (int8), part (int8, the number in
            `PARTS`, or `strategies.UNASSIGNED`), key (uint64, equal for copies), shingled (bool, of
            `duplicates.Fingerprints`) and, once it is known, cluster (int64).
        rejects: What was dropped: file, line, reason, excerpt.
    """

    def __init__(self, spool: Spool, near: bool = True):
        self.rejects: list[pd.DataFrame] = []
        self._added: list[pd.DataFrame] = []
        self._near = near
        self._spool = spool

    @cached_property
    def frame(self) -> pd.DataFrame:
        """What is known of each row; nothing is added once it was asked for."""
        frame = pd.concat(self._added, ignore_index=True)
        self._added.clear()
        return frame

    @property
    def columns(self) -> list[str]:
        """The columns of the rows."""
        return self._spool.columns

    @property
    def prints(self) -> duplicates.Fingerprints:
        """Fingerprints of the combined texts."""
        frame, width = self.frame, duplicates.PERMUTATIONS if self._near else 0
        signatures = self._spool.signatures(width, frame["row"].to_numpy())
        return duplicates.Fingerprints(
            frame["key"].to_numpy(), signatures, frame["shingled"].to_numpy()
        )

    def add(self, frame: pd.DataFrame, part: int) -> None:
        """Add rows, before anything is asked of them.

        Args:
            frame: Columns combined_text, label, title, text, source_file and line, and others.
            part: The number of their part, or `strategies.UNASSIGNED`.
        """
        texts = frame["combined_text"].tolist()
        prints = duplicates.fingerprint(texts, self._near, progress.advance)
        first = self._spool.starts[-1]
        self._spool.add(frame, prints.signatures)
        known = {
            "row": np.arange(first, first + len(frame)),
            "label": frame["label"].to_numpy(),
            "part": np.full(len(frame), part, np.int8),
            "key": prints.keys,
            "shingled": prints.shingled,
        }
        self._added.append(pd.DataFrame(known))

    def read(self, names: Sequence[str]) -> pd.DataFrame:
        """Return columns of the rows; only those that a decision needs, for they are held."""
        return self._spool.read(names, self.frame["row"].to_numpy())

    def drop(self, gone: np.ndarray, reason: str) -> None:
        """Move rows, bool `(rows,)`, to the rejects.

        Raises:
            DataError: No row is left.
        """
        if not gone.any():
            return
        numbers = self.frame["row"].to_numpy()[gone]
        for frame, _ in self._spool.chunks(["source_file", "line", "combined_text"], numbers):
            excerpts = [excerpt(text) for text in frame.pop("combined_text")]
            rejects = frame.rename(columns={"source_file": "file"})
            self.rejects.append(rejects.assign(reason=reason, excerpt=excerpts))
        self.frame = self.frame[~gone].reset_index(drop=True)
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
        labels = self.frame["label"].groupby(self.frame["key"])
        return (labels.transform("min") != labels.transform("max")).to_numpy()

    def drop_leaks(self, clusters: np.ndarray) -> np.ndarray:
        """Drop rows that copy a row of a later part, and return the clusters of the rest.

        Args:
            clusters: int64 `(rows,)`.

        Raises:
            DataError: No row is left.
        """
        leaking = strategies.leaks(clusters, self.frame["part"].to_numpy())
        for number, part in enumerate(PARTS[:-1]):
            gone = leaking & (self.frame["part"] == number).to_numpy()
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
            labels = self.frame["label"][self.frame["part"] == number]
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
        labels, parts = (self.frame[name].to_numpy() for name in ("label", "part"))
        return {
            part: {
                name: int(((parts == number) & (labels == label)).sum())
                for label, name in enumerate(names)
            }
            for number, part in enumerate(PARTS)
        }

    def frames(self) -> dict[str, Iterator[pd.DataFrame]]:
        """Return each part's rows, in their order, as they are written."""
        return {part: self._of(number) for number, part in enumerate(PARTS)}

    def _of(self, part: int) -> Iterator[pd.DataFrame]:
        kept = self.frame[self.frame["part"] == part]
        clusters = kept["cluster"].to_numpy()
        extra = [name for name in self.columns if name not in (*_FIRST, *_LAST)]
        names = [*_FIRST[:-1], *extra, *_LAST]
        for frame, here in self._spool.chunks(names, kept["row"].to_numpy()):
            frame.insert(len(_FIRST) - 1, _FIRST[-1], clusters[here])
            yield frame


def found_in(exact: np.ndarray, clusters: np.ndarray) -> dict[str, int]:
    """Count the clusters of several copies of one text, and those of several texts.

    Args:
        exact: int64 `(rows,)`, as `duplicates.clusters` gives them.
        clusters: int64 `(rows,)`, likewise.
    """
    texts = pd.Series(exact).groupby(clusters).nunique()
    return {"exact": int((np.bincount(exact) > 1).sum()), "near": int((texts > 1).sum())}
