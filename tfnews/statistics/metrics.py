"""Scores of one model on one part of a data set, from labels and probabilities."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import classification_report

from tfnews.errors import UsageError
from tfnews.statistics.sample import CALIBRATION_BINS, Sample, Sums, calibration_bin

PREVALENCES = (0.01, 0.10)


@dataclass(frozen=True)
class Metric:
    """A score, declared once: scores, intervals, pages, card and screen follow from its row.

    Attributes:
        name: Its key in metrics.json.
        label: In sentences and tables; {real} and {fake} stand for the set's class names.
        short: As the head of a column.
        formula: From the sums of `(resamples,)` resamples to the score of each, `(resamples,)`.
            The score of a part is that of one resample, which holds each row once.
        needs: Classes, 0 and 1; without a row of each the score is None.
        lower_is_better: Whether less of it is better.
        in_table: Whether the report's page shows it.
        in_card: Whether the model card shows it.
        on_screen: Whether the terminal shows it.
        leads: Whether the page shows it first, before the fold.
    """

    name: str
    label: str
    short: str
    formula: Callable[[Sums], np.ndarray]
    needs: tuple[int, ...] = ()
    lower_is_better: bool = False
    in_table: bool = True
    in_card: bool = True
    on_screen: bool = False
    leads: bool = False

    def of(self, sums: Sums) -> np.ndarray:
        """Return the score of each resample, `(resamples,)` float64; NaN where it has none."""
        there = np.all([(sums.real, sums.fake)[label] > 0 for label in self.needs], axis=0)
        return np.where(there, self.formula(sums), np.nan)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide; 0.0 where there is nothing to divide by, as scikit-learn prints it."""
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=whole > 0)


# Each of the three of class 0, and of class 1.
def _precision(s: Sums) -> tuple[np.ndarray, np.ndarray]:
    return _ratio(s.tn, s.tn + s.fn), _ratio(s.tp, s.tp + s.fp)


def _recall(s: Sums) -> tuple[np.ndarray, np.ndarray]:
    return _ratio(s.tn, s.real), _ratio(s.tp, s.fake)


def _f1(s: Sums) -> tuple[np.ndarray, np.ndarray]:
    return _ratio(2 * s.tn, 2 * s.tn + s.fn + s.fp), _ratio(2 * s.tp, 2 * s.tp + s.fn + s.fp)


def _mean(of_both: Callable) -> Callable[[Sums], np.ndarray]:
    return lambda s: sum(of_both(s)) / 2


def _by_support(of_both: Callable) -> Callable[[Sums], np.ndarray]:
    def weighted(s: Sums) -> np.ndarray:
        of_real, of_fake = of_both(s)
        return (of_real * s.real + of_fake * s.fake) / s.rows

    return weighted


def _roc_auc(s: Sums) -> np.ndarray:
    """Return the share of pairs in which the fake text scores higher; half of a tie."""
    real, fake = s.by_step
    won = (real * (np.cumsum(fake, axis=1) - fake / 2)).sum(axis=1)
    return _ratio(won, s.real * s.fake)


def _average_precision(s: Sums) -> np.ndarray:
    real, fake = s.by_step
    fakes_above = np.cumsum(fake, axis=1)
    precision = _ratio(fakes_above, fakes_above + np.cumsum(real, axis=1))
    return _ratio((precision * fake).sum(axis=1), s.fake)


def _mcc(s: Sums) -> np.ndarray:
    spread = np.sqrt((s.tp + s.fp) * s.fake * s.real * (s.tn + s.fn))
    return _ratio(s.tp * s.tn - s.fp * s.fn, spread)


def _calibration_error(s: Sums) -> np.ndarray:
    """Return the expected calibration error of the fake probability, in [0, 1].

    The 15 equal-width bins of Guo et al. 2017 ("On Calibration of Modern Neural Networks"), over
    the fake probability on [0, 1] rather than over the confidence in the called class: the mean
    over rows of a bin's |mean probability - share labelled fake|.
    """
    return np.abs(s.gaps).sum(axis=1) / s.rows


_ERRORS = {"lower_is_better": True}
# In the order in which they are shown: false alarms first.
_ROWS = (
    Metric(
        "fpr", "{real} called {fake} (false alarms, FPR)", "FPR",
        lambda s: _ratio(s.fp, s.real), needs=(0,), on_screen=True, leads=True, **_ERRORS,
    ),
    Metric(
        "fnr", "{fake} called {real} (misses, FNR)", "FNR",
        lambda s: _ratio(s.fn, s.fake), needs=(1,), on_screen=True, leads=True, **_ERRORS,
    ),
    Metric("accuracy", "accuracy", "accuracy", lambda s: (s.tn + s.tp) / s.rows, on_screen=True),
    Metric("precision", "precision for {fake}", "precision {fake}", lambda s: _precision(s)[1]),
    Metric("recall", "recall for {fake}", "recall {fake}", lambda s: _recall(s)[1]),
    Metric(
        "f1", "F1 for {fake}", "F1 {fake}", lambda s: _f1(s)[1], on_screen=True, leads=True
    ),
    Metric(
        "weighted_precision", "weighted precision", "precision weighted",
        _by_support(_precision), in_card=False,
    ),
    Metric(
        "weighted_recall", "weighted recall", "recall weighted",
        _by_support(_recall), in_card=False,
    ),
    Metric("weighted_f1", "weighted F1", "F1 weighted", _by_support(_f1), on_screen=True),
    Metric(
        "macro_precision", "macro precision", "precision macro",
        _mean(_precision), in_table=False, in_card=False,
    ),
    Metric(
        "macro_recall", "macro recall", "recall macro",
        _mean(_recall), in_table=False, in_card=False,
    ),
    Metric("macro_f1", "macro F1", "F1 macro", _mean(_f1), in_card=False),
    Metric("roc_auc", "ROC-AUC", "ROC-AUC", _roc_auc, needs=(0, 1), on_screen=True),
    Metric(
        "pr_auc", "PR-AUC (average precision)", "PR-AUC", _average_precision, needs=(0, 1)
    ),
    Metric("mcc", "Matthews correlation (MCC)", "MCC", _mcc, needs=(0, 1)),
    # Brier 1950: the mean squared distance of probability and label, in [0, 1].
    Metric("brier", "Brier score (0 is best)", "Brier", lambda s: s.squares / s.rows, **_ERRORS),
    Metric("ece", "calibration error (ECE, 0 is best)", "ECE", _calibration_error, **_ERRORS),
)  # fmt: skip
METRICS = {metric.name: metric for metric in _ROWS}


def named(name: str) -> Metric:
    """Return a metric's row.

    Raises:
        UsageError: There is none of that name.
    """
    if name not in METRICS:
        raise UsageError(f"No score named {name!r}. There are: {', '.join(METRICS)}.")
    return METRICS[name]


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
        A JSON-able dict: `rows`, `threshold`, `class_names`; each of `METRICS`, such as `fpr` (real
        called fake), `f1` of class 1, `macro_f1`, `pr_auc` (average precision); `confusion`
        `[[tn, fp], [fn, tp]]`; `classes` {name: precision, recall, f1, support}; `always`, the
        scores of giving each row the commoner class, `class`, and `rows`.

    Raises:
        DataError: No rows, lengths that differ, a label not 0 or 1, a probability not in [0, 1].

    Example:
        >>> scores([0, 0, 1, 1], [0.1, 0.6, 0.7, 0.9])["fpr"]
        0.5
    """
    sample = Sample(labels, probabilities, threshold)
    sums = sample.whole()
    tn, fp, fn, tp = map(int, sample.counts[0])
    return {
        "rows": len(sample.labels),
        "threshold": float(threshold),
        "class_names": list(class_names),
        **{name: known(metric.of(sums)[0]) for name, metric in METRICS.items()},
        "confusion": [[tn, fp], [fn, tp]],
        "classes": _by_class(sample, class_names),
        "always": _always(sample, class_names),
    }


def _always(sample: Sample, class_names: Sequence[str]) -> dict:
    rows, fake = len(sample.labels), int(sample.labels.sum())
    commoner = int(2 * fake >= rows)  # of two as common, the one that F1 asks more of a model by
    found = one_answer(rows - fake, fake, commoner)
    return {"class": class_names[commoner], "rows": rows, **found}


def one_answer(real: int, fake: int, label: int) -> dict[str, float | None]:
    """Return what giving every text the same class would score, by the names of `METRICS`.

    Args:
        real: Texts of class 0.
        fake: Texts of class 1.
        label: The class that all are given, 0 or 1.
    """
    labels = np.repeat([0, 1], [real, fake])
    constant = Sample(labels, np.full(len(labels), float(label)), 0.5).whole()
    with np.errstate(all="ignore"):  # a formula may divide by what is 0 here
        return {name: known(metric.of(constant)[0]) for name, metric in METRICS.items()}


def known(value: float) -> float | None:
    """Return a score as JSON has it: None for NaN."""
    return None if np.isnan(value) else float(value)


def best_threshold(labels: np.ndarray, probabilities: np.ndarray) -> tuple[float, float]:
    """Return the threshold at which F1 of class 1 is highest on some rows, and that F1.

    It lies half-way between two probabilities, so that rounding moves no row across.

    Args:
        labels: `(rows,)`, each 0 or 1.
        probabilities: `(rows,)`, in [0, 1].
    """
    falling = np.argsort(-probabilities, kind="stable")
    ordered, right = probabilities[falling], np.cumsum(labels[falling])
    flags = np.arange(1, len(ordered) + 1)
    ends = np.append(ordered[1:] != ordered[:-1], True)  # rows of one probability go together
    f1 = np.where(ends, 2 * right / (flags + labels.sum()), 0)
    best = int(np.argmax(f1))
    below = ordered[best + 1] if best + 1 < len(ordered) else 0.0
    return between(below, ordered[best]), float(f1[best])


def between(below: float, above: float) -> float:
    """Return the threshold half-way between two scores; the upper where float32 has none there."""
    middle = (float(below) + float(above)) / 2
    return middle if np.float32(middle) > np.float32(below) else float(above)


def reliability(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, np.ndarray]:
    """Sort rows into the calibration bins.

    Args:
        labels: `(rows,)`, each 0 or 1.
        probabilities: `(rows,)`, in [0, 1].

    Returns:
        `count`, `mean_probability` and `fake_share`, each `(bins,)`; the last two NaN where empty.
    """
    bins = calibration_bin(probabilities)
    count = np.bincount(bins, minlength=CALIBRATION_BINS)
    divisor = np.where(count, count, np.nan)
    return {
        "count": count,
        "mean_probability": np.bincount(bins, probabilities, CALIBRATION_BINS) / divisor,
        "fake_share": np.bincount(bins, labels, CALIBRATION_BINS) / divisor,
    }


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
    flags = right + fpr * (1 - prevalence)
    return right / flags if flags else None


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
    names = [*class_names, "accuracy", "macro avg", "weighted avg"]
    return [
        {"name": name, "train": of_train, "test": of_test}
        for name, of_train, of_test in zip(names, train, test, strict=True)
    ]


def _by_class(sample: Sample, class_names: Sequence[str]) -> dict[str, dict]:
    # Keyed by label, not by name: a class may be called "accuracy".
    called = sample.called.astype(np.int8)
    found = classification_report(
        sample.labels, called, labels=[0, 1], output_dict=True, zero_division=0.0
    )
    return {
        name: {
            "precision": found[label]["precision"],
            "recall": found[label]["recall"],
            "f1": found[label]["f1-score"],
            "support": int(found[label]["support"]),
        }
        for label, name in zip("01", class_names, strict=True)
    }


def _bad_ends(intervals: dict) -> tuple[float | None, float | None]:
    fpr, fnr = intervals.get("fpr"), intervals.get("fnr")
    return (1 - fnr[1] if fnr else None), (fpr[1] if fpr else None)


def _report_rows(part: dict, class_names: Sequence[str]) -> list[dict]:
    support = {"support": part["rows"]}
    averages = [
        {name: part[f"{kind}_{name}"] for name in ("precision", "recall", "f1")}
        for kind in ("macro", "weighted")
    ]
    accuracy = {"precision": None, "recall": None, "f1": part["accuracy"]}
    by_class = [part["classes"][name] for name in class_names]
    return by_class + [row | support for row in (accuracy, *averages)]
