"""The texts of a drift check: a sample of a feed, each text once, and what is measured of them."""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from tfnews import progress
from tfnews.data import duplicates
from tfnews.data.texts import Item
from tfnews.models import NewsClassifier
from tfnews.models.text.words import WordTokenizer
from tfnews.statistics.sample import flagged
from tfnews.statistics.shifts import Readings

MOST = 20_000  # records of a feed that are looked at
_SEED = 0
_WORDLESS, _NO_NUMBER = "empty or unreadable", "no number"


@dataclass(frozen=True)
class Feed:
    """Texts, each once.

    Attributes:
        texts: None of them empty, no two of them copies or near-copies.
        read: Records that the source holds.
        drawn: Of them, those that were looked at.
        blank: Of those, records without text or that cannot be read.
        copies: Of those, copies and near-copies of others.
        learnt: Of those, copies of training texts.
    """

    texts: list[str]
    read: int
    drawn: int
    blank: int
    copies: int
    learnt: int


@dataclass(frozen=True)
class Read:
    """What was measured of some texts.

    Attributes:
        values: Of each measure.
        called: Share of the scored texts that is called fake; `None` where none is scored.
        refused: Texts that get no number, by the kind of reason.
    """

    values: Readings
    called: float | None
    refused: dict[str, int] = field(default_factory=dict)


def gather(items: Iterable[Item], known: np.ndarray, most: int = MOST) -> Feed:
    """Read a source to its end and keep each text once.

    Args:
        items: Its records; of more than `most`, that many are drawn at random.
        known: Keys of training texts, as `duplicates.fingerprint` makes them; their copies are
            left out.
        most: Records that are kept.
    """
    drawn, read = _sample(items, most)
    texts = [item.text for item in drawn if item.text and item.text.strip()]
    progress.stage("Looking for copies", "texts", len(texts))
    prints = duplicates.fingerprint(texts)
    unlearnt = np.flatnonzero(~np.isin(prints.keys, known))
    clusters = duplicates.clusters(prints.select(unlearnt), duplicates.NEAR)[1]
    first = unlearnt[np.unique(clusters, return_index=True)[1]]
    return Feed(
        texts=[texts[row] for row in sorted(first)],
        read=read,
        drawn=len(drawn),
        blank=len(drawn) - len(texts),
        copies=len(unlearnt) - len(first),
        learnt=len(texts) - len(unlearnt),
    )


def _sample(items: Iterable[Item], most: int) -> tuple[list[Item], int]:
    """Draw records at random in one pass (Vitter 1985, algorithm R), and count all."""
    generator, items = random.Random(_SEED), iter(items)
    kept = list(itertools.islice(items, most))
    read = len(kept)
    for item in items:
        read += 1
        place = generator.randrange(read)
        if place < most:
            kept[place] = item
    return kept, read


def measured(
    classifier: NewsClassifier,
    texts: Sequence[str],
    known: frozenset[str] | None,
    what: str,
    blank: int = 0,
) -> Read:
    """Measure texts: scores of those that the guards let pass, the rest of all.

    Args:
        classifier: In float32.
        texts: None of them empty.
        known: Words that are known, as `units` gives them; `None` asks the model's vocabulary.
        what: The texts, in words, for progress.
        blank: Records without text besides, which count as refused.
    """
    progress.stage(f"Reading {what}")
    reasons = [classifier.guards.reason(text) if classifier.guards else None for text in texts]
    passed = [text for text, reason in zip(texts, reasons, strict=True) if reason is None]
    progress.stage(f"Scoring {what}", "texts", len(passed))
    scores = classifier.probabilities(passed) if passed else np.empty(0, np.float32)
    refused = Counter(reason.split(":")[0] for reason in reasons if reason)
    refused[_WORDLESS] += blank
    refused[_NO_NUMBER] += int((~np.isfinite(scores)).sum())
    scores = scores[np.isfinite(scores)]
    words = [units(classifier)(text) for text in texts]
    values = {
        "score": scores,
        "length": np.array([len(one) for one in words]),
        "unknown": _unknown(classifier, texts, words, known),
        "refused": np.repeat([0, 1], [len(scores), refused.total()]),
    }
    return Read(values, _called(classifier, scores), dict(+refused))


def units(classifier: NewsClassifier) -> Callable[[str], list[str]]:
    """Return what splits a text into the words, or characters, that are counted."""
    return classifier.guards.units if classifier.guards else lambda text: text.casefold().split()


def vocabulary(
    classifier: NewsClassifier, training: Sequence[str]
) -> tuple[str, frozenset[str] | None]:
    """Return which words count as known, and what `measured` takes for it.

    A model's own vocabulary where it knows of unknown words; pieces of words spell any word, and
    TF-IDF leaves unknown words out. Else the words of the training texts, else the most frequent
    ones of them, which the guards keep.

    Args:
        classifier: The model.
        training: Its training texts; none where they are not there.
    """
    tokenizer = classifier.preprocessor.tokenizer
    if isinstance(tokenizer, WordTokenizer) and tokenizer.oov_buckets:
        return "model", None
    if training:
        return "training", frozenset(
            itertools.chain.from_iterable(map(units(classifier), training))
        )
    return "common", frozenset(classifier.guards.common.split() if classifier.guards else ())


def _unknown(
    classifier: NewsClassifier,
    texts: Sequence[str],
    words: Sequence[Sequence[str]],
    known: frozenset[str] | None,
) -> np.ndarray:
    """Return the share of unknown words of each text that has words."""
    if known is not None:
        shares = [sum(word not in known for word in one) / len(one) for one in words if one]
        return np.array(shares, float)
    ids = classifier.encode(texts)
    lengths, rows = ids.row_lengths().numpy(), ids.value_rowids().numpy()
    unseen = ids.flat_values.numpy() >= len(classifier.preprocessor.tokenizer.vocabulary)
    counts = np.bincount(rows, unseen, len(texts))
    return counts[lengths > 0] / lengths[lengths > 0]


def _called(classifier: NewsClassifier, scores: np.ndarray) -> float | None:
    return float(flagged(scores, classifier.threshold).mean()) if len(scores) else None
