import pytest

from tests.scoring.test_predict import StubClassifier, StubGuards
from tfnews.scoring.predict import predict
from tfnews.scoring.tally import Tally


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
