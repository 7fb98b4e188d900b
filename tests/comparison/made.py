"""Runs whose answers are made up, on splits that are made up."""

from dataclasses import replace

import numpy as np

from tests import tiny
from tfnews.records import Config, Judged, Parameters, SplitsRecord, Timings
from tfnews.runs import Run
from tfnews.statistics import intervals, metrics

PARTS = ("validation", "test")


def run(root, splits, name, wrong, *, parts=PARTS, megabytes=1.0, cpu="a CPU", **changes):
    """Make a complete run that errs on a share of each split's texts.

    Args:
        root: Folder of runs.
        splits: Its splits.
        name: Its name.
        wrong: Share of texts called wrongly: the first of each class.
        parts: That are scored.
        megabytes: Of its model.
        cpu: On which it was timed.
        changes: Of its configuration.
    """
    record = SplitsRecord(
        str(splits.path), splits.name, {p: splits.digest(p) for p in splits.files}, ("real", "fake")
    )
    config: Config = replace(tiny.config(name), splits=record, parameters=Parameters(1000, 10))
    made = Run.create(replace(config, **changes), root)
    made.update(state="complete", megabytes=megabytes, fit_seconds=90.0)
    for part in parts:
        frame = splits.frame(part)
        labels = frame["label"].to_numpy()
        scored = answers(labels, wrong)
        made.record_predictions(part, labels, scored)
        bounds = intervals.bootstrap(labels, scored, metric_names=["f1"], resamples=50)
        found = Judged(metrics.scores(labels, scored), bounds)
        made.update_scores(**{part: found})
    if "test" in parts:
        made.update_scores(timings=Timings(10, megabytes, 1000 / megabytes, cpu))
        made.count_test_read()
    return made


def answers(labels, wrong):
    """Return probabilities that err on the first texts of each class."""
    scored = np.where(labels == 1, 0.9, 0.1)
    for label in (0, 1):
        rows = np.flatnonzero(labels == label)
        some = rows[: round(wrong * len(rows))]
        scored[some] = 1 - scored[some]
    return scored.astype(np.float32)
