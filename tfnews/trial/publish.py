"""Writing what a trial found; sheets are left alone."""

import json
from pathlib import Path

from tfnews.files import write_all
from tfnews.records.trial import Trial
from tfnews.report.trial import page, table


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
