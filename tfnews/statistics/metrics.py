"""Scores of one model on one part of a data set, from labels and probabilities."""

import math
from collections.abc import Sequence

import numpy as np
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    matthews_corrcoef,
    precision_recall_fscore_support,
    roc_auc_score,
)

from tfnews.errors import DataError

CALIBRATION_BINS = 15
PREVALENCES = (0.01, 0.10)


def scores(
    labels: Sequence[int],
    probabilities: Sequence[float],
    threshold: float = 0.5,
    class_names: Sequence[str] = ("real", "fake"),
) -> dict:
    """Score probabilities against labels.

    A precision, recall or F1 that divides by zero is 0.0, as scikit-learn prints it. What needs a
    class that has no rows is None: `roc_auc`, `pr_auc`, `mcc`, `fpr`, `fnr`.

    Args:
        labels: `(rows,)`, each 0 or 1; 1 is the fake class.
        probabilities: `(rows,)`, the probability of class 1, in [0, 1].
        threshold: A row is called fake at this probability or above, in [0, 1].
        class_names: Names of class 0 and class 1.

    Returns:
        A JSON-able dict: `rows`, `threshold`, `class_names`, `accuracy`; `precision`, `recall`,
        `f1` of class 1; `macro_*` and `weighted_*` of the three; `roc_auc`; `pr_auc` (average
        precision); `mcc`; `brier`; `ece`; `fpr` (real called fake); `fnr` (fake called real);
        `confusion` `[[tn, fp], [fn, tp]]`; `classes` {name: precision, recall, f1, support}.

    Raises:
        DataError: No rows, lengths that differ, a label not 0 or 1, a probability not in [0, 1].
    """
    labels, probabilities = checked(labels, probabilities)
    called = (probabilities >= threshold).astype(np.int8)
    (tn, fp), (fn, tp) = confusion_matrix(labels, called, labels=[0, 1]).tolist()
    return {
        "rows": len(labels),
        "threshold": float(threshold),
        "class_names": list(class_names),
        "accuracy": (tp + tn) / len(labels),
        **_averages(labels, called),
        **_ranking(labels, probabilities),
        "mcc": float(matthews_corrcoef(labels, called)) if _both(labels) else None,
        "brier": brier(labels, probabilities),
        "ece": expected_calibration_error(labels, probabilities),
        "fpr": _ratio(fp, fp + tn),
        "fnr": _ratio(fn, fn + tp),
        "confusion": [[tn, fp], [fn, tp]],
        "classes": _by_class(labels, called, class_names),
    }


def brier(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean squared distance of probability and label, in [0, 1] (Brier 1950)."""
    return float(np.mean((probabilities - labels) ** 2))


def expected_calibration_error(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the expected calibration error of the fake probability, in [0, 1].

    The 15 equal-width bins of Guo et al. 2017 ("On Calibration of Modern Neural Networks"), over
    the fake probability on [0, 1] rather than over the confidence in the called class: the mean
    over rows of a bin's |mean probability - share labelled fake|.
    """
    bins = reliability(labels, probabilities)
    gaps = np.abs(bins["mean_probability"] - bins["fake_share"])
    return float(np.nansum(gaps * bins["count"]) / len(labels))


def reliability(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, np.ndarray]:
    """Return the calibration bins: `count`, `mean_probability`, `fake_share`, NaN where empty."""
    bins = calibration_bin(probabilities)
    count = np.bincount(bins, minlength=CALIBRATION_BINS)
    divisor = np.where(count, count, np.nan)
    return {
        "count": count,
        "mean_probability": np.bincount(bins, probabilities, CALIBRATION_BINS) / divisor,
        "fake_share": np.bincount(bins, labels, CALIBRATION_BINS) / divisor,
    }


def calibration_bin(probabilities: np.ndarray) -> np.ndarray:
    """Return each probability's equal-width bin, 0 to 14; a bin holds its lower edge."""
    bins = (np.asarray(probabilities, np.float64) * CALIBRATION_BINS).astype(np.int64)
    return np.minimum(bins, CALIBRATION_BINS - 1)


def flag_precision(tpr: float | None, fpr: float | None, prevalence: float) -> float | None:
    """Return the share of flags that would be right at another share of fakes (Bayes' theorem).

    Args:
        tpr: Share of fake texts called fake (recall), in [0, 1], or None.
        fpr: Share of real texts called fake, in [0, 1], or None.
        prevalence: Share of texts that are fake where the model is used, in [0, 1].

    Returns:
        The precision, in [0, 1]; None where a rate is None or nothing would be flagged.
    """
    if tpr is None or fpr is None:
        return None
    right = tpr * prevalence
    return _ratio(right, right + fpr * (1 - prevalence))


def flag_precisions(
    part: dict,
    intervals: dict | None = None,
    prevalences: Sequence[float] = PREVALENCES,
) -> list[dict]:
    """Return `flag_precision` at each prevalence, with its value at the rates' bad ends.

    Args:
        part: What `scores` returned.
        intervals: What `intervals.bootstrap` returned for the same rows, or None.
        prevalences: Shares of fake texts, each in [0, 1].

    Returns:
        `{prevalence, precision, low}` each; `low` takes the high ends of the `fpr` and `fnr`
        intervals, so it is a cautious figure and no confidence limit; None without intervals.
    """
    tpr = None if part["fnr"] is None else 1 - part["fnr"]
    worst_tpr, worst_fpr = _bad_ends(intervals or {})
    return [
        {
            "prevalence": prevalence,
            "precision": flag_precision(tpr, part["fpr"], prevalence),
            "low": flag_precision(worst_tpr, worst_fpr, prevalence),
        }
        for prevalence in prevalences
    ]


def classification_table(
    train_scores: dict, test_scores: dict, class_names: Sequence[str]
) -> list[dict]:
    """Return scikit-learn's classification report of two parts side by side.

    Args:
        train_scores: What `scores` returned for the training part.
        test_scores: The same for the test part.
        class_names: Names of class 0 and class 1.

    Returns:
        Rows `{name, train, test}`, one a class, then accuracy, macro avg and weighted avg; `train`
        and `test` hold precision, recall, f1 (None where the row has none) and support.
    """
    train, test = (_report_rows(part, class_names) for part in (train_scores, test_scores))
    return [{"name": name, "train": train[name], "test": test[name]} for name in train]


def checked(labels: Sequence[int], probabilities: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return labels `(rows,)` int8 and probabilities `(rows,)` float64, or say what is wrong.

    Raises:
        DataError: No rows, lengths that differ, a label not 0 or 1, a probability not in [0, 1].
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, np.float64)
    if labels.ndim != 1 or labels.shape != probabilities.shape or not len(labels):
        raise DataError(
            "Scores need one label and one probability a row, and at least one row. Received: "
            f"labels {labels.shape}, probabilities {probabilities.shape}. Check the split's file."
        )
    if not np.isin(labels, (0, 1)).all():
        odd = labels[~np.isin(labels, (0, 1))][0]
        raise DataError(f"A label must be 1 (fake) or 0 (real). Received: {odd}. Prepare the data.")
    inside = (probabilities >= 0) & (probabilities <= 1)
    if not inside.all():
        raise DataError(
            f"A probability must lie in [0, 1]. Received: {probabilities[~inside][0]}. A NaN means "
            "that training diverged: train again with a lower --learning-rate."
        )
    return labels.astype(np.int8), probabilities


def _averages(labels: np.ndarray, called: np.ndarray) -> dict[str, float]:
    figures = {}
    for average, prefix in (("binary", ""), ("macro", "macro_"), ("weighted", "weighted_")):
        chosen = {} if average == "binary" else {"labels": [0, 1]}
        values = precision_recall_fscore_support(
            labels, called, average=average, zero_division=0.0, **chosen
        )
        for name, value in zip(("precision", "recall", "f1"), values[:3], strict=True):
            figures[prefix + name] = float(value)
    return figures


def _by_class(labels: np.ndarray, called: np.ndarray, class_names: Sequence[str]) -> dict:
    columns = precision_recall_fscore_support(labels, called, labels=[0, 1], zero_division=0.0)
    names = ("precision", "recall", "f1", "support")
    rows = np.stack(columns, axis=1).tolist()
    table = {
        class_name: dict(zip(names, row, strict=True))
        for class_name, row in zip(class_names, rows, strict=True)
    }
    for row in table.values():
        row["support"] = int(row["support"])
    return table


def _ranking(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, float | None]:
    if not _both(labels):
        return {"roc_auc": None, "pr_auc": None}
    return {
        "roc_auc": float(roc_auc_score(labels, probabilities)),
        "pr_auc": float(average_precision_score(labels, probabilities)),
    }


def _both(labels: np.ndarray) -> bool:
    return bool(labels.min() != labels.max())


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole and math.isfinite(whole) else None


def _bad_ends(intervals: dict) -> tuple[float | None, float | None]:
    fpr, fnr = intervals.get("fpr"), intervals.get("fnr")
    return (1 - fnr[1] if fnr else None), (fpr[1] if fpr else None)


def _report_rows(part: dict, class_names: Sequence[str]) -> dict[str, dict]:
    rows = {name: part["classes"][name] for name in class_names}
    support = {"support": part["rows"]}
    rows["accuracy"] = {"precision": None, "recall": None, "f1": part["accuracy"], **support}
    for kind in ("macro", "weighted"):
        figures = {name: part[f"{kind}_{name}"] for name in ("precision", "recall", "f1")}
        rows[f"{kind} avg"] = {**figures, **support}
    return rows
