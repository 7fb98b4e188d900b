"""Hugging Face folders, read back by our reader; tools/check_huggingface.py asks transformers."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.models.reduced import PROBES, small
from tfnews.errors import ExportError
from tfnews.export.huggingface import check, opened, refusal, write
from tfnews.export.request import Options
from tfnews.models.transformer.checkpoint import read_checkpoint
from tfnews.models.transformer.pretrained import open_pretrained
from tfnews.records import Calibration

CLASSES = {
    "distilbert": "DistilBertForSequenceClassification",
    "albert": "AlbertForSequenceClassification",
    "bert-tiny": "BertForSequenceClassification",
    "mobilebert": "MobileBertForSequenceClassification",
}
HEAD = {"distilbert": {"hidden": [16], "dropout": [0.2], "units": 2}}


@pytest.fixture(scope="module", params=CLASSES)
def written(request, tmp_path_factory):
    """Give a row, its classifier and the folder that was written of it."""
    classifier = made(request.param)
    folder = tmp_path_factory.mktemp(request.param)
    write(classifier, folder, Options(), ())
    return request.param, classifier, folder


def made(name, **changes):
    return small(name, head=HEAD.get(name), **changes)


def test_our_own_reader_gets_the_same_encoder_and_tokenizer(written):
    _, classifier, folder = written
    found, own = read_checkpoint(folder).encoder, classifier.backbone.encoder
    assert [v.path.split("/", 1)[-1] for v in found.weights] == [
        v.path.split("/", 1)[-1] for v in own.weights
    ]
    for theirs, ours in zip(found.get_weights(), own.get_weights(), strict=True):
        np.testing.assert_array_equal(theirs, ours)
    tokenizer = open_pretrained(str(folder)).tokenizer
    assert tokenizer(PROBES).to_list() == classifier.preprocessor.tokenizer(PROBES).to_list()


def test_the_folder_read_anew_answers_as_the_run_does(written):
    _, classifier, folder = written
    found = opened(folder)
    expected = classifier.probabilities(PROBES)
    np.testing.assert_allclose(found.answers(PROBES), expected, atol=1e-6)
    np.testing.assert_allclose(found.answers_ids(classifier.encode(PROBES)), expected, atol=1e-6)


def test_the_configuration_names_class_labels_and_what_answers_mean(written):
    name, classifier, folder = written
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["architectures"] == [CLASSES[name]]
    assert config["id2label"] == {"0": "news", "1": "rumour"}
    assert config["tfnews"]["threshold"] == classifier.threshold
    assert config["tfnews"]["trained_on"] == "contracts"


def test_the_head_is_written_with_its_calibration(tmp_path):
    classifier = made("bert-tiny")
    classifier.calibration = Calibration(2.0, -0.5)
    write(classifier, tmp_path, Options(), ())
    found = load_file(tmp_path / "model.safetensors")
    last = classifier.head_layers[-1]
    np.testing.assert_allclose(found["classifier.weight"], last.kernel.numpy().T / 2)
    np.testing.assert_allclose(found["classifier.bias"], last.bias.numpy() / 2 - [0, 0.5])


def test_a_bent_calibration_has_no_class_of_transformers():
    classifier = made("bert-tiny")
    classifier.calibration = Calibration(2.0, -0.5, ((0.0, 0.5),))
    assert "calibrated by isotonic regression" in refusal(classifier)


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("swivel20", {}, "it is no transformer"),
        ("tfidf", {}, "it is no transformer"),
        ("minilm", {}, "it judges the mean of a text's tokens"),
        ("bert-tiny", {"long": "windows"}, "it reads long texts as windows"),
        ("bert-tiny", {"long": "head-tail"}, "it reads long texts as head-tail"),
        ("bert-tiny", {"pooler": False}, "its encoder has no pooler"),
    ],
)
def test_what_transformers_has_no_class_for_is_refused(name, changes, reason, tmp_path):
    classifier = small(name, num_layers=1, **changes)
    with pytest.raises(ExportError, match=f"no class that answers as this run does: {reason}"):
        write(classifier, tmp_path, Options(), ())
    with pytest.raises(ExportError, match=r"Export to savedmodel or tflite instead"):
        check(classifier)
    assert list(tmp_path.iterdir()) == []
