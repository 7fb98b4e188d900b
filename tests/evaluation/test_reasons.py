"""Which words moved mistakes: few texts, cheap ways, nothing where it would be slow."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tfnews.evaluation import reasons as module
from tfnews.evaluation.reasons import reasons
from tfnews.report.explanation.record import Explanation, Influence
from tfnews.statistics import mistakes

TEXT = "Shock! shock they met (they) said"
# Towards fake, of each word of the text.
MOVED = (0.5, 0.25, 0.125, -0.5, 0.25, -1.0)


def explained(classifier, text, method, by):
    """Give an explanation whose words are moved as `MOVED` says."""
    spans, start = [], 0
    for word in text.split(" "):
        spans.append((start, start + len(word)))
        start += len(word) + 1
    influences = tuple(
        Influence(*span, moved, True, None) for span, moved in zip(spans, MOVED, strict=True)
    )
    return Explanation(
        text=text,
        outcome="explained",
        by=by,
        trained_on="made_up",
        class_names=("real", "fake"),
        threshold=0.5,
        method=method,
        influences=influences,
    )


@pytest.fixture
def asked(monkeypatch):
    """Give the texts that an explanation was asked for."""
    texts = []

    def once(classifier, text, method, by):
        texts.append(text)
        return explained(classifier, text, method, by)

    monkeypatch.setattr(module, "explain_open", once)
    return texts


def found(way, ms_per_text=1.0, text=TEXT, rows=20):
    """Explain the mistakes of a model that calls everything by the other class's name."""
    labels = np.resize([0, 1], rows)
    frame = pd.DataFrame({"combined_text": [text] * rows, "label": labels})
    wrong = mistakes.find(labels, np.where(labels == 0, 0.9, 0.1))
    classifier = SimpleNamespace(explains=way, class_names=("real", "fake"))
    return reasons(classifier, frame, wrong, ms_per_text)


def words(reason):
    return [(one.token, one.weight, one.toward) for one in reason.words]


@pytest.mark.usefixtures("asked")
def test_a_words_places_are_summed_and_those_against_the_call_left_out():
    of = {one.row: one for one in found(("exact", "occlusion"))}
    assert words(of[0]) == [("shock", 0.75, "fake"), ("they", 0.375, "fake")]
    assert words(of[1]) == [("said", -1.0, "real"), ("met", -0.5, "real")]
    assert of[0].method == "exact"


@pytest.mark.parametrize(
    ("way", "ms_per_text", "texts"),
    [
        (("exact", "occlusion"), 500.0, 20),
        (("gradients", "occlusion"), 10.0, 6),
        (("gradients", "occlusion"), 10.1, 0),
        (("occlusion",), 0.1, 0),
    ],
)
def test_only_what_is_cheap_is_explained_and_no_text_twice(asked, way, ms_per_text, texts):
    assert len(found(way, ms_per_text)) == len(asked) == texts


def test_very_long_texts_are_left_out(asked):
    assert found(("exact",), text="word " * 4_001) == ()
    assert asked == []
