import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnews.errors import UsageError
from tfnews.statistics import intervals, metrics


def _rows(count=120, groups=40, seed=3):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, count)
    probabilities = np.clip(0.3 * labels + generator.uniform(0, 0.7, count), 0, 1).round(2)
    return labels, probabilities, generator.integers(0, groups, count)


def _slow_bootstrap(labels, probabilities, groups, resamples, seed):
    """Draw clusters one at a time, copy their rows, and score the copies with scikit-learn."""
    codes = np.unique(groups, return_inverse=True)[1]
    members = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(resamples):
        drawn = generator.integers(len(members), size=len(members))
        rows = np.concatenate([members[code] for code in drawn])
        found.append(metrics.scores(labels[rows], probabilities[rows]))
    return {
        name: np.percentile([one[name] for one in found if one[name] is not None], [2.5, 97.5])
        for name in metrics.METRICS
    }


def test_equals_a_slow_bootstrap_for_every_score():
    labels, probabilities, groups = _rows()
    fast = intervals.bootstrap(labels, probabilities, groups, resamples=30, seed=5)
    slow = _slow_bootstrap(labels, probabilities, groups, resamples=30, seed=5)
    assert set(fast) == set(metrics.METRICS)
    for name in metrics.METRICS:
        assert fast[name] == pytest.approx(slow[name]), name


def test_small_sets_leave_out_resamples_of_one_class():
    labels, probabilities = np.array([1, 0, 0, 0]), np.array([0.9, 0.2, 0.3, 0.95])
    groups = np.arange(4)
    fast = intervals.bootstrap(labels, probabilities, groups, resamples=50)
    slow = _slow_bootstrap(labels, probabilities, groups, resamples=50, seed=0)
    for name in set(metrics.METRICS) - {"fnr"}:  # no miss at all: rule of three
        assert fast[name] == pytest.approx(slow[name]), name


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.2, 0.5, 0.5001, 0.8, 1.0])),
        min_size=1,
        max_size=25,
    )
)
def test_weights_of_one_give_the_score_itself(pairs):
    labels, probabilities = (np.array(side) for side in zip(*pairs, strict=True))
    scored = metrics.scores(labels, probabilities)
    for name in metrics.METRICS:
        found = intervals.paired_difference(
            labels, probabilities, probabilities, metric=name, resamples=2
        )
        assert found["a"] == (None if scored[name] is None else pytest.approx(scored[name])), name


def test_the_seed_decides_and_memory_does_not(monkeypatch):
    labels, probabilities, groups = _rows()
    whole = intervals.bootstrap(labels, probabilities, groups, resamples=20, seed=1)
    assert whole != intervals.bootstrap(labels, probabilities, groups, resamples=20, seed=2)
    monkeypatch.setattr(intervals, "_NUMBERS_AT_ONCE", 500)
    assert whole == intervals.bootstrap(labels, probabilities, groups, resamples=20, seed=1)


def test_copies_in_one_cluster_do_not_narrow_the_interval():
    labels, probabilities, _ = _rows()
    rows = np.repeat(np.arange(len(labels)), 4)
    once = intervals.bootstrap(labels, probabilities, None, ["f1"])
    copied = intervals.bootstrap(labels[rows], probabilities[rows], rows, ["f1"])
    assert copied["f1"] == pytest.approx(once["f1"])
    as_rows = intervals.bootstrap(labels[rows], probabilities[rows], None, ["f1"])
    assert np.ptp(as_rows["f1"]) < 0.7 * np.ptp(copied["f1"])


def test_no_error_seen_is_not_no_error_possible():
    labels, probabilities = np.repeat([0, 1], 100), np.repeat([0.1, 0.9], 100)
    found = intervals.bootstrap(labels, probabilities, None, ["fpr", "fnr"], resamples=20)
    assert found == {"fpr": [0, pytest.approx(0.03)], "fnr": [0, pytest.approx(0.03)]}


def test_errors_alone_do_not_show_that_every_text_is_one():
    labels, probabilities = np.repeat([0, 1], [2, 100]), np.repeat([0.9, 0.1], [2, 100])
    found = intervals.bootstrap(labels, probabilities, None, ["fpr", "fnr"], resamples=20)
    assert found == {"fpr": [0, 1], "fnr": [pytest.approx(0.97), 1]}


@pytest.mark.parametrize(("labels", "missing"), [([0, 0, 0], "fnr"), ([1, 1, 1], "fpr")])
def test_one_class_has_no_interval_for_what_needs_two(labels, missing):
    found = intervals.bootstrap(labels, [0.1, 0.6, 0.9], resamples=20)
    assert found["roc_auc"] is found["pr_auc"] is found["mcc"] is found[missing] is None
    assert found["accuracy"] is not None


def test_one_cluster_has_no_interval():
    assert intervals.bootstrap([0, 1], [0.1, 0.9], ["a", "a"], ["f1"]) == {"f1": None}
    found = intervals.paired_difference([0, 1], [0.1, 0.9], [0.1, 0.2], ["a", "a"])
    assert found["interval"] is None
    assert found["gain_shown"] is False


def test_a_clear_gain_is_shown_and_its_mirror_is_not():
    labels, poor, groups = _rows(400, 200)
    good = 0.1 + 0.8 * labels
    gain = intervals.paired_difference(labels, good, poor, groups)
    loss = intervals.paired_difference(labels, poor, good, groups)
    assert gain["gain_shown"]
    assert gain["interval"][0] > 0
    assert gain["difference"] == pytest.approx(gain["a"] - gain["b"])
    assert not loss["gain_shown"]
    assert loss["interval"] == pytest.approx([-bound for bound in gain["interval"][::-1]])


def test_a_model_shows_no_gain_over_itself():
    labels, probabilities, groups = _rows()
    found = intervals.paired_difference(labels, probabilities, probabilities, groups)
    assert found["interval"] == [0, 0]
    assert not found["gain_shown"]


def test_fewer_errors_are_a_gain():
    labels, poor, groups = _rows(400, 200)
    good = 0.1 + 0.8 * labels
    found = intervals.paired_difference(labels, good, poor, groups, metric="brier")
    assert found["difference"] < 0
    assert found["gain_shown"]


def test_each_model_keeps_its_own_threshold():
    found = intervals.paired_difference([0, 1], [0.1, 0.4], [0.1, 0.4], thresholds=(0.3, 0.5))
    assert (found["a"], found["b"]) == (1, 0)


def test_an_unknown_score_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match=r"'f2'.*weighted_f1"):
        intervals.bootstrap([0, 1], [0.1, 0.9], None, ["f2"])
