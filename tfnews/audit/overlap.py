"""Copies and near-copies of a text that stand in two splits."""

import itertools
from collections.abc import Sequence

import numpy as np

from tfnews import progress
from tfnews.data import duplicates
from tfnews.data.splits import PARTS
from tfnews.records import Copies

EXAMPLES = 5


def overlap(texts: dict[str, Sequence[str]]) -> dict[str, Copies]:
    """Count the texts of each split that also stand in an earlier one.

    Near-copies are found as `prepare` finds them: a near-copy of a near-copy is one too.

    Args:
        texts: Combined texts of each part, rows in file order.

    Returns:
        `{"train-validation": copies, ...}`, and so on for each pair of parts.
    """
    exact, near, parts = _clusters(texts)
    return {
        f"{earlier}-{later}": _between(exact, near, parts, (earlier, later))
        for earlier, later in itertools.combinations(PARTS, 2)
    }


def _clusters(texts: dict[str, Sequence[str]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each text's cluster of exact copies, of near-copies, and its part's number."""
    progress.stage("Fingerprinting the texts", "texts", sum(len(texts[part]) for part in PARTS))
    prints = duplicates.concatenate([duplicates.fingerprint(texts[part]) for part in PARTS])
    exact, near = duplicates.clusters(prints, duplicates.NEAR)
    return exact, near, np.repeat(np.arange(len(PARTS)), [len(texts[part]) for part in PARTS])


def _between(
    exact: np.ndarray, near: np.ndarray, parts: np.ndarray, pair: tuple[str, str]
) -> Copies:
    first, second = (np.flatnonzero(parts == PARTS.index(part)) for part in pair)
    copied = np.isin(exact[second], exact[first])
    resembling = np.isin(near[second], near[first]) & ~copied
    examples = []
    for kind, found, codes in (("exact", copied, exact), ("near", resembling, near)):
        for row in np.flatnonzero(found)[: EXAMPLES - len(examples)]:
            other = np.flatnonzero(codes[first] == codes[second][row])[0]
            examples.append({"kind": kind, pair[0]: int(other), pair[1]: int(row)})
    return Copies(len(second), int(copied.sum()), int(resembling.sum()), tuple(examples))
