import keras
import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.util import tensor_util

from tfnews.training import tensorboard


def read(folder):
    """Return TensorBoard's own reading of the event files in one folder."""
    events = EventAccumulator(str(folder))
    events.Reload()
    return events


def values(events, tag):
    return [float(tensor_util.make_ndarray(event.tensor_proto)) for event in events.Tensors(tag)]


def test_hparams_hold_settings_and_final_scores(tmp_path):
    options = {"epochs": 3, "learning_rate": 0.5, "trainable": True, "weights": "none", "x": [1]}
    tensorboard.write_hparams(tmp_path, "swivel20-ft-1", options, {"f1": 0.75, "accuracy": 0.5})
    events = read(tmp_path / "hparams")
    metadata = events.SummaryMetadata("_hparams_/session_start_info")
    content = plugin_data_pb2.HParamsPluginData.FromString(metadata.plugin_data.content)
    found = content.session_start_info.hparams
    assert set(found) == {"epochs", "learning_rate", "trainable", "weights"}
    assert found["epochs"].number_value == 3
    assert found["learning_rate"].number_value == 0.5
    assert found["trainable"].bool_value is True
    assert found["weights"].string_value == "none"
    assert content.session_start_info.group_name == "swivel20-ft-1"
    assert values(events, "f1") == [0.75]
    assert values(events, "accuracy") == [0.5]


def test_scalars_hold_every_epochs_loss(tmp_path):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    data = np.ones((4, 1)), np.zeros((4, 1))
    callback = tensorboard.scalars(tmp_path)
    history = model.fit(*data, validation_data=data, epochs=3, verbose=0, callbacks=[callback])
    for part, name in (("train", "loss"), ("validation", "val_loss")):
        found = values(read(tmp_path / part), "epoch_loss")
        np.testing.assert_allclose(found, history.history[name], rtol=1e-6)
