"""What happens between the epochs of a fit."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import keras
import numpy as np

from tfnews import progress
from tfnews.errors import RunError
from tfnews.models.opening import check_finite
from tfnews.runs import Run
from tfnews.training import arrays


class Validate(keras.callbacks.Callback):
    """Scores the whole validation set after each epoch and adds the scores to the epoch's logs.

    Must come first, so that the callbacks after it see the scores.

    Args:
        score: Returns the scores by name, without the prefix "val_".
    """

    def __init__(self, score: Callable[[], dict[str, float]]):
        super().__init__()
        self.score = score

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Add val_loss, val_accuracy, val_f1, val_weighted_f1."""
        logs.update({f"val_{name}": value for name, value in self.score().items()})


class BestWeights(keras.callbacks.Callback):
    """Keeps the weights of the best epoch in a file, and stops when a score no longer improves.

    `restore` puts them back; call it when training has ended, however it ended. Keras'
    `EarlyStopping` restores them only where it stopped the training, and forgets its best score
    when a fit is taken up again.

    Args:
        folder: Where the file is kept, best-EPOCH.npz.
        monitor: Name in the logs; a loss is better when lower, anything else when higher.
        patience: Epochs without improvement before training stops; 0 never stops it.
        min_delta: Smallest change that counts.
    """

    NOTHING: ClassVar[dict] = {"best": None, "best_epoch": None}  # the state before training

    def __init__(self, folder: Path, monitor: str, patience: int, min_delta: float = 0.0):
        super().__init__()
        self.folder = folder
        self.monitor = monitor
        self.patience = patience
        self.min_delta = min_delta
        self.sign = -1.0 if monitor.endswith("loss") else 1.0
        self.best = None
        self.best_epoch = None

    @property
    def path(self) -> Path | None:
        """The best epoch's weights, `None` before the first epoch's end."""
        return None if self.best_epoch is None else self.folder / f"best-{self.best_epoch:05}.npz"

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Keep the weights when they are the best so far, else count towards the end."""
        score = self.sign * logs[self.monitor]
        if self.best is None or score > self.best + self.min_delta:
            self.best, self.best_epoch = score, epoch
            arrays.write(self.path, self._variables())
        elif self.exhausted(epoch + 1):
            self.model.stop_training = True

    def exhausted(self, epochs: int) -> bool:
        """Tell whether the score has not improved for `patience` epochs, after `epochs` in all."""
        waited = epochs - 1 - (self.best_epoch if self.best_epoch is not None else epochs)
        return bool(self.patience) and waited >= self.patience

    def why(self, done: int, most: int) -> str:
        """Say why training ended, and which weights are kept.

        Args:
            done: Epochs that were trained.
            most: Epochs that were allowed.
        """
        if self.best_epoch is None:
            return "No epoch ended: the weights are those at the end"
        waited = done - 1 - self.best_epoch
        if self.exhausted(done):
            ended = (
                f"Stopped after epoch {done} of {most}: {self.monitor} has not improved for "
                f"{waited} epoch{'s' * (waited > 1)} (patience={self.patience})"
            )
        else:
            ended = f"Stopped after epoch {done}: all {most} are done (epochs={most})"
        kept = f"{self.monitor} {self.sign * self.best:.4f}"
        return f"{ended}. Kept: the weights of epoch {self.best_epoch + 1}, the best, {kept}"

    def restore(self) -> None:
        """Put the best epoch's weights back."""
        if self.path is None:
            return
        arrays.load(self.path, self._variables())

    def state(self) -> dict:
        """Return the best score and its epoch, JSON-able."""
        return {"best": self.best, "best_epoch": self.best_epoch}

    def load_state(self, state: dict, say: Callable[[str], None]) -> None:
        """Take up what `state` returned, and drop the weights of epochs that are to come again.

        Where the best epoch's file cannot be read, the best of the epochs to come is kept.
        """
        self.best, self.best_epoch = state["best"], state["best_epoch"]
        try:
            if self.path is not None:
                arrays.shapes(self.path)
        except arrays.UNREADABLE as error:
            say(
                f"The best weights so far, {self.path}, cannot be read ({error}). "
                "The best of the epochs to come will be kept."
            )
            self.best = self.best_epoch = None
        for path in self.folder.glob("best-*.npz"):
            if self.path is None or path.name > self.path.name:
                path.unlink()

    def drop_old(self, kept: int) -> None:
        """Delete all but the newest files."""
        for path in sorted(self.folder.glob("best-*.npz"))[:-kept]:
            path.unlink()

    def _variables(self) -> dict[str, keras.Variable]:
        return {str(i): variable for i, variable in enumerate(self.model.trainable_variables)}


class StopOnNaN(keras.callbacks.Callback):
    """Ends a fit with an error as soon as its loss is not a number, or a weight at an epoch's end.

    A loss may stay finite where a ReLU makes 0 of what is no number. It must come first among the
    callbacks, so that none keeps such weights.

    Args:
        options: The resolved configuration, for the error's advice.
    """

    def __init__(self, options: dict):
        super().__init__()
        self.options = options

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Raise when the running loss is not finite.

        Raises:
            RunError: It is not.
        """
        if not np.isfinite(logs["loss"]):
            raise RunError(
                f"The loss became {logs['loss']} at batch {batch + 1}. Training used learning rate "
                f"{self.options['learning_rate']} and precision {self.options['precision']}. "
                "Try a lower --learning-rate, or --precision float32."
            )

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Raise when a weight is not finite.

        Raises:
            RunError: One is not.
        """
        check_finite(self.model, f"After epoch {epoch + 1} the model")


class Record(keras.callbacks.Callback):
    """Writes one line an epoch to the run's history.

    Args:
        run: The run.
    """

    def __init__(self, run: Run):
        super().__init__()
        self.run = run

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the clock."""
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Append the epoch's scores."""
        line = {"epoch": epoch + 1, **{name: float(value) for name, value in logs.items()}}
        line["seconds"] = round(time.perf_counter() - self.started, 3)
        with self.run.history_path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


class Progress(keras.callbacks.Callback):
    """Tells how far an epoch has come.

    Args:
        steps: Batches in an epoch.
        epochs: Epochs at most.
    """

    def __init__(self, steps: int, epochs: int):
        super().__init__()
        self.steps = steps
        self.epochs = epochs

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Begin to count: the first batch waits for the graph to be traced."""
        progress.stage(f"Epoch {epoch + 1} of {self.epochs}", "batches", self.steps)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Count a batch."""
        progress.advance()


class Said(keras.callbacks.Callback):
    """Says an epoch's scores in one line.

    Args:
        epochs: Epochs at most.
        say: Prints a line.
    """

    def __init__(self, epochs: int, say: Callable[[str], None]):
        super().__init__()
        self.epochs = epochs
        self.say = say

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the clock."""
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Say the epoch's scores."""
        seconds = time.perf_counter() - self.started
        self.say(
            f"epoch {epoch + 1:>3}/{self.epochs}  loss {logs['loss']:.4f}  "
            f"val_loss {logs['val_loss']:.4f}  val_f1 {logs['val_f1']:.4f}  {seconds:.1f} s"
        )
