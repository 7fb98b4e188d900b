"""F1 against latency and size, with the Pareto front of each."""

import io
import math
import textwrap
from collections.abc import Sequence
from dataclasses import replace

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from tfnews.records import Contender, Ranking
from tfnews.report.figures import DOTS_PER_INCH, FAKE_COLOUR, GREY, REAL_COLOUR
from tfnews.report.ranking.wording import advised

# Front -> the contender's cost, and the name of its axis.
COSTS = {
    "latency": ("ms_per_text", "milliseconds a text (logarithmic)"),
    "size": ("megabytes", "megabytes (logarithmic)"),
}
_TITLE_WIDTH = 52  # characters
_LABEL_GAP = 0.055  # of the height of the figure, between two names
_LABEL_WIDTH = 0.4  # of its width, that a name takes


def draw(found: Ranking, front: str) -> Figure:
    """Draw the models that have an F1 on the shown part against a cost.

    Args:
        found: What was found.
        front: A key of `COSTS`.
    """
    cost, name = COSTS[front]
    figure = Figure(figsize=(5.4, 4.4), layout="constrained")
    axes = figure.subplots()
    known = [_plain(one) for one in found.contenders if _point(one, cost, found.shown_on)]
    _panel(axes, known, cost, front, found)
    axes.set_xlabel(name)
    axes.set_ylabel(f"F1 on {found.shown_on}")
    return figure


def pngs(found: Ranking) -> dict[str, bytes]:
    """Return the figure of each cost as a PNG file, by its key in `COSTS`."""
    return {front: _png(draw(found, front)) for front in COSTS}


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DOTS_PER_INCH)
    return file.getvalue()


def _point(one: Contender, cost: str, part: str) -> tuple[float, float] | None:
    x, y = getattr(one, cost), one.score(part)
    return (x, y) if x and x > 0 and y is not None else None


def _plain(one: Contender) -> Contender:
    """Return a contender whose name is no formula: a pair of dollar signs would start one."""
    return replace(one, name=one.name.replace("$", r"\$"))


def _panel(axes, known: Sequence[Contender], cost: str, front: str, found: Ranking) -> None:
    said = f"Best for their {front}: {_names(known, front)}" if known else f"No {front} is known"
    axes.set_title(textwrap.fill(said, _TITLE_WIDTH), fontsize=11)
    if not known:
        axes.set_xticks([])
        return
    axes.set_xscale("log")
    points = {one.name: _point(one, cost, found.shown_on) for one in known}
    best = sorted(points[one.name] for one in known if front in one.fronts)
    axes.plot(*zip(*best, strict=True), color=GREY, ls="--", lw=1.2, zorder=1)
    for one in known:
        x, y = points[one.name]
        colour = FAKE_COLOUR if advised(found) in one.runs else REAL_COLOUR
        bounds = one.parts[found.shown_on].intervals.get("f1")
        if bounds:
            axes.plot([x, x], bounds, color=colour, lw=1.4, alpha=0.5, zorder=2)
        axes.plot(x, y, "o" if front in one.fronts else "s", color=colour, ms=8, zorder=3)
    _widen(axes, [x for x, _ in points.values()])
    _label(axes, points, found)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
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
    wide = math.log(axes.get_xlim()[1] / axes.get_xlim()[0]) * _LABEL_WIDTH
    gap, placed = _LABEL_GAP * (high - low), []
    for name, (x, y) in sorted(points.items(), key=lambda pair: pair[1][1]):
        near = [at for other, at in placed if abs(math.log(x / other)) < wide]
        place = max([y, *(at + gap for at in near if abs(at - y) < gap or at > y)])
        placed.append((x, place))
        axes.annotate(
            f"{name} (ship)" if advised(found) and _plain(found.shipped).name == name else name,
            (x, place),
            xytext=(9, 0),
            textcoords="offset points",
            fontsize=9,
            va="center",
            zorder=4,
            bbox={"facecolor": "white", "alpha": 0.6, "edgecolor": "none", "pad": 1},
        )
