"""Time prepare and audit on a large data set made from a small one.

Articles are drawn from the ISOT-like file in DATA with some words replaced, so that they are as
long and as varied as real ones and few are near-copies. Each command runs as a process of its
own; its seconds and its peak memory are those of the whole process.

    python tools/benchmark_data.py DATA [--articles 70000]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

SOURCE = "isot_sample/isot_sample.csv.gz"
REPLACED, REPLACED_IN_COPIES, COPIES = 0.3, 0.02, 0.1
CLI = "from tfnews.cli import run; run()"


def write_articles(source: Path, out: Path, count: int, seed: int = 0) -> None:
    """Write `count` articles: real ones with words replaced by any other article's words."""
    rng = np.random.default_rng(seed)
    news = pd.read_csv(source, dtype=str, na_filter=False)
    vocabulary = np.array(" ".join(news["text"]).split(), dtype=object)
    drawn = news.iloc[rng.integers(len(news), size=count)].reset_index(drop=True)
    shares = np.where(rng.random(count) < COPIES, REPLACED_IN_COPIES, REPLACED)
    for column in ("title", "text"):
        pairs = zip(drawn[column], shares, strict=True)
        drawn[column] = [_perturbed(text, share, vocabulary, rng) for text, share in pairs]
    drawn.to_csv(out, index=False)


def _perturbed(text: str, share: float, vocabulary: np.ndarray, rng: np.random.Generator) -> str:
    words = np.array(text.split(), dtype=object)
    replaced = rng.random(len(words)) < share
    words[replaced] = vocabulary[rng.integers(len(vocabulary), size=int(replaced.sum()))]
    return " ".join(words)


def run(*arguments: str) -> None:
    """Run a command to its end and print its seconds and peak memory."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", CLI, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        sys.exit(f"tfnews {' '.join(arguments)} failed")
    cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20
    print(f"{arguments[1]:8} {seconds:6.1f} s, {cpu:6.1f} s of processor time, {peak:.2f} GiB")


def main() -> None:
    """Read the command line, make the articles and run both commands."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help=f"folder that holds {SOURCE}")
    parser.add_argument("--articles", type=int, default=70_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        news, splits = Path(folder) / "news.csv", Path(folder) / "splits"
        write_articles(options.data / SOURCE, news, options.articles)
        print(f"{options.articles:,} articles, {news.stat().st_size / 2**20:.0f} MiB, "
              f"{os.cpu_count()} processors")  # fmt: skip
        run("data", "prepare", str(news), "--out", str(splits),
            "--fake-value", "1", "--real-value", "0")  # fmt: skip
        run("data", "audit", str(splits))


if __name__ == "__main__":
    main()
