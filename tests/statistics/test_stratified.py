"""Rates of a whole feed from a sample: by hand, and by drawing from feeds whose truth is known."""

from collections import Counter

import numpy as np
import pytest

from tfnews.statistics import sampling
from tfnews.statistics.limits import lowest_within
from tfnews.statistics.stratified import Labelled, ahead, effective, rates

TRIALS = 400


def known(sizes, fake, real, unsure=None):
    unsure = np.zeros(len(sizes)) if unsure is None else unsure
    return Labelled(*(np.array(one, np.int64) for one in (sizes, fake, real, unsure)))


def test_points_are_weighted_by_what_each_label_stands_for():
    found = rates(known([10, 40, 200], [4, 2, 1], [1, 6, 19]), flagged=2)
    fakes = 10 * 4 / 5, 40 * 2 / 8, 200 * 1 / 20
    assert found["precision"].value == pytest.approx((fakes[0] + fakes[1]) / 50)
    assert found["recall"].value == pytest.approx((fakes[0] + fakes[1]) / sum(fakes))
    assert found["fpr"].value == pytest.approx((50 - fakes[0] - fakes[1]) / (250 - sum(fakes)))
    assert found["prevalence"].value == pytest.approx(sum(fakes) / 250)
    assert found["youden"].value == pytest.approx(found["recall"].value - found["fpr"].value)
    for one in found.values():
        assert one.interval[0] < one.value < one.interval[1]
        assert one.bounds is None


def test_a_feed_that_is_labelled_whole_is_known():
    found = rates(known([5, 10], [4, 1], [1, 9]), flagged=1)
    assert found["precision"].interval == (0.8, 0.8)
    assert found["recall"].interval == (0.8, 0.8)
    assert found["fpr"].interval == (0.1, 0.1)


def test_a_whole_article_is_in_doubt_where_one_is_not_labelled():
    """A hundredth of it was: a limit of 1 % passed for kept that one false alarm would break."""
    found = rates(known([9, 150], [8, 75], [0, 75], [1, 0]), flagged=1)
    assert found["precision"].value == 1
    assert found["precision"].interval[0] == pytest.approx(8 / 9)


def test_zero_counts_leave_doubt():
    found = rates(known([200, 2000], [0, 0], [50, 100]), flagged=1)
    assert found["precision"].value == found["prevalence"].value == 0
    assert found["precision"].interval[0] == 0
    assert 0.01 < found["precision"].interval[1] < 0.06
    assert found["recall"].value is None
    assert found["recall"].interval is None
    assert found["fpr"].value == pytest.approx(200 / 2200)


def test_one_class_alone_and_empty_sides_say_what_cannot_be_told():
    only_fake = rates(known([100, 300], [20, 30], [0, 0]), flagged=1)
    assert only_fake["fpr"].value is None
    assert only_fake["recall"].value == pytest.approx(0.25)
    nothing_flagged = rates(known([400], [10], [30]), flagged=0)
    assert nothing_flagged["precision"].value is None
    assert (nothing_flagged["recall"].value, nothing_flagged["fpr"].value) == (0, 0)
    all_flagged = rates(known([400], [10], [30]), flagged=1)
    assert (all_flagged["recall"].interval, all_flagged["fpr"].interval) == ((1, 1), (1, 1))
    no_label_above = rates(known([40, 400], [0, 10], [0, 30], [10, 0]), flagged=1)
    assert no_label_above["precision"].value is None


def test_a_stratum_without_labels_is_taken_to_be_like_its_neighbour():
    apart = rates(known([10, 40, 200], [0, 4, 1], [0, 4, 19], [5, 0, 0]), flagged=2)
    assert apart["precision"].value == pytest.approx(0.5)
    last = rates(known([10, 40, 200], [3, 0, 1], [1, 0, 19], [1, 5, 0]), flagged=2)
    assert last["precision"].value == pytest.approx(0.75)


def test_bounds_hold_whatever_the_unsure_articles_are():
    sizes, fake, real, unsure = [20, 100], [10, 5], [3, 30], [3, 5]
    found = rates(known(sizes, fake, real, unsure), flagged=1)
    for above in range(4):
        for below in range(6):
            more = np.array([above, below])
            settled = rates(known(sizes, fake + more, real + (np.array(unsure) - more)), flagged=1)
            for name, one in settled.items():
                low, high = found[name].bounds
                assert low - 1e-9 <= one.interval[0] <= one.interval[1] <= high + 1e-9


def test_labels_are_worth_fewer_where_they_stand_for_unequal_shares():
    even = effective(known([1000, 1000], [10, 10], [40, 40]))
    uneven = effective(known([1000, 100], [10, 10], [40, 40]))
    assert (even[0], uneven[0]) == pytest.approx((0.2, 0.2))
    assert uneven[1] < even[1]
    assert 100 < even[1] < 110  # a hundred labels, and some of the feed is known


def test_articles_to_come_are_known_worse_than_a_feed_that_was_labelled_whole():
    found = known([20, 80], [20, 40], [0, 40])
    assert rates(found, 1)["fpr"].interval == (0, 0)
    low, high = ahead(found, 1)
    assert low < 0.01
    assert 0.02 < high < 0.2
    assert ahead(known([10], [5], [0]), 1) is None


# Articles, labels, share of fakes, how far apart the scores of the classes lie, share flagged.
FEEDS = {
    "half fake, half flagged": (500, 100, 0.5, 2.0, 0.5),
    "nearly all flagged, at chance": (500, 200, 0.5, 0.2, 0.97),
    "three in ten": (2000, 200, 0.3, 1.5, 0.3),
    "one in ten": (10_000, 200, 0.1, 2.0, 0.1),
    "two in a hundred": (10_000, 400, 0.02, 2.0, 0.05),
    "few labels": (3000, 60, 0.2, 1.5, 0.2),
}
RARE = {
    "one in a hundred, told well": (10_000, 200, 0.01, 3.0, 0.02),
    "one in a hundred, told badly": (10_000, 200, 0.01, 1.0, 0.10),
    "three in a thousand": (20_000, 200, 0.003, 2.0, 0.01),
}


class Feed:
    """A made-up feed whose truth is known, and its strata."""

    def __init__(self, articles, labels, fakes, apart, share, limit=0.01, seed=100):
        self.generator = np.random.default_rng(seed)
        self.fake = self.generator.random(articles) < fakes
        odds = self.generator.normal(size=articles) + apart * self.fake
        scores = 1 / (1 + np.exp(-odds))
        threshold = float(np.quantile(scores, 1 - share))
        parts = sampling.strata(scores, threshold, labels, limit)
        self.flagged = sampling.flagged_strata(parts, scores, threshold)
        self.sizes = np.array([len(part) for part in parts])
        self.counts = sampling.allocate(self.sizes, self.flagged, labels)
        self.fakes = np.array([self.fake[part].sum() for part in parts])

    def truth(self, step):
        """Return the rates where so many strata are flagged."""
        found, missed = self.fakes[:step].sum(), self.fakes[step:].sum()
        alarms = self.sizes[:step].sum() - found
        recall, fpr = found / (found + missed), alarms / (self.sizes.sum() - found - missed)
        return {
            "precision": found / self.sizes[:step].sum(),
            "recall": recall,
            "fpr": fpr,
            "prevalence": (found + missed) / self.sizes.sum(),
            "youden": recall - fpr,
        }

    def drawn(self):
        """Draw articles and label them rightly."""
        fake = self.generator.hypergeometric(self.fakes, self.sizes - self.fakes, self.counts)
        return Labelled(self.sizes, fake, self.counts - fake, np.zeros_like(fake))


def covered(feed):
    """Return in what share of trials the 95 % interval of each rate holds the truth."""
    truth, held = feed.truth(feed.flagged), Counter()
    for _ in range(TRIALS):
        for name, one in rates(feed.drawn(), feed.flagged).items():
            low, high = one.interval or (0, 1)
            held[name] += low - 1e-9 <= truth[name] <= high + 1e-9
    return {name: count / TRIALS for name, count in held.items()}


@pytest.mark.parametrize("feed", FEEDS)
def test_the_truth_is_in_95_of_100_intervals(feed):
    found = covered(Feed(*FEEDS[feed]))
    assert all(0.92 <= share <= 0.98 for share in found.values()), found


@pytest.mark.parametrize("feed", RARE)
def test_where_fakes_are_rare_intervals_hold_it_too(feed):
    """Jeffreys' prior in each stratum held it in 70 of 100: it adds fakes where there are none."""
    found = covered(Feed(*RARE[feed]))
    assert all(0.92 <= share <= 0.99 for share in found.values()), found


@pytest.mark.parametrize(
    ("feed", "limit"), [("one in ten", 0.03), ("three in ten", 0.1), ("two in a hundred", 0.01)]
)
def test_a_threshold_that_breaks_the_limit_is_hardly_ever_chosen(feed, limit):
    made, wrong, chosen = Feed(*FEEDS[feed], limit=limit), 0, 0
    steps = range(1, len(made.sizes))
    for _ in range(TRIALS // 4):
        labelled = made.drawn()
        place = lowest_within([rates(labelled, step)["fpr"] for step in steps], limit)
        if place is not None:
            chosen += 1
            wrong += made.truth(steps[place])["fpr"] > limit
    assert chosen > TRIALS // 8
    assert wrong <= 0.05 * TRIALS // 4


def test_articles_to_come_are_held_too():
    """The feed itself is drawn anew each time; its kind has the rate that is looked for."""
    held, apart, threshold = 0, 1.5, 1.5
    truth = 0.0668  # of a standard normal, above 1.5
    for seed in range(TRIALS // 2):
        generator = np.random.default_rng(seed)
        fake = generator.random(300) < 0.3
        scores = generator.normal(size=300) + apart * fake
        above = scores >= threshold
        sizes = np.array([above.sum(), (~above).sum()])
        drawn = [generator.choice(np.flatnonzero(side), 30, False) for side in (above, ~above)]
        fakes = np.array([fake[rows].sum() for rows in drawn])
        low, high = ahead(Labelled(sizes, fakes, 30 - fakes, np.zeros(2, np.int64)), 1)
        held += low <= truth <= high
    assert 0.92 <= held / (TRIALS // 2) <= 0.99
