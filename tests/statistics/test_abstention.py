import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnews.errors import DataError
from tfnews.records import Band
from tfnews.statistics import abstention, calibration
from tfnews.statistics.sample import flagged, unsure


def sample(generator, count):
    """Give labels, and scores of two classes that overlap, three fakes to one real text."""
    labels = (generator.random(count) < 0.75).astype(int)
    return labels, 1 / (1 + np.exp(-generator.normal(2 * labels - 1, 1.5)))


@pytest.mark.parametrize("coverage", [0.8, 0.95])
@pytest.mark.parametrize("threshold", [0.5, 0.2, 0.97])
def test_each_class_is_covered_as_was_promised(coverage, threshold):
    """By simulation: of new texts, over many validation splits, whatever the threshold."""
    generator = np.random.default_rng(0)
    covered = []
    for _ in range(400):
        labels, scores = sample(generator, 200)
        band = abstention.band(labels, scores, coverage, threshold)
        new_labels, new = sample(generator, 400)
        covered.append(abstention.outcome(new_labels, new, threshold, band)["covered"])
    mean, error = np.mean(covered, axis=0), np.std(covered, axis=0) / np.sqrt(len(covered))
    assert (mean > coverage - 3 * error).all()
    if threshold == 0.5:  # and no more is left uncalled than that needs: rank k of n + 1
        assert (mean < coverage + 1 / 40 + 3 * error).all()


def test_a_rising_map_fitted_on_the_same_texts_calls_the_same_ones():
    """Ranks alone count, so that calibration takes nothing from the promise."""
    labels, scores = sample(np.random.default_rng(1), 300)
    odds = np.log(scores / (1 - scores))
    known = calibration.fit("platt", odds, labels)
    mapped, threshold = (calibration.applied(known, of) for of in (odds, [0.0]))
    plain = abstention.band(labels, scores, 0.9, 0.5)
    other = abstention.band(labels, mapped, 0.9, float(threshold[0]))
    np.testing.assert_array_equal(unsure(scores, plain), unsure(mapped, other))


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1, width=32)), min_size=20, max_size=60),
    st.sampled_from([0.5, 0.7, 0.8]),
    st.floats(0, 1),
)
def test_on_its_own_texts_a_band_holds_what_it_promises(rows, coverage, threshold):
    labels, scores = (np.array(column) for column in zip(*rows, strict=True))
    try:
        band = abstention.band(labels, scores, coverage, threshold)
    except DataError:
        return
    for share in abstention.outcome(labels, scores, threshold, band)["covered"]:
        assert share is None or share >= coverage
    if band:
        assert band.low <= threshold <= band.high


def test_ranks_by_hand():
    """Of 9 texts and 8 in 10, the 8th smallest; of 19, the 16th: ceil((n + 1) * .8)."""
    assert abstention.passed_by_few(np.arange(9.0), 0.8, "real") == 7
    assert abstention.passed_by_few(np.arange(19.0), 0.8, "real") == 15
    assert abstention.passed_by_few(np.arange(9.0), 0.9, "real") == 8


def test_a_model_that_errs_little_is_never_unsure():
    labels = np.repeat([0, 1], 50)
    assert abstention.band(labels, 0.1 + 0.8 * labels, 0.9, 0.5) is None
    assert abstention.band(labels, 0.1 + 0.8 * labels, 0.9, 0.95) == Band(0.9, 0.95, 0.9)


@pytest.mark.parametrize(
    ("count", "coverage", "least", "enough"),
    [(8, 0.9, "9", "0.888"), (98, 0.99, "99", "0.989"), (0, 0.5, "1", "0")],
)
def test_a_coverage_that_so_few_texts_cannot_promise(count, coverage, least, enough):
    labels = np.repeat([0, 1], [count, 500])
    with pytest.raises(DataError) as refused:
        abstention.band(labels, np.linspace(0, 1, len(labels)), coverage, 0.5, ("news", "rumour"))
    assert f"from {least} validation texts" in str(refused.value)
    assert f"{count} texts labelled news. Ask for a share of {enough} or less" in str(refused.value)


def test_what_a_band_does():
    labels, scores = np.array([0, 0, 0, 1, 1, 1]), np.array([0.1, 0.4, 0.9, 0.2, 0.6, 0.9])
    found = abstention.outcome(labels, scores, 0.5, Band(0.4, 0.6, 0.9))
    assert found["unsure"] == pytest.approx(1 / 3)
    assert found["wrong"] == pytest.approx(1 / 2)
    assert found["covered"] == pytest.approx((2 / 3, 2 / 3))
    assert abstention.outcome(labels, scores, 0.5, Band(0.0, 1.0, 0.9))["wrong"] is None


def test_ends_of_a_band_are_compared_as_models_answer():
    band = Band(0.7, 0.9, 0.8)
    scores = [np.float32(0.7), 0.7, np.float32(0.9), 0.9, 0.69, 0.91]
    assert unsure(scores, band).tolist() == [True] * 4 + [False] * 2
    assert not unsure(scores, None).any()


def test_errors_by_share_called():
    labels, scores = np.array([1, 0, 1, 0]), np.array([0.9, 0.9, 0.7, 0.45])
    called, wrong = abstention.risk_by_coverage(labels, scores, 0.5)
    assert called.tolist() == [0.5, 0.75, 1.0]  # two of one score go together
    assert wrong == pytest.approx([1 / 2, 1 / 3, 1 / 4])


def test_all_called_is_all_errors():
    labels, scores = sample(np.random.default_rng(2), 500)
    called, wrong = abstention.risk_by_coverage(labels, scores, 0.3)
    assert called[-1] == 1
    assert wrong[-1] == pytest.approx(np.mean(flagged(scores, 0.3) != (labels == 1)))
    assert (np.diff(called) > 0).all()
