"""How a model reads a raw text: which of its words each token stands for, and which are cut off.

Tokens have no places in the raw text, which is normalised before it is split. But words tokenised
alone give the tokens of the whole, but for a few: the two sequences are laid beside each other.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from tfnews.evaluation.explaining.pieces import Span
from tfnews.models.text.packing import places

if TYPE_CHECKING:
    import keras_hub

    from tfnews.models import NewsClassifier

# Where tokenizers split a text before they do anything else: at white space of any kind, or at each
# single space and nowhere else. The first leaves out what is empty, as a dash alone may be.
_CUTS = ((re.compile(r"\S+"), b""), (re.compile(r"(?:(?<= )|^)[^ ]*"), None))


@dataclass(frozen=True)
class Reading:
    """How one text is read.

    Attributes:
        owners: For each token, the words it stands for.
        places: Where each token is in the packed text, as `influence.places` has it.
        read: bool (words,): whether the model reads a word.
    """

    owners: list[list[int]]
    places: np.ndarray
    read: np.ndarray

    def on_words(self, contributions: np.ndarray) -> np.ndarray:
        """Share what tokens contribute (tokens,) among the words they stand for: (words,)."""
        shared = np.zeros(len(self.read))
        for contribution, owners in zip(contributions, self.owners, strict=True):
            shared[owners] += contribution / len(owners)
        return shared

    def on_tokens(self, contributions: np.ndarray) -> np.ndarray:
        """Sum what places contribute, an array as `places`, by the tokens in them: (tokens,)."""
        taken = self.places >= 0
        return np.bincount(self.places[taken], contributions[taken], len(self.owners))


def read(classifier: "NewsClassifier", text: str, words: Sequence[Span]) -> Reading:
    """Find out how a classifier reads a text.

    Args:
        classifier: Any.
        text: The text, without outer white space.
        words: Its words, one at least.

    Returns:
        Of an ensemble, which words any of its members reads, and no more: each has tokens of its
        own, and nothing adds up over them.
    """
    members = getattr(classifier.preprocessor, "members", None)
    if members is None:
        return _reading(classifier.preprocessor, text, words)
    read_by = [_reading(member, text, words).read for member in members.values()]
    return Reading([], np.empty((1, 0), int), np.any(read_by, axis=0))


def _reading(
    preprocessor: "keras_hub.models.TextClassifierPreprocessor", text: str, words: Sequence[Span]
) -> Reading:
    parts = _parts(preprocessor.tokenizer, [text])[0]
    of_parts = _words_of_parts(preprocessor.tokenizer, text, words, parts)
    origins = preprocessor.tokenizer.origins(parts).tolist()  # (tokens, 2)
    # Not from the first to the last: a dash between two words has no part in the pair of them.
    owners = [
        list(dict.fromkeys(word for part in of_parts[first:end] for word in part))
        for first, end in origins
    ]
    return Reading(
        owners,
        places(preprocessor, len(owners)),
        _read(len(words), of_parts, preprocessor.reads(len(parts))),
    )


def _read(words: int, of_parts: Sequence[range], reads: np.ndarray) -> np.ndarray:
    """Tell of each word whether a part of it is read; one without parts is as the one before."""
    found = [None] * words
    for owners, is_read in zip(of_parts, reads.tolist(), strict=True):
        for word in owners:
            found[word] = found[word] or is_read
    before = True
    for word, is_read in enumerate(found):
        found[word] = before = before if is_read is None else is_read
    return np.array(found)


def _words_of_parts(
    tokenizer: "keras_hub.tokenizers.Tokenizer", text: str, words: Sequence[Span], parts: list
) -> list[range]:
    """Return for each part of a text the words that it stands for."""
    stretches, of_stretches = _cut(tokenizer, text, parts)
    inside = list(_inside(stretches, words))
    shared = [own for own in inside if len(own) > 1]
    several = [word for own in shared for word in own]
    alone = _parts(tokenizer, [text[slice(*words[word])] for word in several])
    alone = {word: [part for part in one if part] for word, one in zip(several, alone, strict=True)}
    flat, owners = [], []
    for own, found in zip(inside, of_stretches, strict=True):
        flat += found
        owners += _in_stretch(own, found, alone)
    everything = range(len(words))
    return [_spanned(owners, found, everything) for found in _aligned(parts, flat)]


def _cut(
    tokenizer: "keras_hub.tokenizers.Tokenizer", text: str, parts: list
) -> tuple[list[Span], list[list]]:
    """Cut a text so that its stretches, tokenised alone, give its parts; if it can be done."""
    tried = []
    for cut, nothing in _CUTS:
        stretches = [Span(*found.span()) for found in cut.finditer(text)]
        found = _parts(tokenizer, [text[start:end] for start, end in stretches])
        found = [[part for part in one if part != nothing] for one in found]
        tried.append((stretches, found))
        if [part for one in found for part in one] == parts:
            return tried[-1]
    return tried[0]


def _in_stretch(own: range, found: list, alone: dict[int, list]) -> list[range]:
    """Return for each part of a stretch, tokenised alone, which of its own words it stands for."""
    if len(own) < 2:
        return [own] * len(found)
    flat = [part for word in own for part in alone[word]]
    owners = [range(word, word + 1) for word in own for _ in alone[word]]
    return [_spanned(owners, found, own) for found in _aligned(found, flat)]


def _spanned(owners: Sequence[range], places: range, otherwise: range) -> range:
    """Return the words from the first to the last owner at some places."""
    found = [owner for owner in owners[places.start : places.stop] if owner]
    return range(found[0].start, found[-1].stop) if found else otherwise


def _inside(stretches: Sequence[Span], words: Sequence[Span]) -> Iterator[range]:
    """Yield the words in each stretch; of an empty one, the word before it, or else the first."""
    word = 0
    for stretch in stretches:
        first = word
        while word < len(words) and words[word].start < stretch.end:
            word += 1
        yield range(first, word) if word > first else range(max(first - 1, 0), max(first, 1))


def _aligned(whole: list, flat: list) -> list[range]:
    """Lay two like sequences beside each other: for each entry of one, those of the other.

    What is in one alone goes with what is there instead, or else with the entry before.
    """
    if whole == flat:
        return [range(place, place + 1) for place in range(len(whole))]
    found = []
    matcher = SequenceMatcher(None, flat, whole, autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        for place in range(end - start):
            if kind == "equal":
                found.append(range(first + place, first + place + 1))
            else:
                found.append(
                    range(first, last) if last > first else range(max(first - 1, 0), max(first, 1))
                )
    return found


def _parts(tokenizer: "keras_hub.tokenizers.Tokenizer", texts: list[str]) -> list[list]:
    return tokenizer.parts(tf.constant(texts, tf.string)).to_list() if texts else []
