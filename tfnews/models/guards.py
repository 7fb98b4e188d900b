"""Which texts a classifier may answer about: those that look like the texts it was trained on."""

import functools
import math
import random
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

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

# On 13 news sets the share of common words in English texts of other sets is 0.66 to 0.95
# of that in the training texts, less in tweets; in Spanish for Portuguese 0.44, in unrelated
# languages 0.06 to 0.3. Two standard errors are allowed for chance in short texts.
LEAST_RATIO = 0.65
STANDARD_ERRORS = 2
REFUSED_AT_HOME = 0.5  # per cent of the training texts, at most

MOST_UNSEEN_LETTERS = 0.2

# Evidence of another language: so many of its function words, and such a share of all words.
# tools/measure_guards.py measures how many texts it refuses.
LEAST_FOREIGN = 4
LEAST_FOREIGN_SHARE = 0.1

OWN_LANGUAGE = 0.05  # share of the training texts' words that its function words make up at least
OWN_TEXTS = 0.01  # of the training texts: a language of so many is one of theirs

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
        foreign: Function words, joined by spaces, of each language that the training texts are not
            in, without those that are common in them. `None` in guards made before there were any:
            these refuse a text for its vocabulary, where others give a caution.
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
        foreign: dict[str, str] | None = None,
    ):
        self.unit = unit
        self.usual_length = usual_length
        self.common = common
        self.common_share = common_share
        self.least_ratio = least_ratio
        self.letters = letters
        self._common = frozenset(common.split())
        self.foreign = foreign
        self._letters = frozenset(letters)
        self._spoken = _by_word((foreign or {}).items())

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
            foreign=_foreign(counts, map(split, openings), common),
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

    def judge(self, text: str) -> tuple[str | None, str | None]:
        """Return why `text` should not be scored, and what speaks against its score if it is.

        Both as `reason` and `caution` return them, at little more than the cost of one.
        """
        opening = _opening(text)
        units = _UNITS[self.unit].findall(opening)
        return self._reason(opening, units), self._caution(units)

    def reason(self, text: str) -> str | None:
        """Return in plain words why `text` should not be scored, or None when it may be.

        The part before the colon names the kind of reason, the part after it the numbers.
        """
        opening = _opening(text)
        return self._reason(opening, _UNITS[self.unit].findall(opening))

    def caution(self, text: str) -> str | None:
        """Return what speaks against the score of a text that is not refused, or None."""
        return self._caution(self.units(text))

    def units(self, text: str) -> list[str]:
        """Return what is counted of a text: the words, or characters, of its opening, folded."""
        return _UNITS[self.unit].findall(_opening(text))

    def get_config(self) -> dict:
        """Return the arguments that make these guards again, fit for JSON (about 10 kB)."""
        return {
            "unit": self.unit,
            "usual_length": self.usual_length,
            "common": self.common,
            "common_share": self.common_share,
            "least_ratio": self.least_ratio,
            "letters": self.letters,
            **({} if self.foreign is None else {"foreign": self.foreign}),
        }

    @classmethod
    def from_config(cls, config: dict) -> "Guards":
        """Make guards from what `get_config` returned.

        Raises:
            ValueError: It holds what no guards have.
        """
        made = cls(**config)
        shares = (made.common_share, made.least_ratio)
        words = (made.letters, made.common, *(made.foreign or {}).values())
        is_right = (
            made.unit in _UNITS
            and type(made.usual_length) is int
            and 0 < made.usual_length < 10**9
            and all(isinstance(one, int | float) and 0 <= one <= 1 for one in shares)
            and all(isinstance(one, str) for one in words)
        )
        if not is_right:
            raise ValueError("its guards hold numbers or words that none have")
        return made

    def _reason(self, opening: str, units: list[str]) -> str | None:
        if not units:
            return f"empty text: no {self.unit}"
        return (
            self._unseen_letters(opening)
            or self._too_short(len(units))
            or (self._uncommon(units) if self.foreign is None else self._other_language(units))
        )

    def _caution(self, units: list[str]) -> str | None:
        if self.foreign is None or not units or not (limit := self._lacking(units)):
            return None
        return f"unusual vocabulary: {limit}"

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

    def _other_language(self, units: list[str]) -> str | None:
        hits = _hits(units, self._spoken)
        language = max(self.foreign, key=hits.__getitem__, default=None)
        if not _is_evidence(hits[language], len(units)):
            return None
        share = hits[language] / len(units)
        return (
            f"looks unlike the training texts' language: {share:.0%} of its words are "
            f"function words of {language}"
        )

    def _uncommon(self, units: list[str]) -> str | None:
        lacking = self._lacking(units)
        return f"looks unlike the training texts' language: {lacking}" if lacking else None

    def _lacking(self, units: list[str]) -> str | None:
        """Say how many units are common where they are fewer than in most training texts."""
        share = sum(map(self._common.__contains__, units)) / len(units)
        limit = self.least_ratio * self.common_share
        limit -= float(_allowance(self.common_share, len(units)))
        if share >= limit:
            return None
        # Rounded apart, so that the two never read the same.
        return (
            f"{math.floor(1000 * share) / 10}% common {self.unit}, "
            f"texts of this length mostly have {math.ceil(1000 * limit) / 10}% or more"
        )


def without_spaces(texts: Iterable[str]) -> bool:
    """Tell whether texts have more than 15 letters from one space to the next, on average.

    Args:
        texts: Training texts, read and sampled as in `Guards.fit`.
    """
    return _choose_unit([_opening(text) for text in _sample(list(texts))]) == "characters"


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


@functools.cache
def _languages() -> dict[str, frozenset[str]]:
    text = Path(__file__).with_name("languages.toml").read_text(encoding="utf-8")
    return {name: frozenset(words.split()) for name, words in tomllib.loads(text).items()}


def _foreign(counts: Counter, texts: Iterable[list[str]], common: list[str]) -> dict[str, str]:
    """Return the function words of languages that the training texts are not in.

    The language whose function words make up most of the training texts is theirs, and so is any
    that one text in a hundred is in. What is common in the training texts is no evidence, nor what
    their languages have too.

    Args:
        counts: Units of the training texts.
        texts: The units of each of them.
        common: The most frequent ones.
    """
    shares = {
        name: sum(map(counts.__getitem__, words)) / counts.total()
        for name, words in _languages().items()
    }
    main = max(shares, key=shares.get)
    own = {main} if shares[main] >= OWN_LANGUAGE else set()
    own |= _also_spoken(texts, _others(own, ()))
    return {name: " ".join(sorted(words)) for name, words in _others(own, common).items() if words}


def _others(own: set[str], common: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the words of the other languages alone."""
    known = frozenset(common).union(*(_languages()[name] for name in own))
    return {name: words - known for name, words in _languages().items() if name not in own}


def _also_spoken(texts: Iterable[list[str]], others: dict[str, frozenset[str]]) -> set[str]:
    """Return the languages that one text in a hundred is in."""
    spoken = _by_word((name, " ".join(words)) for name, words in others.items())
    found, texts = Counter(), list(texts)
    for units in texts:
        for name, hits in _hits(units, spoken).most_common(1):  # its relatives share many words
            found[name] += _is_evidence(hits, len(units))
    return {name for name, number in found.items() if number >= OWN_TEXTS * len(texts)}


def _by_word(languages: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the languages that each function word belongs to."""
    spoken = defaultdict(list)
    for name, words in languages:
        for word in words.split():
            spoken[word].append(name)
    return dict(spoken)


def _hits(units: list[str], spoken: dict[str, list[str]]) -> Counter:
    """Count the function words of each language among the units of a text."""
    hits = Counter()
    for unit in spoken.keys() & set(units):  # few, or none, of a text in a language of training
        for name in spoken[unit]:
            hits[name] += units.count(unit)
    return hits


def _is_evidence(hits: int, length: int) -> bool:
    return hits >= LEAST_FOREIGN and hits / length >= LEAST_FOREIGN_SHARE
