import json

import keras
import numpy as np
import pytest

from tests.models.reduced import ANSWERS, PROBES, small
from tfnews.errors import RunError
from tfnews.models.ensemble import MeanOfMembers, average, same_weights
from tfnews.models.opening import open_preset

# What is packed differs: ragged words, ragged n-grams, padded pieces, windows of them.
OPTIONS = {
    "tfidf": {},
    "swivel20": {},
    "bert-tiny": {"num_layers": 1},
    "distilbert": {"num_layers": 1, "long": "windows", "max_tokens": 12},
}


@pytest.fixture(scope="module")
def members():
    """Give what members answer by themselves, each calibrated otherwise, and their average."""
    made = [small(name, **options) for name, options in OPTIONS.items()]
    for number, one in enumerate(made, start=1):
        one.calibration = type(one.calibration)(0.5 * number, 0.1 * number, ((0.2, 0.3),))
    alone = np.stack([one.probabilities(PROBES) for one in made])
    weights = [one.get_weights() for one in made]
    return alone, weights, average(made)


def test_it_answers_the_mean_of_calibrated_probabilities(members):
    alone, _, both = members
    np.testing.assert_allclose(both.probabilities(PROBES), alone.mean(axis=0), atol=1e-6)


def test_its_own_calibration_comes_on_top(members):
    alone, _, both = members
    mean = alone.mean(axis=0).astype(float)
    both.temperature = 2.0
    try:
        found = both.probabilities(PROBES)
    finally:
        both.temperature = 1.0
    expected = 1 / (1 + np.exp(-np.log(mean / (1 - mean)) / 2))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_it_holds_its_members_weights_and_no_others(members):
    _, weights, both = members
    held = [value for one in weights for value in one]
    assert sum(value.size for value in held) == both.count_params()


def test_what_its_answers_mean_is_what_its_members_mean(members):
    both = members[-1]
    assert both.class_names == ANSWERS["class_names"]
    assert both.trained_on == ANSWERS["trained_on"]
    assert both.guards.get_config() == ANSWERS["guards"]


def test_members_tokens_are_told_apart(members):
    tokenizer = members[-1].preprocessor.tokenizer
    ids = tokenizer(["harbour unheard council"])
    parted = tokenizer.parted(ids)
    for prefix, member in tokenizer.members.items():
        assert parted[prefix].to_list() == member(["harbour unheard council"]).to_list()
    ends = [own.stop for own in tokenizer.ranges()]
    assert ends[-1] == tokenizer.vocabulary_size() == len(tokenizer.get_vocabulary())


def test_a_word_is_forgotten_by_the_member_whose_id_it_is():
    both = average([small("tfidf"), small("swivel20")])
    tokenizer = both.preprocessor.tokenizer
    first, second = tokenizer.members.values()
    before = first(["harbour office"]).to_list()
    own = tokenizer.ranges()[1]
    known = second(["harbour office"]).to_list()[0]
    both.forget([own.start + known[0]])
    assert first(["harbour office"]).to_list() == before
    unknown = len(second.get_vocabulary())
    assert second(["harbour office"]).to_list() == [[unknown, known[1]]]
    assert set(own[unknown:]) <= tokenizer.special_ids


def test_saved_and_opened_it_is_the_same_with_every_member_calibration(members, tmp_path):
    both = members[-1]
    both.save_to_preset(str(tmp_path))
    opened = open_preset(tmp_path)
    np.testing.assert_array_equal(opened.probabilities(PROBES), both.probabilities(PROBES))


def test_a_member_of_a_foreign_class_is_refused(members, tmp_path):
    """Members stand deep in task.json, and Keras would import their classes by name."""
    members[-1].save_to_preset(str(tmp_path))
    task = json.loads((tmp_path / "task.json").read_text())
    first = task["config"]["backbone"]["config"]["members"]["member_1"]
    first |= {"registered_name": None, "module": "subprocess", "class_name": "Popen"}
    (tmp_path / "task.json").write_text(json.dumps(task))
    with pytest.raises(RunError, match="'Popen', which no run of tfnews consists of"):
        open_preset(tmp_path)


@pytest.mark.parametrize("odds", [[[0.0, 0.0]], [[200.0, 200.0]], [[-200.0, 200.0]], [[-90.0, 3]]])
def test_the_mean_is_a_number_for_members_that_are_sure(odds):
    """A mean of probabilities that rounds to 1 would have infinite log odds."""
    found = float(MeanOfMembers()(keras.ops.array(odds))[0, 0])
    sure = np.array(odds, np.longdouble)
    fake, real = 1 / (1 + np.exp(-sure)), 1 / (1 + np.exp(sure))
    assert found == pytest.approx(float(np.log(fake.mean()) - np.log(real.mean())), abs=1e-4)


def test_the_same_weights_are_told_from_others():
    assert same_weights(small("tfidf"), small("tfidf"))
    assert not same_weights(small("swivel20"), small("tfidf"))
    other = small("tfidf")
    other.set_weights([1 + value for value in other.get_weights()])
    assert not same_weights(small("tfidf"), other)
