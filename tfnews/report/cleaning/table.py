"""What cutting does, as a CSV table: a row a choice, a column a number."""

from tfnews.records.cleaning import Cleaned, Cleaning
from tfnews.report.ranking.table import PAIR, bounds, written


def render(found: Cleaning) -> str:
    """Return a CSV table with the choices in their order; what is not known is empty."""
    return written([_row(one, found) for one in found.choices])


def _row(one: Cleaned, found: Cleaning) -> dict[str, object]:
    row = {
        "name": one.name,
        "arch": found.arch,
        "runs": " ".join(one.runs),
        "seeds": " ".join(map(str, one.seeds)),
        "cut": " ".join(one.cut),
        "base": one.name == found.base,
        "part": found.part,
        "rows": one.rows,
    }
    for metric, value in one.judged.scores.items():
        row |= {metric: value, **bounds(metric, one.judged.intervals.get(metric))}
    row |= {f"changed_{name}": count for name, count in one.changed.items()}
    row |= {f"common_{name}": count for name, count in found.common.items()}
    if one.against_base:
        row |= {name: getattr(one.against_base, name) for name in PAIR}
        row |= bounds("difference", one.against_base.interval)
    return row
