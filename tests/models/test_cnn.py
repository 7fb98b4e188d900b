"""Convolutions over token vectors: what the contracts do not know of them."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnews import catalogue
from tfnews.errors import WeightsError
from tfnews.models.cnn import CnnBackbone, CnnPreprocessor, build, freeze
from tfnews.models.family import Material
from tfnews.models.text.words import NO_TOKEN, WordTokenizer

ROW = dataclasses.replace(catalogue.row("cnn"), width=4)
TEXTS = ["the vote the council", "shocking truth", "the truth of the vote", "share the vote"]
LABELS = [0, 1, 1, 0]


def options(**changes):
    small = {"weights": "none", "trainable": True, "seed": 0, "min_count": 1, "filters": 3}
    return {**ROW.settings, "max_tokens": 0, **small, **changes}


def backbone(rows=9, width=2, filters=3, filter_widths=(3, 4, 5)):
    made = CnnBackbone(rows, width, filters, filter_widths)
    random = np.random.default_rng(0)
    made.set_weights([random.normal(size=value.shape) for value in made.get_weights()])
    return made


def reference(made, ids):
    """Compute Kim's features of one text in NumPy: windows begin at its tokens, zeros follow."""
    table = made.token_vectors.table.numpy()
    features = []
    for reach in made.filter_widths:
        layer = made.get_layer(f"filters_{reach}")
        kernel, bias = (value.numpy() for value in (layer.kernel, layer.bias))
        vectors = np.concatenate([table[ids], np.zeros((reach - 1, table.shape[1]))])
        windows = [vectors[start : start + reach] for start in range(len(ids))]
        maps = [np.maximum(np.einsum("rw,rwf->f", one, kernel) + bias, 0) for one in windows]
        features.append(np.max(maps, axis=0) if maps else np.zeros(len(bias)))
    return np.concatenate(features)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.lists(st.integers(0, 8), max_size=9), min_size=1, max_size=4))
def test_features_are_those_of_the_paper_whatever_the_batch(texts):
    made = CASE
    packed = CnnPreprocessor(WordTokenizer(["a"])).pack(tf.ragged.constant(texts, tf.int32, 1))
    found = made(packed).numpy()
    for row, ids in zip(found, texts, strict=True):
        np.testing.assert_allclose(row, reference(made, ids), atol=1e-5)


CASE = backbone()


def test_texts_are_filled_up_to_the_longest_and_to_one_token_at_least():
    pack = CnnPreprocessor(WordTokenizer(["a"])).pack
    packed = pack(tf.ragged.constant([[1, 2], [], [3]], tf.int32))["token_ids"]
    assert packed.numpy().tolist() == [[1, 2], [NO_TOKEN] * 2, [3, NO_TOKEN]]
    assert pack(tf.ragged.constant([[]], tf.int32, 1))["token_ids"].numpy().tolist() == [[NO_TOKEN]]


def test_freezing_keeps_the_vectors_and_trains_the_filters():
    classifier, _ = build(ROW, Material(TEXTS, LABELS), options(), {})
    everything = len(classifier.trainable_variables)
    freeze(classifier.backbone, {"trainable": False})
    left = {variable.path for variable in classifier.trainable_variables}
    assert len(left) == everything - 1
    assert not any("token_vectors" in path for path in left)


def test_the_rows_in_use_are_those_looked_up_and_the_one_that_padding_reads():
    classifier, _ = build(ROW, Material(TEXTS, LABELS), options(), {})
    vocabulary = classifier.preprocessor.tokenizer.get_vocabulary()
    ids = classifier.encode(["council truth", "truth"])
    ((path, rows),) = classifier.rows_in_use(ids).items()
    assert path == classifier.backbone.token_vectors.table.path
    words = ["council", "truth"]
    assert sorted(rows) == sorted({0, *(vocabulary.index(word) for word in words)})


def test_vectors_of_a_file_are_looked_up(tmp_path):
    file = tmp_path / "vectors.txt"
    file.write_text("vote 1 2 3\ntruth 4 5 6\n", encoding="utf-8")
    classifier, record = build(ROW, Material([], []), options(weights=str(file)), {})
    table = classifier.backbone.token_vectors.table.numpy()
    assert table.shape == (2 + ROW.settings["oov_buckets"], 3)
    np.testing.assert_array_equal(table[:2], [[1, 2, 3], [4, 5, 6]])
    assert classifier.encode(["Truth, vote!"]).to_list() == [[1, 0]]
    assert (record.handle, record.oov_buckets) == (str(file), ROW.settings["oov_buckets"])
    pinned = options(weights=f"{file}#sha256={record.digest}")
    assert build(ROW, Material([], []), pinned, {})[1].digest == record.digest
    wrong = options(weights=f"{file}#sha256={'0' * 64}")
    with pytest.raises(WeightsError, match=r"not those that are pinned.* Fetch them again"):
        build(ROW, Material([], []), wrong, {})
