"""Writing what was measured: scores and predictions, then figures, report.html and card.md."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import numpy as np

from tfnews import progress
from tfnews.data.splits import Splits
from tfnews.errors import RunError
from tfnews.evaluation.measure import Measured
from tfnews.files import write_text
from tfnews.records import Scores
from tfnews.report import card, figures, html, wording
from tfnews.report.content import DataSet, Report
from tfnews.runs import Run
from tfnews.statistics import mistakes, predictions
from tfnews.statistics.metrics import PREVALENCES

_T = TypeVar("_T")


def record(run: Run, measured: Measured) -> None:
    """Write a run's predictions, and its scores over those it had."""
    for part, probabilities in measured.probabilities.items():
        run.record_predictions(part, measured.labels[part], probabilities)
    names = ("timings", "audit", "floor", "refused", "f1_of_scored", "slices", "reasons", "by_set")
    facts = {name: getattr(measured, name) for name in names}
    run.record_parts(measured.parts, measured.reliability, **facts)


def publish(
    run: Run, splits: Splits, prevalences: Sequence[float], *, no_text: bool = False
) -> Report:
    """Draw the figures and write report.html and card.md from what a run's files hold.

    Args:
        run: Scored on validation texts at least.
        splits: Its own.
        prevalences: Shares of fake texts, in [0, 1], at which the share of right flags is told.
        no_text: Leave article texts out; so it is where the run's record says so.
    """
    progress.stage("Drawing the figures")
    found = run.scores()
    no_text = no_text or bool(found.no_text)
    sets = (found.other_sets or {}).values()
    outdated = found.outdated or ()
    of_test = found if "test" not in outdated else Scores()
    report = Report(
        run.config,
        DataSet.of(splits),
        found.parts,
        tuple(one for one in sets if not one.outdated),
        tuple(prevalences),
        run.config.test_reads,
        timings=found.timings,
        floor=of_test.floor,
        audit=found.audit,
        refused=of_test.refused or {},
        f1_of_scored=of_test.f1_of_scored,
        reliability={part: (found.reliability or {}).get(part) for part in found.parts},
        outdated=(*outdated, *_outdated(found)),
        slices=of_test.slices,
        reasons=() if no_text else of_test.reasons or (),
        by_set={part: (found.by_set or {}).get(part, {}) for part in found.parts},
        stress=_current(found.stress),
        trials=tuple(filter(_current, found.trials or ())),
        drift=_current(found.drift),
        written=datetime.now(UTC).date(),
    )
    report = replace(report, **_drawn_and_wrong(run, splits, report, no_text))
    progress.stage("Writing the report")
    write_text(run.report_path, html.render(report))
    write_text(run.card_path, card.render(report))
    return report


def keep(run: Run, home: Splits | None, change: Callable[[Scores], Scores]) -> str | None:
    """Keep in a run what was learnt of it elsewhere, and write its report anew where it has one.

    Args:
        run: Complete.
        home: Its own splits; `None` where they are not there, and no report can be written.
        change: Of its metrics.json.

    Returns:
        Why nothing was kept; `None` where it was. Others' runs may be read and not written.
    """
    try:
        run.change_scores(change)
        if home is not None and run.report_path.is_file() and run.scores().parts.keys() - {"train"}:
            publish(run, home, PREVALENCES)
    except (OSError, RunError) as error:
        return f"Not kept in the run: {getattr(error, 'strerror', None) or error}"
    return None


def _current(found: _T | None) -> _T | None:
    """Return a record unless the run was calibrated anew since."""
    return None if found is None or found.outdated else found


def _outdated(found: Scores) -> list[str]:
    """Return the names of what besides the parts was measured before a run was calibrated anew."""
    names = [one.name for one in (found.other_sets or {}).values() if one.outdated]
    extra = {
        wording.STRESS_TEST: [found.stress],
        wording.TRIALS: found.trials or (),
        wording.DRIFT_CHECK: [found.drift],
    }
    return names + [name for name, all in extra.items() if any(one and one.outdated for one in all)]


def read_predictions(run: Run, part: str) -> np.ndarray:
    """Read one part's fake probabilities as they were in memory, float32 `(rows,)`."""
    return predictions.read(run, part)[1]


def _drawn_and_wrong(run: Run, splits: Splits, report: Report, no_text: bool) -> dict:
    """Draw the figures and find the mistakes of the part that the report speaks of."""
    frame, probabilities = splits.frame(report.part), read_predictions(run, report.part)
    threshold, reliability = report.judged.scores["threshold"], report.reliability.get(report.part)
    drawn = figures.draw_all(
        {part: judged.scores["confusion"] for part, judged in report.parts.items()},
        frame["label"].to_numpy(),
        probabilities,
        run.history(),
        splits.class_names,
        threshold,
        reliability,
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
