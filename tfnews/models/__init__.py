"""Architectures as keras-hub text classifiers; importing this registers them with Keras."""

import os
from pathlib import Path

import keras_hub

from tfnews.catalogue import Row
from tfnews.errors import RunError
from tfnews.models.classifier import NewsClassifier, fake_probability
from tfnews.models.embedding import family as embedding_family
from tfnews.models.linear import tfidf
from tfnews.models.transformer import family as transformer_family

FAMILIES = {
    "hub": embedding_family,
    "linear": tfidf,
    "transformer": transformer_family,
}

__all__ = ["FAMILIES", "NewsClassifier", "build", "fake_probability", "load"]


def build(
    row: Row, texts: list[str], labels: list[int], options: dict, answers: dict
) -> tuple[NewsClassifier, dict]:
    """Build the classifier a catalogue row describes.

    Args:
        row: The catalogue's row.
        texts: Training texts, from which vocabularies are learnt.
        labels: Training labels, 1 = fake; used by families that are solved, not trained.
        options: The resolved configuration of the fit.
        answers: What the classifier's answers mean: arguments of `NewsClassifier`.

    Returns:
        The classifier, and what is to be recorded of its weights: handle, digest, licence.
    """
    family = FAMILIES[row.family]
    more = {"labels": labels} if family.SOLVED else {}
    return family.build(row, texts, options, answers, **more)


def load(folder: str | os.PathLike) -> NewsClassifier:
    """Open a run's model, or any preset folder that tfnews saved.

    Args:
        folder: A run's folder or its `model` folder.

    Raises:
        RunError: There is no model here.
    """
    folder = Path(folder)
    preset = folder / "model" if (folder / "model" / "task.json").is_file() else folder
    if not (preset / "task.json").is_file():
        raise RunError(
            f"{folder} holds no model: neither task.json nor model/task.json is there. "
            "Give the folder of a complete run."
        )
    return keras_hub.models.TextClassifier.from_preset(str(preset))
