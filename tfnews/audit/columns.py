"""Columns beside the text: what a row's metadata gives away, although no model here sees it."""

import re
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from tfnews.audit.probes import Rows
from tfnews.data.strategies import read_dates

# Columns that every folder of splits has, or that say where a row was.
OWN = ("combined_text", "label", "title", "text", "cluster", "line")
# From this share of distinct values on, a value tells one row and not a kind of row.
NEARLY_UNIQUE = 0.5

_MOST = 0.9  # of the cells that are not empty
_LOOKED_AT = 1_000
_HOST = re.compile(r"^\w+://(?:www\.)?([^/?#]+)", re.IGNORECASE)


def probes(rows: Rows) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Probe every column that is neither text nor label.

    Returns:
        `{probe: called labels (validation rows,)}`, and `{column: why it was skipped}`.
    """
    called, skipped = {}, {}
    for name in [name for name in rows.train.columns if name not in OWN]:
        if name not in rows.validation:
            skipped[name] = "not in the validation split"
            continue
        cells = pd.concat([rows.train[name], rows.validation[name]])
        found = _readings(cells[: len(rows.train)])
        if isinstance(found, str):
            skipped[name] = found
            continue
        for what, read in found.items():
            values = read(cells)
            by = rows.by_number if read is numbers else rows.by_value
            called[f"{name}{what}"] = by(values[: len(rows.train)], values[len(rows.train) :])
    return called, skipped


def _readings(cells: pd.Series) -> dict[str, Callable[[pd.Series], pd.Series]] | str:
    """Return ways to read a column, by what each adds to its name; or why there is none."""
    filled = cells[cells.str.strip() != ""]
    if cells.nunique() < 2:
        return "the same in every row"
    kind = kind_of(filled)
    if kind == "value" and filled.nunique() > NEARLY_UNIQUE * len(filled):
        return "nearly every row has a value of its own"
    return {
        "number": {"": numbers},
        "date": {" (month)": _months, " (format)": _formats},
        "site": {" (site)": hosts},
        "value": {"": _values},
    }[kind]


def kind_of(filled: pd.Series) -> str:
    """Return what most cells of a column hold: "number", "date", "site" or "value".

    Args:
        filled: Its cells that are not empty.
    """
    seen = filled.head(_LOOKED_AT)
    if _mostly(numbers(seen).notna()):
        return "number"
    if _mostly(seen.str.contains(r"\d")) and _mostly(_any_dates(seen)):
        return "date"
    return "site" if _mostly(hosts(seen) != "") else "value"


def _mostly(cells: pd.Series) -> bool:
    return bool(cells.mean() >= _MOST)


def _any_dates(cells: pd.Series) -> pd.Series:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on words that look like time zones
        return pd.to_datetime(cells, format="mixed", errors="coerce", utc=True).notna()


def _values(cells: pd.Series) -> pd.Series:
    return cells


def numbers(cells: pd.Series) -> pd.Series:
    """Return the number in each cell, float64; NaN where there is none."""
    return pd.to_numeric(cells, errors="coerce").astype(np.float64)


def dates(cells: pd.Series) -> pd.Series:
    """Return the date in each cell, as UTC, rows numbered anew; NaT where there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read_dates(cells.reset_index(drop=True))


def _months(cells: pd.Series) -> pd.Series:
    return dates(cells).dt.strftime("%Y-%m").fillna("")


def _formats(cells: pd.Series) -> pd.Series:
    """Return the format of each cell: 26-Apr-17 is 0-aaa-0."""
    return cells.str.replace(r"\d+", "0", regex=True).str.replace(r"[^\W\d_]", "a", regex=True)


def hosts(cells: pd.Series) -> pd.Series:
    """Return the site of each address; "" where there is none."""
    return cells.str.extract(_HOST, expand=False).str.casefold().fillna("")
