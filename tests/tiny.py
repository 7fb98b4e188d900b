"""Splits of a small synthetic corpus, for tests that fit."""

from pathlib import Path

from tfnews.data.demo import write_corpus
from tfnews.data.prepare import prepare
from tfnews.data.splits import Splits

# Settings under which the smallest embedding row learns the corpus within seconds.
SWIVEL = {"weights": "none", "learning_rate": 0.01, "epochs": 3}


def splits(folder: Path, articles: int = 100, seed: int = 0, **options: object) -> Splits:
    """Write a synthetic corpus and its splits under `folder`."""
    corpus = write_corpus(folder / "corpus", articles, seed)
    return prepare([corpus], folder / "splits", format="tfnews", **options)
