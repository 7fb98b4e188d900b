"""Words of few training texts, which do not leave: a vocabulary must not tell who was written of.

A learnt vocabulary is made of the training texts. A word of one text alone, such as a name, would
tell that it was among them.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from tfnews.data.splits import own_splits
from tfnews.errors import ExportError, TfnewsError
from tfnews.models import NewsClassifier
from tfnews.models.guards import Guards
from tfnews.runs import Run

_LEARNT = "none"  # the handle of weights whose vocabulary comes from the training split


def forget(classifier: NewsClassifier, run: Run, texts: Sequence[str], least: int) -> dict:
    """Make words unknown that occur in fewer than `least` training texts, in the open classifier.

    Published vocabularies are left as they are; the guards' list of common words is always learnt.

    Args:
        classifier: Of the run. It is changed.
        run: Knows whether its vocabulary was learnt.
        texts: Training texts.
        least: 1 changes nothing.

    Returns:
        `{"learnt", "vocabulary", "dropped", "dropped_of_guards"}`, what was counted.
    """
    learnt = _learnt(classifier, run)
    found = {
        "least_texts": least,
        "learnt": bool(learnt.any()),
        "dropped": 0,
        "dropped_of_guards": 0,
    }
    if least == 1:
        return found
    if learnt.any():
        rare = [id for id in _rare(classifier, texts, least) if learnt[id]]
        classifier.forget(rare)
        found |= {"vocabulary": _words(classifier), "dropped": len(rare)}
    if classifier.guards:
        before = classifier.guards
        classifier.guards = before.without_rare(texts, least)
        found["dropped_of_guards"] = _common(before) - _common(classifier.guards)
    return found


def training_texts(run: Run) -> list[str]:
    """Read what a vocabulary may have been learnt from: training texts, an ancestor's too.

    Raises:
        ExportError: One cannot be opened, so that rare words cannot be told.
    """
    try:
        return [text for one in _line(run) for text in _texts(one)]
    except TfnewsError as error:
        raise ExportError(
            f"Words of few training texts cannot be found, because the training texts cannot be "
            f"read: {error} Or give all words away with --min-document-frequency 1."
        ) from error


def _line(run: Run) -> Iterator[Run]:
    yield run
    for ancestor in run.config.lineage:
        yield Run.open(ancestor.path)


def _texts(run: Run) -> list[str]:
    return own_splits(run).frame("train")["combined_text"].tolist()


def _rare(classifier: NewsClassifier, texts: Sequence[str], least: int) -> list[int]:
    """Return the ids of the vocabulary that fewer than `least` texts have, special ones not."""
    size = _words(classifier)
    ids = classifier.encode(texts)
    flat = ids.flat_values.numpy().astype(np.int64)
    known = flat < size
    pairs = np.unique(ids.value_rowids().numpy()[known] * size + flat[known])
    counts = np.bincount(pairs % size, minlength=size)
    special = getattr(classifier.preprocessor.tokenizer, "special_ids", set())
    return [int(id) for id in np.flatnonzero(counts < least) if int(id) not in special]


def _learnt(classifier: NewsClassifier, run: Run) -> np.ndarray:
    """Tell which words of the vocabulary were learnt from the training texts, bool (words,)."""
    if not run.config.members:
        return np.full(_words(classifier), run.config.weights.handle == _LEARNT)
    found = np.zeros(_words(classifier), bool)
    ranges = classifier.preprocessor.tokenizer.ranges()
    for member, own in zip(run.config.members, ranges, strict=True):
        found[own.start : own.stop] = member.learnt
    return found


def _words(classifier: NewsClassifier) -> int:
    return len(classifier.preprocessor.tokenizer.get_vocabulary())


def _common(guards: Guards) -> int:
    return len(guards.common.split())
