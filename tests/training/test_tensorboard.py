import keras
import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

from tfnews.training import tensorboard


def read(folder):
    """Return TensorBoard's own reading of the event files in one folder."""
    events = EventAccumulator(str(folder))
    events.Reload()
    return events


def values(events, tag):
    return [float(tensor_util.make_ndarray(event.tensor_proto)) for event in events.Tensors(tag)]


def test_scalars_hold_every_epochs_loss(tmp_path):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    data = np.ones((4, 1)), np.zeros((4, 1))
    callback = tensorboard.scalars(tmp_path)
    history = model.fit(*data, validation_data=data, epochs=3, verbose=0, callbacks=[callback])
    for part, name in (("train", "loss"), ("validation", "val_loss")):
        found = values(read(tmp_path / part), "epoch_loss")
        np.testing.assert_allclose(found, history.history[name], rtol=1e-6)
