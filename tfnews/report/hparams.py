"""A run's row in TensorBoard's HPARAMS table: what was trained on what, then scores by split."""

from collections.abc import Mapping

import tensorflow as tf
from tensorboard.plugins.hparams import api_pb2, summary, summary_v2

from tfnews.catalogue.settings import SETTINGS
from tfnews.records import Judged
from tfnews.runs import Run

_METRICS = ("f1", "roc_auc", "fpr", "accuracy")
_PARTS = ("validation", "test")

# TensorBoard sorts columns by name, those first whose values are said to differ.
_FIRST = {
    "arch": str,
    "data": str,
    "epochs_run": float,
    "fine_tuned": bool,
    "megabytes": float,
    "seconds": float,
    "state": str,
    "weights": str,
    "weights_digest": str,
}
_TOLD_ABOVE = {"trainable", "weights"}  # settings that the first columns tell
_TYPES = {
    str: api_pb2.DATA_TYPE_STRING,
    bool: api_pb2.DATA_TYPE_BOOL,
    int: api_pb2.DATA_TYPE_FLOAT64,
    float: api_pb2.DATA_TYPE_FLOAT64,
}


def write(run: Run, state: str = "complete", scores: Mapping[str, float] | None = None) -> None:
    """Write a run's row to the writer that is in use, at its step.

    Every run says the same of the table's columns, since TensorBoard believes the first it meets.
    Runs that differ in their seed alone are one row, which TensorBoard shows the mean of.

    Args:
        run: Its validation split, at least, is scored, unless `scores` are given.
        state: complete; of a trial of a search that did not get so far pruned or failed.
        scores: Of such a trial, by the names of the table's columns; by default the run's own.
    """
    tf.summary.experimental.write_raw_pb(_columns())
    values = {**_values(run), "state": state}
    summary_v2.hparams(values, trial_id=run.config.group or run.name, start_time_secs=0)
    for name, value in (_scores(run) if scores is None else scores).items():
        tf.summary.scalar(name, value)


def shown_parts(run: Run) -> dict[str, Judged]:
    """Return the scores of the parts that the table names, for those that have any."""
    found = run.scores().parts
    return {part: found[part] for part in _PARTS if part in found}


def _columns() -> bytes:
    """Return the summary that names the table's columns."""
    kinds = _FIRST | {n: s.kind for n, s in SETTINGS.items() if n not in _TOLD_ABOVE}
    columns = [
        api_pb2.HParamInfo(name=name, type=_TYPES[kind], differs=name in _FIRST)
        for name, kind in kinds.items()
    ]
    scores = [
        api_pb2.MetricInfo(name=api_pb2.MetricName(tag=f"{part}/{metric}"))
        for part in _PARTS
        for metric in _METRICS
    ]
    return summary.experiment_pb(columns, scores).SerializeToString()


def _values(run: Run) -> dict[str, str | float | bool]:
    config = run.config
    first = {
        "arch": config.arch,
        "data": config.splits.name,
        "epochs_run": len(run.history()),
        "fine_tuned": config.trainable,
        "megabytes": config.megabytes,
        "seconds": config.fit_seconds,
        "weights": config.weights.name,
        "weights_digest": (config.weights.digest or "none")[:12],
    }
    settings = {name: value for name, value in config.recipe.items() if name not in _TOLD_ABOVE}
    values = {**settings, **first}
    return {name: one for name, one in values.items() if isinstance(one, str | int | float)}


def _scores(run: Run) -> dict[str, float]:
    return {
        f"{part}/{metric}": judged.scores[metric]
        for part, judged in shown_parts(run).items()
        for metric in _METRICS
        if judged.scores[metric] is not None
    }
