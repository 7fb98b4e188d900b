"""95 % intervals of scores, and of the difference of two models, by the cluster bootstrap.

Texts that are near-copies of each other are not independent, so whole clusters of them are drawn
with replacement, not rows (Efron & Tibshirani 1993, chapters 8 and 13; Field & Welsh 2007,
"Bootstrapping clustered data"). Drawing a cluster twice is giving its rows the weight 2: every
score is computed from such weights, for many resamples at once.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tfnews.statistics.metrics import METRICS, Metric, known, named
from tfnews.statistics.sample import Sample

_NUMBERS_AT_ONCE = 2_000_000  # weights held in memory: 16 MB


def bootstrap(
    labels: Sequence[int],
    probabilities: Sequence[float],
    groups: Sequence | None = None,
    metric_names: Iterable[str] = METRICS,
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
        metric_names: Names among `metrics.METRICS`.
        resamples: How many to draw.
        seed: The same seed draws the same clusters.
        threshold: A row is called fake at this probability or above.

    Returns:
        `{name: [low, high]}`; None for a score that could not be computed, or for fewer than two
        clusters.

    Raises:
        DataError: What `metrics.checked` refuses.
        UsageError: A name that is not in `metrics.METRICS`.

    Example:
        >>> bootstrap([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], metric_names=["accuracy"])
        {'accuracy': [1.0, 1.0]}
    """
    rows = [named(name) for name in metric_names]
    sample = _sample(labels, probabilities, groups, threshold)
    if sample.clusters < 2:
        return {row.name: None for row in rows}
    values = _resampled(sample, rows, resamples, seed)
    intervals = {name: percentiles(found) for name, found in values.items()}
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
        metric: One of `metrics.METRICS`.
        resamples: How many to draw; both models see the same ones.
        seed: The same seed draws the same clusters.
        thresholds: Of a and of b.

    Returns:
        `metric`, `a`, `b`, `difference` (a - b), `interval` [low, high] of the difference, and
        `gain_shown`: whether the whole interval lies on the better side of 0.

    Raises:
        DataError: What `metrics.checked` refuses.
        UsageError: A metric that is not in `metrics.METRICS`.
    """
    row = named(metric)
    scored = (probabilities_a, probabilities_b)
    samples = _samples(labels, scored, thresholds, groups)
    a, b = (known(row.of(sample.whole())[0]) for sample in samples)
    interval = None
    if samples[0].clusters > 1:
        of_a, of_b = _each_resampled(samples, row, resamples, seed)
        interval = percentiles(of_a - of_b)
    difference = None if a is None or b is None else a - b
    shown = interval is not None and _better(interval, row)
    return {
        "metric": row.name, "a": a, "b": b,
        "difference": difference, "interval": interval, "gain_shown": shown,
    }  # fmt: skip


def resampled(
    labels: Sequence[int],
    scored: Sequence[Sequence[float]],
    thresholds: Sequence[float],
    groups: Sequence | None = None,
    metric: str = "f1",
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> np.ndarray:
    """Return a score of several models on the same resamples of the same rows.

    Args:
        labels: `(rows,)`, each 0 or 1.
        scored: Of each model the probabilities of class 1, `(rows,)`, in [0, 1].
        thresholds: Of each model.
        groups: `(rows,)`, each row's cluster; None: each row is its own.
        metric: One of `metrics.METRICS`.
        resamples: How many to draw.
        seed: The same seed draws the same clusters.

    Returns:
        `(models, resamples)`; NaN where a score cannot be computed.

    Raises:
        DataError: What `metrics.checked` refuses.
        UsageError: A metric that is not in `metrics.METRICS`.
    """
    samples = _samples(labels, scored, thresholds, groups)
    return _each_resampled(samples, named(metric), resamples, seed)


def _samples(
    labels: Sequence[int],
    scored: Sequence[Sequence[float]],
    thresholds: Sequence[float],
    groups: Sequence | None,
) -> list[Sample]:
    models = zip(scored, thresholds, strict=True)
    return [_sample(labels, probabilities, groups, at) for probabilities, at in models]


def _each_resampled(
    samples: Sequence[Sample], row: Metric, resamples: int, seed: int
) -> np.ndarray:
    chunks = [
        [row.of(sample.under(weights)) for sample in samples]
        for weights in _weights(samples[0], resamples, seed)
    ]
    return np.concatenate(chunks, axis=1)


def _sample(
    labels: Sequence[int],
    probabilities: Sequence[float],
    groups: Sequence | None,
    threshold: float,
) -> Sample:
    groups = np.arange(len(labels)) if groups is None else groups
    return Sample(labels, probabilities, threshold, groups)


def _resampled(
    sample: Sample, rows: Sequence[Metric], resamples: int, seed: int
) -> dict[str, np.ndarray]:
    """Return each score of each resample, `(resamples,)`."""
    chunks = []
    for weights in _weights(sample, resamples, seed):
        sums = sample.under(weights)
        chunks.append([row.of(sums) for row in rows])
    columns = zip(*chunks, strict=True)
    return {row.name: np.concatenate(column) for row, column in zip(rows, columns, strict=True)}


def _weights(sample: Sample, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Yield how often each cluster was drawn, `(resamples of this chunk, clusters)` float64."""
    generator = np.random.default_rng(seed)
    at_once = max(1, _NUMBERS_AT_ONCE // len(sample.labels))
    for start in range(0, resamples, at_once):
        count = min(at_once, resamples - start)
        drawn = generator.integers(sample.clusters, size=(count, sample.clusters))
        drawn += np.arange(count)[:, None] * sample.clusters
        weights = np.bincount(drawn.ravel(), minlength=count * sample.clusters)
        yield weights.reshape(count, sample.clusters).astype(np.float64)


def percentiles(values: np.ndarray) -> list[float] | None:
    """Return the 95 % interval of resampled values `(resamples,)`; None where all are NaN."""
    known = values[~np.isnan(values)]
    return np.percentile(known, [2.5, 97.5]).tolist() if len(known) else None


def _better(interval: list[float], row: Metric) -> bool:
    return interval[1] < 0 if row.lower_is_better else interval[0] > 0
