"""What TensorBoard shows of a run besides its epochs: table row, confusion matrices and curves."""

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorboard.plugins.pr_curve import summary as pr_curve

from tfnews.files import replacing_folder
from tfnews.records import Judged
from tfnews.report import hparams, markdown
from tfnews.runs import Run
from tfnews.statistics import predictions

_FOLDER = "hparams"
_EVENTS = re.compile(r"events\.out\.tfevents\.(\d+)\..+\.\d+\.(\d+)\.v2")


def write(run: Run) -> None:
    """Write a run's row, its confusion matrices and its precision-recall curves, for those it has.

    Args:
        run: Its validation split, at least, is scored.
    """
    with replacing_folder(run.logs_dir / _FOLDER) as folder:
        writer = tf.summary.create_file_writer(str(folder))
        with writer.as_default(step=0):
            hparams.write(run)
            for part, judged in hparams.shown_parts(run).items():
                if "confusion" in judged.scores:
                    tf.summary.text(f"{part}/confusion", confusion(judged))
                if run.predictions_path(part).is_file():
                    _write_curve(part, *predictions.read(run, part))
        writer.close()
        rename_neutrally(folder)


def write_trial(run: Run, logs: Path, state: str, scores: Mapping[str, float]) -> None:
    """Write the row of a trial of a search whose run is not complete.

    Args:
        run: Has no scores of its own.
        logs: Where the row goes.
        state: pruned or failed.
        scores: By the names of the table's columns, such as "validation/f1"; may be empty.
    """
    with replacing_folder(logs / _FOLDER) as folder:
        writer = tf.summary.create_file_writer(str(folder))
        with writer.as_default(step=0):
            hparams.write(run, state, scores)
        writer.close()
        rename_neutrally(folder)


def rename_neutrally(logs: Path) -> None:
    """Take the machine's name and the process's number out of the names of event files."""
    for path in [path for path in logs.rglob("events.out.tfevents.*") if path.is_file()]:
        if named := _EVENTS.fullmatch(path.name):
            with contextlib.suppress(OSError):  # Windows renames no file that is open
                path.rename(path.with_name(f"events.out.tfevents.{named[1]}.{named[2]}.v2"))


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
