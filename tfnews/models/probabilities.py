"""From logits to calibrated probabilities."""

import math
from collections.abc import Sequence
from dataclasses import asdict

import keras
import numpy as np
from keras import ops

from tfnews.errors import UsageError
from tfnews.records import Calibration


@keras.saving.register_keras_serializable("tfnews")
class Probabilities(keras.layers.Layer):
    """Turns logits into calibrated probabilities.

    One unit is squashed by a sigmoid, several by a softmax. Always computed in float32.

    Args:
        temperature: As `records.Calibration` has it.
        bias: As `records.Calibration` has it.
        knots: As `records.Calibration` has them.
    """

    def __init__(
        self,
        temperature: float = 1.0,
        bias: float = 0.0,
        knots: Sequence[Sequence[float]] = (),
        **kwargs,
    ):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.calibration = checked(temperature, bias, knots)

    def call(self, logits: keras.KerasTensor) -> keras.KerasTensor:
        """Map logits (batch, units) to probabilities (batch, units)."""
        logits = self.calibrated(logits)
        return ops.sigmoid(logits) if logits.shape[-1] == 1 else ops.softmax(logits)

    def calibrated(self, logits: keras.KerasTensor) -> keras.KerasTensor:
        """Map logits (batch, units) to those of the calibrated probabilities, (batch, units).

        TensorFlow Lite has all of it built in.
        """
        known, softened = self.calibration, logits / self.calibration.temperature
        if not (known.bias or known.knots):
            return softened
        odds = log_odds(logits)[:, None]
        added = known.bias + sum(change * ops.relu(odds - knot) for knot, change in known.knots)
        fake_alone = np.eye(logits.shape[-1], dtype="float32")[-1]
        return softened + added * fake_alone

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), **asdict(self.calibration)}


def log_odds(logits: keras.KerasTensor) -> keras.KerasTensor:
    """Return the log odds (batch,) of the fake class that logits (batch, units) stand for."""
    return logits[:, -1] - (0.0 if logits.shape[-1] == 1 else logits[:, 0])


def checked(temperature: float, bias: float, knots: Sequence[Sequence[float]] = ()) -> Calibration:
    """Return a map that rises: with a temperature below 0 it would swap the classes."""
    if not 0 < temperature < math.inf:
        raise UsageError(f"The temperature must be a number above 0. Received: {temperature}.")
    bends = tuple((float(knot), float(change)) for knot, change in knots)
    slopes = np.cumsum([1 / temperature, *(change for _, change in bends)])
    places = [knot for knot, _ in bends]
    numbers = np.isfinite([bias, *slopes, *places]).all()
    if not (numbers and (slopes > 0).all() and places == sorted(set(places))):
        raise UsageError(
            "A calibration must rise everywhere, by numbers. Received: temperature "
            f"{temperature}, bias {bias}, knots {str(bends)[:100]}."
        )
    return Calibration(float(temperature), float(bias), bends)
