"""The texts a model got wrong: what a moderator should read before trusting it."""

from collections.abc import Sequence

import numpy as np

from tfnews.statistics.sample import checked, flagged

EXCERPT_LENGTH = 300  # characters


def find(
    labels: Sequence[int],
    probabilities: Sequence[float],
    titles: Sequence[str] | None = None,
    texts: Sequence[str] | None = None,
    *,
    rows: Sequence | None = None,
    threshold: float = 0.5,
    count: int = 10,
    seed: int = 0,
    no_text: bool = False,
) -> dict:
    """Return the most confident mistakes of either kind, and a random sample of all.

    Args:
        labels: `(rows,)`, each 0 or 1.
        probabilities: `(rows,)`, the probability of class 1, in [0, 1].
        titles: `(rows,)`; None: no titles.
        texts: `(rows,)`; None: no texts.
        rows: `(rows,)`, what each row is called; None: its position, counted from 0.
        threshold: A row is called fake at this probability or above.
        count: How many of each kind, at most.
        seed: The same seed samples the same rows.
        no_text: Leave titles and texts out, for data that may not be copied.

    Returns:
        `totals` {false_alarms, misses}; `false_alarms` (real called fake, highest score first),
        `misses` (fake called real, lowest score first) and `sample` (any, in row order): lists of
        `{row, label, fake_probability, title, excerpt}`, without the last two if `no_text`.

    Raises:
        DataError: What `metrics.checked` refuses.
    """
    labels, probabilities = checked(labels, probabilities)
    called = flagged(probabilities, threshold)
    order = np.argsort(probabilities, kind="stable")
    false_alarms = order[called[order] & (labels[order] == 0)][::-1]
    misses = order[~called[order] & (labels[order] == 1)]
    chosen = {
        "false_alarms": false_alarms[:count],
        "misses": misses[:count],
        "sample": _sample(np.concatenate([false_alarms, misses]), count, seed),
    }
    columns = {
        "row": np.arange(len(labels)) if rows is None else rows,
        "label": labels,
        "fake_probability": probabilities,
    }
    if not no_text:
        columns |= {"title": titles, "excerpt": texts}
    found = {kind: _describe(positions, columns) for kind, positions in chosen.items()}
    return {"totals": {"false_alarms": len(false_alarms), "misses": len(misses)}, **found}


def excerpt(text: str, length: int = EXCERPT_LENGTH) -> str:
    """Return the opening of a text on one line, at most `length` characters long."""
    # A lone surrogate, which JSON can carry, cannot be written as UTF-8.
    line = " ".join(str(text)[: 4 * length].split()).encode("utf-8", "replace").decode()
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def _sample(wrong: np.ndarray, count: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return np.sort(generator.choice(np.sort(wrong), min(count, len(wrong)), replace=False))


def _describe(positions: np.ndarray, columns: dict) -> list[dict]:
    values = {
        name: np.asarray(column)[positions].tolist()
        for name, column in columns.items()
        if column is not None
    }
    for name in values.keys() & {"title", "excerpt"}:
        values[name] = [excerpt(text) for text in values[name]]
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
