"""Measuring what several sets teach together: each set left out, and added, in its turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tfnews import progress
from tfnews.evaluation.matrix import Column
from tfnews.evaluation.measure import judged
from tfnews.models import NewsClassifier
from tfnews.records import Judged
from tfnews.records.matrix import Added, Gain, LeftOut
from tfnews.statistics.intervals import paired_difference

COMPARED = ("roc_auc", "f1", "accuracy")
CHOSEN_BY = "roc_auc"  # of the models of one set each, the best one is


@dataclass(frozen=True)
class Answers:
    """A model's answers to the texts of some columns.

    Attributes:
        threshold: A text is called fake at this probability or above.
        probabilities: Name of a column -> fake probabilities of its rows, `(rows,)`.
        scores: Name of a column -> what they come to.
    """

    threshold: float
    probabilities: Mapping[str, np.ndarray]
    scores: Mapping[str, Judged]


def answers(classifier: NewsClassifier, columns: Mapping[str, Column]) -> Answers:
    """Score columns with a classifier in float32."""
    progress.stage("Scoring the sets", "texts", sum(len(one.frame) for one in columns.values()))
    scored = {
        name: classifier.probabilities(column.frame["combined_text"].tolist())
        for name, column in columns.items()
    }
    found = {
        name: judged(column.frame, scored[name], classifier, column.scored.class_names)
        for name, column in columns.items()
    }
    return Answers(classifier.threshold, scored, found)


def left_out(
    name: str, column: Column, run: str, joined: Answers, singles: Mapping[str, Answers]
) -> LeftOut:
    """Hold the model of all other sets against the best model of one of them.

    The best one is chosen on the very texts that are compared, which favours it.

    Args:
        name: Of the set that is left out, and of the column in the answers.
        column: Its texts.
        run: Of the joined model.
        joined: The joined model's answers.
        singles: Name of another set -> the answers of the model that learnt it alone.
    """
    best = max(singles, key=lambda other: singles[other].scores[name].scores[CHOSEN_BY] or 0)
    gains = {metric: _gain(metric, column, name, joined, singles[best]) for metric in COMPARED}
    return LeftOut(
        scored=column.scored,
        run=run,
        joined=joined.scores[name],
        best=best,
        single=singles[best].scores[name],
        gains=gains,
    )


def added(name: str, tested: Sequence[Column], whole: Answers, without: Answers) -> list[Added]:
    """Say what a set adds to the others on the test texts of each of them.

    Args:
        name: The set's.
        tested: The other sets' columns.
        whole: Of the model of all sets.
        without: Of the model of all but this one.
    """
    return [
        Added(
            name=name,
            tested_on=column.scored.name,
            gain=_gain(CHOSEN_BY, column, column.scored.name, whole, without),
        )
        for column in tested
    ]


def _gain(metric: str, column: Column, name: str, one: Answers, other: Answers) -> Gain:
    found = paired_difference(
        column.frame["label"].to_numpy(),
        one.probabilities[name],
        other.probabilities[name],
        column.frame["cluster"].to_numpy(),
        metric,
        thresholds=(one.threshold, other.threshold),
    )
    return Gain(
        metric=metric,
        difference=found["difference"],
        interval=found["interval"] and tuple(found["interval"]),
        shown=found["gain_shown"],
    )
