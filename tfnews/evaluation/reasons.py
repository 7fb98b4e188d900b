"""Which words moved the scores of the mistakes that a report quotes: a few, in cheap ways."""

import re

import pandas as pd

from tfnews import progress
from tfnews.data.text import printable
from tfnews.evaluation.explain import explain_open
from tfnews.models import NewsClassifier
from tfnews.records import Reason, Token
from tfnews.report.explanation.record import Explanation
from tfnews.statistics.mistakes import Mistake, Mistakes

_WORDS = 5  # of a text
_LONGEST = 20_000  # characters of a text
_FEW = 3  # texts of either kind, where each takes gradients at 32 points and more
_SLOW = 10.0  # milliseconds a text, beyond which gradients of a few take too long
_LETTERS = 40  # of a word
_EDGES = re.compile(r"^\W+|\W+$")


def reasons(
    classifier: NewsClassifier, frame: pd.DataFrame, wrong: Mistakes, ms_per_text: float
) -> tuple[Reason, ...]:
    """Tell which words moved each quoted mistake towards the class that it was called.

    Exactly for linear rows, all of them; by gradients for the surest of other rows that are fast
    enough; nothing for the rest, for texts that the guards refuse and for very long ones.

    Args:
        classifier: What made them.
        frame: The texts, as `Splits.frame` returns them.
        wrong: Whose `row` counts the frame's rows.
        ms_per_text: What one answer takes, in milliseconds.
    """
    method = classifier.explains[0]
    chosen = _chosen(wrong, method, ms_per_text)
    progress.stage("Explaining mistakes", "texts", len(chosen))
    found = []
    for one in chosen:
        text = printable(frame["combined_text"].iloc[one.row])
        if len(text) <= _LONGEST:
            found.append(_reason(classifier, one, explain_open(classifier, text, method, "word")))
        progress.advance()
    return tuple(one for one in found if one.words)


def _chosen(wrong: Mistakes, method: str, ms_per_text: float) -> list[Mistake]:
    quoted = [*wrong.false_alarms, *wrong.misses, *wrong.sample]
    if method == "gradients" and ms_per_text <= _SLOW:
        quoted = [*wrong.false_alarms[:_FEW], *wrong.misses[:_FEW]]
    elif method != "exact":
        quoted = []
    return list({one.row: one for one in quoted}.values())


def _reason(classifier: NewsClassifier, one: Mistake, found: Explanation) -> Reason:
    """Sum what a word contributes wherever it stands, and keep those that moved the most."""
    sign = 1 if one.label == 0 else -1
    sums: dict[str, float] = {}
    for influence in found.influences:
        word = _EDGES.sub("", found.words(influence)).casefold()[:_LETTERS]
        if word and influence.contribution:
            sums[word] = sums.get(word, 0.0) + sign * influence.contribution
    strongest = sorted(sums.items(), key=lambda pair: -pair[1])[:_WORDS]
    toward = classifier.class_names[1 - one.label]
    words = tuple(Token(word, sign * moved, toward) for word, moved in strongest if moved > 0)
    return Reason(row=int(one.row), method=found.method or "", words=words)
