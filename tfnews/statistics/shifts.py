"""Whether texts of now are like those of then: tests of several measures, and how far they moved.

A measure rings only where both hold: chance alone would hardly move any so far (two-sample tests,
corrected for all measures by Holm), and it has moved as far as matters. The second is needed since
among many texts every difference, however small, is shown; the first since among few texts chance
moves everything.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import ks_2samp

from tfnews.records.drift import MEASURES, Shift, Side
from tfnews.statistics.paired import holm
from tfnews.statistics.rates import chance_of_more

FEWEST = 20  # texts on either side without which a measure is not compared
STEPS = np.linspace(0, 1, 21)  # of the quantiles that are kept
LEVEL, MAX_SHIFT, MAX_REFUSED = 0.01, 0.15, 0.05

Readings = Mapping[str, np.ndarray]  # by measure, one value a text


@dataclass(frozen=True)
class Limits:
    """What is an alarm.

    Attributes:
        level: Chance of any without cause, above 0 and below 1.
        shift: Least distance of two distributions, 0 to 1.
        refused: Least rise of the share that is refused, 0 to 1.
    """

    level: float = LEVEL
    shift: float = MAX_SHIFT
    refused: float = MAX_REFUSED


def compare(then: Readings, now: Readings, limits: Limits) -> tuple[Shift, ...]:
    """Hold texts against others, by each measure.

    Scores, lengths and shares of unknown words are compared by the distance of their distributions
    (Kolmogorov 1933, Smirnov 1939; the asymptotic p value, which ties make larger), refusals by
    Fisher's exact test of a rise. Texts must be independent: copies are left out before.

    Args:
        then: Of each of `MEASURES` the values `(texts,)`; "refused" holds 0 or 1.
        now: The same of the texts in question.
        limits: What is an alarm.

    Returns:
        One a measure, in their order; without p where a side has fewer than `FEWEST` values.
    """
    found = [_shift(name, then[name], now[name], limits) for name in MEASURES]
    known = [one for one in found if one.p is not None]
    p_values = holm([one.p for one in known])
    corrected = {one.measure: p for one, p in zip(known, p_values, strict=True)}
    level = limits.level / max(1, len(known))
    return tuple(_judged(one, corrected.get(one.measure), level, limits) for one in found)


def least_distance(level: float, then: int, now: int) -> float:
    """Return the distance that chance alone reaches with a probability of `level`, asymptotically.

    A true shift of this size is found in about half of all draws. Source: Smirnov (1948), Annals
    of Mathematical Statistics 19(2), its first term.

    Args:
        level: Above 0 and below 1.
        then: Values on one side.
        now: Values on the other.
    """
    return min(1.0, math.sqrt(-math.log(level / 2) / 2 * (then + now) / (then * now)))


def texts_needed(one: Shift) -> int | None:
    """Return how many texts would show a shift of a measure's limit in about half of all draws.

    `None` where no number would, since too few texts are held against.

    Args:
        one: With `least`.
    """
    then, now = one.then.texts, one.now.texts
    square = one.least**2 * then * now / (then + now)  # of `least_distance` for one text a side
    room = one.limit**2 * then - square
    return math.ceil(square * then / room) if room > 0 else None


def _shift(name: str, then: np.ndarray, now: np.ndarray, limits: Limits) -> Shift:
    rising = name == "refused"
    made = Shift(
        measure=name,
        then=_side(then, rising),
        now=_side(now, rising),
        limit=limits.refused if rising else limits.shift,
    )
    if min(len(then), len(now)) < FEWEST:
        return made
    if rising:
        pairs = ((one.mean, one.texts) for one in (made.now, made.then))
        return replace(made, distance=made.now.mean - made.then.mean, p=chance_of_more(*pairs))
    test = ks_2samp(then, now, method="asymp")
    at = float(test.statistic_location)
    return replace(made, distance=float(test.statistic), at=at, p=float(test.pvalue))


def _side(values: np.ndarray, share: bool) -> Side:
    if not len(values):
        return Side(0, 0.0)
    quantiles = () if share else tuple(np.quantile(values, STEPS).tolist())
    return Side(len(values), float(np.mean(values)), quantiles)


def _judged(one: Shift, corrected: float | None, level: float, limits: Limits) -> Shift:
    if corrected is None:
        return one
    least = None
    if one.at is not None:
        least = least_distance(level, one.then.texts, one.now.texts)
    rings = corrected < limits.level and one.distance >= one.limit
    return replace(one, corrected=corrected, least=least, rings=rings)
