import json

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from tests.contracts import ON_DEVICES
from tests.models.reduced import ALIASED, PROBES, small
from tfnews.errors import ExportError, UsageError
from tfnews.export import tflite
from tfnews.export.parity import LIMITS
from tfnews.models.embedding.bag import EmbeddingBag

LONG = {"windows": "windows", "cut at both ends": "head-tail"}
TEXTS = [*PROBES[:8], " ".join(PROBES), "日本語 の 港", "\x00 a\u00a0b", "Ünïcode HARBOUR 😀"]


def made(name):
    if name in LONG:
        return small("bert-tiny", long=LONG[name], max_tokens=12, num_layers=1)
    return small(name)


@pytest.mark.parametrize("name", [*ON_DEVICES, *LONG])
def test_a_written_folder_answers_ids_and_raw_texts_as_the_run_does(name, tmp_path):
    classifier = made(name)
    cut = tflite.for_device(classifier)
    tflite.write(cut, tmp_path)
    device = tflite.Device(tmp_path)
    expected = classifier.probabilities(TEXTS)
    np.testing.assert_allclose(
        device.answers_ids(tflite.fixed_ids(cut, TEXTS)), expected, atol=1e-6
    )
    np.testing.assert_allclose(device.answers(TEXTS), expected, atol=1e-6)


@pytest.mark.parametrize("quantize", ["float16", "dynamic"])
@pytest.mark.parametrize("name", ["tfidf", "swivel20", "cnn", "bert-tiny"])
def test_a_smaller_file_stays_within_its_limit(name, quantize):
    """In float16 a small constant was 0, and an empty text answered NaN by the tfidf row."""
    cut = tflite.for_device(made(name))
    content = tflite.convert(cut, tflite.default_length(cut), quantize)
    found = tflite.Device(content).answers_ids(tflite.fixed_ids(cut, TEXTS))
    moved = np.abs(found - cut.probabilities(TEXTS))
    assert moved.max() <= LIMITS[quantize]
    assert tflite.operations(content) <= tflite.ALLOWED


@pytest.mark.parametrize("name", ["swivel20", "tfidf", "bert-tiny"])
def test_texts_are_cut_at_the_length_of_the_file(name, tmp_path):
    classifier = made(name)
    cut = tflite.for_device(classifier, length=9)
    tflite.write(cut, tmp_path)
    found = tflite.Device(tmp_path).answers(TEXTS)
    np.testing.assert_allclose(found, cut.probabilities(TEXTS), atol=1e-6)
    assert np.abs(found - classifier.probabilities(TEXTS)).max() > 1e-5
    shape = json.loads((tmp_path / "spec.json").read_text("utf-8"))["shape"]
    assert shape == [1, 18 if name == "tfidf" else 9]  # words and pairs of words


def test_rows_of_a_table_have_scales_of_their_own():
    """The converter gives a table one scale, and a single long vector makes all others coarse."""
    layer = EmbeddingBag(3, 4)
    layer.build(None)
    layer.table.assign([[0.001, -0.002, 0.0, 0.002], [9.0, -9.0, 1.0, 0.0], [0.0] * 4])
    expected = layer.vectors(tf.constant([0, 1, 2])).numpy()
    with tflite.eight_bit(layer):
        found = layer.vectors(tf.constant([0, 1, 2])).numpy()
    assert (np.abs(found - expected).max(axis=1) <= [0.002 / 254, 9 / 254, 0]).all()
    assert layer.packed is None


def test_the_dense_layers_after_a_table_stay_in_float32():
    """In 8 bits they moved a trained run's answers by 0.05."""
    classifier = made("swivel20")
    for layer in classifier.head_layers:
        if layer.weights:
            layer.kernel.assign(layer.kernel * 8)
    cut = tflite.for_device(classifier)
    found = tflite.Device(tflite.convert(cut, 64, "dynamic")).answers_ids(
        [cut.preprocessor.fixed(cut.encode([text]), 64).numpy()[0] for text in TEXTS]
    )
    np.testing.assert_allclose(found, cut.probabilities(TEXTS), atol=6e-3)


def test_the_inputs_that_mediapipe_wants_are_there_and_without_effect():
    """DistilBERT has no segments, and the converter drops what nothing reads."""
    cut = tflite.for_device(small("distilbert", num_layers=1))
    content = tflite.convert(cut, 24)
    run = Interpreter(model_content=content).get_signature_runner()
    ids = tflite.fixed_ids(cut, PROBES[1:2])[0][np.newaxis]
    zeros, ones = np.zeros_like(ids), np.ones_like(ids)
    first = run(ids=ids, mask=ones, segment_ids=zeros)["probabilities"]
    again = run(ids=ids, mask=zeros, segment_ids=ones)["probabilities"]
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(first[0, 1], cut.probabilities(PROBES[1:2])[0], atol=1e-6)
    np.testing.assert_allclose(first.sum(), 1, atol=1e-6)


def test_a_module_used_as_it_is_is_refused():
    classifier = small(ALIASED)
    for attempt in (tflite.for_device, lambda c: tflite.convert(c, 8)):
        with pytest.raises(ExportError, match="exports to SavedModel only"):
            attempt(classifier)


def test_an_operation_that_not_every_runtime_has_is_refused(monkeypatch):
    monkeypatch.setattr(tflite, "ALLOWED", tflite.ALLOWED - {"GATHER"})
    with pytest.raises(ExportError, match=r"runtime has: GATHER\. Export .* --target savedmodel"):
        tflite.convert(made("word2vec"), 8)


def test_options_out_of_bounds():
    with pytest.raises(UsageError, match=r"'int4'\. Allowed: none, float16, dynamic"):
        tflite.convert(made("word2vec"), 8, "int4")
    with pytest.raises(UsageError, match=r"takes 8 to 24 for this run\. Received: 25"):
        tflite.convert(small("bert-tiny", num_layers=1), 25)
    with pytest.raises(UsageError, match=r"takes 1 to 20000 for this run\. Received: -2"):
        tflite.for_device(made("word2vec"), -2)


def test_raw_texts_need_the_folder(tmp_path):
    tflite.write(tflite.for_device(made("word2vec")), tmp_path)
    with pytest.raises(UsageError, match="need the folder"):
        tflite.Device(tmp_path / tflite.MODEL_FILE).answers(["a"])
