"""The floor under every score: TF-IDF with logistic regression on the same rows."""

import numpy as np

from tfnews import catalogue
from tfnews.data.splits import Splits
from tfnews.models.linear.tfidf import solve
from tfnews.statistics import intervals

FLOOR = "tfidf"
_THRESHOLD = 0.5  # at which the floor calls a text fake


def probabilities(splits: Splits, part: str) -> np.ndarray:
    """Fit scikit-learn's TF-IDF baseline on the training split and score another.

    Args:
        splits: The fixed splits.
        part: "validation" or "test".

    Returns:
        Fake probabilities, float32 `(rows,)`.
    """
    train = splits.frame("train")
    vectorizer, solution = solve(
        train["combined_text"].tolist(), train["label"].tolist(), catalogue.row(FLOOR).settings
    )
    rows = vectorizer.transform(splits.frame(part)["combined_text"])
    return solution.predict_proba(rows)[:, 1].astype("float32")


def compare(splits: Splits, part: str, scored: np.ndarray, threshold: float) -> dict:
    """Compare a model's F1 with the floor's on one split by a paired bootstrap over clusters.

    Args:
        splits: The fixed splits.
        part: "validation" or "test".
        scored: The model's fake probabilities, `(rows,)`.
        threshold: The model's own; the floor's is 0.5.

    Returns:
        arch and f1 of the floor, part, difference (model minus floor), its 95 % interval,
        gain_shown.
    """
    frame = splits.frame(part)
    floor = probabilities(splits, part)
    labels, clusters = frame["label"].to_numpy(), frame["cluster"].to_numpy()
    found = intervals.paired_difference(
        labels, scored, floor, clusters, thresholds=(threshold, _THRESHOLD)
    )
    kept = {key: found[key] for key in ("difference", "interval", "gain_shown")}
    return {"arch": FLOOR, "part": part, "f1": found["b"], **kept}
