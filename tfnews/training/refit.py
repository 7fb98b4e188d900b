"""Training once more on train and validation, for the epochs that validation has chosen."""

from collections.abc import Callable

import pandas as pd

from tfnews import progress
from tfnews.data.splits import Splits
from tfnews.models import NewsClassifier
from tfnews.runs import Run
from tfnews.statistics import balance
from tfnews.training.setup import Setup, from_row, from_run
from tfnews.training.train import Encoded, train_for


class WithValidation:
    """Splits whose training split holds the validation split's rows too.

    Args:
        splits: The splits; all else is theirs.
    """

    def __init__(self, splits: Splits):
        self._splits = splits

    def __getattr__(self, name: str) -> object:
        return getattr(self._splits, name)

    def frame(self, part: str) -> pd.DataFrame:
        """Read one part, as `Splits.frame` does."""
        if part != "train":
            return self._splits.frame(part)
        frames = [self._splits.frame(part) for part in ("train", "validation")]
        return pd.concat(frames, ignore_index=True)


def refitted(setup: Setup, epochs: int, say: Callable[[str], None]) -> NewsClassifier:
    """Build a classifier anew and train it on both splits, vocabulary included.

    Args:
        setup: Of the fit that validation has judged; its threshold and calibration are kept.
        epochs: How many it was best after. A solver has none.
        say: Prints a line.
    """
    splits = WithValidation(setup.splits)
    if setup.lineage:
        again = from_run(Run.open(setup.lineage[-1].path), splits, setup.options)
    else:
        again = from_row(setup.row, splits, setup.options)
    classifier, chosen = again.classifier, setup.classifier
    frame = splits.frame("train")
    how = "" if setup.family.solved else f" for {epochs} epoch{'s' * (epochs > 1)}"
    say(
        f"Training once more on the {len(frame):,} texts of train and validation{how}; threshold "
        "and calibration stay. No split is left to say how good the outcome is but test"
    )
    if not setup.family.solved:
        progress.stage("Encoding the texts")
        ids = classifier.encode(frame["combined_text"].tolist())
        weights = balance.weights(again.options, frame)
        train_for(again, Encoded(ids, frame["label"].to_numpy(), weights), epochs)
    classifier.calibration = chosen.calibration
    classifier.threshold, classifier.band = chosen.threshold, chosen.band
    return classifier
