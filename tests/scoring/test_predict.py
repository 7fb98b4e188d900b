import importlib.util
import itertools
import threading

import numpy as np
import pytest

from tests.training import classifiers
from tfnews.data.text import INPUT_RULE
from tfnews.errors import RunError, UsageError
from tfnews.models import NewsClassifier
from tfnews.records import Band
from tfnews.scoring import predict as module
from tfnews.scoring.answers import Prediction
from tfnews.scoring.predict import predict
from tfnews.scoring.request import check
from tfnews.scoring.tally import Tally


class StubGuards:
    def judge_all(self, texts):
        return [(self.reason(text), self.caution(text)) for text in texts]

    def reason(self, text):
        return "too short: 1 word" if " " not in text else None

    def caution(self, text):
        return "unusual vocabulary: 3%" if "zzz" in text else None


class StubClassifier:
    """Answers a tenth of the exclamation marks in a text; passes for a classifier."""

    __class__ = NewsClassifier
    class_names = ("real", "fake")
    trained_on = "made up"
    threshold = 0.5
    band = None
    input_rule = INPUT_RULE
    prediction_batch = 4

    def __init__(self, guards=None):
        self.guards = guards
        self.calls, self.batch_sizes = [], []

    def probabilities(self, texts, batch_size=None):
        self.calls.append(list(texts))
        self.batch_sizes.append(batch_size)
        return np.array([text.count("!") / 10 for text in texts], dtype="float32")


def test_scores_and_labels():
    first, second = predict(StubClassifier(), ["a b!!", "c d!!!!!"])
    assert first == Prediction("1", pytest.approx(0.2), "real", "scored", None)
    assert second.fake_probability == 0.5
    assert second.label == "fake"


def test_threshold_moves_the_label_only():
    (answer,) = predict(StubClassifier(), ["a b!!"], threshold=0.1)
    assert answer.fake_probability == pytest.approx(0.2)
    assert answer.label == "fake"


def test_no_class_is_called_in_the_band():
    classifier = StubClassifier(StubGuards())
    classifier.band = Band(0.3, 0.5, 0.9)
    texts = [f"a b{'!' * count}" for count in (2, 3, 5, 6)]
    tally = Tally(0.5)
    answers = list(tally.watch(predict(classifier, texts)))
    assert [answer.outcome for answer in answers] == ["scored", "unsure", "unsure", "scored"]
    assert [answer.label is None for answer in answers] == [False, True, True, False]
    assert answers[1].fake_probability == pytest.approx(0.3)
    assert answers[1].reason.startswith("unsure: no class is called at scores from 0.300 to 0.500")
    assert (tally.below, tally.unsure, tally.flagged, tally.cautions) == (1, 2, 1, {})
    tally.check_any_scored()


def test_a_threshold_of_one_s_own_leaves_the_run_s_band_aside():
    classifier = StubClassifier()
    classifier.band = Band(0.0, 1.0, 0.9)
    (answer,) = predict(classifier, ["a b!!"], threshold=0.1)
    assert (answer.outcome, answer.label) == ("scored", "fake")


def test_a_score_at_the_threshold_is_flagged():
    """An answer is the digits of a float32: 0.7, which lies above the float32 itself."""
    scores = np.random.default_rng(0).random(300, dtype="float32")
    classifier = StubClassifier()
    classifier.probabilities = lambda texts, size: np.array([scores[int(text)] for text in texts])
    texts = [str(row) for row in range(len(scores))]
    for threshold in map(float, [*scores[:20], *(str(score) for score in scores[:20])]):
        tally = Tally(threshold)
        answers = list(tally.watch(predict(classifier, texts, threshold=threshold)))
        flagged = [answer.label == "fake" for answer in answers]
        assert flagged == (scores >= np.float32(threshold)).tolist()
        assert tally.flagged == sum(flagged)


def test_mixed_precision_answers_nearly_the_same():
    classifier, texts = classifiers.hub(), classifiers.TEXTS
    exact, mixed = (
        [answer.fake_probability for answer in predict(classifier, texts, precision=kind)]
        for kind in ("float32", "mixed_bfloat16")
    )
    np.testing.assert_allclose(mixed, exact, atol=5e-3)
    assert mixed != exact


@pytest.mark.parametrize("batch_size", [1, 4])
@pytest.mark.parametrize("count", [0, 1, 64, 65, 200])
def test_order_and_ids(count, batch_size):
    classifier = StubClassifier()
    texts = [f"text {'!' * (number % 10)}" for number in range(count)]
    answers = list(predict(classifier, texts, batch_size=batch_size))
    assert [answer.id for answer in answers] == [str(number + 1) for number in range(count)]
    assert [round(answer.fake_probability * 10) for answer in answers] == [
        number % 10 for number in range(count)
    ]
    assert max(map(len, classifier.calls), default=0) <= 16 * batch_size
    assert set(classifier.batch_sizes) <= {batch_size}


def test_no_more_than_sixteen_batches_are_read_ahead():
    taken = []

    def endless():
        while True:
            taken.append(None)
            yield "some text"

    answers = predict(StubClassifier(), endless(), batch_size=2)
    assert taken == []
    for number in range(100):
        next(answers)
        assert len(taken) <= number + 32


def test_texts_at_hand_are_read_while_those_before_are_scored(tmp_path, monkeypatch):
    """On one core reading and judging took as long as scoring, and the other core stood idle."""
    monkeypatch.setattr(module, "_SOON", float("inf"))
    path = tmp_path / "texts.txt"
    path.write_text("".join(f"text {'!' * (row % 9)}\n" for row in range(200)))
    classifier, answers = StubClassifier(), predict(StubClassifier(), path, batch_size=2)
    assert [answer.fake_probability for answer in answers] == [
        round(row % 9 / 10, 1) for row in range(200)
    ]
    answers = predict(classifier, ["some text"] * 200, batch_size=2)
    for _ in range(40):
        next(answers)
    answers.close()
    assert len(classifier.calls) == 3  # the second chunk's answers were given, the third was asked
    assert not scoring_threads()


def test_what_may_take_long_is_interrupted_at_once():
    """It was scored in a thread, and Ctrl-C waited for all of its sixteen batches."""
    classifier = StubClassifier()
    seen = []
    classifier.probabilities = lambda texts, batch_size: seen.append(threading.current_thread())
    with pytest.raises(TypeError):  # the stub answers nothing
        next(predict(classifier, ["some text"]))
    assert seen == [threading.current_thread()]


@pytest.mark.parametrize("read", [0, 5, 32, 70, 100])
@pytest.mark.parametrize("ahead", [False, True])
def test_a_source_that_breaks_off_is_answered_so_far(monkeypatch, read, ahead):
    """The chunk in work, and what was read of the next one, were lost."""
    monkeypatch.setattr(module, "_SOON", float("inf"))

    def broken():
        yield from ["some text"] * read
        raise OSError("the disk is gone")

    class AtHand:
        def __len__(self):
            return 100

        __iter__ = staticmethod(broken)

    answers = predict(StubClassifier(), AtHand() if ahead else broken(), batch_size=2)
    assert [one.id for one in itertools.islice(answers, read)] == list(map(str, range(1, read + 1)))
    with pytest.raises(OSError, match="the disk is gone"):
        next(answers)


def test_an_error_of_the_model_is_raised_to_whoever_asks_for_answers():
    classifier = StubClassifier()
    classifier.probabilities = lambda texts, batch_size: 1 / 0
    with pytest.raises(ZeroDivisionError):
        next(predict(classifier, ["some text"]))
    assert not scoring_threads()


def scoring_threads():
    return [one.name for one in threading.enumerate() if one.name.startswith("tfnews-scoring")]


def test_refused_texts_get_a_reason_and_no_number():
    classifier = StubClassifier(StubGuards())
    answers = list(predict(classifier, ["short", "", "long enough!", "x"]))
    assert [answer.outcome for answer in answers] == [
        "not_scored",
        "not_scored",
        "scored",
        "not_scored",
    ]
    assert answers[0] == Prediction("1", None, None, "not_scored", "too short: 1 word")
    assert answers[1].reason.startswith("empty text")
    assert classifier.calls == [["long enough!"]]


def test_score_anyway_keeps_the_reason_and_leaves_out_the_unreadable():
    answers = list(predict(StubClassifier(StubGuards()), ["no!", b"x"], score_anyway=True))
    assert answers[0].fake_probability == pytest.approx(0.1)
    assert (answers[0].outcome, answers[0].reason) == ("scored", "too short: 1 word")
    assert answers[1].outcome == "not_scored"
    assert answers[1].reason.startswith("unreadable record")


def test_batch_of_refused_texts_never_reaches_the_model():
    classifier = StubClassifier(StubGuards())
    assert len(list(predict(classifier, ["a", "b"]))) == 2
    assert classifier.calls == []


def test_nan_is_not_passed_off_as_real(monkeypatch):
    classifier = StubClassifier()
    monkeypatch.setattr(
        classifier, "probabilities", lambda texts, size: np.full(len(texts), np.nan)
    )
    (answer,) = predict(classifier, ["a b"])
    assert (answer.fake_probability, answer.outcome) == (None, "not_scored")
    assert answer.reason == "no number: the model gave nan"


def test_other_class_names_are_said():
    classifier = StubClassifier()
    classifier.class_names = ("news", "satire")
    (answer,) = predict(classifier, ["a!!!!!!!!"])
    assert answer.label == "satire"


def test_file_with_bad_records(tmp_path):
    path = tmp_path / "news.csv"
    path.write_text("id,title,text\nx,A,b!\ny,only two\n")
    answers = list(predict(StubClassifier(), path))
    assert [(answer.id, answer.outcome) for answer in answers] == [
        ("x", "scored"),
        ("2", "not_scored"),
    ]


@pytest.mark.parametrize(
    ("source", "options", "error", "message"),
    [
        ("Storms come at night", {}, UsageError, "--text"),
        ("x" * 500, {}, UsageError, r"\.\.\.'"),
        (["a"], {"threshold": 1.5}, UsageError, "from 0 up to 1. Received: 1.5"),
        (["a"], {"batch_size": 0}, UsageError, "from 1 up to 65,536. Received: 0"),
        (["a"], {"precision": "int8"}, UsageError, "Unknown precision 'int8'. Allowed: float32, "),
        (["a"], {"backend": "onnx"}, UsageError, "Unknown back end 'onnx'. Allowed: tensorflow, "),
        (["a"], {"backend": "litert"}, UsageError, "is for transformers"),
        (
            ["a"],
            {"backend": "litert", "precision": "mixed_bfloat16"},
            UsageError,
            "Received: --precision mixed_bfloat16. Leave one of them out",
        ),
    ],
)
def test_what_cannot_be_used_is_said_at_once(source, options, error, message):
    with pytest.raises(error, match=message):
        predict(StubClassifier(), source, **options)


def test_a_missing_runtime_is_told_before_the_run_is_opened(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'tfnews\[tflite\]'"):
        check(StubClassifier(), ["a"], backend="litert")
    check(StubClassifier(), ["a"])


def test_another_input_rule_is_refused():
    classifier = StubClassifier()
    classifier.input_rule = "title-newline-text"
    with pytest.raises(RunError, match="title-newline-text"):
        predict(classifier, ["a"])


def test_missing_run(tmp_path):
    with pytest.raises(RunError, match="No run"):
        predict(tmp_path / "none", ["a"])
