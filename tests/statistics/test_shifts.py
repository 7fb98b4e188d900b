"""Whether measures that have not moved stay silent, and those that have ring."""

import numpy as np
import pytest

from tfnews.statistics.shifts import (
    FEWEST,
    MEASURES,
    STEPS,
    Limits,
    compare,
    least_distance,
    texts_needed,
)


def readings(generator, texts, share_refused=0.02, *, score=(0.5, 0.5), words=350, unknown=0.02):
    """Give texts of one source, with the ties that real ones have."""
    refused = generator.random(texts) < share_refused
    lengths = generator.lognormal(np.log(words), 0.8, texts).astype(int) + 1
    return {
        "score": generator.beta(*score, (~refused).sum()).astype(np.float32),
        "length": lengths,
        "unknown": generator.binomial(lengths, unknown) / lengths,
        "refused": refused.astype(int),
    }


def alarms(then, now, draws=100, limits=None, **changes):
    """Count the draws in which a measure rings, and which ring."""
    generator, found = np.random.default_rng(7), []
    for _ in range(draws):
        pair = readings(generator, then), readings(generator, now, **changes)
        found.append([one.measure for one in compare(*pair, limits or Limits()) if one.rings])
    return sum(map(bool, found)), {name for one in found for name in one}


@pytest.mark.parametrize(("then", "now"), [(336, 336), (336, 40), (40, 2000), (20, 20)])
def test_two_samples_of_one_source_stay_silent(then, now):
    """In 95 of 100 draws at least, whatever their sizes, by the test alone too."""
    assert alarms(then, now)[0] <= 5
    assert alarms(then, now, limits=Limits(shift=0, refused=0))[0] <= 5


@pytest.mark.parametrize(
    ("changes", "measure"),
    [
        ({"score": (2.0, 0.5)}, "score"),
        ({"words": 120}, "length"),
        ({"unknown": 0.05}, "unknown"),
        ({"share_refused": 0.2}, "refused"),
    ],
)
def test_what_has_moved_rings_and_is_named(changes, measure):
    count, names = alarms(336, 300, draws=20, **changes)
    assert count == 20
    assert measure in names


def test_a_difference_that_does_not_matter_is_silent_among_many_texts():
    generator = np.random.default_rng(1)
    then, now = readings(generator, 20_000), readings(generator, 20_000, words=400)
    length = compare(then, now, Limits())[MEASURES.index("length")]
    assert length.corrected < 1e-6
    assert length.distance < length.limit
    assert not length.rings
    assert compare(then, now, Limits(shift=0.05))[MEASURES.index("length")].rings


def test_fewer_refusals_are_no_alarm():
    generator = np.random.default_rng(2)
    then, now = readings(generator, 300, 0.5), readings(generator, 300, 0.0)
    refused = compare(then, now, Limits())[MEASURES.index("refused")]
    assert refused.distance < -0.4
    assert refused.p > 0.99
    assert not refused.rings


def test_a_measure_of_few_texts_is_not_compared_and_costs_the_others_nothing():
    generator = np.random.default_rng(3)
    then, now = readings(generator, 200), readings(generator, 200)
    now["score"] = now["score"][: FEWEST - 1]
    found = compare(then, now, Limits())
    assert [one.p is None for one in found] == [True, False, False, False]
    assert found[0].then.texts == len(then["score"])
    smallest = min(one.p for one in found[1:])
    assert min(one.corrected for one in found[1:]) == pytest.approx(min(1, 3 * smallest))
    now["score"] = now["score"][:0]
    assert compare(then, now, Limits())[0].now.quantiles == ()


def test_both_sides_are_kept_as_quantiles():
    generator = np.random.default_rng(4)
    then, now = readings(generator, 200), readings(generator, 60)
    length = compare(then, now, Limits())[1]
    assert length.then.quantiles == tuple(np.quantile(then["length"], STEPS))
    assert (length.now.texts, length.now.mean) == (60, now["length"].mean())
    below = [(side <= length.at).mean() for side in (then["length"], now["length"])]
    assert length.distance == pytest.approx(abs(below[0] - below[1]))


def test_chance_reaches_the_least_distance_as_often_as_is_said():
    generator = np.random.default_rng(5)
    level = least_distance(0.1, 200, 100)
    reached = 0
    for _ in range(400):
        sides = np.sort(generator.random(200)), np.sort(generator.random(100))
        places = np.concatenate(sides)
        shares = [np.searchsorted(side, places, "right") / len(side) for side in sides]
        reached += np.abs(shares[0] - shares[1]).max() >= level
    assert 20 <= reached <= 60


def test_as_many_texts_as_are_said_to_be_needed_bring_the_distance_to_the_limit():
    generator = np.random.default_rng(6)
    one = compare(readings(generator, 336), readings(generator, 40), Limits())[1]
    needed = texts_needed(one)
    level = Limits().level / len(MEASURES)
    assert least_distance(level, 336, needed) <= one.limit < least_distance(level, 336, needed - 1)
    few = compare(readings(generator, 40), readings(generator, 40), Limits())[1]
    assert texts_needed(few) is None
