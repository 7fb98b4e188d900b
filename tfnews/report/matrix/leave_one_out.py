"""What several sets teach together, in sentences and tables."""

from collections.abc import Sequence

from tfnews.records import Judged
from tfnews.records.matrix import Gain, LeaveOneOut, LeftOut
from tfnews.report import falls, wording

HEADING = "Learnt from several sets"
LEFT_OUT = (
    "A model of all other sets, on a set that it has never seen: as it would meet texts of your "
    "own. It is held against the best of the models that learnt from one of these sets alone, "
    "chosen in hindsight by ROC-AUC on these very texts, which favours that one. Differences have "
    "95 % intervals from resampling clusters of near-copies, the same for both models."
)
ADDED = (
    "What a set adds to the others: the ROC-AUC of the model of all sets on another set's test "
    "texts, less that of the model of all sets but this one."
)
_NAMES = {"roc_auc": "ROC-AUC", "f1": "F1 of fake", "accuracy": "accuracy"}


def sentences(found: LeaveOneOut) -> list[str]:
    """Say of each set whether several others together do better there than the best one alone."""
    told = [_left_out(one) for one in found.left_out]
    better = sum(one.gains["roc_auc"].shown for one in found.left_out)
    worse = sum(_is_worse(one.gains["roc_auc"]) for one in found.left_out)
    return [
        f"Of {len(found.left_out)} sets left out in turn, learning from all others together is "
        f"shown to be better than from the best single one, by ROC-AUC, on {better}, and worse on "
        f"{worse}.",
        *told,
    ]


def left_out_table(found: LeaveOneOut) -> tuple[list[str], list[list[tuple[str, str]]]]:
    """Return the head and the rows, in cells of text and small print, of the sets left out."""
    head = ["left out", "texts", "ROC-AUC, all others", "best single", "F1, all others"]
    head += ["best single", "always", "difference of ROC-AUC", "of F1"]
    return head, [_row(one) for one in found.left_out]


def added_table(found: LeaveOneOut) -> tuple[list[str], list[list[tuple[str, str]]]]:
    """Return the head and the rows of what each set adds on each other one."""
    names = [one.scored.name for one in found.left_out]
    gains = {(one.name, one.tested_on): one.gain for one in found.added}
    rows = [[(name, ""), *(_added(gains.get((name, other))) for other in names)] for name in names]
    return ["set added", *(f"on {name}" for name in names)], rows


def _row(one: LeftOut) -> list[tuple[str, str]]:
    answers = falls.one_answers(one.joined)
    always = max(answers, key=lambda answer: answers[answer]["f1"])
    return [
        (one.scored.name, ""),
        (f"{one.scored.rows:,}", ""),
        _score(one.joined, "roc_auc"),
        (_score(one.single, "roc_auc")[0], one.best),
        _score(one.joined, "f1"),
        (_score(one.single, "f1")[0], one.best),
        (wording.number(answers[always]["f1"]), f"F1 of always {always}"),
        _gain(one.gains["roc_auc"]),
        _gain(one.gains["f1"]),
    ]


def _score(judged: Judged, metric: str) -> tuple[str, str]:
    return wording.number(judged.scores[metric]), wording.interval(judged.intervals.get(metric))


def _gain(gain: Gain) -> tuple[str, str]:
    if gain.difference is None:
        return "–", ""
    return f"{gain.difference:+.3f}", _between(gain)


def _added(gain: Gain | None) -> tuple[str, str]:
    return ("", "") if gain is None else _gain(gain)


def _between(gain: Gain) -> str:
    if gain.interval is None:
        return "no interval: too few clusters"
    low, high = gain.interval
    return f"{low:+.3f} to {high:+.3f}"


def _is_worse(gain: Gain) -> bool:
    return gain.interval is not None and gain.interval[1] < 0


def _left_out(one: LeftOut) -> str:
    gains = [_told(gain) for gain in one.gains.values()]
    reached = ", and ".join(
        f"{short} {one.joined.scores[name]:.2f}, where {falls.without_reading(one.joined, name)}"
        for name, short in (("f1", "F1"), ("accuracy", "accuracy"))
    )
    return (
        f"{one.scored.name}, {one.scored.rows:,} texts, left out: {_joined(gains)}, against "
        f"{one.best} alone. The joined model has {reached}"
        f"{'' if wording.no_better(one.joined) is None else '; it is not shown to be better'}."
    )


def _told(gain: Gain) -> str:
    verdict = "better" if gain.shown else "worse" if _is_worse(gain) else "no difference shown"
    name = _NAMES[gain.metric]
    if gain.difference is None:
        return f"{name} not defined"
    return f"{name} {verdict}, {gain.difference:+.3f} ({_between(gain)})"


def _joined(said: Sequence[str]) -> str:
    return "; ".join(said)
