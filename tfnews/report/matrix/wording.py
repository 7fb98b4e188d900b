"""What a matrix says, in sentences and cells: page, Markdown and terminal say the same."""

from collections.abc import Sequence

from tfnews.data.splits import UNSTATED
from tfnews.records.matrix import Cell, Matrix, ScoredSet
from tfnews.report import wording
from tfnews.statistics.metrics import METRICS

SHOWN = "macro_recall"  # 0.5 for one answer to all texts, whatever the shares of the classes
HOW_TO_READ = (
    "A row is a model, trained on the set that it is named after; a column is a set's texts, the "
    "same for all models. The figure is the mean of both classes' recall, with its 95 % interval: "
    "0.5 is what one answer for all texts finds, or drawing lots; 1 is without fault. On the "
    "diagonal a model reads its own set's test texts, which it has not learnt from. Where a figure "
    "is not shown to be above 0.5, it is marked: not shown."
)
NOT_SHOWN = "not shown"
CAUTION = (
    "A score tells how much a text resembles those labelled fake in the set that a model was "
    "trained on. A low figure away from home is the rule: expect it of texts of your own too."
)
_COLUMNS = ("accuracy", "f1", "fpr", "fnr", "roc_auc")
_WHOSE = {"test": "its test texts", "all": "all its texts"}


def title(made: Matrix) -> str:
    """Return the heading."""
    return f"What {made.arch} learns on one data set, tested on others"


def subtitle(made: Matrix) -> str:
    """Say what was trained, and where else it was tested."""
    others = [one.name for one in made.sets if one.name not in made.runs]
    said = f"Architecture {made.arch}, trained on {_joined(made.runs)}"
    return f"{said}; tested on {_joined(others)} besides." if others else f"{said}."


def summary(made: Matrix) -> str:
    """Say how the models do away from home, all pairs together."""
    away = [cell for cell in made.cells if not cell.at_home]
    better = sum(is_better(cell) for cell in away)
    home = [made.home(name) for name in made.runs]
    return (
        f"Of {len(away):,} pairs of different sets, {better:,} {'is' if better == 1 else 'are'} "
        "shown to be better, by its 95 % interval, than always giving the commoner class. The mean "
        "of both classes' "
        f"recall is {_mean(home):.2f} on the models' own test texts and {_mean(away):.2f} on other "
        "sets, on average."
    )


def falls(made: Matrix) -> list[str]:
    """Say how each model's accuracy moves from its own set to each other one."""
    return [_falls(made.home(name), made.away(name)) for name in made.runs]


def is_better(cell: Cell) -> bool:
    """Tell whether a model is shown to be better than one answer for all texts."""
    return wording.no_better(cell.judged) is None


def notes(made: Matrix) -> list[str]:
    """Say what was tested and left out, and what to know before believing it."""
    found = [_tested(one) for one in made.sets]
    few = [one.name for one in made.sets if one.rows < wording.FEW_ROWS]
    if few:
        found.append(
            f"Fewer than {wording.FEW_ROWS} texts of each of these are tested on: "
            f"{', '.join(few)}. Read their intervals, not the scores."
        )
    return [*found, *_meanings(made.sets), CAUTION]


def heat(made: Matrix) -> list[tuple[str, list[Cell]]]:
    """Return the rows: the name of a model's set, and its cells in the order of the columns."""
    return [(name, [made.cell(name, one.name) for one in made.sets]) for name in made.runs]


def figure(cell: Cell) -> tuple[str, str]:
    """Return what stands in a cell of the heat map: the figure, and its interval or ""."""
    bounds = cell.intervals.get(SHOWN)
    between = "" if bounds is None else f"{bounds[0]:.2f}–{bounds[1]:.2f}"
    return f"{cell.scores[SHOWN]:.2f}", between


def column_head(tested: ScoredSet) -> tuple[str, str]:
    """Return what stands above a column: the set's name, and how many texts."""
    return tested.name, f"{tested.rows:,} texts"


def table_head() -> list[str]:
    """Return the head of the table of scores."""
    shorts = [METRICS[name].short.format(real="real", fake="fake") for name in _COLUMNS]
    return ["trained on", "tested on", "texts", "always", *shorts]


def table_rows(made: Matrix) -> list[list[tuple[str, str]]]:
    """Return each pair's scores as (text, small print)."""
    return [
        [
            (cell.trained_on, ""),
            (cell.tested_on, ""),
            (f"{cell.judged.rows:,}", ""),
            (wording.number(cell.scores["always"]["accuracy"]), cell.scores["always"]["class"]),
            *(
                (wording.number(cell.scores[name]), wording.interval(cell.intervals.get(name)))
                for name in _COLUMNS
            ),
        ]
        for cell in made.cells
    ]


def how_made(made: Matrix) -> list[tuple[str, str]]:
    """Return what is needed to make the matrix again, as (name, value) pairs."""
    facts = [("command", made.command), ("architecture", made.arch)]
    facts.append(("settings", ", ".join(f"{name} {value}" for name, value in made.recipe.items())))
    facts += [(f"run trained on {name}", run) for name, run in made.runs.items()]
    for one in made.sets:
        facts += [(f"digest of {one.name}'s {part}", value) for part, value in one.digests.items()]
    return [(name, value) for name, value in facts if value]


def _falls(home: Cell, away: Sequence[Cell]) -> str:
    said = [f"accuracy {home.scores['accuracy']:.2f} on its own test texts ({_always(home)})"]
    said += [
        f"{_moved(home, cell)} on {cell.tested_on} ({_between(cell)}{_always(cell)})"
        for cell in away
    ]
    return f"Trained on {home.trained_on}: {'; '.join(said)}."


def _moved(home: Cell, away: Cell) -> str:
    before, after = (round(cell.scores["accuracy"], 2) for cell in (home, away))
    if before == after:
        return f"stays at {after:.2f}"
    return f"{'rises' if after > before else 'falls'} to {after:.2f}"


def _between(cell: Cell) -> str:
    bounds = cell.intervals.get("accuracy")
    return "" if bounds is None else f"95 % interval {bounds[0]:.2f} to {bounds[1]:.2f}, "


def _always(cell: Cell) -> str:
    always = cell.scores["always"]
    said = f"always giving {always['class']}: {always['accuracy']:.2f}"
    return said if is_better(cell) else f"{said}, {NOT_SHOWN} to be better"


def _tested(one: ScoredSet) -> str:
    return (
        f"{one.name}: {_WHOSE[one.part]} are tested on, {one.rows:,}. Left out for all models, as "
        f"some model has learnt from them: copies {one.copies:,}, near-copies {one.near_copies:,}."
    )


def _meanings(sets: Sequence[ScoredSet]) -> list[str]:
    """Warn of labels that do not mean the same; a basis not stated is not known to differ."""
    stated = {one.label_basis for one in sets} - {UNSTATED}
    if len({one.class_names for one in sets}) == 1 and len(stated) < 2:
        return []
    told = "; ".join(
        f"{one.name}: {'/'.join(one.class_names)} (basis: {wording.label_basis(one.label_basis)})"
        for one in sets
    )
    return [
        f"Labels do not mean the same in all sets, so that part of a fall is a change of the "
        f"question. {told}."
    ]


def _mean(cells: Sequence[Cell]) -> float:
    return sum(cell.scores[SHOWN] for cell in cells) / len(cells)


def _joined(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
