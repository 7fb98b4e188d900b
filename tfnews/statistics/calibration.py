"""Maps from a classifier's log odds to probabilities that can be read as shares.

Whatever is fitted rises, so that no two texts change places: ROC-AUC stays as it is.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logit
from sklearn.isotonic import IsotonicRegression

from tfnews.errors import DataError
from tfnews.records import Calibration

# Rows of each class, and of both, that a method needs: two numbers are fitted by Platt, one by
# temperature, and isotonic regression overfits below a thousand (Niculescu-Mizil & Caruana 2005).
LEAST = {"none": (0, 0), "temperature": (20, 40), "platt": (50, 100), "isotonic": (100, 1000)}
_STEEPEST = 100.0  # what log odds are multiplied by at most, and divided by
_BINS = 15  # of equal count, between which an isotonic map is drawn
_SATURATED = 1e-7  # from 0 or 1: about what float32 can tell from them


def fit(
    method: str,
    log_odds: Sequence[float],
    labels: Sequence[int],
    class_names: Sequence[str] = ("real", "fake"),
) -> Calibration:
    """Fit a map on texts that the classifier was not trained on.

    Labels are drawn in by Platt's rule, to (n + 1) / (n + 2) for the n rows of class 1 and to
    1 / (n + 2) for those of class 0, so that a classifier without a mistake gets finite odds.

    Args:
        method: "temperature" minimises the cross-entropy over one number (Guo et al. 2017, "On
            Calibration of Modern Neural Networks"), "platt" over two (Platt 1999, "Probabilistic
            Outputs for Support Vector Machines"); "isotonic" is regression under the constraint of
            rising (Zadrozny & Elkan 2002), drawn through the centres of its steps (Oron & Flournoy
            2017); "none" changes nothing.
        log_odds: Of class 1, `(rows,)`, as the classifier's layers give them.
        labels: `(rows,)`, each 0 or 1.
        class_names: Names of class 0 and class 1, for messages.

    Raises:
        DataError: What `check` refuses, or log odds that are no numbers.
    """
    labels = np.asarray(labels)
    check(method, labels, class_names)
    odds = np.asarray(log_odds, np.float64)
    if not np.isfinite(odds).all():
        raise DataError(
            f"The log odds of {(~np.isfinite(odds)).sum():,} validation texts are no numbers: "
            "training diverged, or the weights are damaged. Train again with a lower "
            "--learning-rate."
        )
    if method == "none":
        return Calibration()
    targets = _drawn_in(labels)
    line = _line(odds, targets, with_bias=method != "temperature")
    return line if method != "isotonic" else _bent(line, odds, targets)


def check(
    method: str, labels: Sequence[int], class_names: Sequence[str] = ("real", "fake")
) -> None:
    """Refuse a method that too few texts are there for.

    Args:
        method: A key of `LEAST`.
        labels: `(rows,)`, each 0 or 1.
        class_names: Names of class 0 and class 1, for the message.

    Raises:
        DataError: There are too few.
    """
    counts = np.bincount(np.asarray(labels, np.int64), minlength=2)
    of_each, of_both = LEAST[method]
    if counts.min() >= of_each and counts.sum() >= of_both:
        return
    found = " and ".join(f"{n:,} {name}" for n, name in zip(counts, class_names, strict=True))
    raise DataError(
        f"Calibration by {method} needs {of_each} validation texts of each class and {of_both:,} "
        f"in all: from fewer, chance decides what is fitted. Received: {found}. {_fewer(counts)}"
    )


def applied(calibration: Calibration, log_odds: Sequence[float]) -> np.ndarray:
    """Return the probabilities of class 1, float64 `(rows,)`, of a classifier's log odds."""
    return expit(_mapped(calibration, np.asarray(log_odds, np.float64)))


def undone(calibration: Calibration, probabilities: Sequence[float]) -> np.ndarray:
    """Return the probabilities without a map, float64 `(rows,)`, of those with it.

    Probabilities of 0 and 1 count as `1e-7` from them, which float32 cannot tell apart.
    """
    probabilities = np.asarray(probabilities, np.float64)
    if calibration == Calibration():
        return probabilities
    odds = logit(np.clip(probabilities, _SATURATED, 1 - _SATURATED))
    knots = np.array([knot for knot, _ in calibration.knots])
    values = _mapped(calibration, knots)
    slopes = np.cumsum([1 / calibration.temperature, *(c for _, c in calibration.knots)])
    if not len(knots):
        return expit((odds - calibration.bias) / slopes[0])
    piece = np.searchsorted(values, odds)  # 0: before the first knot
    start = np.maximum(piece - 1, 0)
    return expit(knots[start] + (odds - values[start]) / slopes[piece])


def _mapped(calibration: Calibration, odds: np.ndarray) -> np.ndarray:
    mapped = odds / calibration.temperature + calibration.bias
    for knot, change in calibration.knots:
        mapped = mapped + change * np.maximum(odds - knot, 0)
    return mapped


def _drawn_in(labels: np.ndarray) -> np.ndarray:
    real, fake = np.bincount(labels, minlength=2)
    return np.where(labels == 1, (fake + 1) / (fake + 2), 1 / (real + 2))


def _line(odds: np.ndarray, targets: np.ndarray, with_bias: bool) -> Calibration:
    """Minimise the cross-entropy over slope and bias, or the slope alone: a convex problem."""

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        mapped = at[0] * odds + at[1]
        entropy = -np.mean(targets * log_expit(mapped) + (1 - targets) * log_expit(-mapped))
        off = expit(mapped) - targets
        return entropy, np.array([np.mean(off * odds), np.mean(off)])

    bounds = [(1 / _STEEPEST, _STEEPEST), (None, None) if with_bias else (0, 0)]
    found = minimize(loss, np.array([1.0, 0.0]), jac=True, bounds=bounds, method="L-BFGS-B")
    slope, bias = found.x.tolist()
    return Calibration(1 / slope, bias)


def _bent(line: Calibration, odds: np.ndarray, targets: np.ndarray) -> Calibration:
    """Bend a line so that it goes through the centres of an isotonic regression's steps.

    The regression is over bins of equal count, so that no step is steeper than some dozens of texts
    make it. Before the first centre and after the last the line keeps its slope: no two texts tie.
    """
    bins = np.array_split(np.argsort(odds, kind="stable"), _BINS)
    centres, shares = (np.array([of[rows].mean() for rows in bins]) for of in (odds, targets))
    sizes = np.array([len(rows) for rows in bins], np.float64)
    steps = IsotonicRegression().fit(centres, shares, sizes).predict(centres).round(9)
    levels, which = np.unique(steps, return_inverse=True)
    weights = np.bincount(which, sizes)
    knots = np.bincount(which, sizes * centres) / weights
    values = logit(levels)
    slope = 1 / line.temperature
    slopes = np.r_[slope, np.diff(values) / np.diff(knots), slope]
    changes = np.diff(slopes)
    bias = values[0] - slope * knots[0]
    return Calibration(
        line.temperature, float(bias), tuple(zip(knots.tolist(), changes.tolist(), strict=True))
    )


def _fewer(counts: np.ndarray) -> str:
    """Name the methods that the texts are enough for."""
    enough = [
        name
        for name, (of_each, of_both) in LEAST.items()
        if counts.min() >= of_each and counts.sum() >= of_both
    ]
    return f"They are enough for: {', '.join(enough)}."
