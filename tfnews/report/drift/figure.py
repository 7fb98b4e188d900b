"""What has moved, as one figure a measure: the two sides, and where they lie furthest apart."""

import io
import textwrap

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tfnews.records.drift import Drift, Shift
from tfnews.report.drift import wording
from tfnews.report.figures import DOTS_PER_INCH, FAKE_COLOUR, GREY, REAL_COLOUR
from tfnews.statistics.shifts import STEPS

_TITLE_WIDTH = 52  # characters
_AXES = {
    "score": "score",
    "length": "{unit} in a text (logarithmic)",
    "unknown": "share of unknown words",
}


def pngs(found: Drift) -> dict[str, bytes]:
    """Return a PNG file of each measure that was compared, by its name."""
    return {one.measure: _png(draw(one, found)) for one in found.shifts if one.p is not None}


def draw(one: Shift, found: Drift) -> Figure:
    """Draw both sides of a measure that was compared."""
    figure = Figure(figsize=(5.4, 4.0), layout="constrained")
    axes = figure.subplots()
    said = f"{wording.NAMES[one.measure].capitalize()}: {wording.outcome(one)}, moved by "
    said += f"{one.distance:.2f} (limit\u00a0{one.limit:g})"
    axes.set_title(textwrap.fill(said, _TITLE_WIDTH), fontsize=11)
    (_bars if one.measure == "refused" else _curves)(axes, one, found)
    axes.grid(alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DOTS_PER_INCH)
    return file.getvalue()


def _curves(axes, one: Shift, found: Drift) -> None:
    """Draw which share of the texts lies at or below each value."""
    shift = 1 if one.measure == "length" else 0  # a logarithm has no 0
    sides = ((one.then, "then", REAL_COLOUR, "--"), (one.now, "now", FAKE_COLOUR, "-"))
    for side, name, colour, dashes in sides:
        values = np.maximum(side.quantiles, shift)
        axes.plot(values, STEPS, color=colour, ls=dashes, lw=2.2, label=name)
    shares = [np.interp(one.at, side.quantiles, STEPS) for side, *_ in sides]
    axes.plot(
        [max(one.at, shift)] * 2, shares, color=GREY, lw=1.4, marker="_", label="furthest apart"
    )
    if one.measure == "length":
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel(_AXES[one.measure].format(unit=found.unit))
    axes.set_ylabel("texts at or below (%)")
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol=""))
    axes.set_ylim(-0.02, 1.02)
    axes.legend(frameon=False)


def _bars(axes, one: Shift, found: Drift) -> None:
    shares = [one.then.mean, one.now.mean]
    axes.bar(["then", "now"], shares, width=0.5, color=[REAL_COLOUR, FAKE_COLOUR])
    axes.axhline(one.then.mean + one.limit, color=GREY, ls="--", label="limit")
    for place, share in enumerate(shares):
        axes.annotate(f"{100 * share:.1f}", (place, share), ha="center", va="bottom")
    axes.set_ylabel("texts without a number (%)")
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol=""))
    axes.set_ylim(0, max(1.15 * max(shares), one.then.mean + 2 * one.limit))
    axes.legend(frameon=False)
