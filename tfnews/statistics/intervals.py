"""95 % intervals of scores, and of the difference of two models, by the cluster bootstrap.

Texts that are near-copies of each other are not independent, so whole clusters of them are drawn
with replacement, not rows (Efron & Tibshirani 1993, chapters 8 and 13; Field & Welsh 2007,
"Bootstrapping clustered data"). Drawing a cluster twice is giving its rows the weight 2: every
score is computed from such weights, for many resamples at once.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from tfnews.errors import UsageError
from tfnews.statistics.metrics import CALIBRATION_BINS, calibration_bin, checked

METRICS = (
    "accuracy", "precision", "recall", "f1",
    "macro_precision", "macro_recall", "macro_f1",
    "weighted_precision", "weighted_recall", "weighted_f1",
    "roc_auc", "pr_auc", "mcc", "brier", "ece", "fpr", "fnr",
)  # fmt: skip
LOWER_IS_BETTER = frozenset({"brier", "ece", "fpr", "fnr"})

_NUMBERS_AT_ONCE = 2_000_000  # weights held in memory: 16 MB


def bootstrap(
    labels: Sequence[int],
    probabilities: Sequence[float],
    groups: Sequence | None = None,
    metric_names: Sequence[str] = METRICS,
    *,
    resamples: int = 1000,
    seed: int = 0,
    threshold: float = 0.5,
) -> dict[str, list[float] | None]:
    """Return the 95 % percentile interval of each score.

    A resample without one of the classes is left out where the score needs both. A rate of
    errors, `fpr` or `fnr`, of 0 or 1 reaches 3 / clusters of that class inwards (rule of three,
    Hanley & Lippman-Hand 1983): a bootstrap of no error, or of errors alone, shows no doubt.

    Args:
        labels: `(rows,)`, each 0 or 1.
        probabilities: `(rows,)`, the probability of class 1, in [0, 1].
        groups: `(rows,)`, each row's cluster; None: each row is its own.
        metric_names: Scores among `METRICS`, as `metrics.scores` names them.
        resamples: How many to draw.
        seed: The same seed draws the same clusters.
        threshold: A row is called fake at this probability or above.

    Returns:
        `{name: [low, high]}`; None for a score that could not be computed, or for fewer than two
        clusters.

    Raises:
        DataError: What `metrics.checked` refuses.
        UsageError: A name that is not in `METRICS`.
    """
    sample = _Sample(labels, probabilities, groups, threshold, metric_names)
    if sample.clusters < 2:
        return dict.fromkeys(metric_names)
    values = _resampled(sample, resamples, seed)
    intervals = {name: _percentiles(values[name]) for name in metric_names}
    for name, label in (("fpr", 0), ("fnr", 1)):
        if intervals.get(name) in ([0.0, 0.0], [1.0, 1.0]):
            doubt = min(1.0, 3 / sample.clusters_with(label))
            low, high = intervals[name]
            intervals[name] = [max(0.0, low - doubt), min(1.0, high + doubt)]
    return intervals


def paired_difference(
    labels: Sequence[int],
    probabilities_a: Sequence[float],
    probabilities_b: Sequence[float],
    groups: Sequence | None = None,
    metric: str = "f1",
    *,
    resamples: int = 1000,
    seed: int = 0,
    thresholds: tuple[float, float] = (0.5, 0.5),
) -> dict:
    """Return how much better model a is than model b on the same rows (paired cluster bootstrap).

    Args:
        labels: `(rows,)`, each 0 or 1.
        probabilities_a: `(rows,)`, of the model in question.
        probabilities_b: `(rows,)`, of the model it is held against.
        groups: `(rows,)`, each row's cluster; None: each row is its own.
        metric: A score among `METRICS`.
        resamples: How many to draw; both models see the same ones.
        seed: The same seed draws the same clusters.
        thresholds: Of a and of b.

    Returns:
        `metric`, `a`, `b`, `difference` (a - b), `interval` [low, high] of the difference, and
        `gain_shown`: whether the whole interval lies on the better side of 0.

    Raises:
        DataError: What `metrics.checked` refuses.
        UsageError: A metric that is not in `METRICS`.
    """
    models = zip((probabilities_a, probabilities_b), thresholds, strict=True)
    samples = [_Sample(labels, scores, groups, at, (metric,)) for scores, at in models]
    a, b = (_number(sample.values(np.ones((1, sample.clusters)))[metric][0]) for sample in samples)
    interval = None
    if samples[0].clusters > 1:
        of_a, of_b = (_resampled(sample, resamples, seed)[metric] for sample in samples)
        interval = _percentiles(of_a - of_b)
    difference = None if a is None or b is None else a - b
    shown = interval is not None and _better(interval, metric)
    return {
        "metric": metric, "a": a, "b": b,
        "difference": difference, "interval": interval, "gain_shown": shown,
    }  # fmt: skip


class _Sample:
    """Labels and probabilities, summed by cluster so that a resample is a matrix product."""

    def __init__(self, labels, probabilities, groups, threshold, metric_names):
        _check_names(metric_names)
        self.names = tuple(metric_names)
        self.labels, probabilities = checked(labels, probabilities)
        groups = np.arange(len(self.labels)) if groups is None else np.asarray(groups)
        self.codes = np.unique(groups, return_inverse=True)[1].reshape(-1)
        self.clusters = int(self.codes.max()) + 1
        self.counts = self._confusion(probabilities >= threshold)
        self.squares = self._by_cluster([(probabilities - self.labels) ** 2])
        self.gaps = self._calibration_gaps(probabilities)
        self.order = np.argsort(-probabilities, kind="stable")
        falling = probabilities[self.order]
        self.starts = np.flatnonzero(np.r_[True, falling[1:] != falling[:-1]])

    def clusters_with(self, label: int) -> int:
        """Return how many clusters hold a row of this label."""
        return len(np.unique(self.codes[self.labels == label]))

    def values(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return the scores `(resamples,)` under cluster weights `(resamples, clusters)`."""
        tn, fp, fn, tp = (weights @ self.counts).T
        rows = tn + fp + fn + tp
        values = _from_counts(tn, fp, fn, tp)
        values["brier"] = (weights @ self.squares)[:, 0] / rows
        values["ece"] = np.abs(weights @ self.gaps).sum(axis=1) / rows
        if {"roc_auc", "pr_auc"} & set(self.names):
            values |= self._ranking(weights)
        return {name: values[name] for name in self.names}

    def _by_cluster(self, columns: list[np.ndarray]) -> np.ndarray:
        sums = [np.bincount(self.codes, column, self.clusters) for column in columns]
        return np.stack(sums, axis=1)

    def _confusion(self, called: np.ndarray) -> np.ndarray:
        fake = self.labels == 1
        return self._by_cluster([~fake & ~called, ~fake & called, fake & ~called, fake & called])

    def _calibration_gaps(self, probabilities: np.ndarray) -> np.ndarray:
        """Return sums of probability minus label, `(clusters, bins)`."""
        cells = self.codes * CALIBRATION_BINS + calibration_bin(probabilities)
        gaps = np.bincount(cells, probabilities - self.labels, self.clusters * CALIBRATION_BINS)
        return gaps.reshape(self.clusters, CALIBRATION_BINS)

    def _ranking(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return both areas; rows with the same probability move together."""
        by_row = weights[:, self.codes[self.order]]
        fake = np.add.reduceat(by_row * self.labels[self.order], self.starts, axis=1)
        real = np.add.reduceat(by_row, self.starts, axis=1) - fake
        fakes_above, reals_above = np.cumsum(fake, axis=1), np.cumsum(real, axis=1)
        fakes, reals = fakes_above[:, -1], reals_above[:, -1]
        pairs_won = (real * (fakes_above - fake / 2)).sum(axis=1)
        precision = _divide(fakes_above, fakes_above + reals_above)
        average_precision = _divide((precision * fake).sum(axis=1), fakes)
        return {
            "roc_auc": _divide(pairs_won, fakes * reals, empty=np.nan),
            "pr_auc": np.where(fakes * reals > 0, average_precision, np.nan),
        }


def _from_counts(tn, fp, fn, tp) -> dict[str, np.ndarray]:
    real, fake = tn + fp, fn + tp
    precision = (_divide(tn, tn + fn), _divide(tp, tp + fp))
    recall = (_divide(tn, real), _divide(tp, fake))
    f1 = (_divide(2 * tn, 2 * tn + fn + fp), _divide(2 * tp, 2 * tp + fn + fp))
    values = {"accuracy": (tn + tp) / (real + fake)}
    for name, (of_real, of_fake) in (("precision", precision), ("recall", recall), ("f1", f1)):
        values[name] = of_fake
        values[f"macro_{name}"] = (of_real + of_fake) / 2
        values[f"weighted_{name}"] = (of_real * real + of_fake * fake) / (real + fake)
    spread = np.sqrt((tp + fp) * fake * real * (tn + fn))
    values["mcc"] = np.where(real * fake > 0, _divide(tp * tn - fp * fn, spread), np.nan)
    values["fpr"] = _divide(fp, real, empty=np.nan)
    values["fnr"] = _divide(fn, fake, empty=np.nan)
    return values


def _divide(part: np.ndarray, whole: np.ndarray, empty: float = 0.0) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(whole), empty), where=whole > 0)


def _resampled(sample: _Sample, resamples: int, seed: int) -> dict[str, np.ndarray]:
    chunks = [sample.values(weights) for weights in _weights(sample, resamples, seed)]
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in sample.names}


def _weights(sample: _Sample, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Yield how often each cluster was drawn, `(resamples of this chunk, clusters)` float64."""
    generator = np.random.default_rng(seed)
    at_once = max(1, _NUMBERS_AT_ONCE // len(sample.labels))
    for start in range(0, resamples, at_once):
        count = min(at_once, resamples - start)
        drawn = generator.integers(sample.clusters, size=(count, sample.clusters))
        drawn += np.arange(count)[:, None] * sample.clusters
        weights = np.bincount(drawn.ravel(), minlength=count * sample.clusters)
        yield weights.reshape(count, sample.clusters).astype(np.float64)


def _percentiles(values: np.ndarray) -> list[float] | None:
    known = values[~np.isnan(values)]
    return np.percentile(known, [2.5, 97.5]).tolist() if len(known) else None


def _better(interval: list[float], metric: str) -> bool:
    return interval[1] < 0 if metric in LOWER_IS_BETTER else interval[0] > 0


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _check_names(names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in METRICS]
    if unknown:
        raise UsageError(f"No score named {unknown[0]!r}. There are: {', '.join(METRICS)}.")
