"""Checkpoints: all that changes as training goes on, in one file, so that a killed fit goes on."""

import json
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np

from tfnews.errors import FitInterruptedError, RunError
from tfnews.models.opening import check_finite
from tfnews.models.variables import add
from tfnews.runs import Run
from tfnews.training import arrays
from tfnews.training.callbacks import BestWeights

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_KEPT = 2  # of the best weights too, since two checkpoints can name two


class SaveState(keras.callbacks.Callback):
    """Saves the state of a fit after every epoch, every N steps, and when it is interrupted.

    The state is the trained weights, the optimizer's, the seeds of dropout, the running metrics of
    the epoch, which weights are the best so far and the position in the data. It must come last
    among the callbacks, so that the others have done their part of an epoch. Ctrl-C is answered at
    the end of a step; a second one at once.

    Args:
        run: The run.
        best: Holds the best weights and the patience that is left.
        steps: Batches in an epoch.
        every: Steps between two checkpoints within an epoch; 0 saves none there.
    """

    def __init__(self, run: Run, best: BestWeights, steps: int, every: int):
        super().__init__()
        self.run = run
        self.best = best
        self.steps = steps
        self.every = every
        self.epoch = 0
        self.offset = 0  # batches of the epoch done before this leg of the fit
        self.restored_metrics = None
        self.interrupted = False
        self.previous = {}

    def restore(self, model: keras.Model, say: Callable[[str], None]) -> tuple[int, int]:
        """Load the newest readable checkpoint of the run into a compiled model.

        Args:
            model: Compiled; its weights and its optimizer's are replaced.
            say: Prints a line about each file that cannot be read.

        Returns:
            Epoch and batch to go on with, both counted from 0; (0, 0) when nothing was saved.

        Raises:
            RunError: The checkpoint holds the state of another model.
        """
        self.set_model(model)
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        folder = self.run.checkpoints_dir
        for left in folder.glob(".*.npz.*"):  # by a fit that was killed as it wrote
            left.unlink()
        newest = next(_readable(folder, say), None)
        if newest is None:
            self.best.load_state(BestWeights.NOTHING, say)
        else:
            path, shapes = newest
            _check(shapes, self._variables(), path)
            self._load(path, say)
        self.run.cut_history(self.epoch)
        return self.epoch, self.offset

    def save(self, epoch: int, batch: int) -> None:
        """Write the state before batch `batch` of epoch `epoch`, and drop the oldest file."""
        state = {
            "epoch": epoch,
            "batch": batch,
            "metrics": len(self._metrics()),
            "best": self.best.state(),
        }
        values = {"state": np.frombuffer(json.dumps(state).encode(), np.uint8)}
        values |= _named(self._variables())
        values |= {f"metric/{i}": v for i, v in enumerate(self._metrics())}
        folder = self.run.checkpoints_dir
        arrays.write(folder / f"step-{epoch * self.steps + batch:09}.npz", values)
        for path in sorted(folder.glob("step-*.npz"))[:-_KEPT]:
            path.unlink()
        self.best.drop_old(_KEPT)

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Take over Ctrl-C and SIGTERM, where that is possible."""
        if threading.current_thread() is threading.main_thread():
            self.previous = {one: signal.signal(one, self._interrupt) for one in _SIGNALS}

    def on_train_end(self, logs: dict | None = None) -> None:
        """Give Ctrl-C back."""
        self.release()

    def release(self) -> None:
        """Give the signals back to whoever had them."""
        for number, before in self.previous.items():
            signal.signal(number, before)
        self.previous = {}

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Note the epoch."""
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Save every N steps, and when interrupted.

        Raises:
            RunError: A weight is not finite.
            FitInterruptedError: Ctrl-C was pressed.
        """
        self._add_restored_metrics()
        done = self.offset + batch + 1
        if done == self.steps:
            return  # the epoch is to be validated before its state is saved
        if self.interrupted or (self.every and done % self.every == 0):
            check_finite(self.model, f"In epoch {self.epoch + 1} the model")
            self.save(self.epoch, done)
        self._stop_if_interrupted(done)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Save the state before the next epoch.

        Raises:
            FitInterruptedError: Ctrl-C was pressed.
        """
        self.offset = 0
        self.save(epoch + 1, 0)
        self._stop_if_interrupted(self.steps)

    def _stop_if_interrupted(self, done: int) -> None:
        if self.interrupted:
            raise FitInterruptedError(
                f"Interrupted in epoch {self.epoch + 1} after batch {done} of {self.steps}. "
                f"Go on with: tfnews fit --resume {self.run.name}"
            )

    def _interrupt(self, number: int, frame: object) -> None:
        if self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = True

    def _add_restored_metrics(self) -> None:
        """Add what an epoch that was broken off had summed up before.

        Keras makes the variables of its running means in the first step, so no sooner than now.
        """
        if self.restored_metrics is not None and self.offset:
            for variable, value in zip(self._metrics(), self.restored_metrics, strict=True):
                add(variable, value)
        self.restored_metrics = None

    def _load(self, path: Path, say: Callable[[str], None]) -> None:
        arrays.load(path, _named(self._variables()))
        with np.load(path, allow_pickle=False) as saved:
            state = json.loads(saved["state"].tobytes())
            self.restored_metrics = [saved[f"metric/{i}"] for i in range(state["metrics"])]
        self.best.load_state(state["best"], say)
        self.epoch, self.offset = state["epoch"], state["batch"]

    def _variables(self) -> list[keras.Variable]:
        """Return what training changes: weights, dropout's seeds, the optimizer's state."""
        frozen = {id(variable) for variable in self.model.non_trainable_weights}
        changing = [v for v in self.model.variables if id(v) not in frozen]
        return changing + list(self.model.optimizer.variables)

    def _metrics(self) -> list[keras.Variable]:
        return list(self.model.metrics_variables)


def _named(variables: list[keras.Variable]) -> dict[str, keras.Variable]:
    return {f"variable/{i}": variable for i, variable in enumerate(variables)}


def _readable(folder: Path, say: Callable[[str], None]) -> Iterator[tuple[Path, dict]]:
    """Yield the checkpoints that can be read, newest first, with the shapes of their arrays.

    Others are set aside, or they would count among the newest when old files are deleted.
    """
    for path in sorted(folder.glob("step-*.npz"), reverse=True):
        try:
            found = arrays.shapes(path)
        except arrays.UNREADABLE as error:
            aside = path.replace(path.with_name(f"damaged-{path.name}"))
            say(f"The checkpoint {path} cannot be read ({error}). It is now {aside.name}.")
        else:
            yield path, found


def _check(shapes: dict[str, tuple], variables: list, path: Path) -> None:
    count = sum(name.startswith("variable/") for name in shapes)
    found = [shapes[f"variable/{i}"] for i in range(count)]
    if found != [tuple(variable.shape) for variable in variables]:
        raise RunError(
            f"The checkpoint {path} does not fit the model that its run describes: it holds "
            f"{count} arrays of other shapes than the model's {len(variables)} variables. "
            "Was it written by another version of tfnews? Train again under another name."
        )
