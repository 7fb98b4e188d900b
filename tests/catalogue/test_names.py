"""Each name of a list does something, and nothing that does is missing from the list."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.models.reduced import small
from tfnews.catalogue import names
from tfnews.data.cutting import CUTS
from tfnews.data.strategies import Strategy
from tfnews.models.text.normalise import normalise
from tfnews.models.transformer.activations import ACTIVATIONS
from tfnews.models.transformer.encoders import build_encoder
from tfnews.report import wording
from tfnews.training import optimizers
from tfnews.weights.vectors import read_vectors


def test_tables_have_exactly_the_names():
    assert tuple(CUTS) == names.CUTS
    assert tuple(ACTIVATIONS) == names.ACTIVATIONS
    assert tuple(optimizers.OPTIMIZERS) == names.OPTIMIZERS


def test_every_label_basis_is_explained():
    assert set(wording.LABEL_BASES) == {names.UNSTATED, *names.LABEL_BASES}


def test_every_rule_of_normalisation_is_carried_out():
    found = {rule: normalise(tf.constant("Été, B!"), rule).numpy() for rule in names.NORMALISATIONS}
    found = {rule: text.decode() for rule, text in found.items()}
    assert found == {"none": "Été, B!", "lower": "été, b!", "words": "été b"}


@pytest.mark.parametrize("kind", names.STRATEGIES)
def test_every_strategy_is_taken_with_its_column(kind):
    columns = {"group": {"group_columns": ("site",)}, "time": {"time_column": "date"}}
    assert Strategy(kind, **columns.get(kind, {})).kind == kind


@pytest.mark.parametrize("format", names.VECTOR_FORMATS)
def test_every_format_of_vectors_is_read(format, tmp_path):
    path, words = tmp_path / "vectors", tmp_path / "words.txt"
    words.write_text("a\n")
    numbers = np.array([[1, 2]], "<f4")
    npy = tmp_path / "numbers.npy"
    np.save(npy, numbers)
    contents = {
        "glove": b"a 1 2\n",
        "word2vec-text": b"1 2\na 1 2\n",
        "word2vec-binary": b"1 2\na " + numbers.tobytes(),
        "npy": npy.read_bytes(),
    }
    path.write_bytes(contents[format])
    found = read_vectors(path, format=format, words=words if format == "npy" else None)
    assert found.words == ["a"]
    assert found.vectors.tolist() == [[1, 2]]


@pytest.mark.parametrize("name", names.PRECISIONS)
def test_every_precision_is_one_of_keras(name):
    assert keras.dtype_policies.get(name).name == name


def test_every_schedule_has_its_end():
    last = {}
    for name in names.SCHEDULES:
        options = {**OPTIONS, "schedule": name, "warmup_steps": 1}
        last[name] = float(optimizers.make(options, [], 10)._learning_rate(10))
    assert last == {"constant": pytest.approx(0.5), "linear": 0}


OPTIONS = {
    "optimizer": "adam",
    "learning_rate": 0.5,
    "epsilon": 1e-7,
    "weight_decay": 0.0,
    "clip": 0.0,
    "precision": "float32",
}


@pytest.mark.parametrize("architecture", names.ARCHITECTURES)
def test_every_architecture_is_built(architecture):
    sizes = {"num_layers": 1, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 8}
    sizes |= {"vocabulary_size": 9, "max_sequence_length": 8}
    sizes |= {"embedding_dim": 4} if architecture == "albert" else {}
    encoder = build_encoder(architecture, sizes, names.ACTIVATIONS[0], False)
    assert encoder.output["sequence_output"].shape == (None, None, 8)


def test_every_pooling_judges_something_else():
    shapes = {}
    for pooling in names.POOLINGS:
        classifier = small("bert-tiny", pooling=pooling, num_layers=1)
        shapes[pooling] = classifier.predict(["rain over the harbour"], verbose=0)[0, 1]
    assert len(set(shapes.values())) == len(names.POOLINGS)


@pytest.mark.parametrize("long", names.LONG)
def test_every_way_with_long_texts_is_one_of_the_packing(long):
    classifier = small("bert-tiny", long=long, max_tokens=8, num_layers=1)
    assert classifier.preprocessor.long == long


def test_the_watched_columns_are_those_of_a_history(tmp_path):
    from tests import tiny
    from tfnews.training.fit import fit

    settings = {**tiny.SWIVEL, "epochs": 1}
    run = fit(tiny.splits(tmp_path).path, arch="swivel20", **settings, root=tmp_path, floor=False)
    assert run.history()[0].keys() - {"epoch", "seconds"} == set(names.MONITORS)
