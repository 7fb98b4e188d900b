"""The texts a model got wrong: what a moderator should read before trusting it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfnews.statistics.sample import checked, flagged


@dataclass(frozen=True)
class Mistake:
    """A text that was called by the other class's name; title and text may have been left out."""

    row: int | str
    label: int
    fake_probability: float
    title: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class Mistakes:
    """The most confident mistakes of either kind, and a random sample of all.

    Attributes:
        false_alarm_count: Real texts called fake, in all.
        miss_count: Fake texts called real, in all.
        false_alarms: Some real texts called fake, highest score first.
        misses: Some fake texts called real, lowest score first.
        sample: Mistakes of either kind, in row order.
    """

    false_alarm_count: int
    miss_count: int
    false_alarms: tuple[Mistake, ...]
    misses: tuple[Mistake, ...]
    sample: tuple[Mistake, ...]


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
) -> Mistakes:
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

    Raises:
        DataError: What `metrics.checked` refuses.
    """
    labels, probabilities = checked(labels, probabilities)
    called = flagged(probabilities, threshold)
    order = np.argsort(probabilities, kind="stable")
    false_alarms = order[called[order] & (labels[order] == 0)][::-1]
    misses = order[~called[order] & (labels[order] == 1)]
    columns = {
        "row": np.arange(len(labels)) if rows is None else rows,
        "label": labels,
        "fake_probability": probabilities,
    }
    if not no_text:
        columns |= {"title": titles, "text": texts}
    sample = _sample(np.concatenate([false_alarms, misses]), count, seed)
    shown = (_described(some, columns) for some in (false_alarms[:count], misses[:count], sample))
    return Mistakes(len(false_alarms), len(misses), *shown)


def _sample(wrong: np.ndarray, count: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return np.sort(generator.choice(np.sort(wrong), min(count, len(wrong)), replace=False))


def _described(positions: np.ndarray, columns: dict[str, Sequence | None]) -> tuple[Mistake, ...]:
    values = {
        name: np.asarray(column)[positions].tolist()
        for name, column in columns.items()
        if column is not None
    }
    rows = zip(*values.values(), strict=True)
    return tuple(Mistake(**dict(zip(values, row, strict=True))) for row in rows)
