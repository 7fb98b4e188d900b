"""What a search for settings came to, in words and as a table: the same wherever it is told."""

from collections.abc import Mapping, Sequence

from tfnews.records import TrialRecord, Tuning
from tfnews.report import csv_table

_SHOWN = 12  # trials on a terminal, the best first


def told(tuning: Tuning) -> str:
    """Say how a run was chosen, how good the best looks for it, and how good it is elsewhere."""
    ended = {"broken off early": tuning.pruned, "failed": tuning.failed}
    others = ", ".join(f"{count} {how}" for how, count in ended.items() if count)
    bounds = tuning.held_out_interval
    between = f"95 % interval {bounds[0]:.4f} to {bounds[1]:.4f}" if bounds else "no interval"
    fast = "" if tuning.ms_per_text is None else f", {tuning.ms_per_text:.2f} ms a text"
    limit = "" if tuning.budget_ms is None else f" within {tuning.budget_ms:g} ms a text"
    trials = f"{tuning.trials} trial{'s' * (tuning.trials != 1)}"
    return (
        f"Chosen as the best of {trials}{f' ({others})' if others else ''}{limit} on "
        f"{tuning.rows:,} validation texts, trial {tuning.trial}: F1 {tuning.f1:.4f} there{fast}. "
        "The best of many is partly the luckiest: expect this number to be too high. On the other "
        f"{tuning.held_out_rows:,} validation texts, which no trial saw: F1 "
        f"{tuning.held_out_f1:.4f} ({between}). Quote this one."
    )


def warning(tuning: Tuning | None) -> str | None:
    """Say what a report must of a run that was chosen; `None` of one that was not."""
    if tuning is None:
        return None
    return (
        f"{told(tuning)} Expect scores on the whole validation split, half of which chose, to be "
        "too high for the same reason."
    )


def searched(tuning: Tuning | None) -> str | None:
    """Name the search that a run comes from, for how it was made."""
    if tuning is None:
        return None
    return f"{tuning.study}, trial {tuning.trial} of {tuning.trials}: {assigned(tuning.settings)}"


def lines(trials: Sequence[TrialRecord], front: Sequence[TrialRecord]) -> list[str]:
    """Return the trials as lines of a table for a terminal, the best first.

    Args:
        trials: All of a search.
        front: Those that no other beats; marked where there are several.
    """
    order = {"complete": 0, "pruned": 1, "failed": 2, "running": 3}
    ranked = sorted(trials, key=lambda one: (order[one.state], -(one.f1 or 0), one.number))
    best = {one.number for one in front}
    timed = any(one.ms_per_text is not None for one in trials)
    found = [f"{'trial':>5}  {'state':<8}  {'F1':>6}  {'ms' if timed else '':>6}  settings"]
    for one in ranked[:_SHOWN]:
        f1 = "" if one.f1 is None else f"{one.f1:.4f}"
        ms = "" if one.ms_per_text is None else f"{one.ms_per_text:.2f}"
        mark = " *" if timed and one.number in best else ""
        said = f"{assigned(one.settings)}{mark}"
        found.append(f"{one.number:>5}  {one.state:<8}  {f1:>6}  {ms:>6}  {said}")
    if len(ranked) > _SHOWN:
        found.append(f"... and {len(ranked) - _SHOWN} more")
    if timed:
        found.append("* no other trial is both better and faster")
    return found


def csv_text(trials: Sequence[TrialRecord]) -> str:
    """Return the trials as a table, by number."""
    names = trials[0].settings if trials else ()
    head = ("trial", "state", "f1", "ms_per_text", "seconds", "epochs", *names, "fault")
    rows = [
        (
            *(one.number, one.state, one.f1, one.ms_per_text, one.seconds, one.epochs),
            *(one.settings.get(name) for name in names),
            one.fault,
        )
        for one in trials
    ]
    return csv_table.render(head, rows)


def assigned(settings: Mapping[str, object]) -> str:
    """Write settings as `--set` takes them, numbers to four digits."""
    return " ".join(f"{name}={_short(value)}" for name, value in settings.items())


def _short(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)
