"""Fit every TF-Hub row at its published size, frozen and fine-tuned; print counts, time, memory.

    python tools/measure_embeddings.py SPLITS WORK_FOLDER

Modules of the published shapes are made in WORK_FOLDER from random vectors, so the scores mean
nothing; parameter counts, seconds and peak memory are those of the real ones. Each fit is a
process of its own, one epoch over SPLITS.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from tfnews import catalogue


def make_module(row: catalogue.Row, folder: Path) -> Path:
    """Write a module of a row's published shape, with one bucket for unknown words.

    In a process of its own: a process counts as its peak what the one that starts it holds.
    """
    making = multiprocessing.get_context("spawn").Process(target=write_module, args=(row, folder))
    making.start()
    making.join()
    return folder


def write_module(row: catalogue.Row, folder: Path) -> None:
    """Write the module of `make_module`."""
    from tfnews.models.embedding.module import build_module

    words = [f"word{number}" for number in range(row.rows_published - 1)]
    words[:1000] = common_words(folder.parent)
    random = np.random.default_rng(0)
    vectors = random.standard_normal((len(words), row.width), dtype=np.float32) * 0.05
    build_module(words, vectors, folder, oov_buckets=1)


def common_words(work: Path) -> list[str]:
    """Return the 1,000 most frequent words of the training split, so that rows are looked up."""
    from tfnews.data.splits import open_splits
    from tfnews.models.text.vocabulary import count_words

    texts = open_splits(json.loads((work / "splits.json").read_text())).frame("train")
    return count_words(texts["combined_text"].tolist(), "none", 1000)


def fit(row: str, module: Path, splits: Path, runs: Path, trainable: bool) -> dict:
    """Fit one epoch in a process of its own and return what it took."""
    name = f"{row}-{'ft' if trainable else 'frozen'}"
    command = [sys.executable, "-c", "from tfnews.cli import run; run()", "fit", "--arch", row]
    command += ["--weights", str(module), "--data", str(splits), "--epochs", "1", "--name", name]
    command += ["--no-floor", "--trainable" if trainable else "--frozen"]
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**os.environ, "TFNEWS_SAVED_MODELS": str(runs)},
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{name} failed with status {status}")
    config = json.loads((runs / name / "config.json").read_text())
    return {
        "name": name,
        **config["parameters"],
        "seconds": time.perf_counter() - started,
        "gibibytes": usage.ru_maxrss / 2**20,
    }


def main() -> None:
    """Print one line a fit as a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("splits", type=Path)
    parser.add_argument("work", type=Path)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    (arguments.work / "splits.json").write_text(json.dumps(str(arguments.splits.resolve())))
    print("| run | parameters | trainable | as published | seconds | peak memory |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in catalogue.rows().values():
        if row.family != "embedding":
            continue
        module = make_module(row, arguments.work / f"module-{row.name}")
        for trainable in (False, True):
            found = fit(row.name, module, arguments.splits, arguments.work / "runs", trainable)
            tuned = "fine_tuned" if trainable else "frozen"
            published = (
                row.published["parameters_total"],
                row.published[f"parameters_trainable_{tuned}"],
            )
            same = "yes" if published == (found["total"], found["trainable"]) else "NO"
            print(
                f"| {found['name']} | {found['total']:,} | {found['trainable']:,} | {same} "
                f"| {found['seconds']:.0f} | {found['gibibytes']:.2f} GiB |",
                flush=True,
            )


if __name__ == "__main__":
    main()
