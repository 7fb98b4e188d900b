"""TensorBoard's record of a training: loss and scores of each epoch."""

from pathlib import Path

import keras


def scalars(folder: Path) -> keras.callbacks.TensorBoard:
    """Return the callback that writes loss and scores of each epoch under `folder`."""
    return keras.callbacks.TensorBoard(str(folder), write_graph=False)
