"""Measuring one architecture across data sets: numbers in, records out, nothing written."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tfnews import progress
from tfnews.data import duplicates
from tfnews.data.splits import PARTS, Splits
from tfnews.errors import DataError
from tfnews.evaluation.measure import judged
from tfnews.evaluation.seen import whole
from tfnews.models import NewsClassifier
from tfnews.records.matrix import Cell, ScoredSet


@dataclass(frozen=True)
class Column:
    """A set to test on.

    Attributes:
        scored: What is said of it.
        frame: The rows that every model scores, as `Splits.frame` returns them.
    """

    scored: ScoredSet
    frame: pd.DataFrame


def columns(
    names: Sequence[str],
    trained: Sequence[Splits],
    others: Sequence[Splits],
    learnt: Sequence[str] = ("train",),
) -> list[Column]:
    """Choose the texts that every model is tested on.

    Of a set that is trained on it is the test split, of another all. Texts of which any of the
    models learns from a copy or a near-copy are left out for all models, so that a column compares
    them on the same texts.

    Args:
        names: Of all sets, without namesakes.
        trained: Sets that a model is trained on.
        others: Sets that are only tested on.
        learnt: The parts that a model learns from.

    Raises:
        DataError: A set has no text of a class left.
    """
    known = _learnt_from(trained, learnt)
    frames = [
        *(("test", splits, splits.frame("test")) for splits in trained),
        *(("all", splits, whole(splits)) for splits in others),
    ]
    return [
        _column(name, part, splits, frame, known)
        for name, (part, splits, frame) in zip(names, frames, strict=True)
    ]


def whole_column(
    name: str, splits: Splits, trained: Sequence[Splits], learnt: Sequence[str] = ("train",)
) -> Column:
    """Choose the texts of a whole set that models of other sets are tested on.

    Args:
        name: The set's, among the others.
        splits: The set.
        trained: Those that the models are trained on.
        learnt: The parts that a model learns from.

    Raises:
        DataError: It has no text of a class left.
    """
    return _column(name, "all", splits, whole(splits), _learnt_from(trained, learnt))


def _learnt_from(trained: Sequence[Splits], learnt: Sequence[str]) -> duplicates.Fingerprints:
    frames = (one.frame(part) for one in trained for part in learnt)
    return duplicates.fingerprint([text for frame in frames for text in frame["combined_text"]])


def _column(
    name: str, part: str, splits: Splits, frame: pd.DataFrame, known: duplicates.Fingerprints
) -> Column:
    prints = duplicates.fingerprint(frame["combined_text"].tolist())
    copies, near = duplicates.copied(known, prints)
    left = frame[~(copies | near)].reset_index(drop=True)
    for label, class_name in enumerate(splits.class_names):
        if not (left["label"] == label).any():
            raise DataError(
                f"No {class_name} text of {splits.path} is left to test on: {len(frame):,} texts, "
                f"of which {int(copies.sum()):,} are copies and {int(near.sum()):,} near-copies of "
                "texts that are trained on. Leave this set out."
            )
    return Column(
        ScoredSet(
            name=name,
            label_basis=splits.label_basis,
            class_names=splits.class_names,
            digests={part: splits.digest(part) for part in PARTS},
            part=part,
            rows=len(left),
            copies=int(copies.sum()),
            near_copies=int(near.sum()),
        ),
        left,
    )


def cells(classifier: NewsClassifier, trained_on: str, tested: Sequence[Column]) -> list[Cell]:
    """Score one model on every column.

    Args:
        classifier: In float32.
        trained_on: Name of the set that it was trained on.
        tested: The columns.
    """
    texts = [text for column in tested for text in column.frame["combined_text"]]
    ends = np.cumsum([len(column.frame) for column in tested])[:-1]
    progress.stage("Scoring the sets", "texts", len(texts))
    scored = np.split(classifier.probabilities(texts), ends)
    found = [
        judged(column.frame, probabilities, classifier, column.scored.class_names)
        for column, probabilities in zip(tested, scored, strict=True)
    ]
    return [
        Cell(
            trained_on=trained_on,
            tested_on=column.scored.name,
            scores=one.scores,
            intervals=one.intervals,
        )
        for column, one in zip(tested, found, strict=True)
    ]
