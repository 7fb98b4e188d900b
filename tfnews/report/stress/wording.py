"""What a stress test says, in sentences and cells: page, Markdown and terminal say the same."""

from collections.abc import Sequence

from tfnews.records.slices import Rate
from tfnews.records.stress import Side, Stress, Stressed
from tfnews.report.page import Cell
from tfnews.report.wording import p_value
from tfnews.statistics.paired import LEVEL

HEAD = ["", "changed", "refused", "F1", "difference", "flipped", "missed", "false alarms"]
HOW_TO_READ = (
    "Each attack changes texts and no label. F1, and the difference to the same texts untouched, "
    "are of all texts that have a number before and after; those that lose it are counted as "
    "refused. Flipped is the share called by the other name than before; missed and false alarms "
    "are shares of either class. 95 % intervals in small print: of F1 and differences by "
    "resampling clusters of near-copies, of shares Wilson's."
)
CAUTION = (
    "Attacks are simple and blind: none looks at the model. Whoever can ask it often finds worse "
    "ones. A run that withstands these is not shown to withstand others."
)
_CUT = "tfnews data prepare SOURCE --cut {} --out SPLITS"
_DATELINES = ("Train on texts without datelines, and compare", _CUT.format("dateline"))
_WHOLE = ("Score whole articles only, and look whether texts come cut", "tfnews drift {run} FILE")
# What to do against an attack, and the command that does it, "" where none does.
_REMEDIES = {
    "dateline put in": _DATELINES,
    "dateline cut": _DATELINES,
    "footer cut": ("Train on texts without footers, and compare", _CUT.format("footer")),
    "look-alike letters": ("Replace letters of other scripts before texts are scored", ""),
    "unseen characters": ("Remove characters that nobody sees before texts are scored", ""),
    "first 50 words": _WHOLE,
    "title alone": _WHOLE,
}


def title(found: Stress) -> str:
    """Return the heading."""
    return f"How {found.run} stands up to small changes"


def subtitle(found: Stress) -> str:
    """Say what was changed."""
    drawn = f", drawn at random of {found.rows:,}" if found.drawn < found.rows else ""
    return (
        f"{found.drawn:,} {found.part} texts of {found.trained_on}{drawn}, each changed in "
        f"{len(measured(found))} ways that keep its label."
    )


def measured(found: Stress) -> list[Stressed]:
    """Return the attacks that were measured."""
    return [one for one in found.attacks if one.skipped is None]


def verdict(found: Stress) -> str:
    """Name the worst attack, in words."""
    if found.worst is None:
        return (
            f"None of {len(measured(found))} attacks is shown to lower F1, which is "
            f"{found.untouched.f1:.2f} untouched."
        )
    return f"The worst of {len(measured(found))} attacks: {does(_worst(found), found)}"


def does(one: Stressed, found: Stress) -> str:
    """Say what an attack does, by the kind of error that it adds more of."""
    real, fake = found.class_names
    before, after = one.before, one.after
    missed, alarmed = (before.misses, after.misses), (before.alarms, after.alarms)
    if _more(*missed) >= _more(*alarmed):
        was, now = map(_of_100, missed)
        said = f"lets {now} of 100 {fake} texts pass for {real}"
    else:
        was, now = map(_of_100, alarmed)
        said = f"has {now} of 100 {real} texts called {fake}"
    moved = f"F1 goes from {before.f1:.2f} to {after.f1:.2f}"
    return f"{one.doing} {said} ({was} before). {moved}."


def advice(found: Stress, with_command: bool = True) -> list[str]:
    """Say what whoever relies on the run is to do.

    Args:
        found: What was found.
        with_command: Whether to say the command, too, that helps against the worst attack.
    """
    if found.worst is None:
        return ["For whoever relies on the model: nothing is to be done about these changes."]
    said = (
        "For whoever relies on the model: expect this wherever texts come so changed, by accident "
        "or on purpose. Do not let an answer alone decide."
    )
    lead, command = remedy(found)
    helps = f"{lead}: {command}" if command and with_command else f"{lead}."
    return [said, *([helps] if lead else [])]


def remedy(found: Stress) -> tuple[str, str]:
    """Return what helps against the worst attack, and the command that does it, or "" of both."""
    lead, command = _REMEDIES.get(found.worst, ("", ""))
    return lead, command.format(run=found.run)


def rows(found: Stress) -> list[list[Cell | str]]:
    """Return a line of the table for the texts untouched and for each measured attack."""
    first = found.untouched
    line = ["untouched", "–", f"{found.refused:,}", _f1(first), "–", "–", *_errors(first)]
    return [line, *map(_row, measured(found))]


def falls(found: Stress) -> list[str]:
    """Say what each other attack does by which F1 is shown to fall, the worst first."""
    shown = sorted((one for one in found.attacks if one.shown), key=lambda one: one.difference)
    return [does(one, found) for one in shown if one.attack != found.worst]


def notes(found: Stress) -> list[str]:
    """Say what was not measured, and what to know before believing it."""
    skipped = (one for one in found.attacks if one.skipped)
    said = [f"Not measured: {one.attack}, as {one.skipped}." for one in skipped]
    said.append(
        f"A fall of F1 is shown where its p value, corrected for all attacks by Holm, is below "
        f"{LEVEL:g}."
    )
    if found.refused:
        said.append(
            f"Texts that get no number untouched, {found.refused:,}, are left out everywhere."
        )
    if found.part == "test":
        said.append("This was a reading of the test split, and is counted as one.")
    return [*said, CAUTION]


def how_made(found: Stress) -> list[tuple[str, str]]:
    """Return what is needed to do it again, as (name, value) pairs."""
    facts = [
        ("command", found.command),
        ("run", found.run),
        ("threshold", f"{found.threshold:g}"),
        ("seed", str(found.seed)),
    ]
    return [(name, value) for name, value in facts if value]


def _worst(found: Stress) -> Stressed:
    return next(one for one in found.attacks if one.attack == found.worst)


def _row(one: Stressed) -> list[Cell | str]:
    p = f", p {p_value(one.corrected)}"
    moved = round(one.difference, 3) + 0.0  # no -0.000
    difference = Cell(f"{moved:+.3f}", f"{_between(one.interval, '+.3f')}{p}")
    return [
        one.attack,
        f"{one.changed:,}",
        f"{one.refused:,}",
        _f1(one.after),
        difference,
        _share(one.flipped),
        *_errors(one.after),
    ]


def _f1(one: Side) -> Cell:
    return Cell(f"{one.f1:.3f}", _between(one.interval, ".3f"))


def _errors(one: Side) -> list[Cell]:
    return [_share(one.misses), _share(one.alarms)]


def _share(rate: Rate) -> Cell:
    low, high = (100 * end for end in rate.interval)
    return Cell(f"{100 * rate.rate:.1f} %", f"{low:.1f} to {high:.1f}")


def _between(bounds: Sequence[float] | None, pattern: str) -> str:
    return "no interval" if bounds is None else f"{bounds[0]:{pattern}} to {bounds[1]:{pattern}}"


def _of_100(rate: Rate) -> str:
    return f"{100 * rate.rate:.0f}"


def _more(before: Rate, after: Rate) -> float:
    return after.rate - before.rate
