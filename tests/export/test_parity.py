"""Both differences, measured on files that are made to differ."""

import numpy as np
import pytest
import tensorflow as tf

from tests.models.reduced import LABELS, TEXTS, small
from tfnews.errors import ExportError
from tfnews.export import parity
from tfnews.export.parity import CUT, PRUNED, Before, Facts, Texts


class Device:
    """Stands for a file: cuts texts to some tokens, rounds, and may read texts otherwise."""

    def __init__(self, classifier, tokens, off=0.0, read=str, guards=None):
        self.classifier, self.tokens, self.off, self.read = classifier, tokens, off, read
        self.guards = guards

    def answers(self, texts):
        ids = self.classifier.encode([self.read(text) for text in texts])
        return self.answers_ids(ids[:, : self.tokens])

    def answers_ids(self, ids):
        return self.classifier.probabilities(ids) + np.float32(self.off)

    def scored(self, texts):
        return None if self.guards is None else self.guards(texts)


class Shortened:
    """A classifier that reads the first token of a text."""

    def __init__(self, classifier):
        self.classifier = classifier

    def encode(self, texts):
        return self.classifier.encode(texts)[:, :1]

    def probabilities(self, texts):
        return self.classifier.probabilities(self.encode(texts))


@pytest.fixture(scope="module")
def classifier():
    return small("tfidf")


@pytest.fixture(scope="module")
def asked():
    return Texts.of(TEXTS, LABELS)


@pytest.fixture(scope="module")
def before(classifier, asked):
    return Before.of(classifier, asked)


def test_a_file_that_changes_nothing(classifier, asked, before):
    device = Device(classifier, None, guards=lambda texts: before.scored)
    found = parity.measure(device, Facts(), classifier, asked, before)
    assert found["conversion"]["largest"] == 0
    assert found["conversion"]["texts"] == len(TEXTS) + len(parity.PROBES)
    assert found["device"]["changed"] == 0
    assert found["device"]["f1"]["before"] == found["device"]["f1"]["after"] > 0.9
    assert found["guards"]["otherwise_than_the_run"] == []
    assert found["milliseconds"]["a_text_alone"] > 0
    parity.check(found, "none", 0.0, "test")


def test_a_cut_is_a_difference_of_the_device_and_not_of_the_conversion(classifier, asked, before):
    facts = Facts(stages=((CUT, Shortened(classifier)),))
    found = parity.measure(Device(classifier, 1), facts, classifier, asked, before)
    assert found["conversion"]["largest"] == 0
    device = found["device"]
    assert device["changed"] > 3
    assert device["reasons"] == {CUT: {"texts": device["changed"], "share": 1.0}}
    assert {one["reason"] for one in device["each"]} == {CUT}
    assert device["each"][-1]["text"].startswith("validation row ")
    assert found["guards"] == {"computed": False}
    with pytest.raises(
        ExportError, match=r"By the test file F1 falls.*mainly by cut.*--max-drop 0\.\d"
    ):
        parity.check(found, "none", 0.01, "test")
    parity.check(found, "none", 1.0, "test")


def test_reading_texts_otherwise_is_the_tokenizers(classifier, asked, before):
    device = Device(classifier, None, read=lambda text: text[::-1])
    found = parity.measure(device, Facts(), classifier, asked, before)
    assert found["conversion"]["largest"] == 0
    assert list(found["device"]["reasons"]) == [parity.TOKENIZER]


def test_words_that_are_gone_are_the_prunings(asked):
    classifier = small("tfidf")
    before = Before.of(classifier, asked)
    classifier.forget(range(0, len(classifier.preprocessor.tokenizer.get_vocabulary()), 2))
    found = parity.measure(Device(classifier, None), Facts(), classifier, asked, before)
    assert found["conversion"]["largest"] == 0
    assert found["device"]["largest"] > 0.01
    assert set(found["device"]["reasons"]) <= {PRUNED}


@pytest.mark.parametrize(
    ("off", "quantize", "fails"),
    [
        (2e-5, "none", True),
        (2e-5, "float16", False),
        (2e-3, "float16", True),
        (2e-3, "dynamic", False),
        (3e-2, "dynamic", True),
        (np.nan, "dynamic", True),
    ],
)
def test_a_conversion_above_its_limit_fails(classifier, asked, before, off, quantize, fails):
    found = parity.measure(Device(classifier, None, off), Facts(), classifier, asked, before)
    if fails:
        with pytest.raises(ExportError, match=r"otherwise than the model it was made from: by"):
            parity.check(found, quantize, 1.0, "test")
    else:
        parity.check(found, quantize, 1.0, "test")


def test_without_a_data_set_the_probes_are_asked(classifier):
    asked = Texts.of()
    before = Before.of(classifier, asked)
    found = parity.measure(Device(classifier, None), Facts(), classifier, asked, before)
    assert found["device"]["f1"] is None
    assert found["device"]["texts"] == len(parity.PROBES)
    assert not before.scored[asked.names.index("probe: empty")]


def test_the_last_turn_is_the_reason():
    steps = [("run", True), (PRUNED, False), (CUT, True), ("tokenizer", False)]
    assert parity._reason(steps) == "tokenizer"
    assert parity._reason([("run", True), (PRUNED, False), (CUT, False)]) == PRUNED


def test_probes_hold_what_runtimes_stumble_over():
    assert len(parity.PROBES["very long"].split()) > 5000
    assert tf.strings.length(parity.PROBES["emoji"], unit="UTF8_CHAR") < 100
