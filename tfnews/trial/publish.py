"""Writing what a trial found; sheets are left alone."""

from pathlib import Path

from tfnews.files import write_json, write_text
from tfnews.records.trial import Trial
from tfnews.report.trial import page, table

FILES = ("trial.html", "trial.md", "trial.json")


def publish(found: Trial, folder: Path) -> list[Path]:
    """Write trial.html, trial.md and trial.json over those of before; return their paths."""
    made = page.render(found), table.render(found)  # both, before the first is written
    for name, content in zip(FILES, made, strict=False):
        write_text(folder / name, content)
    write_json(folder / FILES[2], found.to_json())
    return [folder / name for name in FILES]
