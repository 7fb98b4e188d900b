"""Occlusion: what a score loses when a piece of the text is left out.

Source: Zeiler and Fergus (2014), "Visualizing and Understanding Convolutional Networks", and, of
words, Li et al. (2016), "Understanding Neural Networks through Representation Erasure".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tfnews import progress
from tfnews.evaluation.explaining.pieces import Span, without

if TYPE_CHECKING:
    from tfnews.models import NewsClassifier

MOST = 400  # texts that the model scores at most for one explanation, besides the text itself

# What a float32 can tell from 0 and from 1.
_LEAST, _MOST = 2.0**-126, 1 - 2.0**-24


@dataclass(frozen=True)
class Effects:
    """What leaving pieces out does.

    Attributes:
        probabilities: Of the text without each piece, (pieces,); NaN where it was not tried.
        calls: Texts that were scored.
        rule: How those that were tried were chosen; `None` where all were.
    """

    probabilities: np.ndarray
    calls: int
    rule: str | None = None


def effects(
    classifier: "NewsClassifier",
    text: str,
    words: Sequence[Span],
    pieces: Sequence[range],
    whole: float,
    noun: str = "word",
) -> Effects:
    """Score a text without each of its pieces, `MOST` times at most.

    Of more pieces, the text is first scored without passages of as many pieces each, then without
    the pieces of those passages that mattered most.

    Args:
        classifier: Anything that answers `probabilities`.
        text: The text, without outer white space.
        words: Its words.
        pieces: The words of each piece that the model reads.
        whole: Its score.
        noun: What a piece is called.
    """
    found = np.full(len(pieces), np.nan)
    if len(pieces) <= MOST:
        found[:] = _scores(classifier, text, words, pieces)
        return Effects(found, len(pieces))
    passages = np.array_split(np.arange(len(pieces)), MOST // 2)
    spans = [range(pieces[own[0]].start, pieces[own[-1]].stop) for own in passages]
    moved = log_odds(_scores(classifier, text, words, spans)) - log_odds(whole)
    order = np.argsort(-np.abs(moved), kind="stable")
    tried = np.concatenate([passages[place] for place in order])[: MOST - len(passages)]
    found[tried] = _scores(classifier, text, words, [pieces[place] for place in tried])
    rule = (
        f"{len(tried)} of {len(pieces):,} {noun}s were left out one by one: those of the passages, "
        f"of {len(passages)} that the text was cut into, without which the score moved most"
    )
    return Effects(found, len(passages) + len(tried), rule)


def log_odds(probabilities: np.ndarray | float) -> np.ndarray:
    """Return the log odds of probabilities; those of 0 and 1 are the nearest a float32 can tell."""
    inside = np.clip(np.asarray(probabilities, np.float64), _LEAST, _MOST)
    return np.log(inside) - np.log1p(-inside)


def _scores(
    classifier: "NewsClassifier", text: str, words: Sequence[Span], pieces: Sequence[range]
) -> np.ndarray:
    """Return the score of a text without each piece, (pieces,); a batch of copies at a time."""
    progress.stage("Leaving words out", "texts", len(pieces))
    size = classifier.prediction_batch
    found = [np.empty(0, np.float32)]
    for start in range(0, len(pieces), size):
        copies = [without(text, words, piece).strip() for piece in pieces[start : start + size]]
        found.append(classifier.probabilities(copies))
    return np.concatenate(found)
