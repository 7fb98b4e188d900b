"""Which part a cluster of rows goes to: stratified, by group, by time, or as files were given."""

import itertools
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tfnews.catalogue import names
from tfnews.data import duplicates
from tfnews.data.columns import find
from tfnews.data.splits import CLASS_NAMES, PARTS
from tfnews.data.text import listed, shown
from tfnews.errors import DataError, UsageError

STRATEGIES = (*names.STRATEGIES, "ready")  # the last: files that are splits already
DEFAULT_RATIOS = (0.70, 0.15, 0.15)
UNASSIGNED = -1

# Columns that tell where a row comes from, by their usual names.
SOURCE_COLUMNS = (
    *("source", "publisher", "site", "domain", "outlet", "website", "author", "speaker"),
    *("subject", "pair_id", "id"),
)
_DATE_COLUMNS = ("date", "published", "publish_date", "published_date", "timestamp")
# A part this much larger or smaller than asked, as a share of all rows, is worth a warning.
_TOLERANCE = 0.05
_IMBALANCE = 0.1
_FEW = 10  # rows of a class in a part, below which its scores say next to nothing
_LISTS_AT_ONCE = 65_536
_MUCH_LOST = 0.5  # of a ready-made part's rows


@dataclass(frozen=True)
class Strategy:
    """How rows are to be split.

    Attributes:
        kind: One of `STRATEGIES`.
        group_columns: For "group": columns none of whose values crosses splits.
        time_column: For "time": column of dates.
        ratios: Shares of train, validation and test, which sum to 1.
        seed: Seed of everything drawn.

    Raises:
        UsageError: The options do not go together.
    """

    kind: str = "random"
    group_columns: tuple[str, ...] = ()
    time_column: str | None = None
    ratios: tuple[float, ...] = DEFAULT_RATIOS
    seed: int = 0

    def __post_init__(self):
        if self.kind not in STRATEGIES:
            raise UsageError(f"No strategy {self.kind!r}. Known: {', '.join(STRATEGIES)}.")
        if bool(self.group_columns) != (self.kind == "group"):
            raise UsageError(
                "The strategy group and --group-column go together. Received the strategy "
                f"{self.kind} and the group columns {list(self.group_columns)}."
            )
        if bool(self.time_column) != (self.kind == "time"):
            raise UsageError(
                "The strategy time and --time-column go together. Received the strategy "
                f"{self.kind} and the time column {self.time_column!r}."
            )
        ratios = self.ratios
        if len(ratios) != len(PARTS) or min(ratios) <= 0 or abs(sum(ratios) - 1) > 1e-6:
            raise UsageError(
                f"Ratios must be three shares above 0 that sum to 1. Received: {ratios}. "
                "For instance: --ratios 70/15/15"
            )


def assign(
    clusters: np.ndarray,
    labels: np.ndarray,
    ratios: Sequence[float],
    seed: int,
    class_names: tuple[str, str] = CLASS_NAMES,
) -> np.ndarray:
    """Give whole clusters to parts so that each class has its share in each part.

    Clusters are taken largest first, otherwise in an order drawn from the seed; each goes where
    it overfills least, then where the largest share is still wanting.

    Args:
        clusters: int `(rows,)` cluster numbers, 0 to n - 1.
        labels: int `(rows,)`, 0 or 1; both must occur.
        ratios: Share of each part; at least one cluster of each class goes to each.
        seed: Seed of the order.
        class_names: What an error calls labels 0 and 1.

    Returns:
        int8 `(rows,)` part numbers.

    Raises:
        DataError: A class has fewer clusters than there are parts.
    """
    counts = np.column_stack(
        [np.bincount(clusters[labels == label], minlength=clusters.max() + 1) for label in (0, 1)]
    )
    _check_enough(counts, len(ratios), class_names)
    order = np.random.default_rng(seed).permutation(len(counts))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    wanted = [_targets(int(total), ratios) for total in counts.sum(axis=0)]
    by_cluster = np.empty(len(counts), np.int8)
    by_cluster[order] = _fill(counts[order], wanted)
    return by_cluster[clusters]


def assign_by_time(
    clusters: np.ndarray, dates: pd.Series, ratios: Sequence[float], seed: int
) -> np.ndarray:
    """Give the oldest clusters to the first part and the newest to the last.

    Args:
        clusters: int `(rows,)` cluster numbers, 0 to n - 1.
        dates: Date of each row; a cluster is as old as its oldest row.
        ratios: Share of each part.
        seed: Orders clusters of the same date, which the order of the files must not.

    Returns:
        int8 `(rows,)` part numbers.
    """
    oldest = dates.groupby(clusters).min().to_numpy()
    sizes = np.bincount(clusters)
    order = np.lexsort([np.random.default_rng(seed).permutation(len(sizes)), oldest])
    middles = np.cumsum(sizes[order]) - sizes[order] / 2
    by_cluster = np.empty(len(sizes), np.int8)
    by_cluster[order] = np.searchsorted(np.cumsum(ratios)[:-1] * len(clusters), middles, "right")
    return by_cluster[clusters]


def _check_enough(counts: np.ndarray, parts: int, class_names: tuple[str, str]) -> None:
    for class_name, clusters in zip(class_names, (counts > 0).sum(axis=0), strict=True):
        if clusters < parts:
            raise DataError(
                f"The class {class_name!r} has too few clusters to be split: {clusters}, for "
                f"{parts} splits. A cluster is rows that must stay together: copies, near-copies "
                "and groups. Add sources, or choose a --group-column with more values."
            )


def _targets(total: int, ratios: Sequence[float]) -> list[int]:
    """Return the rows each part should get; never none."""
    ends = [round(total * share) for share in np.cumsum(ratios)]
    rest = [max(1, end - start) for start, end in itertools.pairwise(ends)]
    return [max(1, total - sum(rest)), *rest]


def _fill(counts: np.ndarray, wanted: list[list[int]]) -> np.ndarray:
    """Choose a part for each cluster, given its rows by label `(clusters, 2)`, in their order."""
    room = [list(targets) for targets in wanted]
    clusters_left = (counts > 0).sum(axis=0).tolist()
    empty = [set(range(len(targets))) for targets in wanted]
    chosen = np.empty(len(counts), np.int8)
    for number, count in enumerate(_as_lists(counts)):
        held = [label for label in (0, 1) if count[label]]
        # The last clusters of a class are kept for the parts that have none of it.
        urgent = [empty[label] for label in held if clusters_left[label] <= len(empty[label])]
        open_parts = set.intersection(*urgent) if urgent else set()
        part = min(
            open_parts or set().union(*urgent) or range(len(room[0])),
            key=lambda part: _cost(count, held, room, wanted, part),
        )
        for label in held:
            room[label][part] -= count[label]
            clusters_left[label] -= 1
            empty[label].discard(part)
        chosen[number] = part
    return chosen


def _as_lists(counts: np.ndarray) -> Iterator[list[int]]:
    """Yield the rows as lists, which loops read faster, without holding all of them."""
    for start in range(0, len(counts), _LISTS_AT_ONCE):
        yield from counts[start : start + _LISTS_AT_ONCE].tolist()


def _cost(count: list[int], held: list[int], room: list, wanted: list, part: int) -> tuple:
    over = sum(max(0, count[label] - max(0, room[label][part])) for label in held)
    wanting = sum(count[label] * room[label][part] / wanted[label][part] for label in held)
    return over, -wanting, part


def assign_rest(
    clusters: np.ndarray,
    labels: np.ndarray,
    parts: np.ndarray,
    strategy: Strategy,
    class_names: tuple[str, str] = CLASS_NAMES,
) -> np.ndarray:
    """Cut validation, or test, from ready-made train rows when no file gave it.

    Args:
        clusters: int `(rows,)` cluster numbers.
        labels: int `(rows,)`, 0 or 1.
        parts: int8 `(rows,)` parts as the files say.
        strategy: Gives the size, in relation to train, and the seed.
        class_names: What an error calls labels 0 and 1.

    Returns:
        int8 `(rows,)` part numbers.
    """
    missing = [number for number in range(1, len(PARTS)) if not (parts == number).any()]
    if not missing:
        return parts
    rows = np.flatnonzero(parts == PARTS.index("train"))
    train, other = strategy.ratios[0], strategy.ratios[missing[0]]
    ratios = (train / (train + other), other / (train + other))
    parts = parts.copy()
    train_clusters = pd.factorize(clusters[rows])[0]
    cut = assign(train_clusters, labels[rows], ratios, strategy.seed, class_names)
    parts[rows] = np.where(cut == 1, missing[0], cut)
    return parts


def leaks(clusters: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Find rows of ready-made parts whose cluster a later part holds too.

    Test rows always stay; validation rows yield to test, train rows to both.

    Returns:
        bool `(rows,)`.
    """
    last = pd.Series(parts).groupby(clusters).transform("max").to_numpy()
    return parts < last


def read_dates(column: pd.Series) -> pd.Series:
    """Parse dates of mixed forms, as UTC; NaT where a cell holds none.

    Dates such as 4/5/2017 are read month first, unless the first number passes 12 in some cell
    and the second in none.
    """
    cells = column.str.strip()
    numbers = cells.str.extract(r"^(\d{1,2})[./-](\d{1,2})[./-]\d").astype(float)
    dates = _parsed(cells)
    if numbers[0].max() > 12 >= numbers[1].max():
        marked = numbers[0].notna()  # dayfirst would turn 2016-01-02 round too
        dates[marked] = _parsed(cells[marked], dayfirst=True)
    return dates


def _parsed(cells: pd.Series, dayfirst: bool = False) -> pd.Series:
    unique = cells.drop_duplicates()
    dates = pd.to_datetime(unique, format="mixed", dayfirst=dayfirst, errors="coerce", utc=True)
    found = cells.map(dict(zip(unique, dates, strict=True)))
    # Where no cell is a date, mapping leaves the time zone out.
    return pd.to_datetime(found, utc=True).astype("datetime64[us, UTC]")


def named_column(columns: Sequence[str], column: str, option: str) -> str:
    """Return the one of some columns that is so called; case is no difference.

    Raises:
        DataError: There is none.
    """
    found = find(column, list(columns))
    if found is None:
        hidden = ("combined_text", "label", "title", "text", "line")
        known = [name for name in columns if name not in hidden]
        raise DataError(
            f"No source has a column {shown(column, 60)!r}. Columns to choose from: "
            f"{listed(known)}. Name one with {option}."
        )
    return found


def merge_groups(
    frame: pd.DataFrame, clusters: np.ndarray, columns: Sequence[str]
) -> tuple[np.ndarray, list[str]]:
    """Join clusters that share a value in any of the columns.

    A row without a value belongs to no group of that column.

    Returns:
        int64 `(rows,)` cluster numbers, and warnings.
    """
    pairs = [duplicates.same_value_pairs(clusters)]
    warnings = []
    for column in columns:
        values = frame[named_column(frame.columns, column, "--group-column")].str.strip()
        pairs.append(duplicates.same_value_pairs(pd.factorize(values.replace("", None))[0]))
        missing = int((values == "").sum())
        if missing:
            warnings.append(
                f"{missing} rows have no {shown(column, 60)!r}; each was split as a group of its "
                "own."
            )
    return duplicates.connect(len(frame), pairs), warnings


def telling(columns: Sequence[str]) -> list[str]:
    """Return those of some columns that `source_warnings` looks at."""
    known = ("label", *SOURCE_COLUMNS, *_DATE_COLUMNS)
    return [name for name in columns if name.lower() in known]


def source_warnings(frame: pd.DataFrame, clusters: np.ndarray) -> list[str]:
    """Warn of columns by which a random split shares sources, pairs or speakers among parts.

    There is one piece of advice, however many the columns are: a set is split one way.

    Args:
        frame: The rows, with their label and the columns that are `telling`.
        clusters: The cluster of each row, (rows,).
    """
    distinct = frame[~pd.Series(clusters).duplicated().to_numpy()]
    columns = [name for name in frame.columns if name.lower() in SOURCE_COLUMNS]
    numbers = {name: distinct[name].nunique() for name in columns if _repeats(distinct[name])}
    if not numbers:
        return []
    listed = " and ".join(f"{shown(name, 40)!r} has {number:,}" for name, number in numbers.items())
    return [
        f"Column {listed} values for {len(distinct):,} distinct texts; a random split puts texts "
        f"of one value into several splits, so scores may reward recognising it. "
        f"{_better(distinct, numbers)}"
    ]


def _repeats(column: pd.Series) -> bool:
    values = column[column.str.strip() != ""]
    return 1 < values.nunique() < len(values)


def _better(frame: pd.DataFrame, numbers: dict[str, int]) -> str:
    """Advise to group by the column that most texts share values of, if both classes have some."""
    enough = [name for name in numbers if _values_per_class(frame, name) >= len(PARTS)]
    if enough:
        best = min(enough, key=numbers.get)
        return f"Better: {_command('group', '--group-column', best)}"
    few = "One class has too few values to split by"
    dates = [name for name in frame.columns if name.lower() in _DATE_COLUMNS]
    if dates:
        return f"{few}. Better: {_command('time', '--time-column', dates[0])}"
    return f"{few}; judge on another set: tfnews evaluate RUN --data OTHER"


def _values_per_class(frame: pd.DataFrame, column: str) -> int:
    """Return how many values the class with fewer has; 0 when one class has none."""
    per_class = frame[frame[column].str.strip() != ""].groupby("label")[column].nunique()
    return per_class.min() if len(per_class) == 2 else 0


def _command(kind: str, option: str, column: str) -> str:
    return f"tfnews data prepare ... --strategy {kind} {option} {shlex.quote(column)}"


def size_warnings(parts: np.ndarray, clusters: np.ndarray, ratios: Sequence[float]) -> list[str]:
    """Warn of parts whose size is far from what was asked, and say why.

    Args:
        parts: The position in `PARTS` of each row's part, (rows,).
        clusters: The cluster of each row, (rows,).
        ratios: The shares asked for, as `PARTS` are ordered.
    """
    divisible = np.bincount(clusters).max() == 1
    reason = (
        "the set is too small for these ratios."
        if divisible
        else "some clusters or groups are too large to be divided better."
    )
    shares = np.bincount(parts, minlength=len(PARTS)) / len(parts)
    return [
        f"{part} holds {share:.0%} of the rows where {ratio:.0%} was asked: {reason}"
        for part, share, ratio in zip(PARTS, shares, ratios, strict=True)
        if abs(share - ratio) > _TOLERANCE
    ]


def few_warnings(parts: np.ndarray, labels: np.ndarray, class_names: tuple[str, str]) -> list[str]:
    """Warn of parts with fewer than 10 rows of a class.

    Args:
        parts: The position in `PARTS` of each row's part, (rows,).
        labels: 1 = fake, (rows,).
        class_names: What the set calls labels 0 and 1.
    """
    said = []
    for number, part in enumerate(PARTS):
        for label, name in enumerate(class_names):
            rows = int(((parts == number) & (labels == label)).sum())
            if rows < _FEW:
                then = "little can be learnt" if part == "train" else "scores are down to chance"
                said.append(
                    f"{part} holds only {rows} {name} rows, so {then}. Add sources, or choose "
                    "other --ratios."
                )
    return said


def loss_warnings(before: np.ndarray, after: np.ndarray) -> list[str]:
    """Warn of ready-made parts that lost more than half of their rows.

    Args:
        before: The position in `PARTS` of each row's part as read, (rows,).
        after: The same of the rows that are left.
    """
    counts = (np.bincount(parts[parts >= 0], minlength=len(PARTS)) for parts in (before, after))
    return [
        f"{part} lost {had - has:,} of its {had:,} rows, most as copies of rows in later parts: "
        "what is left may not be like the whole. See rejects.csv."
        for part, had, has in zip(PARTS, *counts, strict=True)
        if had and had - has > _MUCH_LOST * had
    ]


def balance_warnings(parts: np.ndarray, labels: np.ndarray, class_name: str) -> list[str]:
    """Warn when the share of label 1 differs much among parts.

    Args:
        parts: The position in `PARTS` of each row's part, (rows,).
        labels: 1 = fake, (rows,).
        class_name: What the set calls label 1.
    """
    shares = [labels[parts == number].mean() for number in range(len(PARTS))]
    if max(shares) - min(shares) <= _IMBALANCE:
        return []
    said = ", ".join(f"{share:.0%} in {part}" for part, share in zip(PARTS, shares, strict=True))
    return [
        f"The share of {class_name} rows differs among the splits: {said}. Compare models by "
        "scores that do not depend on it, such as macro F1 and ROC-AUC."
    ]
