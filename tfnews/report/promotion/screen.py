"""A promotion check on a terminal."""

from tfnews.records import Flip, Promotion, Side
from tfnews.report import terminal, wording


def render(found: Promotion, most: int = 10) -> str:
    """Return a promotion check in words and tables.

    Args:
        found: What was found.
        most: Texts that are listed.
    """
    lines = [verdict(found), _difference(found), "", _sides(found), "", *_flips(found, most)]
    if found.left_out:
        lines.append(
            f"Left out, since one of the two was trained on it: {wording.count(found.left_out)}"
        )
    return terminal.text([*lines, *(f"Note: {note}" for note in found.notes)]).rstrip()


def verdict(found: Promotion) -> str:
    """Say whether the new model may take the place of the old one."""
    told = (
        f"F1 on {wording.count(found.rows)} of {found.set_name} moves by "
        f"{found.difference:+.4f}, and a fall of {found.tolerance:g} is accepted"
    )
    if found.promoted:
        return f"Promoted: {found.new.name} may take the place of {found.old.name}. {told}."
    return f"Not promoted: {found.new.name} is worse than {found.old.name}. {told}."


def _difference(found: Promotion) -> str:
    bounds = found.interval
    known = f"95 % interval {bounds[0]:+.4f} to {bounds[1]:+.4f}, " if bounds else ""
    by_bootstrap, by_mcnemar = map(wording.p_value, (found.bootstrap_p, found.mcnemar_p))
    return (
        f"The point decides. For other texts like these: {known}p {by_bootstrap} by the paired "
        f"bootstrap of F1, {by_mcnemar} by McNemar's exact test."
    )


def _sides(found: Promotion) -> str:
    head = ["", "", "F1", "accuracy", "ROC-AUC", "false alarms", "threshold"]
    return terminal.columns([head, _cells("old", found.old), _cells("new", found.new)])


def _cells(which: str, side: Side) -> list[str]:
    scores = side.judged.scores
    numbers = [wording.number(scores[name]) for name in ("f1", "accuracy", "roc_auc", "fpr")]
    return [which, f"{side.name} ({side.kind})", *numbers, f"{side.threshold:g}"]


def _flips(found: Promotion, most: int) -> list[str]:
    worse = sum(not flip.better for flip in found.flips)
    better = len(found.flips) - worse
    if not found.flips:
        return ["No text is called otherwise than before."]
    said = [
        f"Called otherwise than before: {wording.count(len(found.flips))}, {worse:,} wrongly now, "
        f"{better:,} rightly now."
    ]
    shown = found.flips[:most]
    if not shown:
        return said
    rows = [["text", "labelled", "old score", "new score", ""]]
    rows += [_row(flip, found) for flip in shown]
    said.append(terminal.columns(rows))
    if len(shown) < len(found.flips):
        said.append(f"{len(found.flips) - len(shown):,} more; all are in flips.csv with --to DIR.")
    return said


def _row(flip: Flip, found: Promotion) -> list[str]:
    return [
        flip.text,
        found.class_names[flip.label],
        f"{flip.old:.3f}",
        f"{flip.new:.3f}",
        "right now" if flip.better else "wrong now",
    ]
