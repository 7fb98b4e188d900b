"""Figures of one run: the numbers first, the drawing second.

Colours are two of Okabe and Ito's palette, told apart by readers of every colour vision; lines
also differ in dashes. Titles say in words what is seen. No figure touches pyplot's global state.
"""

import os
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from tfnews.files import replacing
from tfnews.records import Calibration, Reliability
from tfnews.statistics import metrics
from tfnews.statistics.abstention import risk_by_coverage
from tfnews.statistics.calibration import undone
from tfnews.statistics.sample import flagged

REAL_COLOUR, FAKE_COLOUR, GREY = "#0072B2", "#D55E00", "#767676"
DOTS_PER_INCH = 150
HISTOGRAM_BINS = 20
_WIDTH, _HEIGHT = 5.4, 4.2  # inches
_TITLE_WIDTH = 52  # characters


def draw_all(
    confusions: dict[str, list[list[int]]],
    labels: np.ndarray,
    probabilities: np.ndarray,
    history: Sequence[dict] = (),
    class_names: Sequence[str] = ("real", "fake"),
    threshold: float = 0.5,
    reliability: Reliability | None = None,
) -> dict[str, Figure]:
    """Draw every figure the numbers allow.

    Args:
        confusions: `{part: [[tn, fp], [fn, tp]]}`, as `metrics.scores` gives them, train first.
        labels: `(rows,)` of the test part, each 0 or 1.
        probabilities: `(rows,)` of the test part, in [0, 1].
        history: One dict an epoch, as history.jsonl holds them; empty for a model without epochs.
        class_names: Names of class 0 and class 1.
        threshold: A row is called fake at this probability or above.
        reliability: What calibration changes on the test part; `None` where it was not measured.

    Returns:
        `{name: figure}`. ROC and precision-recall curves need both classes, the curves by epoch a
        history; what cannot be drawn is left out.
    """
    # A pair of dollar signs would start a formula.
    class_names = [name.replace("$", r"\$") for name in class_names]
    drawn = {"confusion": confusion(confusions, class_names)}
    if len(np.unique(labels)) == 2:
        drawn["roc"] = roc(roc_numbers(labels, probabilities, threshold), class_names)
        numbers = precision_recall_numbers(labels, probabilities, threshold)
        drawn["precision_recall"] = precision_recall(numbers, class_names)
    known, band = (reliability.calibration, reliability.band) if reliability else (None, None)
    before = None
    if known is not None and known != Calibration():
        before = metrics.reliability(labels, undone(known, probabilities))
    numbers = metrics.reliability(labels, probabilities)
    drawn["calibration"] = calibration(numbers, class_names, before)
    drawn["risk_coverage"] = risk_coverage(
        risk_by_coverage(labels, probabilities, threshold),
        (1 - reliability.unsure, reliability.wrong) if band else None,
    )
    numbers = histogram_numbers(labels, probabilities, threshold)
    drawn["histogram"] = histogram(numbers, class_names)
    if history:
        drawn |= {name: by_epoch(history, name) for name in ("loss", "accuracy")}
    return drawn


def save_all(figures: dict[str, Figure], folder: str | os.PathLike) -> dict[str, Path]:
    """Write each figure as folder/NAME.png, each beside and then renamed; return the paths."""
    paths = {name: Path(folder) / f"{name}.png" for name in figures}
    for name, figure in figures.items():
        with replacing(paths[name], "wb") as file:
            figure.savefig(file, format="png", dpi=DOTS_PER_INCH)
    return paths


def confusion(matrices: dict[str, list[list[int]]], class_names: Sequence[str]) -> Figure:
    """Draw confusion matrices side by side, shaded by the share of each true class.

    Args:
        matrices: `{part: [[tn, fp], [fn, tp]]}`, counts of rows.
        class_names: Names of class 0 and class 1.
    """
    figure = Figure(figsize=(max(2.9 * len(matrices), _WIDTH), 3.6), layout="constrained")
    panels = figure.subplots(1, len(matrices), squeeze=False)[0]
    for axes, (part, matrix) in zip(panels, matrices.items(), strict=True):
        _confusion_panel(axes, np.asarray(matrix), class_names)
        wrong, rows = matrix[0][1] + matrix[1][0], np.sum(matrix)
        axes.set_title(f"{part.capitalize()}: {wrong:,} of {rows:,} wrong", fontsize=11)
    return figure


def roc_numbers(labels: np.ndarray, probabilities: np.ndarray, threshold: float) -> dict:
    """Return the ROC curve: `fpr` and `tpr` `(points,)`, `auc`, `at` (fpr, tpr) at the threshold.

    Args:
        labels: `(rows,)`, both classes present.
        probabilities: `(rows,)`, in [0, 1].
        threshold: Where the model calls a text fake.
    """
    fpr, tpr, _ = roc_curve(labels, probabilities)
    called = flagged(probabilities, threshold)
    at = (float(called[labels == 0].mean()), float(called[labels == 1].mean()))
    return {"fpr": fpr, "tpr": tpr, "auc": float(roc_auc_score(labels, probabilities)), "at": at}


def _nearly(percent: float) -> str:
    """Round to a tenth, and not to 100 what is less."""
    return "more than 99.9" if 99.95 <= percent < 100 else f"{percent:.1f}"


def roc(numbers: dict, class_names: Sequence[str]) -> Figure:
    """Draw the ROC curve from `roc_numbers`."""
    real, fake = class_names
    figure, axes = _square(
        f"A random {fake} text scores above a random {real} one in "
        f"{_nearly(100 * numbers['auc'])} % of pairs (area under the ROC curve)"
    )
    axes.plot(numbers["fpr"], numbers["tpr"], color=FAKE_COLOUR, lw=2.2, label="this model")
    axes.plot([0, 1], [0, 1], color=GREY, ls="--", label="guessing")
    axes.plot(*numbers["at"], "o", color="black", ms=7, label="at the threshold")
    axes.set_xlabel(f"{real} texts called {fake} (%)")
    axes.set_ylabel(f"{fake} texts called {fake} (%)")
    _legend(figure)
    return figure


def precision_recall_numbers(
    labels: np.ndarray, probabilities: np.ndarray, threshold: float
) -> dict:
    """Return `precision` and `recall` `(points,)`, `average_precision`, `at`, `share` of class 1.

    Args:
        labels: `(rows,)`, both classes present.
        probabilities: `(rows,)`, in [0, 1].
        threshold: Where the model calls a text fake; `at` is None when it calls none.
    """
    precision, recall, _ = precision_recall_curve(labels, probabilities)
    called = flagged(probabilities, threshold)
    found = called[labels == 1]
    at = (float(found.mean()), float(found.sum() / called.sum())) if called.any() else None
    return {
        "precision": precision,
        "recall": recall,
        "average_precision": float(average_precision_score(labels, probabilities)),
        "at": at,
        "share": float(np.mean(labels)),
    }


def precision_recall(numbers: dict, class_names: Sequence[str]) -> Figure:
    """Draw the precision-recall curve from `precision_recall_numbers`."""
    fake, at = class_names[1], numbers["at"]
    seen = "No text is flagged"
    if at:
        found, right = (100 * share for share in at)
        seen = f"{right:.1f} % of flags are right and {found:.1f} % of {fake} texts are found"
    average = f"(average precision {numbers['average_precision']:.3f})"
    figure, axes = _square(f"{seen} {average}")
    axes.plot(
        numbers["recall"], numbers["precision"], color=FAKE_COLOUR, lw=2.2, label="this model"
    )
    axes.axhline(numbers["share"], color=GREY, ls="--", label="flagging at random")
    if at:
        axes.plot(*at, "o", color="black", ms=7, label="at the threshold")
    axes.set_xlabel(f"{fake} texts found: recall (%)")
    axes.set_ylabel("flags that are right: precision (%)")
    _legend(figure)
    return figure


def calibration(
    numbers: dict[str, np.ndarray],
    class_names: Sequence[str],
    before: dict[str, np.ndarray] | None = None,
) -> Figure:
    """Draw the reliability diagram, with the texts in each bin.

    Args:
        numbers: What `metrics.reliability` returned, each `(bins,)`.
        class_names: Names of class 0 and class 1.
        before: The same of the scores without calibration; `None` where there is none.
    """
    count, fake = numbers["count"], class_names[1]
    error, was = _mean_gap(numbers), f" ({100 * _mean_gap(before):.1f} before)" if before else ""
    figure = Figure(figsize=(_WIDTH, 5.4), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    _title(
        upper,
        f"A score is {100 * error:.1f} points{was} away from the share that is {fake}, "
        "on average (expected calibration error)",
    )
    upper.plot(
        [0, 1], [0, 1], color=GREY, ls="--", label="a score of 70 % is right 70 % of the time"
    )
    if before:
        _shares(upper, before, "s:", color=REAL_COLOUR, label="before calibration")
    _shares(upper, numbers, "o-", color=FAKE_COLOUR, label="this model")
    upper.set_ylabel(f"texts that are {fake} (%)")
    _percent(upper.yaxis)
    upper.set_ylim(-0.02, 1.02)
    _bars(lower, count, [(count, REAL_COLOUR, None)])
    lower.set_ylabel("texts")
    _score_axis(lower, fake)
    _grid(upper)
    _legend(figure)
    return figure


def _mean_gap(numbers: dict[str, np.ndarray]) -> float:
    gaps = np.abs(numbers["mean_probability"] - numbers["fake_share"])
    return np.nansum(gaps * numbers["count"]) / numbers["count"].sum()


def _shares(axes, numbers: dict[str, np.ndarray], style: str, **look: str) -> None:
    """Draw a reliability curve through the bins that hold texts."""
    filled = numbers["count"] > 0
    axes.plot(numbers["mean_probability"][filled], numbers["fake_share"][filled], style, **look)


def risk_coverage(
    numbers: tuple[np.ndarray, np.ndarray], at: tuple[float, float | None] | None = None
) -> Figure:
    """Draw which share is wrong if only the surest texts are called.

    Args:
        numbers: What `abstention.risk_by_coverage` returned, two `(points,)`.
        at: What the model's band does: the share that is called, and that of errors among them;
            `None` where it has no band.
    """
    called, wrong = numbers
    figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
    axes = figure.subplots()
    half = wrong[np.searchsorted(called, 0.5)]
    _title(
        axes,
        f"{100 * wrong[-1]:.1f} % of all texts are called by the wrong name, "
        f"{100 * half:.1f} % of the surest half",
    )
    axes.plot(called, wrong, color=FAKE_COLOUR, lw=2.2, drawstyle="steps-post", label="this model")
    axes.axhline(wrong[-1], color=GREY, ls="--", label="sure and unsure alike")
    if at and at[1] is not None:
        axes.plot(*at, "o", color="black", ms=7, clip_on=False, zorder=5, label="outside the band")
    axes.set_xlabel("texts that are called, the surest first (%)")
    axes.set_ylabel("of these, called by the wrong name (%)")
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(bottom=0)
    _percent(axes.xaxis)
    _percent(axes.yaxis)
    _grid(axes)
    _legend(figure)
    return figure


def histogram_numbers(labels: np.ndarray, probabilities: np.ndarray, threshold: float) -> dict:
    """Return `real` and `fake` counts by score `(20,)`, `threshold`, and `right`, the shares right.

    Args:
        labels: `(rows,)`, each 0 or 1.
        probabilities: `(rows,)`, in [0, 1].
        threshold: Where the model calls a text fake.
    """
    edges = np.linspace(0, 1, HISTOGRAM_BINS + 1)
    sides = (probabilities[labels == 0], probabilities[labels == 1])
    real, fake = (np.histogram(side, edges)[0] for side in sides)
    right = tuple(
        float(np.mean(flagged(side, threshold) == called)) if len(side) else None
        for called, side in enumerate(sides)
    )
    return {"real": real, "fake": fake, "threshold": threshold, "right": right}


def histogram(numbers: dict, class_names: Sequence[str]) -> Figure:
    """Draw how many texts of each class got which score, from `histogram_numbers`."""
    figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
    axes = figure.subplots()
    sides = zip(class_names, numbers["right"], ("below", "at or above"), strict=True)
    said = [
        f"{100 * right:.1f} % of {name} texts {where}"
        for name, right, where in sides
        if right is not None
    ]
    _title(axes, f"{', '.join(said)} the threshold of {numbers['threshold']:.2f}")
    bars = zip(
        (numbers["real"], numbers["fake"]), (REAL_COLOUR, FAKE_COLOUR), class_names, strict=True
    )
    _bars(axes, numbers["real"] + numbers["fake"], list(bars))
    axes.axvline(numbers["threshold"], color="black", ls="--", lw=1.2, label="threshold")
    axes.set_ylabel("texts")
    _score_axis(axes, class_names[1])
    _legend(figure)
    return figure


def by_epoch(history: Sequence[dict], name: str) -> Figure:
    """Draw training and validation curves by epoch.

    Args:
        history: One dict an epoch with `epoch`, `name` and `val_name`; missing ones are left out.
        name: "loss" (in nats) or "accuracy" (a share, drawn in percent).
    """
    figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
    axes = figure.subplots()
    styles = (
        (name, "training", REAL_COLOUR, "-"),
        (f"val_{name}", "validation", FAKE_COLOUR, "--"),
    )
    for key, label, colour, dashes in styles:
        known = [(epoch["epoch"], epoch[key]) for epoch in history if epoch.get(key) is not None]
        if known:
            axes.plot(*zip(*known, strict=True), "o", ls=dashes, color=colour, lw=2, label=label)
    _title(axes, _best_epoch(history, name))
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("loss: cross-entropy (nats)" if name == "loss" else f"{name} (%)")
    if name == "accuracy":
        _percent(axes.yaxis)
    if axes.lines:
        _legend(figure)
    _grid(axes)
    return figure


def _best_epoch(history: Sequence[dict], name: str) -> str:
    key, best = f"val_{name}", min if name == "loss" else max
    known = [epoch for epoch in history if epoch.get(key) is not None]
    if not known:
        return f"Training {name} by epoch"
    number = best(known, key=lambda epoch: epoch[key])["epoch"]
    return f"Validation {name} was {'lowest' if name == 'loss' else 'highest'} at epoch {number}"


def _confusion_panel(axes, matrix: np.ndarray, class_names: Sequence[str]) -> None:
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(matrix):
        share = shares[row, column]
        colour = "white" if share > 0.5 else "black"
        said = f"{count:,}\n{100 * share:.2f} %"
        axes.text(column, row, said, ha="center", va="center", color=colour, fontsize=12)
    axes.set_xticks([0, 1], [f"called\n{name}" for name in class_names], fontsize=11)
    axes.set_yticks(
        [0, 1], [f"labelled\n{name}" for name in class_names], rotation=90, va="center", fontsize=11
    )
    axes.tick_params(length=0)


def _square(title: str) -> tuple[Figure, object]:
    figure = Figure(figsize=(_WIDTH, 5.4), layout="constrained")
    axes = figure.subplots()
    _title(axes, title)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    _percent(axes.xaxis)
    _percent(axes.yaxis)
    _grid(axes)
    return figure, axes


def _bars(axes, total: np.ndarray, sides: list[tuple[np.ndarray, str, str | None]]) -> None:
    """Draw the sides' bars next to each other, on a log scale: most scores lie near 0 or 1."""
    slot = 1 / len(total)
    width = 0.9 * slot / len(sides)
    for side, (counts, colour, label) in enumerate(sides):
        left = np.arange(len(total)) * slot + 0.05 * slot + side * width
        axes.bar(left, counts, width, align="edge", color=colour, label=label)
    axes.set_yscale("log")
    axes.set_ylim(0.7, max(10, 1.5 * total.max()))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    _grid(axes)


def _score_axis(axes, fake: str) -> None:
    axes.set_xlim(-0.01, 1.01)
    axes.set_xlabel(f"score: resembles texts labelled {fake} (%)")
    _percent(axes.xaxis)


def _title(axes, words: str) -> None:
    together = words.replace(" %", "\u00a0%")  # no line begins with a percent sign
    axes.set_title(textwrap.fill(together, _TITLE_WIDTH), fontsize=11)


def _legend(figure: Figure) -> None:
    """Name the lines of the first axes below the figure, where no curve is."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)


def _percent(axis) -> None:
    axis.set_major_formatter(PercentFormatter(xmax=1, symbol="", decimals=None))


def _grid(axes) -> None:
    axes.grid(alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
