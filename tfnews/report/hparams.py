"""A run's row in TensorBoard's HPARAMS table: what was trained on what, then scores by split."""

import contextlib
import re
import shutil
from pathlib import Path

import tensorflow as tf
from tensorboard.plugins.hparams import api_pb2, summary, summary_v2

from tfnews.catalogue.settings import SETTINGS
from tfnews.runs import Run

_FOLDER = "hparams"
_EVENTS = re.compile(r"events\.out\.tfevents\.(\d+)\..+\.\d+\.(\d+)\.v2")
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


def write(run: Run) -> None:
    """Write a run's row, in place of the one it has.

    Every run says the same of the table's columns, since TensorBoard believes the first it meets.

    Args:
        run: Its validation split, at least, is scored.
    """
    folder, beside = run.logs_dir / _FOLDER, run.logs_dir / f".{_FOLDER}"
    shutil.rmtree(beside, ignore_errors=True)
    writer = tf.summary.create_file_writer(str(beside))
    with writer.as_default(step=0):
        tf.summary.experimental.write_raw_pb(_columns(), step=0)
        summary_v2.hparams(_values(run), trial_id=run.name, start_time_secs=0)
        for name, value in _scores(run).items():
            tf.summary.scalar(name, value)
    writer.close()
    rename_neutrally(beside)
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)


def rename_neutrally(logs: Path) -> None:
    """Take the machine's name and the process's number out of the names of event files."""
    for path in [path for path in logs.rglob("events.out.tfevents.*") if path.is_file()]:
        if named := _EVENTS.fullmatch(path.name):
            with contextlib.suppress(OSError):  # Windows renames no file that is open
                path.rename(path.with_name(f"events.out.tfevents.{named[1]}.{named[2]}.v2"))


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
    found = run.scores()
    parts = {"validation": found.validation, "test": found.test}
    return {
        f"{part}/{metric}": judged.scores[metric]
        for part, judged in parts.items()
        if judged is not None
        for metric in _METRICS
        if judged.scores[metric] is not None
    }
