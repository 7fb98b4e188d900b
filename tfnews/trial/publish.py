"""Writing what a trial found; sheets are left alone."""

import json
from pathlib import Path

from tfnews.data.splits import own_splits
from tfnews.errors import DataError
from tfnews.files import write_all
from tfnews.records.trial import Trial
from tfnews.report.trial import page, table
from tfnews.runs import Run


def publish(found: Trial, folder: Path) -> list[Path]:
    """Write trial.html, trial.md and trial.json over those of before; return their paths."""
    content = json.dumps(found.to_json(), indent=2, ensure_ascii=False) + "\n"
    return write_all(
        folder,
        {
            "trial.html": page.render(found),
            "trial.md": table.render(found),
            "trial.json": content,
        },
    )


def keep(found: Trial, run: Run) -> str | None:
    """Keep in a run what a trial found, for its report; return why where it could not be kept."""
    from tfnews.evaluation import publish as reports  # which starts TensorFlow

    try:
        home = own_splits(run, None)
    except DataError:
        home = None  # its report stays as it was until it is evaluated again
    return reports.keep(run, home, lambda scores: scores.with_trial(found))
