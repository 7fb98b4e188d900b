"""Counts of words and n-grams, by the operations that split texts when they are scored."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import tensorflow as tf
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfTransformer

from tfnews.models.batches import encode, made_ahead
from tfnews.models.text.normalise import CHARACTERS
from tfnews.models.text.words import WordTokenizer

_BATCH = 512
_NO_WORD = -1  # in the place of a word that an n-gram has no more


class TermVectorizer:
    """Learns terms from texts, and turns texts into TF-IDF rows.

    The terms, their order and the rows are those of scikit-learn's `TfidfVectorizer`, whose loops
    in Python take several times as long.

    Args:
        analyzer: "word", or "char" for languages without spaces.
        ngrams: Longest n-gram.
        min_df: Texts that must hold a term.
        max_features: Terms kept at most, the most frequent ones.
        sublinear_tf: Whether counts are damped by a logarithm.

    Attributes:
        tokenizer: Knows the learnt terms, in alphabetical order.
    """

    def __init__(
        self, analyzer: str, ngrams: int, min_df: int, max_features: int, sublinear_tf: bool
    ):
        self.min_df = min_df
        self.max_features = max_features
        self.reading = {
            "normalise": CHARACTERS if analyzer == "char" else "words",
            "oov_buckets": 0,
            "ngrams": ngrams,
            "min_letters": 0 if analyzer == "char" else 2,
        }
        self._weights = TfidfTransformer(sublinear_tf=sublinear_tf)

    @property
    def idf(self) -> np.ndarray:
        """Inverse document frequencies (terms,)."""
        return self._weights.idf_

    def fit_transform(self, texts: Sequence[str]) -> csr_matrix:
        """Learn the terms of texts; return their rows (texts, terms).

        Raises:
            ValueError: No term occurs in enough texts.
        """
        words, numbers, splits = _numbered(WordTokenizer(**self.reading), texts)
        levels = [
            _frequent(*level, len(splits) - 1, self.min_df)
            for level in _ngrams(numbers, splits, len(words), self.reading["ngrams"])
        ]
        parts = np.concatenate([parts for parts, _ in levels])  # (terms, ngrams)
        order = np.lexsort(parts.T[::-1])
        counts = hstack([counts for _, counts in levels], "csr")[:, order]
        kept = _most_frequent(counts, self.max_features)
        if not len(kept):
            raise ValueError("no terms remain")
        terms = [b" ".join(words[one] for one in term if one >= 0) for term in parts[order[kept]]]
        self.tokenizer = WordTokenizer([term.decode() for term in terms], **self.reading)
        return self._weights.fit_transform(counts[:, kept])

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """Return the rows of texts (texts, terms)."""
        ids = encode(self.tokenizer, list(texts))
        terms = len(self.tokenizer.vocabulary)
        return self._weights.transform(
            _counted(ids.flat_values.numpy(), ids.row_splits.numpy(), terms)
        )


def _numbered(
    tokenizer: WordTokenizer, texts: Sequence[str]
) -> tuple[list[bytes], np.ndarray, np.ndarray]:
    """Return the different words in alphabetical order, and texts as numbers of theirs.

    Returns:
        The words; the numbers of all texts one after the other, int64 (words of all texts,); and
        where each text begins and ends, int64 (texts + 1,).
    """
    known: dict[bytes, int] = {}
    numbers, lengths = [], []
    for different, index, of_texts in _different(tokenizer, texts):
        found = np.array([known.setdefault(word, len(known)) for word in different], np.int64)
        numbers.append(found[index])
        lengths.append(of_texts)
    words = sorted(known)  # bytes of UTF-8 and characters are in the same order
    ranks = np.empty(len(words), np.int64)
    ranks[[known[word] for word in words]] = np.arange(len(words))
    splits = np.concatenate([[0], np.cumsum(np.concatenate([[0], *lengths])[1:])])
    return words, ranks[np.concatenate([np.empty(0, np.int64), *numbers])], splits


def _different(tokenizer: WordTokenizer, texts: Sequence[str]) -> Iterator[tuple]:
    """Return each batch's different words, where each word of it is, and the texts' lengths."""
    texts = tf.constant(list(texts), tf.string)

    def split(start: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        words = tokenizer.words(texts[start : start + _BATCH])
        if not tokenizer.min_letters:  # an empty text is one empty word
            words = tf.ragged.boolean_mask(words, words != "")
        return *tf.unique(words.flat_values), words.row_lengths()

    starts = tf.data.Dataset.range(0, len(texts), _BATCH)
    return made_ahead(starts, split).as_numpy_iterator()


def _ngrams(
    numbers: np.ndarray, splits: np.ndarray, words: int, longest: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield the n-grams of each length, from 1 to the longest.

    Yields:
        The words of each different n-gram, int64 (different, longest), in alphabetical order; which
        of them begins at each place where one does, int64 (places,); and the text of each place,
        int64 (places,).
    """
    text = np.repeat(np.arange(len(splits) - 1), np.diff(splits))  # of each word
    parts = np.full((words, longest), _NO_WORD)
    parts[:, 0] = np.arange(words)
    place, index = np.arange(len(numbers)), numbers
    yield parts, index, text
    for n in range(2, longest + 1):
        last = place + n - 1
        whole = last < splits[1:][text[place]]
        place, last = place[whole], last[whole]
        # One number for two: that of the n-gram shorter by a word, and that of the word after it.
        index, different = pd.factorize(index[whole] * words + numbers[last], sort=True)
        parts = parts[different // words]
        parts[:, n - 1] = different % words
        yield parts, index, text[place]


def _frequent(
    parts: np.ndarray, index: np.ndarray, text: np.ndarray, texts: int, least: int
) -> tuple[np.ndarray, csr_matrix]:
    """Return the n-grams that so many texts hold, and their counts (texts, those n-grams)."""
    splits = np.concatenate([[0], np.cumsum(np.bincount(text, minlength=texts))])
    counts = _counted(index, splits, len(parts))
    kept = np.bincount(counts.indices, minlength=len(parts)) >= least
    return parts[kept], counts[:, kept]


def _counted(ids: np.ndarray, splits: np.ndarray, terms: int) -> csr_matrix:
    """Return how often each text has each term, (texts, terms), of the terms of all texts."""
    ones = np.ones(len(ids), np.int64)
    counts = csr_matrix((ones, ids, splits), (len(splits) - 1, terms))
    counts.sum_duplicates()
    return counts


def _most_frequent(counts: csr_matrix, most: int) -> np.ndarray:
    """Return the columns of the terms that are kept, in their order."""
    if counts.shape[1] <= most:
        return np.arange(counts.shape[1])
    totals = np.asarray(counts.sum(axis=0)).ravel()
    # Not a stable sort: scikit-learn's choice among the equally frequent is kept.
    return np.sort((-totals).argsort()[:most])
