"""Architectures as keras-hub text classifiers; importing this registers them with Keras."""

import os
from collections.abc import Sequence
from pathlib import Path

import keras_hub

from tfnews import catalogue
from tfnews.catalogue import Row
from tfnews.errors import RunError
from tfnews.models import cnn
from tfnews.models.classifier import NewsClassifier, fake_probability
from tfnews.models.embedding import family as embedding_family
from tfnews.models.family import Built, Family, Material
from tfnews.models.linear import tfidf, word2vec
from tfnews.models.transformer import family as transformer_family

# Kind of row -> what builds it.
FAMILIES = {
    "embedding": embedding_family.FAMILY,
    "tfidf": tfidf.FAMILY,
    "word2vec": word2vec.FAMILY,
    "cnn": cnn.FAMILY,
    "transformer": transformer_family.FAMILY,
}

__all__ = ["FAMILIES", "NewsClassifier", "build", "fake_probability", "family_of", "load"]


def family_of(arch: str) -> Family:
    """Return what builds an architecture.

    The catalogue tells, not the record of a run: runs made before families had kinds name others.

    Args:
        arch: Name of a catalogue row.

    Raises:
        UsageError: There is no such row.
    """
    return FAMILIES[catalogue.row(arch).kind]


def build(
    row: Row, texts: Sequence[str], labels: Sequence[int], options: dict, answers: dict
) -> Built:
    """Build the classifier a catalogue row describes.

    Args:
        row: The catalogue's row.
        texts: Training texts, from which vocabularies are learnt.
        labels: Training labels, 1 = fake.
        options: The resolved configuration of the fit.
        answers: What the classifier's answers mean: arguments of `NewsClassifier`.

    Returns:
        The classifier, and what is to be recorded of its weights.
    """
    return family_of(row.name).build(row, Material(texts, labels), options, answers)


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
