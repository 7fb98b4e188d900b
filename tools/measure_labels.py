"""Flip labels of a training split on purpose, and tell how many of them the audit finds.

    python tools/measure_labels.py SPLITS... [--share 0.05] [--seeds 3]

For each set a copy is made in which a share of the training labels, drawn at random, is the other
class. Prints, for each seed, precision and recall of the doubted labels, and what TF-IDF reaches on
the untouched test split when it learns from the labels as they were, from the flipped ones, and
from the flipped ones without the doubted texts. Labels that were wrong before count as wrong finds.
"""

import argparse

import numpy as np
from sklearn.metrics import f1_score

from tfnews.audit.labels import doubted
from tfnews.catalogue.rows import row
from tfnews.data.splits import Splits, open_splits
from tfnews.models.family import Material
from tfnews.models.linear.tfidf import solve


class Flipped:
    """Splits, some of whose training labels are the other class."""

    def __init__(self, splits: Splits, share: float, seed: int):
        self._splits = splits
        train = splits.frame("train")
        drawn = np.random.default_rng(seed).choice(
            len(train), round(share * len(train)), replace=False
        )
        self.flipped = np.isin(np.arange(len(train)), drawn)
        self._train = train.assign(label=np.where(self.flipped, 1 - train["label"], train["label"]))

    def __getattr__(self, name):
        return getattr(self._splits, name)

    def frame(self, part):
        """Read one part, as `Splits.frame` does."""
        return self._train if part == "train" else self._splits.frame(part)


def f1_after(train, test) -> float:
    """Return F1 of the fake class on the test rows after learning from the training rows."""
    material = Material(train["combined_text"].tolist(), train["label"].tolist())
    vectorizer, solution = solve(material, dict(row("tfidf").settings))
    return f1_score(test["label"], solution.predict(vectorizer.transform(test["combined_text"])))


def measured(path: str, share: float, seed: int) -> list[str]:
    """Return a table's row: what was found, and what learning without it comes to."""
    splits = open_splits(path)
    changed = Flipped(splits, share, seed)
    found = np.isin(np.arange(len(changed.flipped)), [one.row for one in doubted(changed).doubts])
    right = (found & changed.flipped).sum()
    train, test = changed.frame("train"), splits.frame("test")
    scores = [f1_after(rows, test) for rows in (splits.frame("train"), train, train[~found])]
    return [
        splits.name, f"{seed}", f"{changed.flipped.sum():,} of {len(train):,}", f"{found.sum():,}",
        f"{right / max(found.sum(), 1):.2f}", f"{right / changed.flipped.sum():.2f}",
        *(f"{score:.3f}" for score in scores),
    ]  # fmt: skip


def main() -> None:
    """Read the command line and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("splits", nargs="+")
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    print("| set | seed | flipped | doubted | precision | recall | F1 before | flipped | cleaned |")
    print("| --- " * 9 + "|")
    for path in asked.splits:
        for seed in range(asked.seeds):
            print(f"| {' | '.join(measured(path, asked.share, seed))} |", flush=True)


if __name__ == "__main__":
    main()
