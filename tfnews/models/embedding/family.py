"""Family "embedding": a token embedding pooled over the text, as in TF-Hub's text embeddings."""

from pathlib import Path

import keras
import keras_hub
import numpy as np
import tensorflow as tf

from tfnews.catalogue import Row
from tfnews.errors import DataError
from tfnews.models.classifier import NewsClassifier
from tfnews.models.embedding import alias
from tfnews.models.embedding.bag import EmbeddingBag
from tfnews.models.embedding.module import (
    UnknownStructureError,
    licence,
    read_module,
)
from tfnews.models.text.vocabulary import count_words
from tfnews.models.text.words import WordPreprocessor, WordTokenizer
from tfnews.models.variables import fill
from tfnews.weights.digests import split_pin
from tfnews.weights.find import find

SOLVED = False  # trained by gradient descent
PADDED = False  # texts travel as ragged ids, not padded to one length


@keras.saving.register_keras_serializable("tfnews")
class HubBackbone(keras_hub.models.Backbone):
    """Ragged token ids (batch, tokens) to pooled vectors (batch, width).

    Args:
        rows: Rows of the table, buckets for unknown words included.
        width: Width of a vector.
        dtype: Precision policy.
    """

    def __init__(self, rows: int, width: int, dtype: object = None, **kwargs):
        # === Layers ===
        self.token_embedding = EmbeddingBag(rows, width, dtype=dtype, name="token_embedding")

        # === Functional Model ===
        ids = keras.Input((None,), dtype="int32", ragged=True, name="token_ids")
        super().__init__(
            inputs={"token_ids": ids}, outputs=self.token_embedding(ids), dtype=dtype, **kwargs
        )

        # === Config ===
        self.rows = rows
        self.width = width

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "rows": self.rows, "width": self.width}


@keras.saving.register_keras_serializable("tfnews")
class HubPreprocessor(WordPreprocessor):
    """Strings (batch,) to ragged ids of words split on single spaces."""

    backbone_cls = HubBackbone


@keras.saving.register_keras_serializable("tfnews")
class HubClassifier(NewsClassifier):
    """A pooled token embedding under a small dense head."""

    backbone_cls = HubBackbone
    preprocessor_cls = HubPreprocessor

    def rows_in_use(self, ids: tf.RaggedTensor) -> dict[str, np.ndarray]:
        """Return the rows of the table that the texts look up."""
        table = self.backbone.token_embedding.table
        return {table.path: tf.unique(ids.flat_values)[0].numpy()}


def build(row: Row, texts: list[str], options: dict, answers: dict) -> tuple[NewsClassifier, dict]:
    """Build a classifier from a row, with its published module or with a fresh table.

    Args:
        row: The catalogue's row.
        texts: Training texts, from which a fresh table's vocabulary is learnt.
        options: weights (what `find` takes, or "none"), trainable, max_tokens, seed, and the
            row's settings.
        answers: What the classifier's answers mean: arguments of `NewsClassifier`.

    Returns:
        The classifier, and what is to be recorded of its weights.
    """
    handle = options["weights"]
    if handle == "none":
        return _native(row, *_fresh(row, texts, options), options, answers)
    folder = find(handle)
    record = {"handle": handle, "licence": _licence(row, handle, folder)}
    try:
        module = read_module(folder)
    except UnknownStructureError as reason:
        classifier, more = alias.build(row, folder, reason, options, answers)
        return classifier, record | more
    record |= {"digest": module.digest, "normalise": module.normalise}
    record["oov_buckets"] = module.oov_buckets
    return _native(row, module.words, module.table, record, options, answers)


def freeze(backbone: keras_hub.models.Backbone, options: dict) -> None:
    """Train the table, or keep it as it is."""
    backbone.trainable = options["trainable"]


def _native(
    row: Row, words: list[str], table: np.ndarray, record: dict, options: dict, answers: dict
) -> tuple[HubClassifier, dict]:
    # Before the vocabulary, which would take a part of the room that an opened module leaves.
    backbone = HubBackbone(len(words) + record["oov_buckets"], table.shape[1])
    tokenizer = WordTokenizer(
        words,
        normalise=record["normalise"],
        oov_buckets=record["oov_buckets"],
        max_tokens=options["max_tokens"],
    )
    fill(backbone.token_embedding.table, table)
    freeze(backbone, options)
    return HubClassifier(backbone, HubPreprocessor(tokenizer), head=row.head, **answers), record


def _fresh(row: Row, texts: list[str], options: dict) -> tuple[list[str], np.ndarray, dict]:
    buckets, rule = options["oov_buckets"], options["normalise"]
    words = count_words(texts, rule, options["vocabulary_size"], options["min_count"])
    if not words:
        raise DataError(
            f"No word occurs {options['min_count']} times in the {len(texts)} training texts, so "
            "there is no vocabulary to learn. Give more texts, or --set min_count=1."
        )
    table = np.random.default_rng(options["seed"]).uniform(
        -0.05, 0.05, (len(words) + buckets, row.width)
    )
    record = {"handle": "none", "digest": None, "licence": "none: learnt from the training split"}
    return words, table.astype("float32"), {**record, "normalise": rule, "oov_buckets": buckets}


def _licence(row: Row, handle: str, folder: Path) -> str:
    """Return the row's licence for its own weights, else what the module states of itself."""
    published = split_pin(handle)[0] == row.weights
    return row.licence if published else licence(folder) or "as its maker states"
