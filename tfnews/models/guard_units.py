"""What guards count of texts: the words, or characters, of their openings, one text or many."""

import functools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pyarrow

# Longer texts are judged by their opening, and teach by it.
CHARACTERS_READ = 16_000
AT_ONCE = 1_000  # texts split at once: a few megabytes of news, 300 of the longest

UNITS = {
    "words": re.compile(r"\w+"),
    # Words in ASCII stay whole: every single letter of theirs is common in Chinese news too.
    "characters": re.compile(r"[a-z0-9_]+|\w"),
}

_MOST_SIGNS = 100  # beyond ASCII, in an English, French or Russian text; each is looked for
_ASCII = bytes(range(128))
_WORD_BYTES = bytes(
    ord(re.sub(r"\W", " ", chr(byte).lower())) if byte in _ASCII else byte for byte in range(256)
)


class Coded(NamedTuple):
    """The units of many texts as numbers.

    Attributes:
        names: The distinct units, in the order of their first occurrence.
        codes: Places in `names`, of the units of all texts, int32 (units,).
        lengths: Units of each text, int64 (texts,).
    """

    names: list[str]
    codes: np.ndarray
    lengths: np.ndarray

    def summed(self, values: np.ndarray) -> np.ndarray:
        """Return the sum of what each distinct unit counts (names,) over each text, (texts,)."""
        return sums(values[self.codes], self.lengths)


def opening(text: str) -> str:
    """Return what guards read of a text."""
    return text.strip()[:CHARACTERS_READ]


def spaced(opening: str, unit: str) -> str:
    """Fold the case of a text, and leave nothing of it but its units, with spaces between them.

    Each character that folding gives stays, or becomes a space, where words are counted.

    Args:
        opening: What `opening` returned.
        unit: Which of `UNITS` are counted.
    """
    if unit != "words":
        return " ".join(UNITS[unit].findall(opening.casefold()))
    data = opening.encode("utf-8", "surrogatepass")
    if not opening.isascii():
        signs = beyond_ascii(data)
        if len(signs) > _MOST_SIGNS:
            return re.sub(r"\W", " ", opening.casefold())
        for sign in signs:
            written, folded = _folded(sign)
            if written != folded:
                data = data.replace(written, folded)
    return data.translate(_WORD_BYTES).decode()


def beyond_ascii(data: bytes) -> set[str]:
    """Return the distinct characters of a text in UTF-8 that are not ASCII."""
    return set(data.translate(None, _ASCII).decode("utf-8", "surrogatepass"))


def coded(texts: Sequence[str]) -> Coded:
    """Give each distinct unit of many texts, which `spaced` returned, a number."""
    known: dict[str, int] = {}
    codes, lengths = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
    for first in range(0, len(texts), AT_ONCE):
        units, own_lengths = split(texts[first : first + AT_ONCE])
        found = units.dictionary_encode()
        places = [known.setdefault(name, len(known)) for name in found.dictionary.to_pylist()]
        codes.append(np.array(places, np.int32)[found.indices.to_numpy()])
        lengths.append(own_lengths)
    return Coded(list(known), np.concatenate(codes), np.concatenate(lengths))


def split(texts: Sequence[str]) -> tuple["pyarrow.Array", np.ndarray]:
    """Split what `spaced` returned of texts.

    Returns:
        The units of all, and how many each text has, int64 (texts,).
    """
    import pyarrow
    from pyarrow import compute

    # An outer space, and a text of nothing, would give an empty unit.
    stripped = [text.strip() or None for text in texts]
    found = compute.ascii_split_whitespace(pyarrow.array(stripped, pyarrow.string()))
    lengths = compute.list_value_length(found).fill_null(0).to_numpy(zero_copy_only=False)
    return found.flatten(), lengths.astype(np.int64)


def sums(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the sums of runs of so many whole numbers each, which follow one another."""
    total, has_any = np.zeros(len(lengths), np.int64), lengths > 0
    starts = (np.cumsum(lengths) - lengths)[has_any]
    total[has_any] = np.add.reduceat(values, starts, dtype=np.int64)
    return total


@functools.cache
def _folded(sign: str) -> tuple[bytes, bytes]:
    """Return a character in UTF-8, and what `spaced` writes in its place."""
    folded = re.sub(r"\W", " ", sign.casefold())
    return sign.encode("utf-8", "surrogatepass"), folded.encode()
