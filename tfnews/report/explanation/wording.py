"""An explanation in sentences, the same on the page, the terminal and in JSON."""

from tfnews.report.explanation.record import Explanation, Influence
from tfnews.statistics.sample import flagged

CAUTION = (
    "Influence on the score, not evidence: it tells what the model reacted to, not what in the "
    "text is true or false."
)
_SURE = 0.99999  # above it float32, in which models answer, tells log odds to a hundredth at best
_LEVELS = (0.05, 0.2, 0.5)  # shares of the strongest influence from which one is marked more

_METHODS = {
    "exact": (
        "Exact: the log odds of this model are a sum over the text's words, of weight times "
        "feature, and this is each word's part. What words have in common, such as a weight for a "
        "pair of them, is shared equally."
    ),
    "gradients": (
        "Integrated gradients (Sundararajan et al., 2017): the slope of the log odds along the way "
        "from a text without words to this one, summed by word."
    ),
    "occlusion": (
        "Occlusion: each {by} was left out, and its influence is what the log odds lost by it. "
        "Influences do not add up: of two {by}s that say the same, neither seems to matter."
    ),
}


def title(found: Explanation) -> str:
    """Return the heading."""
    if found.reason is not None:
        return "Why this text was not explained"
    return f"What moved the score of this text towards {found.class_names[1]}, or away from it"


def subtitle(found: Explanation) -> str:
    """Say what gave the score."""
    run = f"the run {found.run}" if found.run else "a classifier"
    return f"By {run}, which learnt from {found.trained_on}."


def opening(found: Explanation) -> str:
    """Say the score and what it means; or why there is none."""
    if found.reason is not None:
        return f"Not scored, so not explained: {found.reason}."
    reached = flagged(found.fake_probability, found.threshold)
    side = "at or above" if reached else "below"
    return (
        f"Score {score(found.fake_probability)}, {side} the threshold of {found.threshold:g}: "
        f"{found.label}."
    )


def notes(found: Explanation) -> list[str]:
    """Say how to read the figures, and what was left out."""
    if found.reason is not None:
        return []
    said = [CAUTION, scale(found), _METHODS[found.method].format(by=found.by), _too_sure(found)]
    return [
        note for note in (*said, _sum(found), found.rule and f"{found.rule}.", _cut(found)) if note
    ]


def scale(found: Explanation) -> str:
    """Say what the figures measure."""
    fake = found.class_names[1]
    return (
        f"Figures are log odds of the score: 0 changes nothing, +0.69 doubles the odds of {fake}, "
        "\N{MINUS SIGN}0.69 halves them."
    )


def _sum(found: Explanation) -> str | None:
    if found.base is None:
        return None
    said = (
        f"They add up: {signed(found.base)} for a text without words, and all {found.by}s, make "
        f"{signed(found.log_odds)}, the log odds of the score, but for {abs(found.gap):.1g}; "
        f"{found.tolerance:.1g} is allowed."
    )
    return said if found.complete else f"{said} That is exceeded: do not rely on these figures."


def _too_sure(found: Explanation) -> str | None:
    if found.method != "occlusion" or found.fake_probability < _SURE:
        return None
    return (
        f"The score is so near 1 that leaving out one {found.by} hardly shows in its digits: take "
        "another method, where the run has one."
    )


def _cut(found: Explanation) -> str | None:
    beyond = sum(not one.read for one in found.influences)
    if not beyond:
        return None
    count = len(found.influences)
    return f"{beyond:,} of {count:,} {found.by}s are not read: the model cuts the text before them."


def head(found: Explanation) -> list[str]:
    """Return the head of the table of the strongest influences."""
    without = ["score without it"] if found.method == "occlusion" else []
    return [found.by, "influence", "towards", *without]


def rows(found: Explanation, top: int) -> list[list[str]]:
    """Return the table of the strongest influences."""
    return [_row(found, one) for one in found.strongest(top)]


def _row(found: Explanation, one: Influence) -> list[str]:
    without = [] if one.without is None else [score(one.without)]
    return [found.words(one), signed(one.contribution), towards(found, one), *without]


def towards(found: Explanation, one: Influence) -> str:
    """Return the name of the class that an influence points to."""
    return found.class_names[int(one.contribution > 0)]


def told(found: Explanation, one: Influence) -> str:
    """Say one influence in a line."""
    if not one.read:
        return "not read"
    if one.contribution is None:
        return "not tried"
    said = f"{signed(one.contribution)} towards {towards(found, one)}"
    if not one.contribution:
        said = f"{signed(0)}: changes nothing"
    return said if one.without is None else f"{said}; without it the score is {score(one.without)}"


def level(found: Explanation, one: Influence) -> int:
    """Return how strongly an influence is marked, 0 to 3, beside the strongest one."""
    strongest = max((abs(one.contribution or 0) for one in found.influences), default=0)
    share = abs(one.contribution or 0) / (strongest or 1)
    return sum(share >= bound for bound in _LEVELS)


def signed(value: float) -> str:
    """Return a figure with its sign."""
    return f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")


def score(probability: float) -> str:
    """Return a probability with as many decimals as tell it from 0 and 1."""
    if 0.001 <= probability <= 0.999:
        return f"{probability:.3f}"
    return f"{probability:.6f}"
