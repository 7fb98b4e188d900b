"""Shortcut probes: models that see one trait of a row, to tell what else gives a label away.

A model that sees only a part of its input should not do well; where one does, the data set can be
solved without reading (Gururangan et al. 2018, "Annotation Artifacts"; Poliak et al. 2018,
"Hypothesis Only Baselines"). Every probe answers `(validation rows,)` labels, 0 or 1, and gives
both classes the same weight, because macro F1 does.
"""

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.tree import DecisionTreeClassifier

from tfnews.data import cutting
from tfnews.records import Token

HEAVIEST = 20
MAX_WORDS = 50_000
REUTERS = re.compile(r"\bReuters\b", re.IGNORECASE)

_TREE_DEPTH = 3
_LEAF_ROWS = 5
_TIE = 1e-9


@dataclass(frozen=True)
class Rows:
    """What a probe learns from and is scored on; the columns are those of `Splits.frame`."""

    train: pd.DataFrame
    validation: pd.DataFrame

    @cached_property
    def labels(self) -> np.ndarray:
        """The training labels, int8 `(training rows,)`."""
        return self.train["label"].to_numpy()

    def majority(self) -> np.ndarray:
        """Call every row the commoner class, `(validation rows,)`."""
        return np.full(len(self.validation), self.labels.mean() >= 0.5, np.int8)

    def by_value(self, train: pd.Series, validation: pd.Series) -> np.ndarray:
        """Call each row the class its value leans to in training; an unseen one, the commoner.

        Where that is no better in training than the commoner class, all are called that.

        Args:
            train: The training rows' values, `(training rows,)`.
            validation: The validation rows' values, `(validation rows,)`.

        Returns:
            Labels, int8 `(validation rows,)`.
        """
        lean = pd.Series(self._leanings()).groupby(train.to_numpy()).sum()
        commoner = int(self.labels.mean() >= 0.5)
        called = lean.gt(0).where(lean.abs() > _TIE, commoner).astype(np.int8)
        learnt = train.map(called).to_numpy()
        if macro_f1(self.labels, learnt) <= macro_f1(self.labels, np.full_like(learnt, commoner)):
            return self.majority()
        return validation.map(called).fillna(commoner).to_numpy(np.int8)

    def by_number(self, train: pd.Series, validation: pd.Series) -> np.ndarray:
        """Call each row by a shallow decision tree over one number, NaN where there is none.

        Args:
            train: The training rows' numbers, `(training rows,)`.
            validation: The validation rows' numbers, `(validation rows,)`.

        Returns:
            Labels, int8 `(validation rows,)`.
        """
        tree = DecisionTreeClassifier(
            max_depth=_TREE_DEPTH,
            min_samples_leaf=_LEAF_ROWS,
            class_weight="balanced",
            random_state=0,
        )
        return tree.fit(train.to_frame("x"), self.labels).predict(validation.to_frame("x"))

    def by_length(self) -> np.ndarray:
        """Call each row by its number of words, `(validation rows,)`."""
        return self.by_number(*(words_in(part["combined_text"]) for part in self._parts()))

    def by_mention(self, pattern: re.Pattern) -> np.ndarray:
        """Call each row by whether a pattern occurs in it, `(validation rows,)`."""
        return self.by_value(*(self.mentions(part, pattern) for part in self._parts()))

    def mentions(self, part: pd.DataFrame, pattern: re.Pattern) -> pd.Series:
        """Tell which rows a pattern occurs in, bool `(rows,)`."""
        return part["combined_text"].map(lambda text: pattern.search(text) is not None)

    def by_words(self, column: str) -> np.ndarray:
        """Call each row by a linear model of a column's words, `(validation rows,)`."""
        words = Words.read(self.train[column], self.labels, self.validation[column])
        return words.called() if words else self.majority()

    def without_reuters(self) -> "Rows":
        """Return the rows without datelines and without the word Reuters, in titles and bodies."""
        return Rows(*(_without_reuters(part) for part in self._parts()))

    def _parts(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        return self.train, self.validation

    def _leanings(self) -> np.ndarray:
        """Return what each training row adds to its value: classes of any size add up to 1."""
        fakes = int(self.labels.sum())
        reals = len(self.labels) - fakes
        return np.where(self.labels == 1, 1 / max(fakes, 1), -1 / max(reals, 1))


@dataclass(frozen=True)
class Words:
    """A linear model of TF-IDF words, with the rows it was fitted on and is scored on.

    Attributes:
        names: The words, `(words,)`.
        model: Fitted on the training rows.
        labels: Of the training rows, `(training rows,)`.
        train: Weights of words, sparse `(training rows, words)`.
        validation: The same, `(validation rows, words)`.
    """

    names: np.ndarray
    model: LogisticRegression
    labels: np.ndarray
    train: csr_array
    validation: csr_array

    @classmethod
    def read(cls, train: pd.Series, labels: np.ndarray, validation: pd.Series) -> "Words | None":
        """Fit the model on texts; None where no word is in two of them.

        Args:
            train: Texts, `(training rows,)`.
            labels: Of the training rows, `(training rows,)`, each 0 or 1.
            validation: Texts, `(validation rows,)`.
        """
        vectorizer = TfidfVectorizer(
            min_df=2,
            max_features=MAX_WORDS,
            sublinear_tf=True,
            dtype=np.float32,
        )
        try:
            rows = vectorizer.fit_transform(train)
        except ValueError:  # scikit-learn's word for an empty vocabulary
            return None
        names = vectorizer.get_feature_names_out()
        return cls(names, _solve(rows, labels), labels, rows, vectorizer.transform(validation))

    def called(self) -> np.ndarray:
        """Call each row by all its words, `(validation rows,)`."""
        return self.model.predict(self.validation)

    @cached_property
    def heaviest(self) -> np.ndarray:
        """The columns of the words with the largest weights, largest first, `(at most 20,)`."""
        weights = np.abs(self.model.coef_[0])
        return np.argsort(-weights, kind="stable")[:HEAVIEST]

    def tokens(self, class_names: tuple[str, str]) -> tuple[Token, ...]:
        """Return the heaviest words, heaviest first."""
        weights = self.model.coef_[0][self.heaviest].tolist()
        return tuple(
            Token(str(token), weight, class_names[weight > 0])
            for token, weight in zip(self.names[self.heaviest], weights, strict=True)
        )

    def called_by_heaviest(self) -> np.ndarray:
        """Call each row by which of the heaviest words it holds, `(validation rows,)`."""
        model = _solve(self._holds(self.train), self.labels)
        return model.predict(self._holds(self.validation))

    def called_by_best(self) -> tuple[str, np.ndarray]:
        """Name the word that does best in training; call each row by it, `(validation rows,)`."""
        called = [self._rule(column, self.train) for column in self.heaviest]
        scores = [macro_f1(self.labels, one) for one in called]
        best = self.heaviest[int(np.argmax(scores))]
        return str(self.names[best]), self._rule(best, self.validation)

    def _holds(self, rows: csr_array) -> np.ndarray:
        return (rows[:, self.heaviest] > 0).toarray()

    def _rule(self, column: int, rows: csr_array) -> np.ndarray:
        """Call the rows that hold a word the class its weight points to, and the others not."""
        held = (rows[:, [column]] > 0).toarray()[:, 0]
        return np.where(self.model.coef_[0][column] > 0, held, ~held).astype(np.int8)


def words_in(texts: pd.Series) -> pd.Series:
    """Count the words of texts `(rows,)`, as white space parts them, `(rows,)`."""
    return texts.map(lambda text: len(text.split()))


def macro_f1(labels: np.ndarray, called: np.ndarray) -> float:
    """Return macro F1 of labels `(rows,)` and what was called `(rows,)`, each 0 or 1."""
    return float(f1_score(labels, called, labels=[0, 1], average="macro"))


def _solve(rows: csr_array | np.ndarray, labels: np.ndarray) -> LogisticRegression:
    return LogisticRegression(class_weight="balanced", max_iter=1000).fit(rows, labels)


def _without_reuters(part: pd.DataFrame) -> pd.DataFrame:
    texts = cutting.cut_column(part["text"], ("dateline",))[0]
    combined = part["title"] + " " + texts
    return part.assign(combined_text=combined.map(lambda text: REUTERS.sub(" ", text)))
