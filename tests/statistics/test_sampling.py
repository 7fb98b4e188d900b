import numpy as np
import pytest

from tfnews.statistics import sampling
from tfnews.statistics.sample import flagged


def scores_of(articles, seed=0):
    return np.random.default_rng(seed).random(articles).astype(np.float32)


@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.5, 0.98, 1.0])
@pytest.mark.parametrize(("articles", "labels"), [(20, 20), (57, 20), (500, 200), (4000, 200)])
def test_strata_hold_each_article_once_and_are_flagged_whole_or_not(articles, labels, threshold):
    scores = scores_of(articles)
    parts = sampling.strata(scores, threshold, labels, 0.01)
    assert sorted(np.concatenate(parts)) == list(range(articles))
    assert all(len(part) for part in parts)
    called = [flagged(scores[part], threshold) for part in parts]
    assert all(one.all() or not one.any() for one in called)
    count = sampling.flagged_strata(parts, scores, threshold)
    assert sum(one.all() for one in called) == count
    lows, highs = ([float(end(scores[part])) for part in parts] for end in (np.min, np.max))
    assert all(low > high for low, high in zip(lows, highs[1:], strict=False))


def test_articles_of_one_score_are_never_parted():
    """Isotonic calibration gives thousands of articles one score: no threshold lies in them."""
    scores = np.repeat([0.1, 0.6, 0.9], [40, 30, 30])
    parts = sampling.strata(scores, 0.5, 50, 0.01)
    assert [sorted(set(scores[part])) for part in parts] == [[0.9], [0.6], [0.1]]
    assert len(sampling.strata(np.full(100, 0.7), 0.5, 50, 0.01)) == 1


def test_the_highest_stratum_is_as_small_as_the_limit_asks():
    scores = scores_of(10_000)
    sizes = {share: len(sampling.strata(scores, 0.5, 200, share)[0]) for share in (0.01, 0.1)}
    assert 50 <= sizes[0.01] < 100
    assert 500 <= sizes[0.1] < 1000


@pytest.mark.parametrize(
    ("sizes", "flagged_strata", "labels"),
    [
        ([50, 50, 100, 1225, 1225, 2450, 4900], 3, 200),
        ([3, 5000], 1, 200),
        ([5000], 1, 30),
        ([5000], 0, 30),
        ([10, 10], 1, 20),
        ([1, 1, 1, 400], 3, 20),
        ([300, 2], 1, 250),
    ],
)
def test_labels_are_shared_out_whole(sizes, flagged_strata, labels):
    counts = sampling.allocate(sizes, flagged_strata, labels)
    assert counts.sum() == labels
    assert (counts <= sizes).all()
    assert (counts >= np.minimum(sizes, 2)).all()
    for side, articles in (
        (counts[:flagged_strata], sizes[:flagged_strata]),
        (counts[flagged_strata:], sizes[flagged_strata:]),
    ):
        assert side.sum() >= min(labels // 3, sum(articles))


def test_the_same_seed_draws_the_same_rows_each_once():
    parts = [np.arange(40), np.arange(40, 60)]
    first, again, other = (sampling.draw(parts, [10, 20], seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(np.concatenate(first), np.concatenate(again))
    assert not np.array_equal(np.concatenate(first), np.concatenate(other))
    assert [len(set(part)) for part in first] == [10, 20]
    assert set(first[1]) == set(range(40, 60))
