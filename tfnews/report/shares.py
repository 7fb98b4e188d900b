"""Whether scores can be read as shares, in sentences."""

from collections.abc import Sequence

from tfnews.records import Calibration, OtherSet, Reliability
from tfnews.report import wording

FEW = 10  # texts, of fewer no share is told
FAR_AWAY = (
    "On texts from elsewhere neither scores nor the band can be trusted: a model can be sure there "
    "and wrong, and nothing in its scores tells."
)


def fitted_words(found: Reliability) -> str:
    """Say what calibration changed on the texts that it was fitted on; "" where there is none."""
    if found.calibration == Calibration():
        return ""
    return (
        f"Scores are calibrated on these texts by {by(found.calibration)}: the calibration error "
        f"(ECE) goes from {found.before:.3f} to {found.after:.3f} here, and is for other texts to "
        "tell."
    )


def by(known: Calibration) -> str:
    """Name a method with its numbers."""
    if known.method == "isotonic":
        return f"isotonic regression ({len(known.knots)} steps)"
    softened = f"a temperature of {known.temperature:.3g}"
    if known.method == "platt":
        return f"Platt's line ({softened}, {known.bias:+.3g} on the log odds)"
    return softened if known.method == "temperature" else "nothing"


def changed(found: Reliability, texts: str) -> str:
    """Say what calibration changes on texts, with intervals.

    Args:
        found: Measured on them.
        texts: What they are, as "test texts".
    """
    after = f"{found.after:.3f}{_between(found.after_interval)}"
    if found.calibration == Calibration():
        return (
            f"Scores are not calibrated: on {texts} they are {after} away from the share labelled "
            "so, on average (ECE)."
        )
    verdict = "better, as is shown" if found.gain_shown else "no gain is shown"
    if found.interval and found.interval[0] > 0:
        verdict = "worse, as is shown"
    return (
        f"Calibration by {by(found.calibration)}: on {texts} the calibration error (ECE) goes from "
        f"{found.before:.3f}{_between(found.before_interval)} to {after}, {verdict} (difference "
        f"{found.difference:+.3f}{_between(found.interval, '+.3f')})."
    )


def in_words(found: Reliability, class_names: Sequence[str]) -> list[str]:
    """Say of the fullest bins on either side what share of their texts is labelled fake."""
    told = [one for one in found.bins if one.texts >= FEW]
    sides = [[one for one in told if (one.score >= 0.5) == high] for high in (True, False)]
    chosen = [max(side, key=lambda one: one.texts) for side in sides if side]
    chosen += sorted(told, key=lambda one: -abs(one.score - one.share))[:1]
    return [
        f"Of {one.texts:,} texts scored about {one.score:.2f}, {wording.in_100(one.share)} in 100 "
        f"were labelled {class_names[1]}."
        for one in sorted(dict.fromkeys(chosen), key=lambda one: -one.score)
    ]


def unsure(found: Reliability, class_names: Sequence[str]) -> str:
    """Say what the band of unsure scores does; "" where a class is always called."""
    band, (real, fake) = found.band, class_names
    if band is None:
        return ""
    wrong = "" if found.wrong is None else f"; of 100 others {100 * found.wrong:.1f} are wrong"
    held = [
        f"{100 * share:.1f} of 100 {name} texts are not called {other}"
        for share, name, other in zip(found.covered, (real, fake), (fake, real), strict=True)
        if share is not None
    ]
    return (
        f"No class is called at scores from {band.low:.3f} to {band.high:.3f}, chosen so that "
        f"{100 * band.coverage:g} of 100 texts of either class are not called by the other's name. "
        f"Here {100 * found.unsure:.1f} of 100 texts are unsure{wrong}; {' and '.join(held)}."
    )


def elsewhere(away: OtherSet) -> list[str]:
    """Say what calibration changes on another data set; nothing where it was not measured."""
    found = away.reliability
    if found is None:
        return []
    texts = f"texts of {away.name}"
    return [changed(found, texts), *filter(None, [unsure(found, away.class_names)])]


def _between(bounds: Sequence[float] | None, pattern: str = ".3f") -> str:
    return "" if bounds is None else f" ({bounds[0]:{pattern}} to {bounds[1]:{pattern}})"
