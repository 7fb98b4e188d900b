"""What cutting costs or gains, in sentences and tables, the same wherever it is shown."""

from collections.abc import Sequence
from dataclasses import replace

from tfnews.records.cleaning import Cleaned, Cleaning
from tfnews.report import wording
from tfnews.report.page import Cell
from tfnews.report.ranking.wording import p_value

_SCORES = {"f1": "F1", "accuracy": "accuracy", "roc_auc": "ROC-AUC", "fpr": "false alarms"}
_RULE = (
    "A higher score without cutting is the sign of a shortcut, not of a better model: what is cut "
    "here is put around an article by its publisher, and another publisher's articles do not have "
    "it. Choose what to cut by what a model is to read, not by which of these scores is highest."
)


def title(found: Cleaning) -> str:
    """Return the heading."""
    return f"What cutting does to {found.arch} on {found.set_name}"


def subtitle(found: Cleaning) -> str:
    """Say what was compared."""
    counts = " and ".join(f"{count:,} {name}" for name, count in found.common.items())
    return (
        f"{len(found.choices)} choices of what is cut from the same articles; {counts} of them "
        f"stand in the {found.part} split of all. What the labels rest on: "
        f"{wording.label_basis(found.label_basis)}."
    )


def sentences(found: Cleaning) -> list[str]:
    """Say what each cut costs or gains, and how to take it."""
    said = [_sentence(one, found) for one in found.choices if one.against_base]
    return [*said, _RULE]


def _sentence(one: Cleaned, found: Cleaning) -> str:
    base, pair = found.choices[0], one.against_base
    points = 100 * pair.difference
    bounds = pair.interval
    between = f", 95 % interval {100 * bounds[0]:+.1f} to {100 * bounds[1]:+.1f}" if bounds else ""
    what = f"{_cuts(one)} cut instead of {_cuts(base)}"
    changed = " and ".join(
        f"{one.changed[name]:,} of {found.common[name]:,} {name}" for name in found.class_names
    )
    touched = f"It changed {changed} of the texts compared"
    if bounds is None or bounds[0] <= 0 <= bounds[1]:
        return (
            f"{one.name}, with {what}, has {points:+.1f} points of F1{between}: no difference is "
            f"shown. {touched}: what is left tells the classes apart as well on texts like these. "
            f"That is no proof that {base.name} does not lean on what was cut."
        )
    if points < 0:
        return (
            f"{one.name}, with {what}, loses {-points:.1f} points of F1{between}. {touched}: what "
            f"{base.name} had beyond it came from there."
        )
    return (
        f"{one.name}, with {what}, gains {points:.1f} points of F1{between}. {touched}: it was in "
        "the way."
    )


def _cuts(one: Cleaned) -> str:
    return " and ".join(one.cut) or "nothing"


def with_notes(found: Cleaning) -> Cleaning:
    """Return a comparison with what must be read with it."""
    notes = [_moved(found), _unscored(found), _seeds(found), _METHOD]
    return replace(found, notes=tuple(note for note in notes if note))


_METHOD = (
    "Differences are of F1 on the articles that stand in the same split in all, each model reading "
    "them as its own splits have them, with p values by the paired bootstrap over clusters of "
    "copies and by McNemar's exact test, corrected by Holm. Scores are each one's on its own split."
)


def _moved(found: Cleaning) -> str:
    if not found.moved:
        return ""
    return (
        f"{found.moved:,} articles of the {found.part} split of {found.base} are in another split, "
        "or in none, where other things were cut, as cutting makes copies of some. They are left "
        "out of the differences, not of the scores."
    )


def _unscored(found: Cleaning) -> str:
    if found.part == "test":
        return ""
    return (
        "These are validation scores, by which the runs were calibrated and may have been chosen: "
        "not all were scored on their test texts. Do it with: tfnews evaluate RUN"
    )


def _seeds(found: Cleaning) -> str:
    if all(len(one.runs) == 1 for one in found.choices):
        return ""
    return (
        "Of several seeds scores are means, with the lowest and the highest in place of an "
        "interval, and the run of middle F1 stands for all in McNemar's test."
    )


def score_table(found: Cleaning) -> tuple[list[str], list[list]]:
    """Return how good each is on its own texts."""
    head = ["run", "cut", f"{found.part} texts", *_SCORES.values()]
    rows = [
        [Cell(one.name, _of_seeds(one)), _with_bodies(one), f"{one.rows:,}", *_cells(one)]
        for one in found.choices
    ]
    return head, rows


def pair_table(found: Cleaning) -> tuple[list[str], list[list]]:
    """Return each against the one of which least was cut, on the articles in common."""
    names = found.class_names
    head = [f"against {found.base}", "F1", "p, bootstrap", "right alone, it : base", "p, McNemar"]
    head += [f"{name} texts changed" for name in names]
    rows = []
    for one in found.choices:
        pair = one.against_base
        if pair is None:
            continue
        bounds = pair.interval
        known = f"{bounds[0]:+.4f} to {bounds[1]:+.4f}" if bounds else ""
        rows.append(
            [
                one.name,
                Cell(f"{pair.difference:+.4f}", known),
                p_value(pair.bootstrap_p),
                f"{pair.only_this:,} : {pair.only_best:,}",
                p_value(pair.mcnemar_p),
                *(f"{one.changed[name]:,} of {found.common[name]:,}" for name in names),
            ]
        )
    return head, rows


def _cells(one: Cleaned) -> list[Cell]:
    scores, bounds = one.judged.scores, one.judged.intervals
    return [
        Cell(wording.number(scores.get(name)), wording.interval(bounds.get(name)))
        for name in _SCORES
    ]


def _with_bodies(one: Cleaned) -> Cell:
    counts: Sequence[str] = [f"{count:,}" for count in one.bodies.values()]
    return Cell(_cuts(one), f"{' and '.join(counts)} bodies" if counts else "")


def _of_seeds(one: Cleaned) -> str:
    return f"{len(one.runs)} seeds" if len(one.runs) > 1 else ""
