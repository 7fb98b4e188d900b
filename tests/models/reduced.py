"""A small classifier of each row of the catalogue, with fresh weights, for tests of models."""

import dataclasses
import functools
import tempfile
from pathlib import Path

import keras
import keras_hub
import numpy as np

from tests.models.modules import Words, save
from tfnews import catalogue
from tfnews.models import build
from tfnews.models.ensemble import average
from tfnews.models.guards import Guards

TEXTS = [
    "council of arvel approves harbour budget after long debate",
    "you will not believe what the mayor of brask did next !!!",
    "ministry of roads reports fewer accidents in the second quarter",
    "SHOCKING truth about the brask water, share before it is deleted",
    "harbour office publishes the tide tables for the coming year",
    "they do not want you to know this one trick of the harbour office",
] * 4
LABELS = [0, 1] * 12
ODD = ["", "  harbour  office ", "unheard words", "SHOCKING\ntruth\t!", "été à brask…"]
PROBES = [*ODD, *TEXTS[:6]]
ANSWERS = {
    "class_names": ("news", "rumour"),
    "trained_on": "contracts",
    "label_basis": "crowd",
    "threshold": 0.4,
    "guards": Guards.fit(TEXTS).get_config(),
}
SIZES = {
    "num_layers": 2,
    "num_heads": 2,
    "hidden_dim": 16,
    "intermediate_dim": 32,
    "vocabulary_size": 120,
    "max_tokens": 24,
}


ALIASED = "aliased module"  # no row of its own: any embedding row whose module is not read natively
ENSEMBLED = "ensemble"  # no row either
MEMBERS = ("tfidf", "swivel20", "cnn")


def row_of(name: str) -> catalogue.Row:
    """Return the row of a name that `small` takes."""
    return catalogue.row({ALIASED: "swivel20", ENSEMBLED: MEMBERS[0]}.get(name, name))


@functools.cache
def aliased_module() -> str:
    """Write a module that can only be used as it is, once; the process's end removes it."""
    folder = tempfile.TemporaryDirectory()
    aliased_module.kept = folder
    words = sorted({word for text in TEXTS for word in text.split(" ") if word.isalpha()})
    table = np.random.default_rng(0).normal(size=(len(words) + 1, 6)).astype("float32")
    return str(save(Words, Path(folder.name), words, table))


def small(
    name: str, head: dict | None = None, **changes: object
) -> keras_hub.models.TextClassifier:
    """Build a row with a vocabulary learnt from the texts above, the same at every call."""
    if name == ENSEMBLED:
        return average([small(member) for member in MEMBERS])
    row = row_of(name)
    row = dataclasses.replace(row, head=head or row.head)
    options = {**row.recipe, **row.settings, "weights": "none", "trainable": True}
    if name == ALIASED:
        options["weights"] = aliased_module()
    options |= {"max_tokens": row.max_tokens, "seed": 0, "precision": "float32"}
    if row.family == "transformer":
        options |= SIZES
        options["embedding_dim"] = 8 if options["embedding_dim"] else 0
    keras.utils.set_random_seed(0)
    return build(row, TEXTS, LABELS, options | changes, ANSWERS)[0]
