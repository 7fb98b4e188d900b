"""Writing what was measured: scores and predictions, then figures, report.html and card.md."""

import itertools
from collections.abc import Sequence

import numpy as np

from tfnews.data.splits import PARTS, Splits
from tfnews.evaluation.measure import Measured
from tfnews.report import card, figures, html
from tfnews.report.content import DataSet, OtherSet, Report
from tfnews.runs import Run, write_text
from tfnews.statistics import mistakes
from tfnews.statistics.judged import Judged


def record(run: Run, measured: Measured) -> None:
    """Write a run's predictions, and its scores over those it had."""
    for part, probabilities in measured.probabilities.items():
        run.record_predictions(part, measured.labels[part], probabilities)
    found = {part: judged.to_json() for part, judged in measured.parts.items()}
    found |= {"timings": measured.timings, "audit": measured.audit}
    if measured.floor is not None:
        found["floor"] = measured.floor
    run.update_scores(lambda before: before | found)


def record_elsewhere(run: Run, away: OtherSet) -> None:
    """Add another set's scores; only those of the very same files are replaced, not a namesake's.

    A set whose name is taken by other files is numbered.
    """
    run.update_scores(lambda found: _with_other_set(found, away))


def _with_other_set(found: dict, away: OtherSet) -> dict:
    sets = dict(found.get("other_sets", {}))
    numbered = (f"{away.name} ({number})" for number in itertools.count(2))
    name = next(
        name
        for name in itertools.chain([away.name], numbered)
        if name not in sets or sets[name].get("digests") == dict(away.digests)
    )
    return {**found, "other_sets": {**sets, name: {**away.to_json(), "name": name}}}


def publish(
    run: Run, splits: Splits, prevalences: Sequence[float], *, no_text: bool = False
) -> Report:
    """Draw the figures and write report.html and card.md from what a run's files hold.

    Args:
        run: Scored on validation texts at least.
        splits: Its own.
        prevalences: Shares of fake texts, in [0, 1], at which the share of right flags is told.
        no_text: Leave article texts out.
    """
    found = run.scores()
    parts = {part: Judged.from_json(found[part]) for part in PARTS if part in found}
    told = {
        "config": run.config,
        "data": DataSet.of(splits),
        "parts": parts,
        "other_sets": tuple(map(OtherSet.from_json, found.get("other_sets", {}).values())),
        "prevalences": tuple(prevalences),
        "test_reads": run.config.test_reads,
        **{name: found[name] for name in ("timings", "floor", "audit") if name in found},
    }
    told |= _drawn_and_wrong(run, splits, Report(**told), no_text)
    report = Report(**told)
    write_text(run.report_path, html.render(report))
    write_text(run.card_path, card.render(report))
    return report


def read_predictions(run: Run, part: str) -> np.ndarray:
    """Read one part's fake probabilities as they were in memory, float32 `(rows,)`."""
    path = run.predictions_path(part)
    return np.loadtxt(path, np.float32, delimiter=",", skiprows=1, usecols=2, ndmin=1)


def _drawn_and_wrong(run: Run, splits: Splits, report: Report, no_text: bool) -> dict:
    """Draw the figures and find the mistakes of the part that the report speaks of."""
    frame, probabilities = splits.frame(report.part), read_predictions(run, report.part)
    threshold = report.judged.scores["threshold"]
    drawn = figures.draw_all(
        {part: judged.scores["confusion"] for part, judged in report.parts.items()},
        frame["label"].to_numpy(),
        probabilities,
        run.history(),
        splits.class_names,
        threshold,
    )
    wrong = mistakes.find(
        frame["label"],
        probabilities,
        frame["title"],
        frame["text"],
        threshold=threshold,
        no_text=no_text,
    )
    return {"figures": figures.save_all(drawn, run.figures_dir), "mistakes": wrong}
