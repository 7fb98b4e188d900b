"""Which texts a classifier may answer about: those that look like the texts it was trained on."""

import functools
import math
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tfnews.data.text import is_unicode
from tfnews.models.guard_evidence import (
    MOST_UNSEEN_LETTERS,
    allowance,
    by_word,
    hits_of,
    is_evidence,
)
from tfnews.models.guard_fitting import learnt
from tfnews.models.guard_units import AT_ONCE, UNITS, beyond_ascii, opening, spaced, split, sums

if TYPE_CHECKING:
    import pyarrow

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
        self._spoken = by_word((foreign or {}).items())

    @classmethod
    def fit(cls, texts: Iterable[str]) -> "Guards":
        """Learn the bounds from training texts, as the model reads them.

        Args:
            texts: Combined texts. Of more than 20,000 a fixed random sample is read.

        Raises:
            DataError: No text holds a word.
        """
        return cls(**learnt(texts))

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
        """Judge texts as `judge` does, many at once in a quarter of the time."""
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
        clear &= ~is_evidence(foreign, counted)  # of all languages together
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
        if not is_evidence(sum(map(self._spoken.__contains__, units)), len(units)):
            return None  # not of all languages together
        hits = hits_of(units, self._spoken)
        language = max(self.foreign, key=hits.__getitem__, default=None)
        if not is_evidence(hits[language], len(units)):
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
        return self.least_ratio * self.common_share - allowance(self.common_share, lengths)
