"""Changes to a text that keep its label: a row each, with its function and its meaning."""

import functools
import itertools
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tfnews.data import cutting
from tfnews.data.text import combine

LEAST = 10  # texts of each class, and changed ones, without which nothing is measured
WORDS_IN = 10  # one of so many words is changed
OPENING_WORDS = 50

_WORD = re.compile(r"[^\W\d_]+")
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
_PUNCTUATION = re.compile(r"[^\w\s]|_")
_SENTENCE_END = re.compile(r"(?:(?<=[.!?])|(?<=[.!?][\"'”’)]))\s+")
_ZERO_WIDTH = ("\u200b", "\u200c", "\u200d", "\u2060")
# Latin letters, and those of Cyrillic that are drawn alike.
_ALIKE = str.maketrans("aceopxyijsABCEHIJKMOPSTXY", "асеорхуіјѕАВСЕНІЈКМОРЅТХУ")
_CITIES = ("LONDON", "PARIS", "BERLIN", "WASHINGTON", "BRUSSELS", "TOKYO", "GENEVA")

Parts = tuple[str, str]  # title and body


@dataclass(frozen=True)
class Attack:
    """A change to texts.

    Attributes:
        name: In a table and in files.
        change: Returns title and body changed; what it draws, it draws from a generator.
        doing: What is done, as the beginning of a sentence; {real} and {fake} stand for the names
            of the classes.
        label: Of the texts that are changed; `None` for both.
        language: Of the texts that can be changed; "" for any.
    """

    name: str
    change: Callable[[str, str, Random], Parts]
    doing: str
    label: int | None = None
    language: str = ""

    def on(self, title: str, text: str, seed: str) -> str:
        """Return the combined text, changed; the same seed changes it in the same way.

        Args:
            title: May be empty.
            text: The body.
            seed: Of the generator, besides the attack's own name.
        """
        return combine(*self.change(title, text, Random(f"{self.name} {seed}")))


def _each(change: Callable[[str, Random], str]) -> Callable[[str, str, Random], Parts]:
    """Make a change of title and body of one of either."""

    def both(title: str, text: str, random: Random) -> Parts:
        return change(title, random), change(text, random)

    return both


def _some(pattern: re.Pattern, change: Callable[[str, Random], str]) -> Callable:
    """Make a change of one word of ten, drawn at random, of a change of a word."""

    def changed(text: str, random: Random) -> str:
        def of(match: re.Match) -> str:
            return change(match[0], random) if random.randrange(WORDS_IN) == 0 else match[0]

        return pattern.sub(of, text)

    return _each(changed)


def _swap(word: str, random: Random) -> str:
    """Swap two neighbouring letters within a word, neither first nor last."""
    at = random.randrange(1, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _split(word: str, random: Random) -> str:
    at = random.randrange(1, len(word) - 1)
    return word[:at] + random.choice(_ZERO_WIDTH) + word[at:]


def _without_punctuation(text: str, random: Random) -> str:
    return " ".join(_PUNCTUATION.sub(" ", text).split())


def _cut(name: str) -> Callable[[str, str, Random], Parts]:
    return lambda title, text, random: (title, cutting.cut(text, name))


def _dateline(title: str, text: str, random: Random) -> Parts:
    return title, f"{random.choice(_CITIES)} (Reuters) - {text}"


def _opening(title: str, text: str, random: Random) -> Parts:
    words = combine(title, text).split(maxsplit=OPENING_WORDS)
    return "", " ".join(words[:OPENING_WORDS])


def _title_alone(title: str, text: str, random: Random) -> Parts:
    return (title, "") if title.strip() else (title, text)


def _shuffled(title: str, text: str, random: Random) -> Parts:
    sentences = _SENTENCE_END.split(text)
    random.shuffle(sentences)
    return title, " ".join(sentences)


def _synonyms(text: str, random: Random) -> str:
    return _WORD.sub(lambda match: _spelt_as(match[0]), text)


def _spelt_as(word: str) -> str:
    """Return a word's synonym in the word's own case, or the word."""
    other = synonyms().get(word.lower(), word)
    if other is word:
        return word
    if word.isupper() and len(word) > 1:
        return other.upper()
    return other.capitalize() if word[0].isupper() else other


@functools.cache
def synonyms() -> dict[str, str]:
    """Return the list that is shipped: words in lower case, and what stands for them."""
    content = Path(__file__).with_name("synonyms.toml").read_text(encoding="utf-8")
    pairs = itertools.chain.from_iterable(one.items() for one in tomllib.loads(content).values())
    return dict(pairs)


ATTACKS = (
    Attack(
        "typos",
        _some(_LONG_WORD, _swap),
        "Swapping two letters in one of ten longer words",
    ),
    Attack(
        "small letters",
        _each(lambda text, random: text.lower()),
        "Writing everything in small letters",
    ),
    Attack("capitals", _each(lambda text, random: text.upper()), "Writing everything in capitals"),
    Attack("no punctuation", _each(_without_punctuation), "Leaving out all punctuation"),
    Attack("dateline cut", _cut("dateline"), "Cutting datelines"),
    Attack("dateline put in", _dateline, "Putting a dateline before {fake} texts", label=1),
    Attack("footer cut", _cut("footer"), "Cutting footers"),
    Attack("first 50 words", _opening, "Showing the first 50 words alone"),
    Attack("title alone", _title_alone, "Showing the title alone"),
    Attack("sentences shuffled", _shuffled, "Shuffling the sentences"),
    Attack(
        "look-alike letters",
        _some(_WORD, lambda word, random: word.translate(_ALIKE)),
        "Writing one of ten words in letters of another script that look alike",
    ),
    Attack(
        "unseen characters",
        _some(_LONG_WORD, _split),
        "Putting a character that nobody sees into one of ten longer words",
    ),
    Attack("synonyms", _each(_synonyms), "Swapping common words for synonyms", language="English"),
)
