"""A ranking as a CSV table: a row a model, a column a number."""

from collections.abc import Mapping, Sequence

from tfnews.records import Contender, Ranking
from tfnews.report import csv_table

PAIR = ("difference", "bootstrap_p", "mcnemar_p", "only_this", "only_best", "worse")


def render(found: Ranking) -> str:
    """Return a CSV table with the models in their order; what is not known is empty."""
    return written([_row(one, found) for one in found.contenders])


def written(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows as CSV; a column that a row does not have is empty there."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return csv_table.render(names, [[row.get(name, "") for name in names] for row in rows])


def _row(one: Contender, found: Ranking) -> dict[str, object]:
    row = {
        "model": one.name,
        "arch": one.arch,
        "runs": " ".join(one.runs),
        "seeds": " ".join(map(str, one.seeds)),
        "best": one.name == found.best,
        "tied": one.tied,
        "ship": found.ship if found.ship in one.runs else "",
        "barred": one.barred or "",
    }
    for part, judged in one.parts.items():
        for metric, value in judged.scores.items():
            row[f"{part}_{metric}"] = value
            row |= bounds(f"{part}_{metric}", judged.intervals.get(metric))
    for part, pair in one.against_best.items():
        row |= {f"{part}_{name}": getattr(pair, name) for name in PAIR}
        row |= bounds(f"{part}_difference", pair.interval)
    held = one.held_out
    return row | {
        "held_out_run": held.run if held else "",
        "held_out_columns": " ".join(held.columns) if held else "",
        "held_out_f1": held.f1 if held else "",
        "parameters": one.parameters,
        "megabytes": one.megabytes,
        "fit_minutes": round(one.fit_seconds / 60, 3),
        "ms_per_text": one.ms_per_text,
        "cpu": one.cpu,
        "test_reads": one.test_reads,
        "fronts": " ".join(one.fronts),
    }


def bounds(name: str, interval: object) -> dict[str, float]:
    """Return the ends of an interval as two columns; none where there is no interval."""
    return {f"{name}_low": interval[0], f"{name}_high": interval[1]} if interval else {}
