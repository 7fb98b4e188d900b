"""When a probe's score makes it a shortcut: the thresholds and the rule."""

from collections.abc import Sequence

import numpy as np

from tfnews.audit.probes import Rows, macro_f1
from tfnews.records import Probe
from tfnews.statistics import intervals

# Macro F1 counts both classes alike. A guess that draws labels in the classes' proportions
# reaches 0.5 on average, whatever they are; always giving the commoner class stays below.
GUESS = 0.5
# The low end of a shortcut's 95 % interval lies this far above a guess.
MARGIN = 0.1
# A shortcut in the text also reaches a share of what all words gain over a guess: half for a
# trait that says nothing of what a text claims, nearly all for a part of its words.
TRAIT_SHARE = 0.5
WORDS_SHARE = 0.9

# What a shortcut of each kind of probe is.
_VERDICTS = {"reference": "nothing", "text": "finding", "metadata": "warning"}


class Judge:
    """Scores what probes called on the validation split, and says which are shortcuts.

    Args:
        rows: The rows probed.
        full: What a model of all words called, int8 `(validation rows,)`.
    """

    def __init__(self, rows: Rows, full: np.ndarray):
        self._labels = rows.validation["label"].to_numpy()
        self._clusters = rows.validation["cluster"].to_numpy()
        self.majority = macro_f1(self._labels, rows.majority())
        self.full = macro_f1(self._labels, full)

    def probe(self, name: str, kind: str, called: np.ndarray, share: float = 0.0) -> Probe:
        """Judge one probe.

        Args:
            name: What it is called.
            kind: "reference", which is never a shortcut, "text" or "metadata".
            called: Labels, 0 or 1, `(validation rows,)`.
            share: Of the gain of all words over a guess, what makes it a shortcut.
        """
        found = intervals.bootstrap(self._labels, called, self._clusters, ("macro_f1",))
        f1, bounds = macro_f1(self._labels, called), found["macro_f1"]
        shortcut = reaches(f1, self.full, share) and beats_a_guess(bounds, MARGIN)
        return Probe(
            name=name,
            kind=kind,
            f1=f1,
            accuracy=float((called == self._labels).mean()),
            interval=bounds and tuple(bounds),
            f1_majority=self.majority,
            verdict=_VERDICTS[kind] if shortcut else "nothing",
        )


def reaches(f1: float, full: float, share: float) -> bool:
    """Tell whether a macro F1 holds a share of what all words gain over a guess."""
    return f1 - GUESS >= share * (full - GUESS)


def beats_a_guess(interval: Sequence[float] | None, margin: float = 0.0) -> bool:
    """Tell whether the low end of a probe's interval lies above a guess; False without one."""
    return interval is not None and interval[0] > GUESS + margin
