"""What an evaluation is asked for, checked before TensorFlow starts."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from tfnews.data.splits import Splits, open_splits, own_splits
from tfnews.errors import UsageError
from tfnews.runs import Run, model_folder


@dataclass(frozen=True)
class Request:
    """An evaluation that can be tried.

    Attributes:
        run: Complete, with its model.
        home: Its own splits.
        others: Splits of other data sets; none where the run's own are to be scored.
        slice_by: Columns of its own splits by which errors are counted apart.
    """

    run: Run
    home: Splits
    others: tuple[Splits, ...]
    slice_by: list[str]


def check(
    run: str | os.PathLike | Run,
    data: Sequence[str | os.PathLike] = (),
    *,
    splits: str | os.PathLike | None = None,
    slice_by: Sequence[str] = (),
    root: str | os.PathLike | None = None,
) -> Request:
    """Check what `tfnews.evaluate` is asked for, whose arguments these are, without TensorFlow.

    Raises:
        UsageError: No such column to slice by, or other data sets beside one.
        RunError: No such run, or it is not complete, or has lost its model.
        DataError: The splits are gone, or are not those the run was trained on; or another data
            set is no folder of splits.
    """
    if data and slice_by:
        raise UsageError(
            "--slice-by slices a run's own test split, which --data does not read. "
            "Leave one of them out."
        )
    run = run if isinstance(run, Run) else Run.open(run, root)
    model_folder(run)
    columns = run.config.splits.columns or ()
    others = tuple(open_splits(folder, columns) for folder in data)
    home = own_splits(run, splits)
    return Request(run, home, others, [] if data else _sliced(home, slice_by))


def _sliced(home: Splits, asked: Sequence[str]) -> list[str]:
    from tfnews.evaluation import slices  # scikit-learn, which a wrong name need not wait for

    return slices.chosen(home, asked)
