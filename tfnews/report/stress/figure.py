"""What each attack does, as two figures: F1 after it, and the share of calls that flip."""

import io
import textwrap
from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tfnews.records.stress import Stress
from tfnews.report.figures import DOTS_PER_INCH, FAKE_COLOUR, GREY, REAL_COLOUR
from tfnews.report.stress import wording

_TITLE_WIDTH = 38  # characters


def pngs(found: Stress) -> dict[str, bytes]:
    """Return a PNG file of each figure by its name; none where nothing was measured."""
    if not wording.measured(found):
        return {}
    return {"f1": _png(f1(found)), "flips": _png(flips(found))}


def f1(found: Stress) -> Figure:
    """Draw F1 after each attack, the worst on top, against that of the texts untouched."""
    attacks = sorted(wording.measured(found), key=lambda one: -one.difference)
    worst = attacks[-1]
    said = f"F1 untouched {found.untouched.f1:.2f}, at worst {worst.after.f1:.2f}: {worst.attack}"
    figure, axes = _panel(said, [one.attack for one in attacks])
    axes.axvline(found.untouched.f1, color=GREY, ls="--", label="untouched")
    for place, one in enumerate(attacks):
        colour = FAKE_COLOUR if one.shown else REAL_COLOUR
        axes.plot(one.after.interval or (one.after.f1,) * 2, [place] * 2, color=colour, lw=1.6)
        axes.plot(one.after.f1, place, "o" if one.shown else "s", color=colour, ms=7)
    axes.plot([], [], "o", color=FAKE_COLOUR, label="fall is shown")
    axes.plot([], [], "s", color=REAL_COLOUR, label="no fall is shown")
    axes.set_xlabel(f"F1 on {found.part} texts")
    axes.set_xlim(-0.02, 1.02)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def flips(found: Stress) -> Figure:
    """Draw which share of the texts each attack has called by the other name, the most on top."""
    attacks = sorted(wording.measured(found), key=lambda one: one.flipped.rate)
    most = attacks[-1]
    said = f"{100 * most.flipped.rate:.0f}\u00a0% of calls flip at worst: {most.attack}"
    figure, axes = _panel(said, [one.attack for one in attacks])
    shares = [one.flipped.rate for one in attacks]
    axes.barh(range(len(attacks)), shares, height=0.6, color=REAL_COLOUR)
    for place, one in enumerate(attacks):
        axes.plot(one.flipped.interval, [place] * 2, color="black", lw=1.2, marker="|")
    axes.set_xlabel("texts called by the other name (%)")
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, symbol=""))
    axes.set_xlim(left=0)
    return figure


def _panel(said: str, names: Sequence[str]) -> tuple[Figure, object]:
    figure = Figure(figsize=(5.4, 1.6 + 0.3 * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.set_title(textwrap.fill(said, _TITLE_WIDTH), fontsize=12)
    axes.set_yticks(range(len(names)), names, fontsize=11)
    axes.grid(alpha=0.3, axis="x")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DOTS_PER_INCH)
    return file.getvalue()
