import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.metrics import log_loss, roc_auc_score

from tfnews.errors import DataError
from tfnews.records import Calibration
from tfnews.statistics import calibration, metrics
from tfnews.statistics.judged import reliability

METHODS = ("temperature", "platt", "isotonic")


def drawn(count=4000, seed=0, share=expit):
    """Give log odds, and labels that are 1 with the probability `share` of them."""
    generator = np.random.default_rng(seed)
    odds = generator.normal(0, 2.5, count)
    return odds, (generator.random(count) < share(odds)).astype(int)


def test_a_temperature_that_was_made_is_found():
    odds, labels = drawn(share=lambda odds: expit(odds / 0.3))
    found = calibration.fit("temperature", odds, labels)
    assert (found.method, found.bias, found.knots) == ("temperature", 0, ())
    assert found.temperature == pytest.approx(0.3, rel=0.06)


def test_a_line_that_was_made_is_found():
    odds, labels = drawn(share=lambda odds: expit(odds / 2 - 1))
    found = calibration.fit("platt", odds, labels)
    assert found.method == "platt"
    assert (found.temperature, found.bias) == pytest.approx((2, -1), rel=0.12)


def test_the_temperature_is_the_one_of_least_cross_entropy():
    odds, labels = drawn(500, share=lambda odds: expit(odds / 3))
    best = calibration.fit("temperature", odds, labels).temperature
    losses = [log_loss(labels, expit(odds / t)) for t in (best, best * 0.9, best * 1.1)]
    assert losses[0] == min(losses)


def test_isotonic_regression_follows_what_no_line_can():
    odds, labels = drawn(6_000, share=lambda odds: 0.1 + 0.6 * (odds > 0) + 0.2 * (odds > 2))
    errors = {}
    for method in METHODS:
        found = calibration.fit(method, odds, labels)
        errors[method] = metrics.scores(labels, calibration.applied(found, odds))["ece"]
    assert errors["isotonic"] < 0.04 < 0.05 < errors["platt"] < errors["temperature"]
    assert calibration.fit("isotonic", odds, labels).method == "isotonic"


@pytest.mark.parametrize("method", METHODS)
def test_no_two_texts_change_places(method):
    odds, labels = drawn(share=lambda odds: expit(np.tanh(odds) + 0.4))
    mapped = calibration.applied(calibration.fit(method, odds, labels), odds)
    order = np.argsort(odds)
    assert (np.diff(mapped[order]) > 0).all()
    assert roc_auc_score(labels, mapped) == roc_auc_score(labels, odds)


@pytest.mark.parametrize("method", ["temperature", "platt"])
def test_a_model_without_a_mistake_gets_finite_odds(method):
    labels = np.repeat([0, 1], 100)
    found = calibration.fit(method, np.where(labels, 9.0, -9.0), labels)
    scores = calibration.applied(found, [9.0, -9.0])
    np.testing.assert_allclose(scores, [101 / 102, 1 / 102], rtol=1e-3)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("odds", [lambda odds: 0 * odds, lambda odds: -odds])
def test_a_model_that_knows_nothing_or_the_contrary_is_calibrated_to_the_shares(method, odds):
    known, labels = drawn(1200, share=lambda odds: expit(3 * odds))
    scores = calibration.applied(calibration.fit(method, odds(known), labels), odds(known))
    assert np.abs(scores - labels.mean()).max() < 0.06
    assert (np.diff(scores[np.argsort(odds(known))]) >= 0).all()


def test_none_changes_nothing():
    odds, labels = drawn(50)
    found = calibration.fit("none", odds, labels)
    assert found == Calibration()
    assert found.method == "none"
    np.testing.assert_array_equal(calibration.applied(found, odds), expit(odds))


maps = st.builds(
    Calibration,
    st.floats(0.1, 10),
    st.floats(-2, 2),
    st.sampled_from([(), ((-1.0, 0.5),), ((-1.0, 2.0), (0.5, -1.5), (3.0, -0.4))]),
).filter(lambda known: 1 / known.temperature + min(0, sum(c for _, c in known.knots)) > 0.05)


@settings(deadline=None, max_examples=30)
@given(maps, st.lists(st.floats(-6, 6), min_size=1, max_size=20))
def test_what_is_applied_can_be_undone(known, odds):
    scores = calibration.applied(known, odds)
    inside = (scores > 1e-6) & (scores < 1 - 1e-6)
    found = calibration.undone(known, scores)
    np.testing.assert_allclose(found[inside], expit(odds)[inside], atol=1e-6)


def test_scores_of_0_and_1_can_be_undone():
    assert calibration.undone(Calibration(), [0.0, 1.0]).tolist() == [0, 1]
    found = calibration.undone(Calibration(0.25), np.float32([0, 1]))
    np.testing.assert_allclose(found, expit([logit(1e-7) / 4, -logit(1e-7) / 4]))


@pytest.mark.parametrize(
    ("method", "real", "fake", "said"),
    [
        ("temperature", 19, 400, "needs 20 validation texts of each class"),
        ("temperature", 0, 400, "Received: 0 news and 400 rumour. They are enough for: none."),
        ("platt", 49, 51, "They are enough for: none, temperature."),
        ("isotonic", 499, 500, "1,000 in all"),
    ],
)
def test_too_few_texts_are_refused_with_what_they_are_enough_for(method, real, fake, said):
    labels = np.repeat([0, 1], [real, fake])
    with pytest.raises(DataError) as refused:
        calibration.fit(method, np.zeros(len(labels)), labels, ("news", "rumour"))
    assert said in str(refused.value)
    assert len(str(refused.value)) < 500


def test_what_is_no_number_is_refused():
    odds, labels = drawn(100)
    odds[3] = np.nan
    with pytest.raises(DataError, match="log odds of 1 validation texts are no numbers"):
        calibration.fit("temperature", odds, labels)


def test_what_calibration_changes_has_an_interval():
    odds, labels = drawn(200, share=lambda odds: expit(odds / 0.3))
    known = Calibration(0.3)
    scores = calibration.applied(known, odds)
    found = reliability(labels, scores, np.arange(200), 0.5, known)
    # Scores within 1e-7 of 0 and 1 are taken for no surer than that.
    assert found.before == pytest.approx(metrics.scores(labels, expit(odds))["ece"], abs=1e-3)
    assert found.after == pytest.approx(metrics.scores(labels, scores)["ece"])
    assert found.difference == pytest.approx(found.after - found.before)
    assert found.interval[0] <= found.difference <= found.interval[1] < 0
    assert found.gain_shown
    assert sum(one.texts for one in found.bins) == 200
    assert (found.band, found.unsure) == (None, 0.0)


def test_without_calibration_nothing_changes():
    odds, labels = drawn(60)
    found = reliability(labels, expit(odds), np.arange(60), 0.5, Calibration())
    assert (found.difference, found.gain_shown) == (0.0, False)
    assert found.before == found.after
