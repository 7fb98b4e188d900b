"""Vocabularies learnt from the training split."""

from collections import Counter
from collections.abc import Sequence

import tensorflow as tf

from tfnews.models.text.normalise import normalise

_BATCH = 1024


def count_words(texts: Sequence[str], rule: str, size: int, min_count: int = 2) -> list[str]:
    """Return the most frequent words, most frequent first, ties in alphabetical order.

    Args:
        texts: Training texts.
        rule: Normalisation applied first.
        size: Words kept at most.
        min_count: Rarer words are left out.
    """
    counts = Counter()
    for start in range(0, len(texts), _BATCH):
        batch = tf.constant(texts[start : start + _BATCH])
        # On single spaces, as the tokenizer splits: an empty word between two is no word to learn.
        counts.update(tf.strings.split(normalise(batch, rule), sep=" ").flat_values.numpy())
    del counts[b""]
    kept = [(-count, word) for word, count in counts.items() if count >= min_count]
    return [word.decode("utf-8", "replace") for _, word in sorted(kept)[:size]]
