"""TensorBoard's records of a run: scalars by Keras, hyper-parameters written directly."""

from pathlib import Path

import keras
import tensorflow as tf
from tensorboard.plugins.hparams import summary_v2


def scalars(folder: Path) -> keras.callbacks.TensorBoard:
    """Return the callback that writes loss and scores of each epoch under `folder`."""
    return keras.callbacks.TensorBoard(str(folder), write_graph=False)


def write_hparams(folder: Path, name: str, options: dict, scores: dict[str, float]) -> None:
    """Write the settings and final scores of a run for TensorBoard's HPARAMS tab.

    Keras' own callback for this belongs to Keras 2, so the summaries are written as they are.

    Args:
        folder: The run's logs.
        name: The run's name.
        options: Settings by name.
        scores: Final scores by name.
    """
    values = {key: value for key, value in options.items() if isinstance(value, str | int | float)}
    writer = tf.summary.create_file_writer(str(folder / "hparams"))
    with writer.as_default(step=0):
        summary_v2.hparams(values, trial_id=name, start_time_secs=0)
        for key, value in scores.items():
            tf.summary.scalar(key, value)
    writer.close()
