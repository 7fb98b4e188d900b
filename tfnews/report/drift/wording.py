"""What a drift check says, in sentences and cells: page, Markdown and terminal say the same."""

from collections.abc import Sequence

from tfnews.records.drift import Drift, Shift, Side
from tfnews.report.wording import p_value
from tfnews.statistics.shifts import FEWEST, texts_needed

NAMES = {
    "score": "scores",
    "length": "lengths",
    "unknown": "unknown words",
    "refused": "refused texts",
}
HEAD = ["", "then", "now", "moved by", "limit", "p", "verdict"]
HOW_TO_READ = (
    "“Moved by” is the largest distance between the shares of texts that lie at or below a value: "
    ".30 says that the two sides differ there by 30 of 100 texts. Of refused texts it is the rise "
    "of their share. p is how likely chance alone moves any of them so far, corrected for all "
    "measures (Holm). An alarm takes both: a p below the level, and a move that reaches the limit."
)
CAUTION = (
    "Silence does not show that answers are right, and an alarm does not show that they are wrong: "
    "only labels can. A text can be false in the very words that the training texts used."
)
_REMEDIES = {
    "score": "Scores have moved: either more such texts are about, or the model reads them "
    "otherwise. Have a sample labelled, and score the run on it: tfnews evaluate {run} --data "
    "SPLITS",
    "length": "Lengths have moved: look whether texts are cut, or something other than articles "
    "came in.",
    "unknown": "More words are unknown, or fewer: if the news itself has changed, train on newer "
    "texts.",
    "refused": "More texts get no number: look whether the feed, its columns and its language are "
    "those that the run was made for.",
}
_WHAT = {
    "score": "Scores",
    "length": "Lengths, in {unit}",
    "unknown": "Shares of unknown words",
}
_VOCABULARIES = {
    "model": "A word is unknown where the model's own vocabulary lacks it.",
    "training": "A word is unknown where no training text holds it.",
    "common": "A word counts as unknown where it is none of the thousand commonest of the training "
    "texts, the only ones that the run carries.",
}


def title(found: Drift) -> str:
    """Return the heading."""
    return f"Is {found.feed} like the texts that {found.run} knows?"


def subtitle(found: Drift) -> str:
    """Say what was held against what."""
    return (
        f"{found.texts:,} texts of {found.feed}, held against {found.reference}. The run was "
        f"trained on {found.trained_on}. No labels were needed."
    )


def verdict(found: Drift) -> str:
    """Say whether there is an alarm, and which measures ring."""
    ringing = [NAMES[one.measure] for one in found.shifts if one.rings]
    if ringing:
        return f"Alarm: {found.feed} is unlike {found.reference} in {_joined(ringing)}."
    compared = [NAMES[one.measure] for one in found.shifts if one.p is not None]
    return (
        f"No alarm: {found.feed} is like {found.reference} in {_joined(compared)}, as far as seen."
    )


def advice(found: Drift) -> list[str]:
    """Say what whoever runs the model is to do."""
    if not found.alarm:
        return ["For whoever runs the model: nothing is to be done now. Check the next texts too."]
    first = (
        f"For whoever runs the model: do not act on what {found.run} answers about these texts "
        "before somebody has read a sample of them."
    )
    rings = [_REMEDIES[one.measure].format(run=found.run) for one in found.shifts if one.rings]
    return [first, *rings]


def moved(found: Drift) -> list[str]:
    """Say of each measure that is compared how far it has moved."""
    return [_moved(one, found) for one in found.shifts if one.p is not None]


def rows(found: Drift) -> list[list[str]]:
    """Return a line of the table for each measure."""
    return [
        [
            NAMES[one.measure],
            _amount(one, one.then),
            _amount(one, one.now),
            "–" if one.distance is None else f"{one.distance:.2f}",
            f"{one.limit:.2f}",
            "–" if one.corrected is None else p_value(one.corrected),
            outcome(one),
        ]
        for one in found.shifts
    ]


def outcome(one: Shift) -> str:
    """Say in a few words whether a measure rings, and why not."""
    if one.corrected is None:
        return f"not compared: fewer than {FEWEST} texts"
    if one.rings:
        return "alarm"
    if one.distance >= one.limit:
        return "silent: chance may do as much"
    return "silent"


def notes(found: Drift) -> list[str]:
    """Say which texts were left out, what chance hides, and what to know before believing it."""
    said = [_left_out(found), *_refusals(found), _against(found), _VOCABULARIES[found.vocabulary]]
    said += [_unseen(one, found) for one in found.shifts if one.least and one.least > one.limit]
    said.append(
        f"Of 100 checks of texts that have not changed, {100 * found.level:g} at most ring, all "
        "measures together."
    )
    return [*filter(None, said), *found.notes, CAUTION]


def how_made(found: Drift) -> list[tuple[str, str]]:
    """Return what is needed to check again, as (name, value) pairs."""
    facts = [
        ("command", found.command),
        ("run", found.run),
        ("level", f"{found.level:g}"),
        *((f"limit of {NAMES[one.measure]}", f"{one.limit:g}") for one in found.shifts),
    ]
    return [(name, value) for name, value in facts if value]


def amount(measure: str, value: float) -> str:
    """Return a value of a measure as it is printed."""
    if measure == "length":
        return f"{value:,.0f}"
    return f"{100 * value:.3g} of 100" if measure == "refused" else f"{value:.2f}"


def _amount(one: Shift, side: Side) -> str:
    if not side.texts:
        return "–"
    if one.measure == "refused":
        return amount(one.measure, side.mean)
    return f"median {amount(one.measure, median(side))}"


def median(side: Side) -> float:
    """Return the value that half of the texts lie below."""
    return side.quantiles[len(side.quantiles) // 2]


def _moved(one: Shift, found: Drift) -> str:
    if one.measure == "refused":
        now, then = (amount("refused", side.mean) for side in (one.now, one.then))
        said = f"{now} texts get no number, {then} of {found.reference}"
    else:
        now, then = (amount(one.measure, median(side)) for side in (one.now, one.then))
        against = found.lengths if one.measure == "length" else found.reference
        said = (
            f"{_WHAT[one.measure].format(unit=found.unit)}: half of these texts have {now} or "
            f"less, half of {against} {then}; at {amount(one.measure, one.at)} they lie "
            f"{one.distance:.2f} apart"
        )
    called = f"; {_called(found)}" if one.measure == "score" else ""
    judged = f"{outcome(one).capitalize()} (limit {one.limit:g}, p {p_value(one.corrected)})"
    return f"{said}{called}. {judged}."


def _called(found: Drift) -> str:
    then, now = (f"{100 * share:.0f}" for share in found.called)
    return f"{now} of 100 are called {found.class_names[1]}, {then} there"


def _left_out(found: Drift) -> str:
    drawn = "" if found.drawn == found.read else f", of which {found.drawn:,} were drawn at random"
    said = (
        f"{found.feed} holds {found.read:,} records{drawn}. Looked at are {found.texts:,} texts, "
        f"each once. Left out: copies and near-copies {found.copies:,}, copies of training texts "
        f"{found.learnt:,}; without a text {found.blank:,}, which count as refused."
    )
    if 2 * found.copies > found.drawn:
        said += " Most records repeat others: look whether that is as it should be."
    return said


def _refusals(found: Drift) -> list[str]:
    if not found.refused:
        return []
    kinds = sorted(found.refused.items(), key=lambda pair: -pair[1])
    return [f"No number: {', '.join(f'{kind} {count:,}' for kind, count in kinds)}."]


def _against(found: Drift) -> str:
    if found.lengths == found.reference:
        return ""
    return (
        f"Lengths are held against {found.lengths}. The rest is held against validation texts "
        "alone: the model's scores, words and refusals come from the training texts themselves."
    )


def _unseen(one: Shift, found: Drift) -> str:
    needed = texts_needed(one)
    remedy = (
        f"about {needed:,} texts would show it"
        if needed
        else "no number of texts shows it, as too few are held against"
    )
    return (
        f"With {one.now.texts:,} texts, {NAMES[one.measure]} that move by less than "
        f"{one.least:.2f} mostly stay unseen, at the limit of {one.limit:g} too: {remedy}."
    )


def _joined(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
