"""Train each architecture for a few steps on a GPU and compare with the CPU, in each precision.

    python tools/gpu_check.py                      # every row, each precision, GPU:0 against CPU:0
    python tools/gpu_check.py --rows swivel20 albert
    python tools/gpu_check.py --device CPU         # the CPU against itself: proves this program

Both sides get the same initial weights and the same batches of synthetic texts. Dropout is off,
since a seed draws other masks on another device, and so is TensorFloat-32, which rounds float32
products to 10 bits on newer GPUs. Transformers are built small. Ends with exit code 1 when a
difference is larger than the tolerance that is printed beside it.
"""

import argparse
import dataclasses
import sys
import tempfile

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from tfnews import catalogue, models
from tfnews.data.demo import write_corpus
from tfnews.data.readers import read
from tfnews.data.text import combine
from tfnews.errors import UsageError
from tfnews.models import NewsClassifier
from tfnews.models.precision import choose, under_policy
from tfnews.training import optimizers
from tfnews.training.accumulation import training_model
from tfnews.training.losses import loss_for
from tfnews.training.settings import defaults

BATCH, STEPS = 16, 4

# Largest differences of loss and probability that rounding may explain, by precision.
TOLERANCES = {"float32": 1e-4, "mixed_bfloat16": 2e-2, "mixed_float16": 5e-3}

_SMALL = {
    "num_layers": 2,
    "num_heads": 4,
    "hidden_dim": 64,
    "intermediate_dim": 128,
    "vocabulary_size": 500,
    "dropout": 0.0,
    "max_tokens": 64,
}


def corpus() -> tuple[list[str], np.ndarray]:
    """Return synthetic texts and labels for all steps."""
    with tempfile.TemporaryDirectory() as folder:
        frame = pd.concat(read([write_corpus(folder, BATCH * STEPS)], format="tfnews"))
    pairs = zip(frame["title"], frame["text"], strict=True)
    return [combine(*pair) for pair in pairs], frame["label"].to_numpy()


def built(row: catalogue.Row, texts: list[str], labels: np.ndarray) -> tuple:
    """Return a small classifier of this row without dropout, and its configuration."""
    options = {**defaults(row), "weights": "none", "trainable": True}
    options |= {"learning_rate": 1e-3, "warmup_steps": 0, "schedule": "constant"}
    options |= {name: value for name, value in _SMALL.items() if row.family == "transformer"}
    if options.get("embedding_dim"):
        options["embedding_dim"] = 32
    head = {**row.head, "dropout": [0.0] * len(row.head["dropout"])}
    row = dataclasses.replace(row, head=head)
    return models.build(row, texts, labels.tolist(), options, {})[0], options


def trained(
    classifier: NewsClassifier, options: dict, texts: list[str], labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Train in place, on the device of the scope; return losses (steps,) and probabilities."""
    trainee = under_policy(classifier, options["precision"])
    model = training_model(trainee)
    optimizer = optimizers.make(options, model.trainable_variables, STEPS)
    model.compile(optimizer, loss_for(trainee), jit_compile=False)
    starts = range(0, BATCH * STEPS, BATCH)
    with tf.device("CPU:0"):  # strings are read there, as in a fit
        batches = [classifier.preprocessor(texts[start : start + BATCH]) for start in starts]
    losses = [
        float(model.train_on_batch(batch, labels[start : start + BATCH]))
        for start, batch in zip(starts, batches, strict=True)
    ]
    outputs = trainee(batches[0])
    return np.array(losses), models.fake_probability(outputs)


def differences(row: catalogue.Row, precision: str, device: str) -> tuple[float, float]:
    """Return the largest differences of loss and of probability between a device and the CPU."""
    texts, labels = corpus()
    weights, found = None, []
    for place in (device, "CPU:0"):
        with tf.device(place):
            keras.utils.set_random_seed(0)
            classifier, options = built(row, texts, labels)
            weights = weights or classifier.get_weights()
            classifier.set_weights(weights)
            found.append(trained(classifier, {**options, "precision": precision}, texts, labels))
    losses, probabilities = zip(*found, strict=True)
    return float(np.abs(np.subtract(*losses)).max()), float(
        np.abs(np.subtract(*probabilities)).max()
    )


def check(name: str, precision: str, device: str) -> bool | None:
    """Print one comparison; tell whether it is within the tolerance, `None` when it is left out."""
    row, label = catalogue.row(name), f"{name:<12} {precision:<15}"
    try:
        choose(precision, row)
    except UsageError as reason:
        print(f"{label} left out: {reason}")
        return None
    loss, probability = differences(row, precision, device)
    allowed = TOLERANCES[precision]
    within = loss <= allowed and probability <= allowed  # which NaN is not
    verdict = "within" if within else "BEYOND"
    print(f"{label} loss {loss:.1e}  probability {probability:.1e}  {verdict} {allowed:.0e}")
    return within


def main(arguments: list[str] | None = None) -> int:
    """Compare what was asked for and return the exit code."""
    trainable = [name for name, row in catalogue.rows().items() if row.recipe]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("GPU", "CPU"), default="GPU")
    parser.add_argument("--rows", nargs="+", choices=trainable, default=trainable, metavar="ROW")
    parser.add_argument("--precisions", nargs="+", choices=TOLERANCES, default=TOLERANCES)
    given = parser.parse_args(arguments)
    devices = tf.config.list_physical_devices(given.device)
    print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}, looked for: {given.device}")
    if not devices:
        print("No GPU found: nothing was checked. With --device CPU the CPU is compared to itself.")
        return 0
    details = tf.config.experimental.get_device_details(devices[0]) if given.device == "GPU" else {}
    print(f"{given.device}:0 {details.get('device_name', '')} against CPU:0, {STEPS} steps each")
    tf.config.experimental.enable_tensor_float_32_execution(False)
    tf.config.set_soft_device_placement(True)  # lookup tables have no place on a GPU
    found = [
        check(name, precision, f"{given.device}:0")
        for name in given.rows
        for precision in given.precisions
    ]
    beyond, left_out = found.count(False), found.count(None)
    print(f"Comparisons: {found.count(True)} within, {beyond} beyond, {left_out} left out")
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main())
