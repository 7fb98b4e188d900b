"""What a trial says, in sentences and cells: page, Markdown and terminal say the same."""

import shlex
from collections.abc import Sequence

from tfnews.records.trial import Agreement, Design, Estimate, Trial, Tried
from tfnews.report import wording

UNSURE = "unsure"
CAUTION = (
    "These are rates by the annotators' labels on this feed, in the days that it covers. A "
    "score tells how much a text resembles those labelled {fake} in {set}; it is no verdict on "
    "truth, and no ground for removing a text automatically."
)
HOW_TO_READ = (
    "A rate is of all articles of this feed, labelled or not: each label counts for as many "
    "articles as it was drawn to stand for. In small print the 95 % interval: of 100 such trials "
    "about 95 have the true rate in it."
)
_TRUSTED = 0.8  # of alpha, from which labels are relied on; below the next only guesses are drawn
_TENTATIVE = 0.667
_FEW = 5  # fakes or reals among the labels, below which a rate over them says little
_ALIKE = 0.8  # of recall, above which a false-alarm rate makes flags worth hardly anything
_NAMES = {
    "precision": "of flagged articles, labelled {fake}",
    "recall": "of articles labelled {fake}, flagged",
    "fpr": "of articles labelled {real}, flagged",
    "prevalence": "of all articles, labelled {fake}",
    "youden": "the second less the third: 0 is drawing lots, 1 without fault",
}
_SHORT = {
    "precision": "precision",
    "recall": "recall",
    "fpr": "false alarms",
    "prevalence": "share of {fake}",
    "youden": "recall less false alarms",
}
_OF_THRESHOLD = ("precision", "recall", "fpr")


def title(found: Trial) -> str:
    """Return the heading."""
    return f"What {found.design.run} does on {found.design.feed}"


def subtitle(found: Trial) -> str:
    """Say what was labelled."""
    design = found.design
    counts = [f"{found.labelled(name):,} {shown}" for name, shown in _label_names(design)]
    by = "by two annotators " if found.agreement else ""
    return (
        f"{found.drawn:,} of {design.counted.articles:,} articles, drawn by score and labelled "
        f"{by}by hand: {', '.join(counts)}."
    )


def verdict(found: Trial) -> str:
    """Say what the run's own threshold does, for someone who must act on it."""
    rates, (real, fake) = found.own.rates, found.design.class_names
    if not found.own.flagged:
        return f"At its threshold of {found.own.threshold:g} the run flags no article of this feed."
    said = [
        _of_100(rates["precision"], "flagged articles", f"are labelled {fake}"),
        _of_100(rates["fpr"], f"articles labelled {real}", "are flagged"),
        _of_100(rates["recall"], f"articles labelled {fake}", "are flagged"),
    ]
    return " ".join(filter(None, said))


def act(found: Trial) -> list[str]:
    """Say where flags mean nothing, then which threshold to take, or that none will do."""
    return [*_worth(found), _threshold(found)]


def _threshold(found: Trial) -> str:
    limit, chosen = f"{100 * found.limit:g} %", found.chosen
    if chosen is None:
        return _none(found, limit)
    at = str(chosen.threshold)
    said = (
        f"On this feed the threshold {at} keeps false alarms below {limit}, as is shown by the "
        f"upper end of the interval ({_share(chosen.rates['fpr'])}): it flags {chosen.flagged:,} "
        f"of {found.design.counted.articles:,} articles and finds "
        f"{_share(chosen.rates['recall'])} of those labelled {found.design.class_names[1]}."
    )
    if chosen.ahead and chosen.ahead[1] > found.limit:
        said += (
            " For articles to come of the same kind that is not shown: they may reach "
            f"{100 * chosen.ahead[1]:.2g} %, as the feed is small or few of it are labelled."
        )
    bounds = chosen.rates["fpr"].bounds
    if bounds and bounds[1] > found.limit:
        said += f" Whatever the {UNSURE} articles are, it is below {100 * bounds[1]:.2g} %."
    if not _better_than_lots(chosen):
        return f"{said} But it is not shown to find more of them than drawing lots: do not take it."
    if chosen.own:
        return f"{said} It is the run's own: nothing needs to change."
    run = shlex.quote(found.design.run)
    kept = "" if _keeps(found.own, found.limit) else " The run's own is not shown to keep it."
    return f"{said}{kept} Take it with: tfnews predict {run} FILE --threshold {at}"


def _none(found: Trial, limit: str) -> str:
    known = [one for one in found.tried if one.flagged and one.rates["fpr"].interval]
    if not known:
        return (
            f"No threshold can be shown to keep false alarms below {limit}: no article is labelled "
            f"{found.design.class_names[0]}."
        )
    best = min(known, key=lambda one: one.rates["fpr"].interval[1])
    rate = best.rates["fpr"]
    more = "Draw more articles in a new trial with --labels, allow more with --fpr, or"
    if rate.interval[0] > found.limit:
        more = "More labels would not change that: allow more with --fpr, or"
    return (
        f"No threshold is shown to keep false alarms below {limit}. Nearest comes "
        f"{best.threshold}, which flags {best.flagged:,} articles, with {_share(rate)}. {more} "
        "train on labelled texts of this feed."
    )


def _worth(found: Trial) -> list[str]:
    """Say whether flagged articles are shown to be fake more often than the others."""
    rates, (real, fake) = found.own.rates, found.design.class_names
    if rates["youden"].interval is None:
        return []
    low, high = rates["youden"].interval
    if low > 0 and rates["fpr"].value < _ALIKE * rates["recall"].value:
        return []
    if low > 0:
        return [
            f"At the run's threshold articles labelled {real} are flagged almost as often as those "
            f"labelled {fake}: a flag tells next to nothing on this feed. Do not act on it."
        ]
    if high < 0:
        return [
            f"Flagged articles are less often labelled {fake} than the others: on this feed the "
            "run's scores point the wrong way. Do not use it here."
        ]
    return [
        f"It is not shown that flagged articles are more often labelled {fake} than the others: on "
        "this feed flags may be no better than drawing lots. Do not act on them."
    ]


def notes(found: Trial) -> list[str]:
    """Say what was left out, what is missing, and what limits the figures."""
    design = found.design
    real, fake = design.class_names
    said = [_left_out(design), *_unsure(found), *_few(found)]
    if found.agreement:
        said += agreement(found.agreement)
    if not design.always_called:
        said.append(
            "The run calls no class at scores in its band of unsure ones. Here an article counts "
            "as flagged at or above the threshold, whether in the band or not."
        )
    said.append(CAUTION.format(fake=fake, set=design.set_name, real=real))
    return said


def agreement(found: Agreement) -> list[str]:
    """Say how two annotators agree, and what became of the others."""
    said = [
        f"Both annotators called {found.both:,} articles one or the other, {found.agreed:,} of "
        f"them alike. {_alpha(found)}"
    ]
    if found.settled:
        said.append(f"Decided by the third sheet where they differ: {found.settled:,} articles.")
    if found.open:
        said.append(
            f"Not decided where they differ, and counted as {UNSURE}: {len(found.open):,} "
            "articles. Fill disagreements.csv and type the same command again."
        )
    return said


def _alpha(found: Agreement) -> str:
    if found.alpha is None:
        return "Krippendorff's alpha cannot be told: all of these labels are the same."
    between = f" ({found.interval[0]:.2f} to {found.interval[1]:.2f})" if found.interval else ""
    meaning = "labels that can be relied on"
    if found.alpha < _TRUSTED:
        meaning = "enough for tentative conclusions only"
    if found.alpha < _TENTATIVE:
        meaning = "too little to conclude anything: make the labelling rule clearer and label anew"
    return (
        f"Krippendorff's alpha is {found.alpha:.2f}{between}, {meaning} (0.8 and 0.667 are usual)."
    )


def _left_out(design: Design) -> str:
    counted = design.counted
    parts = [f"{count:,} {kind}" for kind, count in counted.refused.items()]
    parts.append(f"{counted.copies:,} copies of an article before them")
    if counted.learnt is not None:
        parts.append(f"{counted.learnt:,} copies or near-copies of texts the run was trained on")
    said = (
        f"Of {counted.records:,} records in the feed {counted.articles:,} are spoken of here. Left "
        f"out: {', '.join(parts)}."
    )
    if counted.learnt is None:
        said += " The run's own splits could not be read, so texts it was trained on may be in it."
    return said


def _unsure(found: Trial) -> list[str]:
    count = found.labelled("unsure")
    if not count:
        return []
    rates = [
        f"{_NAMES[name].format(**_classes(found.design))}: {_between(found.own.rates[name].bounds)}"
        for name in _OF_THRESHOLD
        if found.own.rates[name].bounds
    ]
    return [
        f"{count:,} of {found.drawn:,} articles are {UNSURE}. They are taken to be like the "
        "labelled ones of their scores. Were they all of whatever class moves a rate most, the "
        f"intervals at the run's threshold would reach so far: {'; '.join(rates)}."
    ]


def _few(found: Trial) -> list[str]:
    said = []
    for name, label in zip(("real", "fake"), found.design.class_names, strict=True):
        count = found.labelled(name)
        over = "false alarms" if name == "real" else "recall"
        if not count:
            other = found.design.class_names[1 if name == "real" else 0]
            said.append(
                f"All labels say {other}, none {label}: {over} cannot be told. How many articles "
                f"of the feed can be {label} all the same, the interval of the share says."
            )
        elif count < _FEW:
            said.append(
                f"Only {count:,} labels say {label}: {over} is known as badly as its interval is "
                "wide."
            )
    return said


def own_rows(found: Trial) -> list[tuple[str, str, str, str]]:
    """Return each rate at the run's threshold: name, figure, interval, and with unsure articles."""
    return [
        (
            name.format(**_classes(found.design)),
            wording.number(found.own.rates[key].value),
            wording.interval(found.own.rates[key].interval),
            wording.interval(found.own.rates[key].bounds),
        )
        for key, name in _NAMES.items()
    ]


def own_head(found: Trial) -> list[str]:
    """Return the head of the table of rates."""
    head = ["rate", "share", "95 % interval"]
    return [*head, f"whatever the {UNSURE} are"] if found.labelled("unsure") else head


def tried_head(found: Trial) -> list[str]:
    """Return the head of the table of thresholds."""
    shorts = [_SHORT[name].format(**_classes(found.design)) for name in _OF_THRESHOLD]
    return ["threshold", "flagged", *shorts, "false alarms to come", ""]


def tried_rows(found: Trial) -> list[list[tuple[str, str]]]:
    """Return each threshold and its rates as (text, small print)."""
    return [
        [
            (str(one.threshold), ""),
            (f"{one.flagged:,}", ""),
            *(_cell(one.rates[name]) for name in _OF_THRESHOLD),
            ("", wording.interval(one.ahead)),
            (_mark(found, one), ""),
        ]
        for one in found.tried
    ]


def strata_head(found: Trial) -> list[str]:
    """Return the head of the table of strata."""
    return ["from score", "articles", "drawn", *(shown for _, shown in _label_names(found.design))]


def strata_rows(found: Trial) -> list[list[str]]:
    """Return the strata, from the highest scores down."""
    return [
        [
            str(stratum.low),
            f"{stratum.articles:,}",
            f"{stratum.drawn:,}",
            f"{labels.real:,}",
            f"{labels.fake:,}",
            f"{labels.unsure:,}",
        ]
        for stratum, labels in zip(found.design.strata, found.labels, strict=True)
    ]


def how_made(found: Trial) -> list[tuple[str, str]]:
    """Return what is needed to make the trial again, as (name, value) pairs."""
    design = found.design
    facts = [
        ("command", found.command or design.command),
        ("run", f"{design.run} ({design.arch}, trained on {design.set_name})"),
        ("digest of its model", design.run_digest),
        ("threshold of the run", f"{design.threshold:g}"),
        ("digest of the feed", design.feed_digest),
        ("seed of the draw", str(design.seed)),
        ("annotators", str(design.annotators)),
        ("limit of false alarms", f"{found.limit:g}"),
    ]
    return [(name, value) for name, value in facts if value]


def _label_names(design: Design) -> list[tuple[str, str]]:
    return [("real", design.class_names[0]), ("fake", design.class_names[1]), ("unsure", UNSURE)]


def _classes(design: Design) -> dict[str, str]:
    return dict(zip(("real", "fake"), design.class_names, strict=True))


def _mark(found: Trial, one: Tried) -> str:
    marks = ["the run's own"] if one.own else []
    if found.chosen == one:
        marks.append("lowest that keeps the limit")
    return ", ".join(marks)


def _better_than_lots(one: Tried) -> bool:
    bounds = one.rates["youden"].interval
    return bounds is not None and bounds[0] > 0


def _keeps(one: Tried, limit: float) -> bool:
    bounds = one.rates["fpr"].interval
    return bounds is not None and bounds[1] <= limit


def _cell(one: Estimate) -> tuple[str, str]:
    return wording.number(one.value), wording.interval(one.interval)


def _of_100(rate: Estimate, of: str, what: str) -> str:
    if rate.value is None:
        return ""
    return f"Of 100 {of} about {_hundred(rate.value)} {what} ({_between(rate.interval, 100)})."


def _hundred(share: float) -> str:
    number = 100 * share
    return f"{number:.0f}" if number >= 10 or number == round(number) else f"{number:.1f}"


def _between(bounds: Sequence[float], scale: int = 1) -> str:
    low, high = bounds
    if scale == 1:
        return f"{low:.3f} to {high:.3f}"
    return f"{_hundred(low)} to {_hundred(high)}"


def _share(rate: Estimate) -> str:
    if rate.value is None:
        return "an unknown share"
    low, value, high = (
        f"{100 * one:.2g}" for one in (rate.interval[0], rate.value, rate.interval[1])
    )
    return f"{value} %" if low == high else f"{value} %, {low} to {high} %"
