"""Give the same commands twice, and say what differs and what --deterministic costs.

    python -m tools.measure_deterministic FOLDER [--cases CASE]... [--articles N]

Each case is fitted and evaluated by two processes, the second after the folder was moved, without
and with --deterministic. Of metrics.json (without its timings), history (without its seconds),
predictions and the saved weights it is said which differ by a bit. Seconds are those of an epoch,
the median of all but the first, which traces the graph. Ends with exit code 1 when anything differs
with --deterministic.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median

from tfnews.data.demo import write_corpus
from tfnews.data.prepare import prepare
from tfnews.files import sha256
from tfnews.runs import Run

PROGRAM = (sys.executable, "-c", "from tfnews.cli import run; run()")
CASES = {
    "tfidf": "--arch tfidf",
    "word2vec": "--arch word2vec",
    "swivel20": "--arch swivel20 --weights none --epochs 5",
    "cnn": "--arch cnn --epochs 3",
    "transformer": "--arch bert-tiny --weights none --epochs 3 --max-tokens 32 "
    "--set num_layers=2 --set hidden_dim=64 --set intermediate_dim=128 --set num_heads=2",
    "two devices": "--arch swivel20 --weights none --epochs 5 --devices cpu:2",
}


def left_by(run: Run) -> dict[str, object]:
    """Return what a fit and an evaluation left that no clock has a part in."""
    metrics = json.loads((run.path / "metrics.json").read_text("utf-8"))
    del metrics["timings"]
    history = [{k: v for k, v in line.items() if k != "seconds"} for line in run.history()]
    weights = {path.name: sha256(path) for path in run.model_dir.glob("*.h5")}
    tables = [path.read_bytes() for path in sorted((run.path / "predictions").iterdir())]
    return {"metrics": metrics, "history": history, "predictions": tables, "weights": weights}


def fitted(place: Path, case: str, flag: str) -> Run:
    """Fit and evaluate in a folder of splits, each by a process of its own."""
    shutil.rmtree(place / "saved_models", ignore_errors=True)
    environment = {**os.environ, "TFNEWS_SAVED_MODELS": str(place / "saved_models")}
    fit = f"fit --data splits {CASES[case]} {flag} --no-floor --name mine"
    for command in (fit, "evaluate mine"):
        arguments = [*PROGRAM, *command.split()]
        subprocess.run(arguments, cwd=place, env=environment, check=True, capture_output=True)
    return Run.open(place / "saved_models" / "mine")


def seconds(run: Run) -> float | None:
    """Return the median seconds of an epoch, `None` for what is solved."""
    found = [line["seconds"] for line in run.history()[1:]]
    return median(found) if found else None


def measured(folder: Path, case: str, flag: str) -> tuple[list[str], float | None]:
    """Return what of two runs differs, and the seconds of an epoch of the first."""
    here, there = folder / "here", folder / "there"
    run = fitted(here, case, flag)
    first, spent = left_by(run), seconds(run)
    here.rename(there)
    again = left_by(fitted(there, case, flag))
    there.rename(here)
    return [name for name in first if first[name] != again[name]], spent


def main() -> int:
    """Measure and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=CASES, metavar="CASE")
    parser.add_argument("--articles", type=int, default=2000)
    given = parser.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    made = write_corpus(given.folder / "corpus", given.articles)
    prepare([made], given.folder / "here" / "splits", format="tfnews")
    print("| case | --deterministic | differs | seconds of an epoch |\n|---|---|---|---|")
    wrong = []
    for case in given.cases:
        for flag in ("", "--deterministic"):
            differs, spent = measured(given.folder, case, flag)
            told = ", ".join(differs) or "nothing"
            took = "" if spent is None else f"{spent:.2f}"
            print(f"| {case} | {'yes' if flag else 'no'} | {told} | {took} |", flush=True)
            wrong += differs if flag else []
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
