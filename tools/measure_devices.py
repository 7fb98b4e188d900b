"""Fit on one device and on two, and say how far apart the outcomes are.

    python -m tools.measure_devices FOLDER                       # a table of every case
    python -m tools.measure_devices FOLDER --devices 0,1         # two GPUs against one of them

The two are parts of the processor unless GPUs are named, so that it can be run anywhere; they are
no faster than one. Dropout is off, and training is in float32 without TensorFloat-32: a seed draws
other masks where batches are shared out. Each case is trained on one device; on two; on two of
which one is lost in the middle of an epoch, and gone on from on the one that is left; and likewise
gone on from on two. Ends with exit code 1 when a weight, a line of the history or a prediction
differs by more than the tolerance.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import tensorflow as tf

from tfnews import catalogue
from tfnews.data.demo import write_corpus
from tfnews.data.prepare import prepare
from tfnews.errors import RunError
from tfnews.runs import Run
from tfnews.training.devices import make_ready
from tfnews.training.fit import fit
from tools.disturbed import lose_a_device
from tools.kill_and_resume import differences

TOLERANCE = 1e-4
ARTICLES = 100  # 70 to train on: of the 16 of a batch, the last has 6
LOST = 8  # the batch after which a device is lost: the third of the second epoch
WAYS = ("two devices", "two, then one", "two, then two")

_SMALL = ("num_layers=1", "num_heads=2", "hidden_dim=16", "intermediate_dim=32", "dropout=0.0")
CASES = {
    "embedding": {"arch": "swivel20"},
    "embedding, clipped, in parts": {
        "arch": "swivel20",
        "assignments": ["clip=0.1", "accumulate=3"],
    },
    "cnn": {"arch": "cnn", "assignments": ["filters=8"]},
    "transformer, clipped, in parts": {
        "arch": "bert-tiny",
        "assignments": [*_SMALL, "accumulate=2", "clip=1.0", "warmup_steps=2"],
        "max_tokens": 32,
    },
    "transformer, windows": {
        "arch": "bert-tiny",
        "assignments": [*_SMALL, "long=windows", "warmup_steps=2"],
        "max_tokens": 16,
    },
}
_FIT = {
    **{"weights": "none", "precision": "float32", "learning_rate": 0.01},
    **{"epochs": 2, "batch_size": 16, "floor": False},
}


def without_dropout(name: str) -> None:
    """Have the head of a row of the catalogue drop nothing, in this process."""
    row = catalogue.row(name)
    head = {**row.head, "dropout": [0.0] * len(row.head["dropout"])}
    catalogue.rows()[name] = replace(row, head=head)


def measured(
    case: dict, ways: Sequence[str], two: str, splits: Path, folder: Path
) -> dict[str, dict[str, float]]:
    """Return the largest differences from the fit on one device, by how it was fitted else."""
    without_dropout(case["arch"])
    assignments = [*case.get("assignments", ()), "checkpoint_steps=2"]
    given = {**_FIT, **case, "assignments": assignments, "data": splits, "root": folder}

    def begun(name: str, devices: str) -> Run:
        return fit(**given, name=name, devices=devices)

    def lost(name: str, devices: str) -> Run:
        lose_a_device(LOST)
        try:
            begun(name, two)
        except RunError as error:
            if f"tfnews fit --resume {name}" not in str(error):
                raise
        return fit(resume=name, devices=devices, root=folder, floor=False)

    fits = {
        "two devices": lambda: begun("two", two),
        "two, then one": lambda: lost("two-then-one", "auto"),
        "two, then two": lambda: lost("two-then-two", two),
    }
    found = {way: fits[way]() for way in ways}
    one = begun("one", "auto")
    return {way: differences(run, one) for way, run in found.items()}


def table(found: dict[str, dict]) -> str:
    """Return the Markdown table of what `measured` found, by case."""
    lines = ["| case | fitted on | weights | history | predictions |", "|---|---|---|---|---|"]
    for case, rows in found.items():
        for how, far in rows.items():
            numbers = " | ".join(f"{far[name]:.1e}" for name in far)
            lines.append(f"| {case} | {how} | {numbers} |")
    return "\n".join(lines)


def main() -> int:
    """Measure and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=CASES, metavar="CASE")
    parser.add_argument("--devices", default="cpu:2", help="as fit takes them")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, metavar="WAY")
    parser.add_argument("--json", action="store_true", help="print JSON, not a table")
    given = parser.parse_args()
    make_ready(given.devices)  # before anything is computed
    tf.config.experimental.enable_tensor_float_32_execution(False)
    with tempfile.TemporaryDirectory() as corpus:
        prepare(
            [write_corpus(corpus, ARTICLES)], given.folder / "splits", format="tfnews", force=True
        )
    found = {}
    for case in given.cases:
        folder = given.folder / case.replace(", ", "-").replace(" ", "-")
        shutil.rmtree(folder, ignore_errors=True)
        found[case] = measured(
            CASES[case], given.ways, given.devices, given.folder / "splits", folder
        )
    print(json.dumps(found) if given.json else table(found))
    far = [n for rows in found.values() for one in rows.values() for n in one.values()]
    return int(not max(far) <= TOLERANCE)  # which NaN is not


if __name__ == "__main__":
    sys.exit(main())
