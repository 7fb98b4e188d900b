"""What an evaluation is asked for, checked before TensorFlow starts."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from tfnews.data.splits import Splits, open_splits, own_splits
from tfnews.runs import Run, model_folder


@dataclass(frozen=True)
class Request:
    """An evaluation that can be tried.

    Attributes:
        run: Complete, with its model.
        home: Its own splits.
        others: Splits of other data sets; none where the run's own are to be scored.
    """

    run: Run
    home: Splits
    others: tuple[Splits, ...]


def check(
    run: str | os.PathLike | Run,
    data: Sequence[str | os.PathLike] = (),
    *,
    splits: str | os.PathLike | None = None,
    root: str | os.PathLike | None = None,
) -> Request:
    """Check what `tfnews.evaluate` is asked for, whose arguments these are, without TensorFlow.

    Raises:
        RunError: No such run, or it is not complete, or has lost its model.
        DataError: The splits are gone, or are not those the run was trained on; or another data
            set is no folder of splits.
    """
    run = run if isinstance(run, Run) else Run.open(run, root)
    model_folder(run)
    columns = run.config.splits.columns or ()
    others = tuple(open_splits(folder, columns) for folder in data)
    return Request(run, own_splits(run, splits), others)
