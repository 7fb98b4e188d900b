"""What a report has found, the worst first, and what the model may therefore be used for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tfnews.audit import wording as audit_wording
from tfnews.data.text import listed
from tfnews.records import Judged, OtherSet
from tfnews.report import falls, wording
from tfnews.report.content import Report

# The worst first. Within a kind the larger one comes first, and a false alarm before a miss.
KINDS = (
    "no_better",  # than one answer for all texts, on the run's own
    "mostly_wrong",  # most texts of a class are called by the other's name
    "no_better_elsewhere",
    "shortcut",  # the data can be told apart without reading, or hold copies
    "worse_elsewhere",  # more errors on another set than at home, as is shown
    "untested",
    "at_home",
)
_RATES = ("fpr", "fnr")
_MOST = 0.5  # of a class, or of a set
_USELESS = ("no_better", "mostly_wrong")


@dataclass(frozen=True)
class Finding:
    """Something to know before a model is used.

    Attributes:
        kind: One of `KINDS`.
        said: In a sentence.
        size: The least share of texts that is shown to be called wrong, 0 to 1: the low end of the
            95 % interval; 0 where no share is spoken of or no interval known.
        where: The other set that it is about; `None` for the run's own.
    """

    kind: str
    said: str
    size: float = 0.0
    where: str | None = None


def ranked(report: Report) -> list[Finding]:
    """Return what stands, the worst first: what an interval allows to be chance is left out.

    There is always one, the false alarms on the run's own texts.
    """
    found = [*_at_home(report), *_of_the_data(report)]
    for away in report.other_sets:
        found += _elsewhere(report.judged, away)
    return sorted(found, key=lambda one: (KINDS.index(one.kind), -one.size))


def may_be_used(report: Report, found: Sequence[Finding]) -> str:
    """Say in one sentence what a model may and may not be used for.

    Args:
        report: Its report.
        found: What `ranked` returned of it.
    """
    name, kinds = report.data.name, {one.kind for one in found}
    if any(one.kind in _USELESS and one.where is None for one in found):
        return (
            "This model may not be used on any text, for it is not shown to work even on texts "
            f"like those of {name}; it serves to compare models."
        )
    if "untested" in kinds:
        return "This model may not be used on any text yet: its test texts are still to be scored."
    failed = list(dict.fromkeys(one.where for one in found if one.where))
    able = f"This model may put texts like those of {name} in order for a person to read"
    never = "nor to remove or label any text by itself"
    if failed:
        return f"{able}; it may not be used on texts from elsewhere ({listed(failed)}), {never}."
    if not report.other_sets:
        return f"{able}; it may not be used on texts from elsewhere, where it is untried, {never}."
    others = listed([away.name for away in report.other_sets])
    return f"{able}, and like those of {others}; it may not be used on other texts, {never}."


def _at_home(report: Report) -> Iterator[Finding]:
    judged = report.judged
    useless = wording.no_better(judged)
    if useless:
        yield Finding("no_better", useless)
    if report.part != "test":
        yield Finding("untested", wording.UNTESTED)
    said = dict(zip(_RATES, (wording.false_alarms(judged), wording.misses(judged)), strict=True))
    for rate in _RATES:
        low = _bounds(judged, rate)[0]
        kind = "mostly_wrong" if low >= _MOST else "at_home"
        if kind != "at_home" or rate == "fpr":
            yield Finding(kind, said[rate], low)


def _of_the_data(report: Report) -> Iterator[Finding]:
    found = report.audit
    if found and (audit_wording.findings(found) or not found.learnable):
        yield Finding("shortcut", audit_wording.opening(found))


def _elsewhere(home: Judged, away: OtherSet) -> Iterator[Finding]:
    """Yield what is shown to be worse on another set than at home.

    Nothing where `predict` would refuse most of its texts. Who misses another class than its own
    misses nothing.
    """
    judged, name = away.judged, away.name
    if sum(away.refused.values()) > _MOST * judged.rows:
        return
    said = {"fpr": wording.false_alarms(judged, falls.call(home, judged), name)}
    if judged.class_names == home.class_names:
        said["fnr"] = wording.misses(judged, name)
        useless = wording.no_better(judged, name)
        if useless:
            yield Finding("no_better_elsewhere", useless, where=name)
    for rate, sentence in said.items():
        low = _bounds(judged, rate)[0]
        if low >= _MOST:
            yield Finding("mostly_wrong", sentence, low, name)
        elif low > _bounds(home, rate)[1]:
            yield Finding("worse_elsewhere", sentence, low, name)


def _bounds(judged: Judged, rate: str) -> tuple[float, float]:
    """Return the ends of an error rate's interval; all that is possible where it has none."""
    low, high = judged.intervals.get(rate) or (0.0, 1.0)
    return low, high
