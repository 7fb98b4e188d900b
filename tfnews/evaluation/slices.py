"""Where a model errs more: its test texts by length, by time, by any column of the splits.

Values are named only of columns that say what a text is about or what kind it is. Others may hold
outlets or persons, of whom a table of error rates would be a ranking: of these, only how far the
rates lie apart is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tfnews.audit.columns import OWN, dates, hosts, kind_of, numbers
from tfnews.data.columns import find
from tfnews.data.splits import Splits
from tfnews.data.text import listed, shown
from tfnews.errors import UsageError
from tfnews.records.slices import Rate, Slice, SlicedBy, Slices, Spread, Worst
from tfnews.statistics.rates import chance_of_more, effective, wilson
from tfnews.statistics.sample import flagged

FEWEST = 20  # texts in a slice, and texts that a compared rate rests on
LENGTH = "length"
# Columns whose values are named: what a text is about or what kind it is, never who made it.
NAMED = frozenset(
    ("subject", "topic", "category", "genre", "section", "type", "language", "lang", "split")
)
_BINS = 4
_LEVEL = 0.05  # at most this often is a worst slice shown to be worse where there is none
_CLASSES = {"fpr": 0, "fnr": 1}  # rate -> label of the texts that it counts errors of
_NOTHING = "no value"


@dataclass(frozen=True)
class _Cut:
    """Each row's slice `(rows,)`, the slices' names, and how many of them are no joined rest."""

    codes: np.ndarray
    names: list[str]
    own: int


@dataclass(frozen=True)
class _Texts:
    """The test texts: errors bool `(rows,)`, labels and clusters `(rows,)`."""

    wrong: np.ndarray
    labels: np.ndarray
    clusters: np.ndarray

    def rate(self, rows: np.ndarray, name: str) -> tuple[Rate, float]:
        """Return a rate over some rows, bool `(rows,)`, and the independent texts behind it."""
        rows = rows & (self.labels == _CLASSES[name])
        wrong, of = int(self.wrong[rows].sum()), int(rows.sum())
        if not of:
            return Rate(0, 0), 0.0
        texts = effective(self.clusters[rows])
        return Rate(wrong, of, wrong / of, wilson(wrong / of, texts)), texts


@dataclass(frozen=True)
class _Compared:
    """A slice's rate beside that of the other texts."""

    worst: Worst
    texts: float
    others: float

    def judged(self, comparisons: int) -> Worst:
        """Say whether it is higher, with allowance for all comparisons (Bonferroni)."""
        here, others = (self.worst.rate.rate, self.texts), (self.worst.others.rate, self.others)
        return replace(self.worst, shown=comparisons * chance_of_more(here, others) < _LEVEL)


def chosen(splits: Splits, asked: Sequence[str] = ()) -> list[str]:
    """Return the columns to slice by: those asked for, and the one that `prepare` took time from.

    Raises:
        UsageError: There is no such column, or it is the text or the label.
    """
    frame = splits.frame("test")
    known = [name for name in frame.columns if name not in OWN]
    time = splits.manifest.get("time_column")
    found = [find(time, known)] if time else []
    for name in asked:
        column = find(name, known)
        if column is None:
            raise UsageError(
                f"The test split of {splits.path} cannot be sliced by {shown(name, 60)!r}. "
                f"Columns to choose from: {listed(known) or 'none'}. Length is always looked at."
            )
        found.append(column)
    return list(dict.fromkeys(column for column in found if column))


def slices(
    frame: pd.DataFrame, scored: np.ndarray, threshold: float, columns: Sequence[str] = ()
) -> Slices:
    """Slice test texts by length and by columns, and compare each slice with the other texts.

    Args:
        frame: As `Splits.frame` returns it.
        scored: Fake probabilities of its rows, `(rows,)`.
        threshold: A row is called fake at this probability or above, in [0, 1].
        columns: Of the frame, from `chosen`.
    """
    labels = frame["label"].to_numpy()
    wrong = flagged(scored, threshold) != (labels == 1)
    texts = _Texts(wrong, labels, frame["cluster"].to_numpy())
    by, compared = [], []
    for column in (LENGTH, *columns):
        found, pairs = _sliced(texts, frame, column)
        by.append(found)
        compared += pairs
    worst = {}
    for name in _CLASSES:
        of_kind = [pair for rate, pair in compared if rate == name]
        if of_kind:
            highest = max(of_kind, key=lambda pair: pair.worst.rate.rate)
            if highest.worst.rate.wrong:
                worst[name] = highest.judged(len(compared))
    return Slices(fewest=FEWEST, compared=len(compared), by=tuple(by), worst=worst)


def _sliced(
    texts: _Texts, frame: pd.DataFrame, column: str
) -> tuple[SlicedBy, list[tuple[str, _Compared]]]:
    """Slice by one column; return also each comparison, by the name of its rate."""
    kind, cut = _cut(frame, column)
    named = kind in (LENGTH, "date", "number") or column.lower() in NAMED
    about = SlicedBy(column=column, kind=kind, named=named)
    if len(cut.names) < 2:
        return replace(about, unsliced=f"no two parts have {FEWEST} texts each"), []
    found, pairs = [], []
    for code, name in enumerate(cut.names):
        rows = cut.codes == code
        rates = {rate: texts.rate(rows, rate) for rate in _CLASSES}
        both = {rate: told for rate, (told, _) in rates.items()}
        found.append(Slice(name=name, rows=int(rows.sum()), **both))
        if code >= cut.own:
            continue
        about_it = {"column": column, "kind": kind, "values": cut.own, "rows": int(rows.sum())}
        for rate, (told, here) in rates.items():
            others, there = texts.rate(~rows, rate)
            if min(told.of, others.of) >= FEWEST:
                known = name if named else None
                worst = Worst(**about_it, name=known, rate=told, others=others, shown=False)
                pairs.append((rate, _Compared(worst, here, there)))
    kept = tuple(found) if named else ()
    return replace(about, values=cut.own, slices=kept, spreads=_spreads(pairs)), pairs


def _spreads(pairs: Sequence[tuple[str, _Compared]]) -> dict[str, Spread]:
    spreads = {}
    for name in _CLASSES:
        rates = [pair.worst.rate.rate for rate, pair in pairs if rate == name]
        if len(rates) > 1:
            spreads[name] = Spread(len(rates), min(rates), max(rates))
    return spreads


def _cut(frame: pd.DataFrame, column: str) -> tuple[str, _Cut]:
    """Return how a column is read, and how its cells are cut into slices."""
    if column == LENGTH:
        words = frame["combined_text"].str.split().str.len()
        return LENGTH, _binned(words, "{:,.0f}")
    cells = frame[column]
    kind = kind_of(cells[cells.str.strip() != ""])
    if kind == "date":
        return kind, _binned(dates(cells).dt.tz_localize(None), "{:%Y-%m-%d}")
    if kind == "number":
        return kind, _binned(numbers(cells), "{:g}")
    return kind, _valued(hosts(cells) if kind == "site" else cells.str.strip())


def _binned(values: pd.Series, pattern: str) -> _Cut:
    """Cut values into quarters of the rows, fewer where there are few rows."""
    filled = values.dropna()
    bins = min(_BINS, len(filled) // FEWEST)
    if bins < 2:
        return _Cut(np.zeros(len(values), int), ["all"], 1)
    edges = filled.sort_values().iloc[[len(filled) * at // bins - 1 for at in range(1, bins)]]
    raw = np.searchsorted(edges.drop_duplicates().to_numpy(), values.to_numpy(), side="left")
    codes, order = pd.factorize(np.where(values.isna(), len(values), raw), sort=True)
    names = []
    for code in range(len(order)):
        of_bin = values[codes == code].dropna()
        ends = (pattern.format(end) for end in (of_bin.min(), of_bin.max()))
        names.append(" to ".join(ends) if len(of_bin) else _NOTHING)
    return _Cut(codes, names, len(names))


def _valued(values: pd.Series) -> _Cut:
    """Give each value with enough texts a slice of its own; the others are joined."""
    counts = values.value_counts()
    own = sorted(counts.index[counts >= FEWEST])
    codes = values.map({value: code for code, value in enumerate(own)}).fillna(len(own))
    names = [shown(value, 40) or _NOTHING for value in own]
    if rest := len(counts) - len(own):
        names.append(f"rest: {rest:,} values of fewer than {FEWEST} texts")
    return _Cut(codes.to_numpy(int), names, len(own))
