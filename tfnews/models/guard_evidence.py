"""What guards hold against a text: chance in short texts, and function words of other languages."""

from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np

MOST_UNSEEN_LETTERS = 0.2
STANDARD_ERRORS = 2  # allowed for chance in short texts

# Evidence of another language: so many of its function words, and such a share of all words.
# tools/measure_guards.py measures how many texts it refuses.
LEAST_FOREIGN = 4
LEAST_FOREIGN_SHARE = 0.1


def allowance(share: float, lengths: np.ndarray | int) -> np.ndarray:
    """Return how far below `share` chance alone may put a text of that many units."""
    return STANDARD_ERRORS * np.sqrt(share * (1 - share) / lengths)


def by_word(languages: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the languages that each function word belongs to."""
    spoken = defaultdict(list)
    for name, words in languages:
        for word in words.split():
            spoken[word].append(name)
    return dict(spoken)


def hits_of(units: list[str], spoken: dict[str, list[str]]) -> Counter:
    """Count the function words of each language among the units of a text."""
    hits = Counter()
    # In the order of the text: of languages with as many hits the first one counts.
    for unit in filter(spoken.__contains__, dict.fromkeys(units)):
        for name in spoken[unit]:
            hits[name] += units.count(unit)
    return hits


def is_evidence(hits: np.ndarray | int, lengths: np.ndarray | int) -> np.ndarray | bool:
    """Tell whether so many function words of a language speak for it, in texts of such lengths."""
    return (hits >= LEAST_FOREIGN) & (hits / lengths >= LEAST_FOREIGN_SHARE)
