"""Optimizers and accumulation under a strategy of two devices, in one process of two for both."""

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.training.test_optimizers import table

MIRRORED = """
import json
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras
from tests.training import test_accumulation as accumulation
from tests.training.test_optimizers import LazyAdam, table

def tables():
    found = []
    for devices, share in ((["CPU:0"], 1.0), (["CPU:0", "CPU:1"], 0.5)):
        strategy = tf.distribute.MirroredStrategy(devices)
        with strategy.scope():
            variable = table()
            optimizer = LazyAdam(0.1, rows={variable.path: [1, 3]}, global_clipnorm=1.0)
            optimizer.build([variable])
        @tf.function
        def step(value):
            values = share * value * tf.constant([[1.0, 2.0], [5.0, 5.0], [-3.0, 4.0]])
            gradient = tf.IndexedSlices(values, tf.constant([3, 1, 3]), tf.constant([4, 2]))
            strategy.run(lambda: optimizer.apply([gradient], [variable]))
        for value in (1.0, 2.0, -1.0):
            step(tf.constant(value))
        copies = strategy.experimental_local_results(variable.value)
        found += [copy.numpy().tolist() for copy in copies]
    return found

def models():
    found = []
    for devices in (["CPU:0"], ["CPU:0", "CPU:1"]):
        with tf.distribute.MirroredStrategy(devices).scope():
            classifier, inputs, labels = accumulation.padded()
            model = accumulation.compiled(classifier, 2, keras.optimizers.SGD(0.5))
        rows = {name: values.numpy()[:4] for name, values in inputs.items()}
        data = tf.data.Dataset.from_tensor_slices((rows, labels[:4])).batch(4).repeat(2)
        logs = model.fit(data, epochs=1, verbose=0, shuffle=False).history
        last = {name: values[-1] for name, values in logs.items()}
        found.append((last, [weight.tolist() for weight in model.get_weights()]))
    return found

print(json.dumps([tables(), models()]))
"""


@pytest.fixture(scope="module")
def mirrored():
    done = subprocess.run(
        [sys.executable, "-c", MIRRORED], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_a_table_is_trained_as_on_one(mirrored):
    one, first, second = mirrored[0]
    assert (np.array(one) != table().numpy())[[1, 3]].all()
    np.testing.assert_allclose(first, one, atol=1e-6)
    np.testing.assert_array_equal(first, second)


def test_a_batch_in_parts_is_as_on_one(mirrored):
    (one_logs, one), (two_logs, two) = mirrored[1]
    assert two_logs == pytest.approx(one_logs, abs=1e-5)
    for mine, theirs in zip(two, one, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)
