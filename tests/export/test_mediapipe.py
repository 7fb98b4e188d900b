"""How often MediaPipe reads texts otherwise, counted on answers that are made up."""

import dataclasses

import numpy as np
import pytest

from tfnews.errors import UsageError
from tfnews.export import mediapipe, wording
from tfnews.export.parity import PROBES, Before, Texts

RULE = {"type": "words", "normalise": "lower"}


@pytest.fixture
def asked():
    return Texts.of([f"Text {number}" for number in range(250)], [0, 1] * 125)


@pytest.fixture
def before(asked):
    scored = np.ones(len(asked.texts), bool)
    scored[len(PROBES)] = False
    return Before(np.full(len(asked.texts), 0.4, np.float32), scored)


def compare(asked, before):
    own = before.probabilities
    return mediapipe.compare(b"", RULE, asked, before, own, threshold=0.5)


def test_answers_and_decisions_are_counted_raw_and_normalised(asked, before, monkeypatch):
    given = []

    def answers(content, texts):
        given.append(texts)
        return np.array([0.9 if "T" in text and "9" in text else 0.4 for text in texts], np.float32)

    monkeypatch.setattr(mediapipe, "answers", answers)
    found = compare(asked, before)
    raw, normalised = given
    assert len(raw) == found["texts"] == mediapipe.MOST
    assert (raw[0], raw[-1]) == ("Text 1", "Text 249")  # the guards refuse the first
    assert normalised[0] == "text 1"
    nines = sum("9" in text for text in raw)
    assert found["raw"] == {"differ": nines, "largest": pytest.approx(0.5), "decisions": nines}
    assert found["normalised"] == {"differ": 0, "largest": 0.0, "decisions": 0}
    line = wording._mediapipe(found)
    assert f"100 texts: raw, {nines} answers are off by more than 1e-05 (at most 0.5)" in line


def test_without_rows_the_probes_are_asked(monkeypatch):
    monkeypatch.setattr(mediapipe, "answers", lambda content, texts: np.full(len(texts), 0.4))
    asked = Texts.of()
    scored = np.array([name != "probe: empty" for name in asked.names])
    found = compare(asked, Before(np.full(len(scored), 0.4), scored))
    assert found["texts"] == len(PROBES) - 1


def test_where_mediapipe_is_missing_it_is_said_how_to_get_it(asked, before, monkeypatch):
    def missing(content, texts):
        raise UsageError("Install it with: pip install mediapipe")

    monkeypatch.setattr(mediapipe, "answers", missing)
    found = compare(asked, dataclasses.replace(before))
    assert found == {"measured": False, "reason": "Install it with: pip install mediapipe"}
    assert "was not measured. Install it with" in wording._mediapipe(found)


def test_a_library_that_the_system_lacks_is_no_crash(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "mediapipe.tasks.python", None)
    with pytest.raises(UsageError, match=r"pip install mediapipe"):
        mediapipe.answers(b"", ["text"])
