"""Words and their vectors: where the table of an embedding comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfnews.catalogue import Row
from tfnews.errors import DataError
from tfnews.models.embedding.module import licence, read_module
from tfnews.models.text.vocabulary import count_words
from tfnews.models.text.words import WordTokenizer
from tfnews.runs import WeightsRecord
from tfnews.weights.digests import split_pin
from tfnews.weights.find import find

_RANGE = 0.05  # of a fresh table's numbers, as Keras' own embeddings begin


@dataclass(frozen=True)
class WordTable:
    """Words, their vectors, and what is to be recorded of them.

    Attributes:
        words: Their ids are 0, 1, 2 and so on.
        vectors: float32 (rows, width): the words', then those of the buckets for unknown words.
        record: Names the rule and the buckets by which words are looked up.
    """

    words: list[str]
    vectors: np.ndarray
    record: WeightsRecord

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, buckets for unknown words included, and the width of a vector."""
        return len(self.words) + self.record.oov_buckets, self.vectors.shape[1]

    def tokenizer(self, max_tokens: int = 0) -> WordTokenizer:
        """Return the tokenizer that looks its words up."""
        return WordTokenizer(
            self.words,
            normalise=self.record.normalise,
            oov_buckets=self.record.oov_buckets,
            max_tokens=max_tokens,
        )


def fresh(row: Row, texts: Sequence[str], options: dict) -> WordTable:
    """Learn a vocabulary from training texts and give its words random vectors.

    Args:
        row: Says the width.
        texts: Combined texts.
        options: normalise, vocabulary_size, min_count, oov_buckets, seed.

    Raises:
        DataError: No word occurs often enough.
    """
    rule, buckets = options.get("normalise", "words"), options["oov_buckets"]
    words = count_words(texts, rule, options["vocabulary_size"], options["min_count"])
    if not words:
        raise DataError(
            f"No word occurs {options['min_count']} times in the {len(texts)} training texts, so "
            "there is no vocabulary to learn. Give more texts, or --set min_count=1."
        )
    random = np.random.default_rng(options["seed"])
    vectors = random.uniform(-_RANGE, _RANGE, (len(words) + buckets, row.width))
    record = WeightsRecord(normalise=rule, oov_buckets=buckets)
    return WordTable(words, vectors.astype("float32"), record)


def published(row: Row, handle: str) -> WordTable:
    """Read the words and the table of a TF-Hub module of the published structure.

    Args:
        row: Knows the licence of its own weights.
        handle: What `find` takes.

    Raises:
        UnknownStructureError: The module is of another structure; it may be used as it is.
        WeightsError: It cannot be found, read or trusted.
    """
    folder = find(handle)
    module = read_module(folder)
    record = WeightsRecord(
        handle=handle,
        digest=module.digest,
        licence=weights_licence(row, handle, folder),
        normalise=module.normalise,
        oov_buckets=module.oov_buckets,
    )
    return WordTable(module.words, module.table, record)


def weights_licence(row: Row, handle: str, folder: Path) -> str:
    """Return the row's licence for its own weights, else what the module states of itself."""
    own = split_pin(handle)[0] == row.weights
    return row.licence if own else licence(folder) or "as its maker states"
