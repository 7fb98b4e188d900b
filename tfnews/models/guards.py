"""Which texts a classifier may answer about: those that look like the texts it was trained on."""

import functools
import heapq
import math
import random
import string
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfnews.data.text import is_unicode
from tfnews.errors import DataError
from tfnews.models.guard_units import (
    AT_ONCE,
    UNITS,
    Coded,
    beyond_ascii,
    coded,
    opening,
    spaced,
    split,
    sums,
)

if TYPE_CHECKING:
    import pyarrow

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

_MANY = 200  # texts that are worth the import of pyarrow
_Judgement = tuple[str | None, str | None]


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
        self._has_ascii = self._letters.issuperset(string.ascii_lowercase)
        self._spoken = _by_word((foreign or {}).items())

    @classmethod
    def fit(cls, texts: Iterable[str]) -> "Guards":
        """Learn the bounds from training texts, as the model reads them.

        Args:
            texts: Combined texts. Of more than 20,000 a fixed random sample is read.

        Raises:
            DataError: No text holds a word.
        """
        openings = list(map(opening, _sample(list(texts))))
        written = [spaced(one, "words") for one in openings]
        unit = _choose_unit(openings, written)
        if unit != "words":
            written = [spaced(one, unit) for one in openings]
        units = coded(written)
        if not units.names:
            raise DataError("Guards cannot be fitted: no training text holds a word.")
        counts = Counter(dict(zip(units.names, np.bincount(units.codes).tolist(), strict=True)))
        common = _most_common(counts)
        lengths, shares = _measure(units, common)
        return cls(
            unit=unit,
            usual_length=max(1, int(np.percentile(lengths, 1))),
            common=" ".join(common),
            common_share=round(float(shares.mean()), 4),
            least_ratio=_least_ratio(lengths, shares),
            letters=_letters_of(written),
            foreign=_foreign(counts, units, common),
        )

    def without_rare(self, texts: Iterable[str], least: int) -> "Guards":
        """Return guards whose list of common units holds none of fewer than `least` texts.

        Args:
            texts: The training texts.
            least: Texts, read to the same length as in `fit`, that must hold a unit.
        """
        counts = Counter()
        for text in texts:
            counts.update(self._common.intersection(self.units(text)))
        kept = " ".join(unit for unit in self.common.split() if counts[unit] >= least)
        return Guards(**{**self.get_config(), "common": kept})

    def judge(self, text: str) -> _Judgement:
        """Return why `text` should not be scored, and what speaks against its score if it is.

        Both as `reason` and `caution` return them, at little more than the cost of one.
        """
        return self._judged(self._spaced(text))

    def judge_all(self, texts: Sequence[str]) -> list[_Judgement]:
        """Judge texts as `judge` does, many at once in half the time."""
        parts = (texts[first : first + AT_ONCE] for first in range(0, len(texts), AT_ONCE))
        return [judgement for part in parts for judgement in self._judged_part(part)]

    def reason(self, text: str) -> str | None:
        """Return in plain words why `text` should not be scored, or None when it may be.

        The part before the colon names the kind of reason, the part after it the numbers.
        """
        written = self._spaced(text)
        return self._reason(written, written.split())

    def caution(self, text: str) -> str | None:
        """Return what speaks against the score of a text that is not refused, or None."""
        return self._caution(self.units(text))

    def units(self, text: str) -> list[str]:
        """Return what is counted of a text: the words, or characters, of its opening, folded."""
        return self._spaced(text).split()

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
            made.unit in UNITS
            and type(made.usual_length) is int
            and 0 < made.usual_length < 10**9
            and all(isinstance(one, int | float) and 0 <= one <= 1 for one in shares)
            and all(isinstance(one, str) for one in words)
        )
        if not is_right:
            raise ValueError("its guards hold numbers or words that none have")
        return made

    def _spaced(self, text: str) -> str:
        return spaced(opening(text), self.unit)

    def _judged(self, written: str) -> _Judgement:
        units = written.split()
        return self._reason(written, units), self._caution(units)

    def _judged_part(self, texts: Sequence[str]) -> list[_Judgement]:
        written = list(map(self._spaced, texts))
        if len(written) < _MANY:
            return list(map(self._judged, written))
        clear = self._clear(written)
        return [
            (None, None) if nothing else self._judged(one)
            for one, nothing in zip(written, clear, strict=True)
        ]

    def _clear(self, written: list[str]) -> list[bool]:
        """Tell of which texts it is certain that nothing is to be said against them."""
        from pyarrow import compute

        units, lengths = split(written)
        names, kinds = self._kinds
        place = compute.index_in(units, value_set=names).fill_null(len(names)).to_numpy()
        common, foreign = (sums(kind[place], lengths) for kind in kinds)
        counted = np.maximum(lengths, 1)
        clear = (lengths > 0) & (2 * lengths >= self.usual_length)
        clear &= common / counted >= self._least_share(counted)
        clear &= ~_is_evidence(foreign, counted)  # of all languages together
        return [
            nothing and not self._unseen(one)
            for one, nothing in zip(written, clear.tolist(), strict=True)
        ]

    @functools.cached_property
    def _kinds(self) -> tuple["pyarrow.Array", np.ndarray]:
        """Return the words that say something, and whether each is common or foreign.

        The second is (2, words + 1): whatever is none of them comes last.
        """
        import pyarrow

        names = sorted(filter(is_unicode, self._common.union(self._spoken)))
        sets = (self._common, self._spoken)
        kinds = [[*map(words.__contains__, names), False] for words in sets]
        return pyarrow.array(names, pyarrow.string()), np.array(kinds)

    def _reason(self, written: str, units: list[str]) -> str | None:
        if not units:
            return f"empty text: no {self.unit}"
        return (
            self._unseen_letters(written)
            or self._too_short(len(units))
            or (self._uncommon(units) if self.foreign is None else self._other_language(units))
        )

    def _caution(self, units: list[str]) -> str | None:
        if self.foreign is None or not units or not (limit := self._lacking(units)):
            return None
        return f"unusual vocabulary: {limit}"

    def _unseen(self, written: str) -> list[str]:
        """Return the letters of a text that those of training have not."""
        if self._has_ascii and written.isascii():
            return []
        signs = beyond_ascii(written.encode()) if self._has_ascii else set(written)
        return [sign for sign in signs - self._letters if sign.isalpha()]

    def _unseen_letters(self, written: str) -> str | None:
        unseen = self._unseen(written)
        if not unseen:
            return None
        letters = filter(str.isalpha, set(written))
        share = sum(map(written.count, unseen)) / sum(map(written.count, letters))
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
        if not _is_evidence(sum(map(self._spoken.__contains__, units)), len(units)):
            return None  # not of all languages together
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
        limit = float(self._least_share(len(units)))
        if share >= limit:
            return None
        # Rounded apart, so that the two never read the same.
        return (
            f"{math.floor(1000 * share) / 10}% common {self.unit}, "
            f"texts of this length mostly have {math.ceil(1000 * limit) / 10}% or more"
        )

    def _least_share(self, lengths: np.ndarray | int) -> np.ndarray:
        """Return the share of common units that a text of that many has at least."""
        return self.least_ratio * self.common_share - _allowance(self.common_share, lengths)


def without_spaces(texts: Iterable[str]) -> bool:
    """Tell whether texts have more than 15 letters from one space to the next, on average.

    Args:
        texts: Training texts, read and sampled as in `Guards.fit`.
    """
    openings = list(map(opening, _sample(list(texts))))
    return _choose_unit(openings, [spaced(one, "words") for one in openings]) == "characters"


def _sample(texts: list[str]) -> list[str]:
    if len(texts) <= TEXTS_FITTED:
        return texts
    return random.Random(0).sample(texts, TEXTS_FITTED)


def _choose_unit(openings: list[str], written: list[str]) -> str:
    """Return "words" where there is a space to every few letters.

    Args:
        openings: Of the training texts.
        written: The same, folded, character by character.
    """
    letters, runs = sum(map(len, written)), 0
    for text in openings:
        runs += len(text.split())
        if letters <= LETTERS_PER_SPACED_WORD * runs:  # nor do the others take any away
            return "words"
    return "characters" if letters else "words"


def _most_common(counts: Counter) -> list[str]:
    """Return the most frequent units; equal counts in the order of the alphabet."""
    short = {unit: count for unit, count in counts.items() if len(unit) <= LONGEST_UNIT}
    least = min(heapq.nlargest(COMMON_UNITS, short.values()), default=0)
    often = [unit for unit, count in short.items() if count >= least]
    return sorted(often, key=lambda unit: (-short[unit], unit))[:COMMON_UNITS]


def _letters_of(written: list[str]) -> str:
    """Return the letters that at least one text in a thousand holds: a quotation teaches none."""
    counts = Counter()
    for text in written:
        counts.update(filter(text.__contains__, string.ascii_lowercase))
        if not text.isascii():
            counts.update(filter(str.isalpha, beyond_ascii(text.encode())))
    least = len(written) / 1000
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "".join(char for char, count in ranked[:LETTERS_KEPT] if count >= least)


def _measure(units: Coded, common: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return each text's length in units and its share of common ones, both `(texts,)`.

    A unit that no other text holds does not count: in a small training set most common units
    would otherwise be a text's own, and every new text would fall short. Texts without a unit are
    left out.
    """
    known = frozenset(common)
    counts = np.array([name in known for name in units.names]) & _in_several(units)
    has_units = units.lengths > 0
    lengths, hits = units.lengths[has_units], units.summed(counts)[has_units]
    return lengths, hits / lengths


def _in_several(units: Coded) -> np.ndarray:
    """Tell which distinct units more than one text holds."""
    text = np.repeat(np.arange(len(units.lengths)), units.lengths)
    first, last = np.empty((2, len(units.names)), np.int64)
    last[units.codes] = text  # of equal places the later one stays
    first[units.codes[::-1]] = text[::-1]
    return first != last


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


def _foreign(counts: Counter, units: Coded, common: list[str]) -> dict[str, str]:
    """Return the function words of languages that the training texts are not in.

    The language whose function words make up most of the training texts is theirs, and so is any
    that one text in a hundred is in. What is common in the training texts is no evidence, nor what
    their languages have too.

    Args:
        counts: Units of the training texts.
        units: The same of each of them.
        common: The most frequent ones.
    """
    shares = {
        name: sum(map(counts.__getitem__, words)) / counts.total()
        for name, words in _languages().items()
    }
    main = max(shares, key=shares.get)
    own = {main} if shares[main] >= OWN_LANGUAGE else set()
    own |= _also_spoken(units, _others(own, ()))
    return {name: " ".join(sorted(words)) for name, words in _others(own, common).items() if words}


def _others(own: set[str], common: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the words of the other languages alone."""
    known = frozenset(common).union(*(_languages()[name] for name in own))
    return {name: words - known for name, words in _languages().items() if name not in own}


def _also_spoken(units: Coded, others: dict[str, frozenset[str]]) -> set[str]:
    """Return the languages that one text in a hundred is in."""
    spoken = _by_word((name, " ".join(words)) for name, words in others.items())
    hits = units.summed(np.array([name in spoken for name in units.names]))
    ends, found = np.cumsum(units.lengths), Counter()
    # Of most texts too few words are of all other languages together.
    for place in np.flatnonzero(_is_evidence(hits, np.maximum(units.lengths, 1))):
        codes = units.codes[ends[place] - units.lengths[place] : ends[place]]
        own = [units.names[code] for code in codes]
        for name, number in _hits(own, spoken).most_common(1):  # its relatives share many words
            found[name] += _is_evidence(number, len(own))
    return {name for name, number in found.items() if number >= OWN_TEXTS * len(units.lengths)}


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


def _is_evidence(hits: np.ndarray | int, lengths: np.ndarray | int) -> np.ndarray | bool:
    return (hits >= LEAST_FOREIGN) & (hits / lengths >= LEAST_FOREIGN_SHARE)
