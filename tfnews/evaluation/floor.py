"""The floor under every score: TF-IDF with logistic regression on the same rows."""

import functools
import os

import numpy as np

from tfnews import catalogue, progress
from tfnews.data.splits import Splits
from tfnews.evaluation.kept import kept
from tfnews.models.family import Material
from tfnews.models.guard_fitting import without_spaces
from tfnews.models.linear.tfidf import solve
from tfnews.records import Comparison
from tfnews.statistics import balance, intervals

FLOOR = "tfidf"
_THRESHOLD = 0.5  # at which the floor calls a text fake


def probabilities(splits: Splits, part: str, root: str | os.PathLike | None = None) -> np.ndarray:
    """Fit scikit-learn's TF-IDF baseline on the training split and score another.

    Args:
        splits: The fixed splits.
        part: "validation" or "test". No other part is scored.
        root: Folder of runs in which the answers are kept for the next time; `None` keeps nothing.

    Returns:
        Fake probabilities, float32 `(rows,)`.
    """
    settings = dict(catalogue.row(FLOOR).settings)
    train = splits.frame("train")
    settings["class_weight"] = balance.settled("auto", train["label"])
    settings["analyzer"] = "char" if without_spaces(train["combined_text"]) else "word"
    return kept(
        root,
        f"floor-{part}",
        splits,
        lambda: _fitted(splits, part, settings),
        functools.partial(_answers, rows=len(splits.frame(part))),
        settings=settings,
    )


def _answers(found: object, rows: int) -> np.ndarray:
    """Return what was kept as probabilities (rows,), or say with a `ValueError` that it is not."""
    answers = np.array(found, "float32")
    if answers.shape != (rows,) or not ((answers >= 0) & (answers <= 1)).all():
        raise ValueError(f"no {rows:,} probabilities")
    return answers


def _fitted(splits: Splits, part: str, settings: dict) -> list[float]:
    train = splits.frame("train")
    texts, labels = (train[name].tolist() for name in ("combined_text", "label"))
    material = Material(texts, labels, balance.weights(settings, train))
    vectorizer, solution = solve(material, settings)
    rows = vectorizer.transform(splits.frame(part)["combined_text"])
    return solution.predict_proba(rows)[:, 1].astype("float32").tolist()


def compare(
    splits: Splits,
    part: str,
    scored: np.ndarray,
    threshold: float,
    root: str | os.PathLike | None = None,
) -> Comparison:
    """Compare a model's F1 with the floor's on one split by a paired bootstrap over clusters.

    Args:
        splits: The fixed splits.
        part: "validation" or "test".
        scored: The model's fake probabilities, `(rows,)`.
        threshold: The model's own; the floor's is 0.5.
        root: As `probabilities` takes it.
    """
    progress.stage(f"Fitting the floor, {FLOOR}")
    frame = splits.frame(part)
    floor = probabilities(splits, part, root)
    progress.stage("Comparing with the floor")
    labels, clusters = frame["label"].to_numpy(), frame["cluster"].to_numpy()
    found = intervals.paired_difference(
        labels, scored, floor, clusters, thresholds=(threshold, _THRESHOLD)
    )
    return Comparison(
        arch=FLOOR,
        part=part,
        f1=found["b"],
        difference=found["difference"],
        interval=found["interval"] and tuple(found["interval"]),
        gain_shown=found["gain_shown"],
    )
