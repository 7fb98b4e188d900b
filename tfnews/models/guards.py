"""Which texts a classifier may answer about: those that look like the texts it was trained on."""

import random
import re
from collections import Counter
from collections.abc import Iterable

import numpy as np

from tfnews.errors import DataError

# Longer texts are judged by their opening, and teach by it.
CHARACTERS_READ = 16_000
TEXTS_FITTED = 20_000
COMMON_UNITS = 1_000
LETTERS_KEPT = 4_000
LONGEST_UNIT = 24  # characters; keeps web addresses and the like out of the stored list

# Chinese or Japanese text has no spaces between words: its pieces between spaces are sentences.
LETTERS_PER_SPACED_WORD = 15

# Measured on 13 news sets: the share of common words in English texts of other sets is 0.66 to 0.95
# of that in the English training texts, in Spanish for Portuguese 0.44, in unrelated languages
# 0.06 to 0.3. Two standard errors are allowed for chance in short texts.
LEAST_RATIO = 0.65
STANDARD_ERRORS = 2
REFUSED_AT_HOME = 0.5  # per cent of the training texts, at most

MOST_UNSEEN_LETTERS = 0.2

_UNITS = {
    "words": re.compile(r"\w+"),
    # Words in ASCII stay whole: every single letter of theirs is common in Chinese news too.
    "characters": re.compile(r"[a-z0-9_]+|\w"),
}


class Guards:
    """Reasons not to score a text: empty, far shorter than the training texts, or unlike them.

    Args:
        unit: What is counted, "words" or "characters" (for languages without spaces).
        usual_length: The units that 99 % of the training texts have or exceed.
        common: The most frequent units of the training texts, joined by spaces.
        common_share: Mean share of a training text's units that are common, from 0 to 1.
        least_ratio: How much of `common_share` a long text has to reach, from 0 to 1.
        letters: The letters of the training texts, in one string.
    """

    def __init__(
        self,
        *,
        unit: str,
        usual_length: int,
        common: str,
        common_share: float,
        least_ratio: float,
        letters: str,
    ):
        self.unit = unit
        self.usual_length = usual_length
        self.common = common
        self.common_share = common_share
        self.least_ratio = least_ratio
        self.letters = letters
        self._common = frozenset(common.split())
        self._letters = frozenset(letters)

    @classmethod
    def fit(cls, texts: Iterable[str]) -> "Guards":
        """Learn the bounds from training texts, as the model reads them.

        Args:
            texts: Combined texts. Of more than 20,000 a fixed random sample is read.

        Raises:
            DataError: No text holds a word.
        """
        openings = [_opening(text) for text in _sample(list(texts))]
        unit = _choose_unit(openings)
        split = _UNITS[unit].findall
        counts = Counter(word for text in openings for word in split(text))
        if not counts:
            raise DataError("Guards cannot be fitted: no training text holds a word.")
        common = _most_common(counts)
        lengths, shares = _measure((split(text) for text in openings), common, counts)
        return cls(
            unit=unit,
            usual_length=max(1, int(np.percentile(lengths, 1))),
            common=" ".join(common),
            common_share=round(float(shares.mean()), 4),
            least_ratio=_least_ratio(lengths, shares),
            letters=_letters_of(openings),
        )

    def without_rare(self, texts: Iterable[str], least: int) -> "Guards":
        """Return guards whose list of common units holds none of fewer than `least` texts.

        Args:
            texts: The training texts.
            least: Texts, read to the same length as in `fit`, that must hold a unit.
        """
        split = _UNITS[self.unit].findall
        counts = Counter()
        for text in texts:
            counts.update(self._common.intersection(split(_opening(text))))
        kept = " ".join(unit for unit in self.common.split() if counts[unit] >= least)
        return Guards(**{**self.get_config(), "common": kept})

    def reason(self, text: str) -> str | None:
        """Return in plain words why `text` should not be scored, or None when it may be.

        The part before the colon names the kind of reason, the part after it the numbers.
        """
        opening = _opening(text)
        units = _UNITS[self.unit].findall(opening)
        if not units:
            return f"empty text: no {self.unit}"
        return self._unseen_letters(opening) or self._too_short(len(units)) or self._uncommon(units)

    def get_config(self) -> dict:
        """Return the arguments that make these guards again, fit for JSON (about 10 kB)."""
        return {
            "unit": self.unit,
            "usual_length": self.usual_length,
            "common": self.common,
            "common_share": self.common_share,
            "least_ratio": self.least_ratio,
            "letters": self.letters,
        }

    @classmethod
    def from_config(cls, config: dict) -> "Guards":
        """Make guards from what `get_config` returned."""
        return cls(**config)

    def _unseen_letters(self, opening: str) -> str | None:
        unseen = [char for char in set(opening) - self._letters if char.isalpha()]
        if not unseen:
            return None
        share = sum(map(opening.count, unseen)) / sum(map(str.isalpha, opening))
        if share <= MOST_UNSEEN_LETTERS:
            return None
        return (
            f"looks unlike the training texts' script: {share:.0%} of its letters "
            "do not occur in them"
        )

    def _too_short(self, length: int) -> str | None:
        if 2 * length >= self.usual_length:
            return None
        unit = self.unit.removesuffix("s") if length == 1 else self.unit
        return f"too short: {length} {unit}, 99% of training texts have {self.usual_length} or more"

    def _uncommon(self, units: list[str]) -> str | None:
        share = sum(map(self._common.__contains__, units)) / len(units)
        limit = self.least_ratio * self.common_share
        limit -= float(_allowance(self.common_share, len(units)))
        if share >= limit:
            return None
        return (
            f"looks unlike the training texts' language: {share:.0%} common {self.unit}, "
            f"texts of this length need {limit:.0%}"
        )


def _opening(text: str) -> str:
    return text.strip()[:CHARACTERS_READ].casefold()


def _sample(texts: list[str]) -> list[str]:
    if len(texts) <= TEXTS_FITTED:
        return texts
    return random.Random(0).sample(texts, TEXTS_FITTED)


def _choose_unit(openings: list[str]) -> str:
    letters = sum(len(text) for text in openings)
    spaced = sum(len(text.split()) for text in openings)
    return "characters" if letters > LETTERS_PER_SPACED_WORD * spaced else "words"


def _most_common(counts: Counter) -> list[str]:
    """Return the most frequent units; equal counts in the order of the alphabet."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [unit for unit, _ in ranked if len(unit) <= LONGEST_UNIT][:COMMON_UNITS]


def _letters_of(openings: list[str]) -> str:
    """Return the letters that at least one text in a thousand holds: a quotation teaches none."""
    counts = Counter(char for text in openings for char in set(text) if char.isalpha())
    least = len(openings) / 1000
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "".join(char for char, count in ranked[:LETTERS_KEPT] if count >= least)


def _measure(
    texts: Iterable[list[str]], common: list[str], counts: Counter
) -> tuple[np.ndarray, np.ndarray]:
    """Return each text's length in units and its share of common ones, both `(texts,)`.

    A unit that no other text holds does not count: in a small training set most common units
    would otherwise be a text's own, and every new text would fall short.
    """
    known = {unit: counts[unit] for unit in common}
    pairs = []
    for units in texts:
        own = Counter(units)
        hits = sum(n for unit, n in own.items() if known.get(unit, 0) > n)
        pairs.append((len(units), hits))
    lengths, hits = np.array([pair for pair in pairs if pair[0]]).T
    return lengths, hits / lengths


def _allowance(share: float, lengths: np.ndarray | int) -> np.ndarray:
    """Return how far below `share` chance alone may put a text of that many units."""
    return STANDARD_ERRORS * np.sqrt(share * (1 - share) / lengths)


def _least_ratio(lengths: np.ndarray, shares: np.ndarray) -> float:
    """Return LEAST_RATIO, or less where that would refuse too many of the training texts."""
    mean = shares.mean()
    if mean == 0:
        return 0.0
    reached = np.percentile((shares + _allowance(mean, lengths)) / mean, REFUSED_AT_HOME)
    # Rounded down, so that the text at the percentile itself passes.
    return float(np.floor(min(LEAST_RATIO, reached) * 1e4) / 1e4)
