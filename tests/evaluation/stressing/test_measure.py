"""What attacks do to a classifier that is known."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from tests.scoring.test_predict import StubClassifier
from tfnews.data.text import combine
from tfnews.evaluation.stressing.attacks import ATTACKS
from tfnews.evaluation.stressing.measure import attacked, side, untouched, worst


class Guards:
    foreign = None

    def __init__(self, refused="nothing"):
        self.refused = refused

    def reason(self, text):
        return "refused: so" if self.refused in text else None


class Agency(StubClassifier):
    """Calls all texts real that name an agency, and no others."""

    def probabilities(self, texts, batch_size=None):
        self.calls.append(list(texts))
        return np.array([0.1 if "(Reuters)" in text else 0.9 for text in texts], np.float32)


def frame(rows=60, wrong=3):
    """Give as many real texts with a dateline as fake ones without; some real ones have none."""
    titles = [f"title number {row}" for row in range(2 * rows)]
    bodies = [f"OSLO (Reuters) - body of number {row}." for row in range(rows)]
    bodies[:wrong] = [body.removeprefix("OSLO (Reuters) - ") for body in bodies[:wrong]]
    bodies += [f"a body without number {row}." for row in range(rows)]
    return pd.DataFrame(
        {
            "title": titles,
            "text": bodies,
            "combined_text": [combine(*pair) for pair in zip(titles, bodies, strict=True)],
            "label": np.repeat([0, 1], rows).astype(np.int8),
            "cluster": np.arange(2 * rows),
        }
    )


@pytest.fixture
def classifier():
    return Agency(Guards())


def tried(classifier, frame, seed=0):
    before = untouched(classifier, frame)
    return before, {one.attack: one for one in attacked(classifier, before, seed)}


def test_the_worst_attack_is_found_with_its_figures(classifier):
    before, found = tried(classifier, frame())
    one = found["dateline put in"]
    assert (one.changed, one.texts, one.refused) == (60, 120, 0)
    assert one.before.f1 == pytest.approx(f1_score(before.labels, before.scored >= 0.5))
    assert (one.before.misses.wrong, one.before.alarms.wrong) == (0, 3)
    assert (one.after.f1, one.after.misses.rate, one.after.alarms.wrong) == (0.0, 1.0, 3)
    assert one.difference == -one.before.f1
    assert one.interval[0] <= one.difference <= one.interval[1] < 0
    assert one.shown
    assert (one.flipped.wrong, one.flipped.of) == (60, 120)
    assert worst(list(found.values())) == "dateline put in"
    cut = found["dateline cut"]
    assert (cut.changed, cut.after.alarms.rate, cut.shown) == (57, 1.0, True)


def test_what_changes_no_answer_flips_nothing_and_shows_no_fall(classifier):
    long = frame()
    for column in ("text", "combined_text"):
        long[column] += " and so on" * 20
    _, found = tried(classifier, long)
    assert found["footer cut"].skipped == "it changes 0 texts, fewer than 10"
    one = found["first 50 words"]
    assert one.changed == 120
    assert (one.difference, one.flipped.wrong, one.shown, one.corrected) == (0.0, 0, False, 1.0)
    assert one.flipped.interval[1] > 0


def test_only_changed_texts_are_scored_anew(classifier):
    tried(classifier, frame())
    sizes = [len(call) for call in classifier.calls]
    assert sizes[0] == 120
    assert 57 in sizes[1:]
    assert 60 in sizes[1:]


def test_texts_that_are_refused_are_counted_and_left_out(classifier):
    classifier.guards = Guards("title number 5")  # and 50 to 59
    before, found = tried(classifier, frame())
    assert (~before.passed).sum() == 11
    assert found["capitals"].texts == 109
    assert found["capitals"].refused == 0
    classifier.guards = Guards("WITHOUT NUMBER 3")  # and 30 to 39, in capitals alone
    before, found = tried(classifier, frame())
    assert before.passed.all()
    one = found["capitals"]
    assert (one.refused, one.texts) == (11, 109)
    assert one.before.misses.of == one.after.misses.of == 49


def test_where_too_few_of_a_class_are_left_nothing_is_measured(classifier):
    classifier.guards = Guards("A BODY WITHOUT")
    found = tried(classifier, frame())[1]["capitals"]
    assert found.skipped == "fewer than 10 texts of a class still get a number"
    assert (found.refused, found.after) == (60, None)


def test_synonyms_are_english(classifier):
    classifier.guards.foreign = {"English": "the of and"}
    assert tried(classifier, frame())[1]["synonyms"].skipped.endswith("not in English")


def test_the_same_seed_changes_the_same(classifier):
    first, again, other = (tried(classifier, frame(), seed)[1] for seed in (0, 0, 1))
    assert first == again
    assert list(other) == [attack.name for attack in ATTACKS]
    assert other["dateline put in"].doing == "Putting a dateline before fake texts"


def test_what_a_splits_folder_says_is_the_text_is_attacked(classifier):
    odd = frame().assign(title="a title that is no part of the text")
    before = untouched(classifier, odd)
    assert before.parts[0] == ("", odd["combined_text"][0])


def test_near_copies_widen_intervals(classifier):
    before = untouched(classifier, frame())
    doubled = untouched(classifier, frame().assign(cluster=np.arange(120) // 6))
    widths = []
    for one in (before, doubled):
        found = side(one, one.passed, one.scored, 0.5)
        widths.append(np.ptp(found.alarms.interval))
    assert widths[0] < widths[1]
