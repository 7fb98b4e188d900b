"""A ranking in sentences and tables, the same on the page, in Markdown and on the terminal."""

from collections.abc import Sequence
from dataclasses import replace

from tfnews.records import Contender, Paired, Ranking
from tfnews.report import wording
from tfnews.report.page import Cell
from tfnews.statistics.paired import LEVEL

_SCORES = {"f1": "F1", "accuracy": "accuracy", "roc_auc": "ROC-AUC", "fpr": "false alarms"}
_NAMED = 4  # runs that a sentence names


def title(found: Ranking) -> str:
    """Return the heading."""
    return f"Which model to ship for {found.set_name}"


def subtitle(found: Ranking) -> str:
    """Say what was compared."""
    basis = wording.label_basis(found.label_basis)
    parts = ", ".join(
        f"{rows:,} {part}" if len(found.rows) > 1 else f"{rows:,}"
        for part, rows in found.rows.items()
    )
    count = len(found.contenders)
    return (
        f"{count} model{'s' * (count > 1)} on the same texts ({parts}). "
        f"What the labels rest on: {basis}."
    )


def verdict(found: Ranking) -> str:
    """Say which run to ship, and why; or that none is worth it."""
    if advised(found):
        return _chosen(found)
    on = _of_part(_telling(found), found)
    return (
        f"Ship none of these: {found.ship}, which would be chosen, is not shown on {on} to be any "
        "better than one answer for all texts."
    )


def advised(found: Ranking) -> str:
    """Return the run to ship; "" where it is not shown to beat one answer for all texts."""
    return "" if _guesses(found.shipped, _telling(found)) else found.ship


def _telling(found: Ranking) -> str:
    """Return the part that tells how good the run to ship is."""
    return found.shown_on if found.shown_on in found.shipped.parts else found.decided_on


def _chosen(found: Ranking) -> str:
    best, shipped = found.named(found.best), found.shipped
    tied = [one for one in found.contenders if one.tied]
    on = _of_part(found.decided_on, found)
    score = f"F1 {wording.number(best.score(found.decided_on))}"
    if len(found.contenders) == 1:
        return f"Ship {found.ship}: {best.name}, {score} on {on}, was compared with nothing else."
    if len(tied) == 1:
        return f"Ship {found.ship}: the best on {on}, {score}; all others are shown to be worse."
    if shipped.name == best.name:
        return (
            f"Ship {found.ship}: the best on {on}, {score}, and the smallest of the {len(tied)} "
            f"that tie{_megabytes(shipped)}."
        )
    return (
        f"Ship {found.ship}: the smallest{_megabytes(shipped)} of the {len(tied)} that tie on "
        f"{on}. The best there, {best.name}, has {score}, {shipped.name} "
        f"{wording.number(shipped.score(found.decided_on))}; no difference is shown."
    )


def reasons(found: Ranking) -> list[str]:
    """Say how it was decided, and what the shown part says of it."""
    said = [
        f"Decided on {_of_part(found.decided_on, found)}. A tie is a model that neither of two "
        f"tests shows to be worse than the best, at {100 * LEVEL:g} % after Holm's correction for "
        "all of them: of F1 by the paired bootstrap over clusters of copies, of texts called right "
        "by McNemar's exact test. A tie is no proof that two models are equal.",
        _shown(found),
        _reads(found),
    ]
    return [one for one in said if one]


def _shown(found: Ranking) -> str:
    """Say what the part that did not decide says of the run to ship and the best."""
    shipped, best = found.shipped, found.named(found.best)
    if found.shown_on == found.decided_on or found.shown_on not in shipped.parts:
        return ""
    on = _of_part(found.shown_on, found)
    told = f"On {on}, which did not decide, {shipped.name} has F1 {_with_bounds(shipped, found)}"
    pair = shipped.against_best.get(found.shown_on)
    if pair is None:
        return f"{told}."
    verdict = "is shown to be worse" if pair.worse else "is not shown to be worse"
    return f"{told} and {best.name} {_with_bounds(best, found)}: {shipped.name} {verdict} there."


def _with_bounds(one: Contender, found: Ranking) -> str:
    bounds = one.parts[found.shown_on].intervals.get("f1")
    known = f" ({wording.interval(bounds)})" if bounds else ""
    return f"{wording.number(one.score(found.shown_on))}{known}"


def _reads(found: Ranking) -> str:
    reads = sum(one.test_reads for one in found.contenders)
    if not reads or found.decided_on != "validation":
        return ""
    times = "once" if reads == 1 else f"{reads} times"
    return (
        f"The runs' own test split was scored {times} so far. Each choice made after looking at "
        "it makes its scores too good."
    )


def with_notes(found: Ranking, more: Sequence[str] = ()) -> Ranking:
    """Return a ranking with what must be read with it."""
    said = [
        _chosen_and_shown(found),
        _unscored(found),
        _barred(found),
        _against_test(found),
        _no_better(found),
        _seeds(found),
        _groups(found),
        *_held_out(found),
        _timed(found),
        *more,
    ]
    return replace(found, notes=tuple(one for one in said if one))


def _chosen_and_shown(found: Ranking) -> str:
    if found.shown_on != found.decided_on:
        return ""
    return (
        f"The models were chosen by the texts that their scores are shown on ({found.shown_on}), "
        "so those of the best are too good."
    )


def _unscored(found: Ranking) -> str:
    if found.decided_on != "validation":
        return ""
    missing = [one for one in found.contenders if "test" not in one.parts]
    if not missing:
        return ""
    runs = [run for one in missing for run in one.runs]
    return (
        f"Not scored on the test split: {_listed(runs)}. Do it with: "
        f"{'; '.join(f'tfnews evaluate {run}' for run in runs[:_NAMED])}"
    )


def _barred(found: Ranking) -> str:
    barred = [one for one in found.contenders if one.barred]
    if not barred:
        return ""
    return f"Shown but not chosen: {_listed([one.name for one in barred])}, {barred[0].barred}."


def _against_test(found: Ranking) -> str:
    """Warn where ties of the part that decides are none on the part that is shown."""
    lost = [
        one.name
        for one in found.contenders
        if one.tied and (pair := one.against_best.get(found.shown_on)) and pair.worse
    ]
    if not lost or found.shown_on == found.decided_on:
        return ""
    return (
        f"Shown to be worse than {found.best} on {found.shown_on}, though a tie on "
        f"{found.decided_on}: {_listed(lost)}."
    )


def _no_better(found: Ranking) -> str:
    """Name the models that tell the classes apart no better than one answer for all texts.

    The mean of both classes' recall is 0.5 for such an answer, whatever the classes' shares.
    """
    guessing = [
        f"{one.name} ({one.score(found.shown_on, 'macro_recall'):.4f})"
        for one in found.contenders
        if _guesses(one, found.shown_on)
    ]
    if not guessing:
        return ""
    return (
        f"Not shown on {found.shown_on} to be any better than one answer for all texts, which has "
        f"a mean recall of both classes of 0.5: {_listed(guessing)}."
    )


def _guesses(one: Contender, part: str) -> bool:
    """Tell whether a model is not shown on a part to beat one answer for all texts."""
    recall = one.score(part, "macro_recall")
    bounds = one.parts[part].intervals.get("macro_recall") if part in one.parts else None
    return recall is not None and (bounds[0] if bounds else recall) <= 0.5


def _seeds(found: Ranking) -> str:
    groups = [one.name for one in found.contenders if len(one.runs) > 1]
    if not groups:
        return ""
    return (
        f"Of {_listed(groups)} several seeds were trained: scores are means, with the lowest and "
        f"the highest in place of an interval. The run of middle F1 on {found.decided_on} stands "
        "for all in McNemar's test and is the one to ship."
    )


def _groups(found: Ranking) -> str:
    if not found.group_columns:
        return ""
    return (
        f"These splits keep the values of {' and '.join(found.group_columns)} apart: the scores "
        "are on groups that no model has seen."
    )


def _held_out(found: Ranking) -> list[str]:
    held = [one for one in found.contenders if one.held_out]
    if not held:
        return []
    columns = " and ".join(dict.fromkeys(name for one in held for name in one.held_out.columns))
    said = [
        f"Beside the random splits: F1 of a run of the same kind on splits of {found.set_name} "
        f"that keep the values of {columns} apart ({', '.join(one.held_out.run for one in held)})."
    ]
    unread = [one.held_out.run for one in held if one.held_out.part != "test"]
    if unread:
        said.append(
            f"Of {_listed(unread)} that is the validation score: tfnews evaluate {unread[0]}"
        )
    return said


def _timed(found: Ranking) -> str:
    """Say on what the milliseconds were measured, and where they cannot be compared."""
    timed = [one for one in found.contenders if one.ms_per_text is not None]
    if not timed:
        return ""
    names = {one.cpu for one in timed}
    if len(names) == 1 and None not in names:
        return f"Milliseconds a text were measured by tfnews evaluate on {names.pop()}."
    if names == {None}:
        return "On what the milliseconds a text were measured was not recorded."
    told = "; ".join(f"{one.name}: {one.cpu or 'not recorded'}" for one in timed[:_NAMED])
    return f"Milliseconds a text were measured on different machines, so do not compare: {told}."


# Tables: heads and rows of cells, a string or a `page.Cell`.


def score_table(found: Ranking) -> tuple[list[str], list[list]]:
    """Return how good each model is: F1 on the part that decides, then all on the shown one."""
    decided, shown = found.decided_on, found.shown_on
    head = ["model", "architecture", f"F1, {decided}"]
    names = [name for name in _SCORES if (name, decided) != ("f1", shown)]
    head += [f"{_SCORES[name]}, {shown}" for name in names]
    held = any(one.held_out for one in found.contenders)
    head += ["F1, groups held out"] if held else []
    rows = []
    for one in found.contenders:
        row = [_name(one, found), one.arch, _cell(one, decided, "f1")]
        row += [_cell(one, shown, name) for name in names]
        rows.append(row + ([_held_out_cell(one)] if held else []))
    return head, rows


def cost_table(found: Ranking) -> tuple[list[str], list[list[str]]]:
    """Return what each model costs."""
    head = [
        "model",
        "parameters",
        "MB",
        "training, min",
        "ms a text",
        "test read",
        "Pareto front",
    ]
    rows = [
        [
            one.name,
            _amount(one.parameters, "{:,}"),
            _amount(one.megabytes, "{:,.1f}"),
            f"{one.fit_seconds / 60:,.1f}",
            _amount(one.ms_per_text, "{:.2f}"),
            f"{one.test_reads:,}",
            ", ".join(one.fronts) or "–",
        ]
        for one in found.contenders
    ]
    return head, rows


def pair_table(found: Ranking, part: str) -> tuple[list[str], list[list]]:
    """Return each model against the best on a part; no rows where there is nothing to compare."""
    head = [
        f"against {found.best} on {part}",
        "F1, difference",
        "p, bootstrap",
        "right alone, it : best",
        "p, McNemar",
        "verdict",
    ]
    rows = [
        [one.name, *_pair_cells(pair)]
        for one in found.contenders
        if (pair := one.against_best.get(part))
    ]
    return head, rows


def parts(found: Ranking) -> list[str]:
    """Return the parts on which models are held against the best, the one that decides first."""
    return list(dict.fromkeys([found.decided_on, found.shown_on]))


def role(part: str, found: Ranking) -> str:
    """Say what a part is for."""
    decides = "decides" if part == found.decided_on else "confirms, and does not decide"
    return f"On {_of_part(part, found)}, which {decides}."


def _pair_cells(pair: Paired) -> list:
    bounds = pair.interval
    known = f"{bounds[0]:+.4f} to {bounds[1]:+.4f}" if bounds else ""
    return [
        Cell(f"{pair.difference:+.4f}", known),
        wording.p_value(pair.bootstrap_p),
        f"{pair.only_this:,} : {pair.only_best:,}",
        wording.p_value(pair.mcnemar_p),
        "worse" if pair.worse else "tie",
    ]


def _name(one: Contender, found: Ranking) -> Cell:
    told = []
    if advised(found) in one.runs:
        told.append("ship this" if len(one.runs) == 1 else f"ship {found.ship}")
    if one.name == found.best:
        told.append("best")
    elif one.tied:
        told.append("tie")
    if len(one.runs) > 1:
        told.append(f"{len(one.runs)} seeds")
    return Cell(one.name, ", ".join(told) or ("not chosen" if one.barred else ""))


def _cell(one: Contender, part: str, metric: str) -> Cell | str:
    judged = one.parts.get(part)
    if judged is None:
        return "–"
    bounds = judged.intervals.get(metric)
    return Cell(wording.number(judged.scores.get(metric)), wording.interval(bounds))


def _held_out_cell(one: Contender) -> Cell | str:
    held = one.held_out
    return Cell(wording.number(held.f1), wording.interval(held.interval)) if held else "–"


def _amount(value: float | None, pattern: str) -> str:
    return "–" if value is None else pattern.format(value)


def _megabytes(one: Contender) -> str:
    return f" ({one.megabytes:,.1f} MB)" if one.megabytes is not None else ""


def _of_part(part: str, found: Ranking) -> str:
    return f"the {part} split" if part in ("validation", "test") else f"{found.set_name}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
