import numpy as np
import pytest

from tests.scoring.test_predict import StubClassifier
from tfnews.evaluation.explaining import occlusion, pieces


def effects(text, by="word"):
    classifier = StubClassifier()
    words = pieces.words(text)
    own = [range(word, word + 1) for word in range(len(words))]
    whole = float(classifier.probabilities([text])[0])
    classifier.calls.clear()
    return occlusion.effects(classifier, text, words, own, whole, by), classifier


def test_each_word_is_left_out_once():
    found, classifier = effects("one! two three!!")
    assert found.probabilities.tolist() == pytest.approx([0.2, 0.3, 0.1])
    assert classifier.calls == [["two three!!", "one! three!!", "one! two"]]
    assert (found.calls, found.rule) == (3, None)


def test_copies_of_the_text_are_made_a_batch_at_a_time():
    _, classifier = effects("a b c d e f g h i")
    assert [len(call) for call in classifier.calls] == [4, 4, 1]


def test_of_a_long_text_the_words_of_the_passages_that_matter_are_tried(monkeypatch):
    monkeypatch.setattr(occlusion, "MOST", 20)
    text = " ".join("here!!!" if number == 77 else f"w{number}" for number in range(100))
    found, classifier = effects(text)
    assert sum(map(len, classifier.calls)) == found.calls == 20
    tried = np.flatnonzero(~np.isnan(found.probabilities))
    assert tried.tolist() == [70, 71, 72, 73, 74, 75, 76, 77, 78, 79][: len(tried)]
    assert np.nanargmin(found.probabilities) == 77
    assert found.rule.startswith("10 of 100 words were left out one by one")


def test_log_odds_of_certainty_are_the_nearest_that_a_float32_tells():
    assert occlusion.log_odds(0.5) == 0
    assert occlusion.log_odds(1.0) == pytest.approx(16.64, abs=0.01)
    assert occlusion.log_odds(0.0) == pytest.approx(-87.34, abs=0.01)
