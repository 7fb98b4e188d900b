"""F1 against latency and size, with the Pareto front of each."""

import io
from collections.abc import Sequence

from matplotlib.figure import Figure

from tfnews.records import Contender, Ranking
from tfnews.report.figures import DOTS_PER_INCH, FAKE_COLOUR, GREY, REAL_COLOUR

# Contender's cost -> name of its front, and of its axis.
_PANELS = {
    "ms_per_text": ("latency", "milliseconds a text (logarithmic)"),
    "megabytes": ("size", "megabytes (logarithmic)"),
}
_LABEL_GAP = 0.055  # of the height of a panel, between two labels


def draw(found: Ranking) -> Figure:
    """Draw the models that have an F1 on the shown part, one panel a cost.

    Args:
        found: What was found.
    """
    figure = Figure(figsize=(10.4, 4.8), layout="constrained")
    panels = figure.subplots(1, len(_PANELS), sharey=True)
    for axes, (cost, (front, name)) in zip(panels, _PANELS.items(), strict=True):
        known = [one for one in found.contenders if _point(one, cost, found.shown_on)]
        _panel(axes, known, cost, front, found)
        axes.set_xlabel(name)
    panels[0].set_ylabel(f"F1 on {found.shown_on}")
    return figure


def png(found: Ranking) -> bytes:
    """Return the figure as a PNG file."""
    file = io.BytesIO()
    draw(found).savefig(file, format="png", dpi=DOTS_PER_INCH)
    return file.getvalue()


def _point(one: Contender, cost: str, part: str) -> tuple[float, float] | None:
    x, y = getattr(one, cost), one.score(part)
    return (x, y) if x and y is not None else None


def _panel(axes, known: Sequence[Contender], cost: str, front: str, found: Ranking) -> None:
    axes.set_title(f"Best for its {front}: {_names(known, front) or 'not measured'}", fontsize=10)
    if not known:
        axes.set_xticks([])
        return
    axes.set_xscale("log")
    points = {one.name: _point(one, cost, found.shown_on) for one in known}
    best = sorted(points[one.name] for one in known if front in one.fronts)
    axes.plot(*zip(*best, strict=True), color=GREY, ls="--", lw=1.2, zorder=1)
    for one in known:
        x, y = points[one.name]
        colour = FAKE_COLOUR if found.ship in one.runs else REAL_COLOUR
        bounds = one.parts[found.shown_on].intervals.get("f1")
        if bounds:
            axes.plot([x, x], bounds, color=colour, lw=1.4, alpha=0.5, zorder=2)
        axes.plot(x, y, "o" if front in one.fronts else "s", color=colour, ms=8, zorder=3)
    _widen(axes, [x for x, _ in points.values()])
    _label(axes, points, found)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.grid(alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _names(known: Sequence[Contender], front: str) -> str:
    names = [one.name for one in known if front in one.fronts]
    return ", ".join(names[:3]) + (" and more" if len(names) > 3 else "")


def _widen(axes, xs: Sequence[float]) -> None:
    """Leave room for names on the right."""
    low, high = min(xs), max(xs)
    span = max(high / low, 4)
    axes.set_xlim(low / span**0.12, high * span**0.45)


def _label(axes, points: dict[str, tuple[float, float]], found: Ranking) -> None:
    """Write names beside their points, those that would meet above each other."""
    low, high = axes.get_ylim()
    gap, last = _LABEL_GAP * (high - low), None
    for name, (x, y) in sorted(points.items(), key=lambda pair: pair[1][1]):
        place = y if last is None else max(y, last + gap)
        last = place
        text = f"{name} (ship)" if found.shipped.name == name else name
        axes.annotate(
            text,
            (x, y),
            xytext=(x * 1.08, place),
            fontsize=9,
            va="center",
            zorder=4,
            arrowprops={"arrowstyle": "-", "color": GREY, "lw": 0.6} if place != y else None,
        )
