"""Words and their vectors: where the table of an embedding comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfnews.catalogue import Row
from tfnews.errors import DataError, WeightsError
from tfnews.files import sha256
from tfnews.models.embedding.module import licence, read_module
from tfnews.models.graph import check_graph
from tfnews.models.text.normalise import rule_of
from tfnews.models.text.vocabulary import count_words
from tfnews.models.text.words import WordTokenizer
from tfnews.records import WeightsRecord
from tfnews.weights.digests import is_vectors, split_pin
from tfnews.weights.find import find
from tfnews.weights.vectors import guess_format, read_vectors

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
        options: analyzer, normalise, vocabulary_size, min_count, oov_buckets, seed.

    Raises:
        DataError: No word occurs often enough.
    """
    rule, buckets = rule_of(options), options["oov_buckets"]
    words = count_words(texts, rule, options["vocabulary_size"], options["min_count"])
    if not words:
        raise DataError(
            f"No word occurs {options['min_count']} times in the {len(texts)} training texts, so "
            "there is no vocabulary to learn. Give more texts, or --set min_count=1."
        )
    vectors = _drawn(len(words) + buckets, row.width, options["seed"])
    return WordTable(words, vectors, WeightsRecord(normalise=rule, oov_buckets=buckets))


def word_table(row: Row, texts: Sequence[str], options: dict) -> WordTable:
    """Return the table that `--weights` names.

    Args:
        row: The catalogue's row.
        texts: Training texts, from which a fresh table's vocabulary is learnt.
        options: weights: "none" for a fresh table, a file of word vectors, or what `find` takes;
            and the settings that `fresh` and `of_file` take.

    Raises:
        WeightsError: It cannot be found, read or trusted, or is no module of words and a table.
        DataError: The texts hold no vocabulary.
    """
    handle = options["weights"]
    if handle == "none":
        return fresh(row, texts, options)
    return of_file(handle, options) if is_vectors(handle) else published(row, handle)


def of_file(handle: str, options: dict) -> WordTable:
    """Read word vectors in a format that `read_vectors` knows.

    Args:
        handle: A file, which may pin its digest.
        options: normalise, by which words are looked up; oov_buckets, if any, whose vectors are
            drawn anew; seed.

    Raises:
        WeightsError: The file is damaged, or not the one that is pinned.
    """
    path, pin = split_pin(handle)
    if guess_format(Path(path)) == "npy":
        raise WeightsError(
            f"{path} holds vectors without their words. Make a module of both first: "
            f"tfnews weights build {path} --words WORDLIST --out FOLDER, and name FOLDER."
        )
    digest = sha256(path)
    if pin not in (None, digest):
        raise WeightsError(
            f"The word vectors {path} are not those that are pinned. Pinned: sha256 {pin}. "
            f"Found: {digest}. Fetch them again, or pin what is to be trusted."
        )
    found = read_vectors(path)
    buckets = _drawn(options.get("oov_buckets", 0), found.vectors.shape[1], options["seed"])
    record = WeightsRecord(
        handle=handle,
        digest=digest,
        licence="as its maker states",
        normalise=options["normalise"],
        oov_buckets=len(buckets),
        note=_left_out(path, found.dropped),
    )
    return WordTable(found.words, np.concatenate([found.vectors, buckets]), record)


def _left_out(path: str, dropped: dict[str, int]) -> str | None:
    """Say what of a file of word vectors is not used, if anything."""
    reasons = ", ".join(f"{number:,} {reason}" for reason, number in dropped.items())
    return f"Left out of {path}: {reasons}" if reasons else None


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
        trusted=check_graph(folder) or None,
    )
    return WordTable(module.words, module.table, record)


def weights_licence(row: Row, handle: str, folder: Path) -> str:
    """Return the row's licence for its own weights, else what the module states of itself."""
    own = split_pin(handle)[0] == row.weights
    return row.licence if own else licence(folder) or "as its maker states"


def _drawn(rows: int, width: int, seed: int) -> np.ndarray:
    """Draw vectors, float32 (rows, width)."""
    drawn = np.random.default_rng(seed).uniform(-_RANGE, _RANGE, (rows, width))
    return drawn.astype("float32")
