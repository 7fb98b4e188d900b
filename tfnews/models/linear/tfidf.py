"""Family "linear": TF-IDF n-grams whose logistic regression scikit-learn solves."""

from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf

from tfnews.catalogue import Row
from tfnews.errors import DataError
from tfnews.models.family import Built, Family, Material
from tfnews.models.influence import is_linear, line
from tfnews.models.linear.logistic import carry, logistic_regression
from tfnews.models.linear.terms import TermVectorizer
from tfnews.models.ragged import RaggedBackbone, RaggedClassifier
from tfnews.models.text.words import WordPreprocessor
from tfnews.records import WeightsRecord

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression


@keras.saving.register_keras_serializable("tfnews")
class TfidfRows(keras.layers.Layer):
    """Turns term ids into L2-normalised TF-IDF rows.

    The weight of a term is (1 + log count) * idf, or count * idf, over the row's Euclidean norm.

    Args:
        terms: Number of terms.
        sublinear: Whether counts are damped by a logarithm.

    Reference: scikit-learn's `TfidfVectorizer`, whose numbers it reproduces.
    """

    def __init__(self, terms: int, sublinear: bool = True, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.terms = terms
        self.sublinear = sublinear

    def build(self, input_shape: tuple) -> None:
        """Make the inverse document frequencies (terms,)."""
        self.idf = self.add_weight(
            shape=(self.terms,), initializer="ones", trainable=False, name="idf"
        )

    def call(self, ids: tf.RaggedTensor) -> tf.SparseTensor:
        """Map ragged term ids (batch, terms of the text) to sparse rows (batch, terms)."""
        rows = tf.cast(ids.nrows(), tf.int64)
        cells = tf.cast(ids.value_rowids(), tf.int64) * self.terms
        cells += tf.cast(ids.flat_values, tf.int64)
        cells, _, counts = tf.unique_with_counts(tf.sort(cells))
        row, term = cells // self.terms, cells % self.terms
        weights = tf.cast(counts, tf.float32)
        if self.sublinear:
            weights = 1.0 + tf.math.log(weights)
        weights *= tf.gather(tf.convert_to_tensor(self.idf), term)
        squares = tf.math.unsorted_segment_sum(weights**2, row, rows)
        weights *= tf.gather(tf.math.rsqrt(tf.maximum(squares, 1e-30)), row)
        return tf.SparseTensor(tf.stack([row, term], axis=1), weights, [rows, self.terms])

    def one_text(self, ids: tf.Tensor) -> tf.Tensor:
        """Turn one text's term ids (1, length), -1 where there is none, into a row (1, terms)."""
        known = tf.cast(ids[0] >= 0, tf.float32)  # (length,)
        counts = tf.scatter_nd(tf.maximum(ids[0], 0)[:, tf.newaxis], known, [self.terms])
        weights = counts
        if self.sublinear:
            weights = tf.minimum(counts, 1.0) * (1.0 + tf.math.log(tf.maximum(counts, 1.0)))
        weights *= tf.convert_to_tensor(self.idf)  # (terms,)
        squares = tf.reduce_sum(weights**2)
        # No small constant: stored in float16 it would be 0, and an empty text answer NaN.
        return (weights * tf.math.rsqrt(tf.where(squares > 0, squares, 1.0)))[tf.newaxis]

    def compute_output_spec(self, ids: keras.KerasTensor) -> keras.KerasTensor:
        """Return the symbolic sparse output (batch, terms)."""
        return keras.KerasTensor((ids.shape[0], self.terms), dtype="float32", sparse=True)

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "terms": self.terms, "sublinear": self.sublinear}


@keras.saving.register_keras_serializable("tfnews")
class TfidfBackbone(RaggedBackbone):
    """Ragged term ids (batch, tokens) to sparse TF-IDF rows (batch, terms).

    Args:
        terms: Number of terms.
        sublinear: Whether counts are damped by a logarithm.
        dtype: Accepted for keras-hub's sake; always float32.
    """

    def __init__(self, terms: int, sublinear: bool = True, dtype: object = None, **kwargs):
        # === Layers ===
        self.rows = TfidfRows(terms, sublinear, name="tfidf")

        # === Functional Model ===
        ids = keras.Input((None,), dtype="int32", ragged=True, name="token_ids")
        super().__init__(
            inputs={"token_ids": ids}, outputs=self.rows(ids), dtype="float32", **kwargs
        )

        # === Config ===
        self.terms = terms
        self.sublinear = sublinear

    def one_text(self, ids: tf.Tensor) -> tf.Tensor:
        """Turn one text's dense term ids (1, length) into a row (1, terms)."""
        return self.rows.one_text(ids)

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "terms": self.terms, "sublinear": self.sublinear}


@keras.saving.register_keras_serializable("tfnews")
class TfidfPreprocessor(WordPreprocessor):
    """Strings (batch,) to ragged ids of words and n-grams."""

    backbone_cls = TfidfBackbone


@keras.saving.register_keras_serializable("tfnews")
class TfidfClassifier(RaggedClassifier):
    """Logistic regression over TF-IDF rows."""

    backbone_cls = TfidfBackbone
    preprocessor_cls = TfidfPreprocessor

    @property
    def explains(self) -> tuple[str, ...]:
        """Exactly, for the head is one layer; terms are counted, so that there is no gradient."""
        return (*(("exact",) if is_linear(self) else ()), "occlusion")

    def contributions(self, ids: tf.RaggedTensor) -> tuple[np.ndarray, float]:
        """Return what each term of one text (1, terms) adds to its log odds, and the constant.

        A term that occurs several times adds its weight times its feature in equal shares.
        """
        slopes, constant = line(self)
        row = self.backbone.rows(ids)  # (1, terms of the vocabulary)
        terms = row.indices.numpy()[:, 1]  # in order
        added = row.values.numpy().astype(np.float64) * slopes[terms]
        flat = ids.flat_values.numpy()
        return (added / np.bincount(flat)[terms])[np.searchsorted(terms, flat)], constant


def build(row: Row, material: Material, options: dict, answers: dict) -> Built:
    """Fit TF-IDF and logistic regression by scikit-learn and carry them in Keras.

    Args:
        row: The catalogue's row.
        material: The training split.
        options: analyzer, ngrams, min_df, max_features, sublinear_tf, C.
        answers: What the classifier's answers mean: arguments of `NewsClassifier`.

    Returns:
        The solved classifier, and what is to be recorded of its weights.

    Raises:
        DataError: No term occurs in enough texts.
    """
    vectorizer, solution = solve(material, options)
    backbone = TfidfBackbone(len(vectorizer.idf), options["sublinear_tf"])
    backbone.rows.idf.assign(vectorizer.idf)
    preprocessor = TfidfPreprocessor(vectorizer.tokenizer)
    classifier = TfidfClassifier(backbone, preprocessor, head=row.head, **answers)
    carry(solution, classifier)
    return classifier, WeightsRecord(licence="none: fitted here")


FAMILY = Family(build, solved=True)


def solve(material: Material, options: dict) -> tuple[TermVectorizer, "LogisticRegression"]:
    """Return what turns texts into rows, and scikit-learn's logistic regression fitted on them.

    Raises:
        DataError: No term occurs in enough texts.
    """
    vectorizer = TermVectorizer(
        options.get("analyzer", "word"),
        options["ngrams"],
        options["min_df"],
        options["max_features"],
        options["sublinear_tf"],
    )
    try:
        rows = vectorizer.fit_transform(material.texts)
    except ValueError as error:
        raise DataError(
            f"TF-IDF found no terms in {len(material.texts)} training texts ({error}). "
            f"A term must occur in {options['min_df']} texts: give more texts, or --set min_df=1."
        ) from error
    solution = logistic_regression(options)
    return vectorizer, solution.fit(rows, material.labels, material.weights)
