"""The threshold at which a feed's false alarms are shown to stay below a limit."""

from collections.abc import Sequence

from tfnews.records.trial import Estimate


def lowest_within(alarms: Sequence[Estimate], limit: float) -> int | None:
    """Return the place of the lowest threshold that is shown to keep a limit.

    Thresholds are looked at from the highest down until the first whose interval reaches above the
    limit. False alarms only grow on that way, so looking at many does not raise the risk of a
    wrong choice, which is 2.5 % (fixed-sequence testing, Maurer, Hothorn & Lehmacher 1995).

    Args:
        alarms: False-alarm rates, from the highest threshold down.
        limit: Of the upper end of their 95 % intervals, in (0, 1).

    Returns:
        `None` where the highest threshold does not keep it either.
    """
    kept = None
    for place, one in enumerate(alarms):
        if one.interval is None or one.interval[1] > limit:
            break
        kept = place
    return kept
