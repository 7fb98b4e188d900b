"""What guards learn from the training texts."""

import functools
import heapq
import random
import string
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tfnews.errors import DataError
from tfnews.models.guard_evidence import allowance, by_word, hits_of, is_evidence
from tfnews.models.guard_units import Coded, beyond_ascii, coded, opening, spaced

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
REFUSED_AT_HOME = 0.5  # per cent of the training texts, at most

OWN_LANGUAGE = 0.05  # share of the training texts' words that its function words make up at least
OWN_TEXTS = 0.01  # of the training texts: a language of so many is one of theirs


def learnt(texts: Iterable[str]) -> dict:
    """Return the arguments of the `Guards` of training texts.

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
    return {
        "unit": unit,
        "usual_length": max(1, int(np.percentile(lengths, 1))),
        "common": " ".join(common),
        "common_share": round(float(shares.mean()), 4),
        "least_ratio": _least_ratio(lengths, shares),
        "letters": _letters_of(written),
        "foreign": _foreign(counts, units, common),
    }


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
    last[units.codes] = text  # of equal places the last one stays, as NumPy's quickstart promises
    first[units.codes[::-1]] = text[::-1]
    return first != last


def _least_ratio(lengths: np.ndarray, shares: np.ndarray) -> float:
    """Return LEAST_RATIO, or less where that would refuse too many of the training texts."""
    mean = shares.mean()
    if mean == 0:
        return 0.0
    reached = np.percentile((shares + allowance(mean, lengths)) / mean, REFUSED_AT_HOME)
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
    spoken = by_word((name, " ".join(words)) for name, words in others.items())
    hits = units.summed(np.array([name in spoken for name in units.names]))
    ends, found = np.cumsum(units.lengths), Counter()
    # Of most texts too few words are of all other languages together.
    for place in np.flatnonzero(is_evidence(hits, np.maximum(units.lengths, 1))):
        codes = units.codes[ends[place] - units.lengths[place] : ends[place]]
        own = [units.names[code] for code in codes]
        for name, number in hits_of(own, spoken).most_common(1):  # its relatives share many words
            found[name] += is_evidence(number, len(own))
    return {name for name, number in found.items() if number >= OWN_TEXTS * len(units.lengths)}
