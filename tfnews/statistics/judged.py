"""One model on one set of texts: scores with their intervals."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tfnews.statistics import intervals, metrics


@dataclass(frozen=True)
class Judged:
    """Scores of one model on one set of texts.

    Attributes:
        scores: What `metrics.scores` returned.
        intervals: What `intervals.bootstrap` returned; empty where none were drawn.
    """

    scores: dict
    intervals: dict[str, list[float] | None] = field(default_factory=dict)

    @classmethod
    def from_json(cls, content: dict) -> "Judged":
        """Make it of an object of metrics.json."""
        return cls(content["scores"], content.get("intervals") or {})

    def to_json(self) -> dict:
        """Return the object of metrics.json."""
        return {"scores": self.scores, "intervals": self.intervals}

    @property
    def class_names(self) -> tuple[str, str]:
        """The names of class 0 and class 1 in the set that was scored."""
        return tuple(self.scores["class_names"])

    @property
    def rows(self) -> int:
        """How many texts were scored."""
        return self.scores["rows"]


def judge(
    labels: np.ndarray,
    probabilities: np.ndarray,
    clusters: np.ndarray,
    threshold: float,
    class_names: Sequence[str] = ("real", "fake"),
) -> Judged:
    """Score probabilities against labels, with 95 % intervals over clusters.

    Args:
        labels: `(rows,)`, each 0 or 1.
        probabilities: `(rows,)`, the probability of class 1, in [0, 1].
        clusters: `(rows,)`, each row's cluster of near-copies.
        threshold: A row is called fake at this probability or above, in [0, 1].
        class_names: Names of class 0 and class 1.

    Raises:
        DataError: What `sample.checked` refuses.
    """
    return Judged(
        metrics.scores(labels, probabilities, threshold, class_names),
        intervals.bootstrap(labels, probabilities, clusters, threshold=threshold),
    )
