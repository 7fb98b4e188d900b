"""What TensorBoard shows of a run besides its epochs: table row, confusion matrices and curves."""

import shutil

import numpy as np
import tensorflow as tf
from tensorboard.plugins.pr_curve import summary as pr_curve

from tfnews.records import Judged
from tfnews.report import hparams, markdown
from tfnews.runs import Run
from tfnews.statistics import predictions

_FOLDER = "hparams"


def write(run: Run) -> None:
    """Write a run's row, its confusion matrices and its precision-recall curves, for those it has.

    Args:
        run: Its validation split, at least, is scored.
    """
    folder, beside = run.logs_dir / _FOLDER, run.logs_dir / f".{_FOLDER}"
    shutil.rmtree(beside, ignore_errors=True)
    writer = tf.summary.create_file_writer(str(beside))
    with writer.as_default(step=0):
        hparams.write(run)
        for part, judged in hparams.shown_parts(run).items():
            if "confusion" in judged.scores:
                tf.summary.text(f"{part}/confusion", confusion(judged))
            if run.predictions_path(part).is_file():
                _write_curve(part, *predictions.read(run, part))
    writer.close()
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)


def confusion(judged: Judged) -> str:
    """Return a confusion matrix as a table in Markdown, counts and shares of each true class."""
    names = judged.class_names
    rows = []
    for name, counts in zip(names, judged.scores["confusion"], strict=True):
        whole = max(sum(counts), 1)
        rows.append([f"labelled {name}", *(f"{n:,} ({100 * n / whole:.1f} %)" for n in counts)])
    return markdown.table(["", *(f"called {name}" for name in names)], rows)


def _write_curve(part: str, labels: np.ndarray, scored: np.ndarray) -> None:
    curve = pr_curve.pb(f"{part}/precision_recall", labels == 1, scored)
    tf.summary.experimental.write_raw_pb(curve.SerializeToString())
