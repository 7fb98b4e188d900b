"""A run's predictions, read back as they were in memory."""

import numpy as np

from tfnews.errors import RunError
from tfnews.runs import Run


def read(run: Run, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the labels int8 `(rows,)` and fake probabilities float32 `(rows,)` of one split.

    Raises:
        RunError: They are not there, or damaged.
    """
    path = run.predictions_path(part)
    try:
        table = np.loadtxt(path, np.float64, delimiter=",", skiprows=1, usecols=(1, 2), ndmin=2)
    except (OSError, ValueError) as error:
        raise RunError(
            f"The predictions of {run.name}, {path}, are not there or damaged. Make them anew "
            f"with: tfnews evaluate {run.name}"
        ) from error
    # The shortest digits that tell a float32 from its neighbours give it back by way of float64.
    return table[:, 0].astype(np.int8), table[:, 1].astype(np.float32)
