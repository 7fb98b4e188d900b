"""A run's predictions, read back as they were in memory."""

import warnings

import numpy as np

from tfnews.errors import RunError
from tfnews.runs import Run

_LARGEST = 2**30  # bytes: over ten million texts, which NumPy reads within 4 GiB


def read(run: Run, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the labels int8 `(rows,)` and fake probabilities float32 `(rows,)` of one split.

    Raises:
        RunError: They are not there, or damaged.
    """
    path = run.predictions_path(part)
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("no split has so many texts")
        with warnings.catch_warnings(action="ignore"):  # NumPy warns of a file without rows
            table = np.loadtxt(
                path, np.float64, delimiter=",", skiprows=1, usecols=(1, 2), ndmin=2, comments=None
            )
        labels, scores = table.T
        if not (np.isin(labels, (0, 1)).all() and ((scores >= 0) & (scores <= 1)).all()):
            raise ValueError("a label is not 0 or 1, or a probability not from 0 to 1")
    except (OSError, ValueError) as error:
        raise RunError(
            f"The predictions of {run.name}, {path}, are not there or damaged. Make them anew "
            f"with: tfnews evaluate {run.name}"
        ) from error
    # The shortest digits that tell a float32 from its neighbours give it back by way of float64.
    return labels.astype(np.int8), scores.astype(np.float32)
