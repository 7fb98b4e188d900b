import functools
import sys

import numpy as np
import pytest

from tests.models.reduced import PROBES, TEXTS, small
from tfnews.errors import ExportError, UsageError
from tfnews.export import tflite
from tfnews.export.litert import LiteRT, Parity
from tfnews.models.precision import under_policy
from tfnews.records import Calibration

CUT = {"num_layers": 1, "max_tokens": 12}  # pieces, so that the longer texts are cut
MADE = {
    "bert": ("bert-tiny", {}),
    "windows": ("bert-tiny", {"long": "windows", **CUT}),
    "head-tail": ("bert-tiny", {"long": "head-tail", **CUT}),
    "distilbert": ("distilbert", {"num_layers": 1}),
    "albert": ("albert", {"num_layers": 1}),
    "mobilebert": ("mobilebert", {"num_layers": 1}),  # reads neighbours, so padding after the text
}
MIXED = [*PROBES, " ".join(TEXTS[:6]), *reversed(TEXTS[:6]), "日本語 の 港", "", "x" * 300]


def made(name):
    """Return a small classifier whose answers differ, with a calibration that must hold."""
    row, options = MADE[name]
    classifier = small(row, **options)
    for weight in classifier.backbone.trainable_variables:
        if len(weight.shape) > 1:
            weight.assign(weight * 10)  # fresh ones hardly look at the text
    odds = classifier.log_odds(MIXED)
    middle, spread = float(np.median(odds)), float(odds.std())
    classifier.calibration = Calibration(spread, -middle / spread)
    return classifier


@pytest.fixture(scope="module")
def fast():
    """LiteRT over a small BERT, which has not answered yet, and its classifier."""
    classifier = made("bert")
    return LiteRT(classifier, threads=2), classifier


def test_how_far_the_first_answers_are_is_measured_once(fast):
    answering, classifier = fast
    assert answering.parity is None
    assert answering.probabilities([]).shape == (0,)
    assert answering.parity is None
    texts = [f"{text} {number}" for number, text in enumerate(TEXTS * 2)]
    moved = np.abs(answering.probabilities(texts) - classifier.probabilities(texts))[:32]
    found = answering.parity
    assert found == Parity(32, pytest.approx(moved.max(), abs=1e-5), 0)
    assert 1e-6 < found.largest < 0.05
    answering.probabilities(TEXTS[:2])
    assert answering.parity is found


def test_each_text_is_answered_nearly_as_tensorflow_answers_it(fast):
    answering, classifier = fast
    expected = classifier.probabilities(MIXED)
    found = answering.probabilities(MIXED, batch_size=3)
    assert (found.dtype, found.shape) == (np.float32, expected.shape)
    assert expected.max() - expected.min() > 0.3
    np.testing.assert_allclose(found, expected, atol=0.03)


def test_a_calibration_of_later_is_refused(fast):
    """Answers would be of the old one, and compared with those of the new."""
    answering, classifier = fast
    before = classifier.calibration
    classifier.temperature = 2.0
    with pytest.raises(UsageError, match="calibrated after LiteRT"):
        answering.probabilities(TEXTS)
    classifier.calibration = before
    assert answering.probabilities(TEXTS[:1]).shape == (1,)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in ("distilbert", "albert") else [])
        for name in MADE
        if name != "bert"
    ],
)
def test_each_text_is_read_as_tensorflow_reads_it(name, monkeypatch):
    """Without rounding to 8 bits, so that a token too many or too few is seen."""
    whole = functools.partial(tflite.convert_any_length, quantize="none")
    monkeypatch.setattr(tflite, "convert_any_length", whole)
    classifier = made(name)
    expected = classifier.probabilities(MIXED)
    assert expected.max() - expected.min() > 0.3
    found = LiteRT(classifier, threads=2).probabilities(MIXED)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_an_answer_is_the_same_alone_and_among_others(fast):
    answering, classifier = fast
    together = answering.probabilities(MIXED)
    alone = [answering.probabilities([text])[0] for text in MIXED]
    np.testing.assert_array_equal(together, np.array(alone, np.float32))
    np.testing.assert_array_equal(together, answering.probabilities(classifier.encode(MIXED)))


@pytest.mark.parametrize("name", ["windows", "mobilebert"])
def test_a_text_among_longer_ones_is_packed_as_it_is_alone(name):
    """A shorter text's padding, or empty windows, would be read where they count."""
    row, options = MADE[name]
    classifier = small(row, **options)
    packer = object.__new__(LiteRT)
    packer._classifier = classifier
    among = list(packer._packed(classifier.encode(MIXED)))
    for text, tokens in zip(MIXED, among, strict=True):
        alone = classifier.preprocessor.pack(classifier.encode([text]))["token_ids"].numpy()[0]
        np.testing.assert_array_equal(tokens, alone)


def test_decisions_are_counted_at_the_threshold_that_is_asked_for(fast):
    _, classifier = fast
    ids = classifier.encode(TEXTS[:4])
    expected = classifier.probabilities(ids)
    moved = expected.copy()
    moved[1] += 0.25
    between = LiteRT.__new__(LiteRT)
    between._classifier = classifier
    for threshold, changed in ((expected[1] + 0.1, 1), (expected[1] + 0.3, 0)):
        between._threshold = float(threshold)
        found = between._compare(ids, moved)
        assert found == Parity(4, pytest.approx(0.25, abs=1e-5), changed)


def test_no_more_interpreters_than_threads(fast):
    answering, _ = fast
    answering.probabilities(MIXED * 3)
    assert 1 <= answering._idle.qsize() <= answering.threads == 2


def test_one_text_is_no_list(fast):
    with pytest.raises(UsageError, match="Received: one text"):
        fast[0].probabilities("a text")


@pytest.mark.parametrize("name", ["tfidf", "swivel20", "cnn"])
def test_other_rows_are_refused_before_anything_is_converted(name, monkeypatch):
    monkeypatch.setattr(tflite, "convert_any_length", None)
    with pytest.raises(UsageError, match=r"is for transformers\. .*Leave --backend out"):
        LiteRT(small(name))


def test_mixed_precision_is_refused(fast):
    """Its conversion failed with an error of the converter's own."""
    with pytest.raises(UsageError, match=r"in float32\. Received: mixed_bfloat16"):
        LiteRT(under_policy(fast[1], "mixed_bfloat16"))


def test_a_missing_runtime_is_told_before_the_conversion(fast, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setattr(tflite, "convert_any_length", None)
    with pytest.raises(UsageError, match=r"pip install 'tfnews\[tflite\]'"):
        LiteRT(fast[1])


def test_the_runtime_says_nothing_on_the_terminal(fast, capfd):
    LiteRT(fast[1], threads=1).probabilities(TEXTS[:2])
    assert "XNNPACK" not in capfd.readouterr().err


def test_an_operation_that_not_every_runtime_has_is_refused(fast, monkeypatch):
    monkeypatch.setattr(tflite, "_converted", lambda *_: b"")
    monkeypatch.setattr(tflite, "operations", lambda content: {"FlexWhere"})
    with pytest.raises(ExportError, match="runtime has: FlexWhere"):
        LiteRT(fast[1])
