"""One rule for what is called fake, and the checks of labels and probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnews.statistics.sample import Sample, flagged

scores = st.floats(0, 1, width=32)


@given(st.lists(scores, min_size=1, max_size=50), st.data())
def test_a_score_and_its_digits_are_called_alike(values, data):
    """A threshold chosen from the scores once parted the float32 from what its digits mean."""
    probabilities = np.array(values, np.float32)
    threshold = float(str(data.draw(st.sampled_from(list(probabilities)))))
    digits = [float(str(score)) for score in probabilities]
    called = flagged(probabilities, threshold)
    assert called.dtype == bool
    assert called[probabilities == np.float32(threshold)].all()
    assert not called[probabilities < np.float32(threshold)].any()
    assert flagged(digits, threshold).tolist() == called.tolist()
    assert [bool(flagged(score, threshold)) for score in digits] == called.tolist()


def test_seven_tenths_in_float32_is_at_a_threshold_of_seven_tenths():
    assert float(np.float32(0.7)) < 0.7
    assert flagged(np.float32([0.69999, 0.7, 0.70001]), 0.7).tolist() == [False, True, True]


def test_sums_of_weighted_clusters_are_sums_of_repeated_rows():
    labels, probabilities = [0, 1, 1, 0, 1], [0.2, 0.9, 0.4, 0.8, 0.8]
    sample = Sample(labels, probabilities, 0.5, ["a", "a", "b", "b", "c"])
    assert (sample.clusters, sample.clusters_with(0), sample.clusters_with(1)) == (3, 2, 3)
    sums = sample.under(np.array([[2.0, 0.0, 1.0]]))
    assert [float(one[0]) for one in (sums.tn, sums.fp, sums.fn, sums.tp)] == [2, 0, 0, 3]
    assert sums.rows.tolist() == [5]
    assert sums.squares == pytest.approx(2 * (0.04 + 0.01) + 0.04)
    real, fake = sums.by_step  # at 0.9, 0.8, 0.4, 0.2
    assert real.tolist() == [[0, 0, 0, 2]]
    assert fake.tolist() == [[2, 1, 0, 0]]
