"""Splits of a small synthetic corpus for tests that fit, and a made-up run for the others."""

from dataclasses import replace
from pathlib import Path

from tfnews.data.demo import write_corpus
from tfnews.data.prepare import prepare
from tfnews.data.splits import Splits
from tfnews.records import Config, SplitsRecord

# Settings under which the smallest embedding row learns the corpus within seconds.
SWIVEL = {"weights": "none", "learning_rate": 0.01, "epochs": 3}


def splits(folder: Path, articles: int = 100, seed: int = 0, **options: object) -> Splits:
    """Write a synthetic corpus and its splits under `folder`."""
    corpus = write_corpus(folder / "corpus", articles, seed)
    return prepare([corpus], folder / "splits", format="tfnews", **options)


def config(name: str = "mine", **changes: object) -> Config:
    """Return the configuration of a run in training, made up."""
    splits = SplitsRecord(path="splits", name="made_up", digests={}, class_names=("real", "fake"))
    made = Config(state="training", name=name, arch="tfidf", splits=splits)
    return replace(made, **changes)
