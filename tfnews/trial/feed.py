"""A feed as a trial reads it: which of its records can be drawn, their scores, and some texts."""

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tfnews import progress
from tfnews.data import duplicates
from tfnews.data.splits import own_splits
from tfnews.data.texts import Item
from tfnews.errors import DataError
from tfnews.evaluation.seen import seen
from tfnews.records.trial import Counted
from tfnews.runs import Run
from tfnews.scoring import predict as scoring
from tfnews.scoring.request import Request
from tfnews.scoring.tally import Tally

if TYPE_CHECKING:
    from tfnews.models import NewsClassifier

_AT_ONCE = 1000  # texts

Opened = Callable[..., Request]  # opens the feed anew: it is not held in memory


@dataclass(frozen=True)
class Looked:
    """The records of a feed, before any is scored.

    Attributes:
        readable: Bool `(records,)`: those that have a text.
        copies: Bool `(records,)`: those whose text stands before them.
        learnt: Bool `(records,)`: other copies and near-copies of what the run was trained on;
            `None` where that could not be read.
    """

    readable: np.ndarray
    copies: np.ndarray
    learnt: np.ndarray | None

    @property
    def left(self) -> np.ndarray:
        """Bool `(records,)`: those that are scored."""
        left = self.readable & ~self.copies
        return left if self.learnt is None else left & ~self.learnt


@dataclass(frozen=True)
class Scored:
    """The articles of a feed that can be drawn.

    Attributes:
        records: Their numbers, from 1, `(articles,)`.
        ids: Their ids in the feed.
        scores: Fake probabilities, `(articles,)`.
        counted: What became of the others.
    """

    records: np.ndarray
    ids: tuple[str, ...]
    scores: np.ndarray
    counted: Counted


def looked_at(opened: Opened, run: Run, oddities: Counter) -> Looked:
    """Read a feed once and find copies, of its own articles and of training texts.

    Args:
        opened: Opens the feed.
        run: Whose training texts are looked for, if its splits are there.
        oddities: Tally in which those of the feed's file are counted.
    """
    progress.stage("Looking for copies in the feed", "records")
    readable, chunks, texts = [], [], opened(oddities).texts
    while chunk := list(itertools.islice(texts, _AT_ONCE)):
        readable += [bool(item.text) for item in chunk]
        chunks.append(duplicates.fingerprint([item.text or "" for item in chunk]))
    readable = np.array(readable, bool)
    prints = duplicates.concatenate(chunks) if chunks else duplicates.fingerprint([])
    copies = np.zeros(len(readable), bool)
    copies[readable] = pd.Series(prints.keys[readable]).duplicated().to_numpy()
    found = Looked(readable, copies, None)
    learnt = _learnt(prints.select(found.left), run)
    if learnt is None:
        return found
    all_learnt = np.zeros(len(readable), bool)
    all_learnt[found.left] = learnt
    return replace(found, learnt=all_learnt)


def _learnt(prints: duplicates.Fingerprints, run: Run) -> np.ndarray | None:
    try:
        own = seen(own_splits(run), run.config.learnt_parts)
    except DataError:
        return None
    return np.logical_or(*duplicates.copied(own.learnt, prints))


def score(opened: Opened, classifier: "NewsClassifier", looked: Looked) -> Scored:
    """Score what is left of a feed.

    Raises:
        DataError: Nothing of it can be scored.
    """
    wanted = looked.left | ~looked.readable  # what has no text is told why
    request = opened()
    request = replace(request, number=int(wanted.sum()))
    request = replace(request, texts=itertools.compress(request.texts, wanted))
    tally = Tally(classifier.threshold)
    answers = list(tally.watch(scoring.score(request, classifier)))
    tally.check_any_scored()
    scored = [place for place, one in enumerate(answers) if one.fake_probability is not None]
    numbers = np.flatnonzero(wanted) + 1
    return Scored(
        numbers[scored],
        tuple(answers[place].id for place in scored),
        np.array([answers[place].fake_probability for place in scored], np.float64),
        Counted(
            records=len(wanted),
            refused=dict(Counter(tally.not_scored).most_common()),
            copies=int(looked.copies.sum()),
            learnt=None if looked.learnt is None else int(looked.learnt.sum()),
            articles=len(scored),
        ),
    )


def texts_of(opened: Opened, records: Collection[int]) -> dict[int, str]:
    """Read the texts of some records, by their numbers from 1."""
    progress.stage("Reading the articles that were drawn")
    wanted = set(records)
    return {number: item.text for number, item in _numbered(opened) if number in wanted}


def _numbered(opened: Opened) -> Iterator[tuple[int, Item]]:
    return enumerate(opened().texts, start=1)
