"""End a fit at random moments, resume it each time, and compare with one that was left in peace.

    python tools/kill_and_resume.py SPLITS FOLDER --kills 4 --seed 0

Each moment is a step drawn at random; the process is ended (SIGKILL, the last one by SIGINT, which
is Ctrl-C) as soon as it has saved a checkpoint of that step or a later one. FOLDER receives the
runs. Ends with exit code 1 when anything differs by more than 1e-6.
"""

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from tfnews.runs import Run

RECIPE = (
    "--arch swivel20 --weights none --batch-size 4 --epochs 10 --learning-rate 0.003 "
    "--set patience=0 --set checkpoint_steps=3 --set deterministic=true --no-floor"
)
PROGRAM = (sys.executable, "-c", "from tfnews.cli import run; run()", "fit")

Moment = tuple[int, signal.Signals]  # a step, and what ends the process there
End = tuple[int, str, str]  # exit code, standard output, standard error


def start(root: Path, arguments: str) -> subprocess.Popen:
    """Start `tfnews fit` in a process of its own."""
    environment = {**os.environ, "TFNEWS_SAVED_MODELS": str(root)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*PROGRAM, *shlex.split(arguments)], env=environment, **pipes)


def ended(process: subprocess.Popen) -> End:
    """Wait for a process."""
    said = process.communicate()
    return process.returncode, *said


def end(process: subprocess.Popen, run: Path, moment: Moment) -> End:
    """Send a signal once the process has saved a checkpoint of this step or a later one.

    Raises:
        RuntimeError: It ended before.
    """
    step, number = moment
    reached = max(_newest(run), f"step-{step - 1:09}.npz")
    while _newest(run) <= reached:
        try:
            process.wait(timeout=0.01)
        except subprocess.TimeoutExpired:
            continue
        raise RuntimeError(f"The fit ended before step {step}: {ended(process)}")
    process.send_signal(number)
    return ended(process)


def campaign(splits: Path, folder: Path, moments: list[Moment], recipe: str = RECIPE) -> list[End]:
    """Train one fit that is ended at each moment, and one in peace, under FOLDER.

    Returns:
        The end of each process, the one in peace last.
    """
    first = f"--data {shlex.quote(str(splits))} {recipe} --name mine"
    commands = [first, *["--resume mine --no-floor"] * len(moments)]
    peaceful = start(folder / "in-peace", first)
    ends = []
    for command, moment in zip(commands, [*moments, None], strict=True):
        process = start(folder / "ended", command)
        ends.append(end(process, folder / "ended" / "mine", moment) if moment else ended(process))
        print(f"$ tfnews fit {command}\n{ends[-1][1]}{ends[-1][2]}[exit code {ends[-1][0]}]\n")
    return [*ends, ended(peaceful)]


def differences(run: Run, expected: Run) -> dict[str, float]:
    """Return the largest difference between two runs: weights, history, predictions."""
    from tfnews.models import load

    weights = zip(*(load(r.path).get_weights() for r in (run, expected)), strict=True)
    histories = [pd.DataFrame(r.history()).drop(columns="seconds") for r in (run, expected)]
    tables = [pd.read_csv(r.predictions_path("validation")) for r in (run, expected)]
    return {
        "weights": max(float(np.abs(a - b).max()) for a, b in weights),
        "history": float(histories[0].sub(histories[1]).abs().to_numpy().max()),
        "predictions": float(tables[0].sub(tables[1]).abs().to_numpy().max()),
    }


def _newest(run: Path) -> str:
    return max((path.name for path in run.glob("checkpoints/step-*")), default="")


def main() -> int:
    """Run a campaign and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("splits", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--steps", type=int, default=150, help="the last moment, in steps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--recipe", default=RECIPE, help="options of fit")
    given = parser.parse_args()
    random = np.random.default_rng(given.seed)
    steps = np.sort(random.choice(np.arange(3, given.steps), given.kills + 1, replace=False))
    signals = [signal.SIGKILL] * given.kills + [signal.SIGINT]
    moments = list(zip(steps.tolist(), signals, strict=True))
    print(f"Moments: {', '.join(f'step {step} {sent.name}' for step, sent in moments)}\n")
    campaign(given.splits, given.folder, moments, given.recipe)
    found = differences(
        *(Run.open(given.folder / where / "mine") for where in ("ended", "in-peace"))
    )
    print(f"Largest differences from the fit in peace: {json.dumps(found)}")
    return int(not max(found.values()) <= 1e-6)  # which NaN is not


if __name__ == "__main__":
    sys.exit(main())
