import json

import pytest

from tests.report.explanation.sample import added_up, explanation, refused
from tfnews.catalogue.names import EXPLANATIONS
from tfnews.report.explanation import wording
from tfnews.report.explanation.record import Influence


def test_the_score_the_threshold_and_what_they_mean():
    assert wording.opening(explanation()) == (
        "Score 0.750, at or above the threshold of 0.4: resembles texts labelled rumour in made_up."
    )
    assert "below the threshold" in wording.opening(explanation(fake_probability=0.3999))
    assert wording.opening(refused()) == "Not scored, so not explained: too short: 1 word."


@pytest.mark.parametrize("method", EXPLANATIONS)
def test_each_method_is_explained(method):
    said = wording.notes(explanation(method=method))
    assert said[0] == wording.CAUTION
    assert "+0.69 doubles the odds of rumour" in said[1]
    assert said[2].lower().startswith(method[:5] if method != "gradients" else "integrated grad")


def test_how_many_were_tried_and_are_not_read():
    said = wording.notes(explanation())
    assert "5 of 6 words were left out one by one." in said
    assert "1 of 7 words are not read: the model cuts the text before them." in said
    assert "Influences do not add up" in said[2]


def test_a_score_that_has_no_digits_left_for_a_difference_is_told():
    said = "so near 1 that leaving out one word hardly shows"
    assert any(said in note for note in wording.notes(explanation(fake_probability=0.999995)))
    assert not any(said in note for note in wording.notes(explanation(fake_probability=1e-6)))
    assert not any(said in note for note in wording.notes(added_up(fake_probability=0.999995)))


def test_what_adds_up_and_how_far_it_may_miss():
    said = wording.notes(added_up())[3]
    assert said == (
        "They add up: −0.300 for a text without words, and all words, make +1.099, the log odds of "
        "the score, but for 0.01; 0.02 is allowed."
    )
    assert "do not rely on these figures" in wording.notes(added_up(gap=-0.03))[3]


def test_the_strongest_come_first_with_the_class_they_point_to():
    assert wording.rows(explanation(), 3) == [
        ["Shocking", "+2.000", "rumour", "0.289"],
        ["harbour", "−1.200", "news", "0.900"],
        ["news", "−0.500", "news", "0.832"],
    ]
    assert wording.head(explanation())[-1] == "score without it"
    assert wording.head(added_up()) == ["word", "influence", "towards"]
    assert len(wording.rows(explanation(), 99)) == 4  # none that moves nothing


def test_marks_are_measured_by_the_strongest():
    found = explanation()
    assert [wording.level(found, one) for one in found.influences] == [3, 2, 0, 1, 3, 0, 0]
    assert wording.level(explanation(influences=(Influence(0, 8, 0.0),)), Influence(0, 8, 0.0)) == 0


def test_each_word_tells_its_figure():
    told = [wording.told(explanation(), one) for one in explanation().influences]
    assert told[0] == "+2.000 towards rumour; without it the score is 0.289"
    assert told[2] == "+0.000: changes nothing; without it the score is 0.750"
    assert told[5:] == ["not tried", "not read"]


def test_scores_near_0_and_1_keep_their_digits():
    assert wording.score(0.99993) == "0.999930"
    assert wording.score(0.5) == "0.500"


def test_json_has_all_and_says_which_version_it_is():
    content = json.loads(json.dumps(added_up().to_json(["note"])))
    assert content["schema"] == "tfnews.explanation"
    assert content["version"] == 1
    assert content["influences"][1] == {
        "text": "news", "start": 9, "end": 13, "contribution": -0.5, "read": True, "without": 0.832,
    }  # fmt: skip
    assert content["complete"] is True
    assert content["notes"] == ["note"]
