"""Print finished runs as a Markdown table of test scores with 95 % intervals."""

import argparse
from pathlib import Path

from tfnews.records import Judged
from tfnews.runs import Run

COLUMNS = {"accuracy": "accuracy", "f1": "F1 (fake)", "fpr": "false alarms", "fnr": "missed"}


def row(run: Run) -> str:
    """Return one run's test scores as a row."""
    part = run.scores().test
    cells = [f"{part.scores[name]:.3f} ({_bounds(part, name)})" for name in COLUMNS]
    seconds = f"{run.config.fit_seconds:.0f} s"
    return " | ".join(["", run.name, *cells, seconds, f"`{run.config.command}`", ""]).strip()


def _bounds(part: Judged, name: str) -> str:
    low, high = part.intervals[name]
    return f"{low:.3f}–{high:.3f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    header = ["run", *COLUMNS.values(), "fit", "command"]
    print(f"| {' | '.join(header)} |\n|{' --- |' * len(header)}")
    for path in parser.parse_args().runs:
        print(row(Run.open(path)))


if __name__ == "__main__":
    main()
