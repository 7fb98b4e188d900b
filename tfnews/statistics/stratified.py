"""Rates of a whole feed from labels of a stratified sample, with 95 % intervals.

A share is estimated by the weighted mean of the strata's (Horvitz & Thompson 1952; Cochran 1977,
Sampling Techniques, chapter 5). Its doubt is that of as many independent labels as would give the
same variance, the effective sample size (Kish 1965; Korn & Graubard 1998), under Jeffreys' prior,
which shows doubt at no fake article too (Brown, Cai & DasGupta 2001). What is flagged and what is
not have such a share each, and all rates are functions of the two.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from tfnews.records.trial import RATES, Estimate

_DRAWS = 2000
_PRIOR = 0.5  # Jeffreys'
_PULL = 8  # labels; fewer promise too much, more hide what strata gain: by simulation


@dataclass(frozen=True)
class Labelled:
    """What is known of the strata of a feed, from the highest scores down.

    Attributes:
        sizes: Articles of each, `(strata,)`.
        fake: Labelled fake, `(strata,)`.
        real: Labelled real, `(strata,)`.
        unsure: Drawn, and without a label that counts, `(strata,)`.
    """

    sizes: np.ndarray
    fake: np.ndarray
    real: np.ndarray
    unsure: np.ndarray

    @property
    def labelled(self) -> np.ndarray:
        """Articles with a label, `(strata,)`."""
        return self.fake + self.real

    def part(self, rows: slice) -> "Labelled":
        """Return some of the strata."""
        return Labelled(self.sizes[rows], self.fake[rows], self.real[rows], self.unsure[rows])

    def decided(self, fake: bool) -> "Labelled":
        """Return the strata with all that is unsure taken for fake, or all for real."""
        return Labelled(
            self.sizes,
            self.fake + self.unsure * fake,
            self.real + self.unsure * (not fake),
            np.zeros_like(self.unsure),
        )


def rates(known: Labelled, flagged: int, seed: int = 0) -> dict[str, Estimate]:
    """Estimate the rates of a threshold in the whole feed.

    An article without a label is taken to be like the labelled ones of its stratum; a stratum
    without any label like its neighbour on the same side. Where there are such articles, `bounds`
    reaches from the lowest to the highest interval that any labels of theirs would give.

    Args:
        known: The strata.
        flagged: How many strata, from the first, lie at or above the threshold.
        seed: Of the draws that intervals are made of.

    Returns:
        By the names of `RATES`; without a value where there is nothing to divide by.
    """
    above, below = known.part(slice(flagged)), known.part(slice(flagged, None))
    found = _rates(above, below, seed)
    if not known.unsure.any():
        return found
    worst = [_rates(*pair, seed) for pair in _decided(above, below)]
    return {
        name: Estimate(one.value, one.interval, _reach(name, [found, *worst]))
        for name, one in found.items()
    }


def ahead(known: Labelled, flagged: int, seed: int = 0) -> tuple[float, float] | None:
    """Return the 95 % interval of the false-alarm rate of articles to come, of the feed's own kind.

    It is wider than that of the feed, which is known the better the more of it is labelled: the
    feed itself is one draw of such articles.

    Args:
        known: The strata.
        flagged: How many strata, from the first, lie at or above the threshold.
        seed: Of the draws that the interval is made of.
    """
    generator = np.random.default_rng(seed)
    sides = known.part(slice(flagged)), known.part(slice(flagged, None))
    sizes = [int(side.sizes.sum()) for side in sides]
    share = generator.beta(sizes[0] + _PRIOR, sizes[1] + _PRIOR, _DRAWS)
    real = [1 - _shares(side, generator, finite=False) for side in sides]
    alarms, quiet = share * real[0], (1 - share) * real[1]
    if not known.real.any():
        return None
    low, high = np.percentile(alarms / (alarms + quiet), [2.5, 97.5]).tolist()
    return low, high


def _decided(above: Labelled, below: Labelled) -> Iterator[tuple[Labelled, Labelled]]:
    # Each rate moves one way with the fakes of either side, so its extremes lie at these four.
    for first, second in product((False, True), repeat=2):
        yield above.decided(first), below.decided(second)


def _reach(name: str, cases: Sequence[dict[str, Estimate]]) -> tuple[float, float] | None:
    between = [case[name].interval for case in cases if case[name].interval]
    return (min(low for low, _ in between), max(high for _, high in between)) if between else None


def _rates(above: Labelled, below: Labelled, seed: int) -> dict[str, Estimate]:
    generator = np.random.default_rng(seed)
    sizes = int(above.sizes.sum()), int(below.sizes.sum())
    points = [np.array([_point(side)]) for side in (above, below)]
    drawn = [_drawn(side, generator) for side in (above, below)]
    values, doubts = _formulas(*points, *sizes), _formulas(*drawn, *sizes)
    return {name: _estimate(float(values[name][0]), doubts[name]) for name in RATES}


def _formulas(
    found: np.ndarray, missed: np.ndarray, flagged: int, others: int
) -> dict[str, np.ndarray]:
    """Return the rates of fake articles among the flagged ones and among the others."""
    alarms, fake = flagged - found, found + missed
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "precision": found / np.float64(flagged),
            "recall": found / fake,
            "fpr": alarms / (flagged + others - fake),
            "prevalence": fake / np.float64(flagged + others),
            "youden": found / fake - alarms / (flagged + others - fake),
        }


def _estimate(value: float, drawn: np.ndarray) -> Estimate:
    if np.isnan(value) or np.isnan(drawn).all():
        return Estimate(None, None)
    low, high = np.nanpercentile(drawn, [2.5, 97.5]).tolist()
    return Estimate(value, (min(low, value), max(high, value)))  # the prior puts 0 and 1 outside


def _point(side: Labelled) -> float:
    """Return how many articles of a side are fake; NaN where none of it is labelled."""
    if not len(side.sizes):
        return 0.0
    side = _merged(side)
    if not side.labelled.all():
        return np.nan
    return float((side.sizes * side.fake / side.labelled).sum())


def _drawn(side: Labelled, generator: np.random.Generator) -> np.ndarray:
    """Draw how many articles of a side are fake, `(draws,)`, from what the labels leave open."""
    total, fake, real = side.sizes.sum(), side.fake.sum(), side.real.sum()
    if fake + real == total:
        return np.full(_DRAWS, float(fake))
    drawn = _shares(side, generator) * total
    # Articles are whole: of one that is left, a hundredth cannot be fake. Drawn up or down by lot.
    whole = np.floor(drawn + generator.random(_DRAWS))
    return np.clip(whole, fake, total - real)


def _shares(side: Labelled, generator: np.random.Generator, finite: bool = True) -> np.ndarray:
    share, worth, plain = effective(side, finite)
    # Where heavy strata show few fakes, labels are worth more than one missed there: the prior lies
    # between that of a label by its worth and of one by its usual weight.
    prior = _PRIOR * max(1.0, worth / plain) ** 0.5
    return generator.beta(share * worth + prior, (1 - share) * worth + prior, _DRAWS)


def effective(side: Labelled, finite: bool = True) -> tuple[float, float, float]:
    """Return the share of fake articles on a side, and how many independent labels it is worth.

    The last number is what the labels would be worth were all strata's shares alike (Kish 1965).

    A stratum's own variance is taken at its share drawn towards the side's by some labels, so
    that few labels of one kind do not pass for certainty.

    Args:
        side: Not all of it labelled, if finite; where nothing is, its share is 0 and worth nothing.
        finite: Whether it is asked of the side itself, of which nothing but what is not labelled is
            in doubt, or of what it was drawn from.
    """
    side = _merged(side)
    if not len(side.sizes) or not side.labelled.all():
        return 0.0, 0.0, 1.0
    weights = side.sizes / side.sizes.sum()
    share = float((weights * side.fake / side.labelled).sum())
    unseen = (side.sizes - side.labelled) / np.maximum(side.sizes - 1, 1) if finite else 1.0
    parts = weights**2 * unseen / side.labelled
    own = (side.fake + _PULL * share) / (side.labelled + _PULL)
    plain = 1 / float(parts.sum())
    variance, whole = float((parts * own * (1 - own)).sum()), share * (1 - share)
    return share, whole / variance if whole and variance else plain, plain


def _merged(side: Labelled) -> Labelled:
    """Put strata without labels together with the next one, or the last with the one before."""
    if side.labelled.all() or not side.labelled.any():
        return side
    group = np.minimum(
        np.cumsum(np.r_[0, side.labelled[:-1] > 0]), np.count_nonzero(side.labelled) - 1
    )
    columns = (side.sizes, side.fake, side.real, side.unsure)
    return Labelled(*(np.bincount(group, one).astype(np.int64) for one in columns))
