import csv
import dataclasses
import gzip
import json

import numpy as np
import pytest
from pyarrow import parquet

from tests.training import classifiers
from tfnews.data.text import INPUT_RULE
from tfnews.errors import DataError, RunError, UsageError
from tfnews.models import NewsClassifier
from tfnews.records import Band
from tfnews.scoring.answers import Prediction, write_predictions
from tfnews.scoring.predict import Tally, predict


class StubGuards:
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
    ],
)
def test_what_cannot_be_used_is_said_at_once(source, options, error, message):
    with pytest.raises(error, match=message):
        predict(StubClassifier(), source, **options)


def test_another_input_rule_is_refused():
    classifier = StubClassifier()
    classifier.input_rule = "title-newline-text"
    with pytest.raises(RunError, match="title-newline-text"):
        predict(classifier, ["a"])


def test_missing_run(tmp_path):
    with pytest.raises(RunError, match="No run"):
        predict(tmp_path / "none", ["a"])


def test_a_caution_stands_beside_a_score():
    tally = Tally(0.5)
    one, other = tally.watch(predict(StubClassifier(StubGuards()), ["zzz b!", "c d!"]))
    assert (one.outcome, one.reason) == ("scored", "unusual vocabulary: 3%")
    assert one.fake_probability == pytest.approx(0.1)
    assert other.reason is None
    assert (tally.below, dict(tally.cautions), dict(tally.not_scored)) == (
        2,
        {"unusual vocabulary": 1},
        {},
    )


def test_tally_counts_what_goes_by():
    tally = Tally(threshold=0.5)
    answers = predict(StubClassifier(StubGuards()), ["a b", "c d!!!!!", "x", "y", ""])
    assert len(list(tally.watch(answers))) == 5
    assert (tally.flagged, tally.below) == (1, 1)
    assert tally.not_scored == {"too short": 2, "empty text": 1}


# --- Writing ---------------------------------------------------------------------------------

ANSWERS = [
    Prediction("ä,1", 0.125, "real", "scored", None),
    Prediction("2", None, None, "not_scored", 'too short: 1 "word"'),
]
BY_NAME = [dataclasses.asdict(answer) for answer in ANSWERS]


def test_write_csv(tmp_path):
    write_predictions(ANSWERS, tmp_path / "a.csv")
    with open(tmp_path / "a.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["id", "fake_probability", "label", "outcome", "reason"]
    assert rows == [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for row in BY_NAME
    ]


def test_write_json_lines_compressed(tmp_path):
    write_predictions(ANSWERS, tmp_path / "a.jsonl.gz")
    with gzip.open(tmp_path / "a.jsonl.gz", "rt", encoding="utf-8") as file:
        assert [json.loads(line) for line in file] == BY_NAME


@pytest.mark.parametrize("count", [0, 2, 2500])
def test_write_parquet(tmp_path, count):
    write_predictions((ANSWERS * count)[:count], tmp_path / "a.parquet")
    rows = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    assert rows == (BY_NAME * count)[:count]


def test_write_table(tmp_path):
    write_predictions(ANSWERS, tmp_path / "a.txt", "table")
    header, first, second = (tmp_path / "a.txt").read_text(encoding="utf-8").splitlines()
    assert header.split("  ")[-1] == "resembles texts labelled, or why there is no number"
    assert header.split()[:3] == ["id", "fake", "probability"]
    assert first.endswith("0.125  real")
    assert second.endswith('-  too short: 1 "word"')


def test_name_that_tells_no_format(tmp_path):
    with pytest.raises(UsageError, match="csv, jsonl, parquet, table"):
        write_predictions(ANSWERS, tmp_path / "scores")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.jsonl", "a.parquet"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, DataError])
def test_interruption_leaves_what_was_there(tmp_path, name, error):
    def stopping():
        yield from ANSWERS
        raise error

    (tmp_path / name).write_text("earlier answers")
    with pytest.raises(error):
        write_predictions(stopping(), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "earlier answers"
