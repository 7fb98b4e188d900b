"""Models that tests serve: TensorFlow Serving's own example, and small runs of ours."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf

from tests import tiny
from tests.models.reduced import small
from tfnews.export import serving
from tfnews.runs import Run
from tfnews.serving.asked import Limits
from tfnews.serving.metrics import Metrics
from tfnews.serving.models import Models
from tfnews.serving.opened import Opened, Signature
from tfnews.serving.tensors import Spec

X, TEXT = Spec("DT_FLOAT", None), Spec("DT_STRING", (None,))
_FEATURE = {"x": tf.io.FixedLenFeature([], tf.float32)}


def half_plus_two() -> Opened:
    """Make what TensorFlow Serving's published tests ask: y = x / 2 + 2, also to classify by."""

    def classify(inputs):
        x = tf.io.parse_example(inputs, _FEATURE)["x"]
        return {"scores": tf.reshape(x / 2 + 2, [-1, 1])}

    signatures = {
        "serving_default": Signature(
            "serving_default", {"x": X}, {"y": X}, lambda x: {"y": x / 2 + 2}
        ),
        "classify_x_to_y": Signature(
            "classify_x_to_y", {"inputs": TEXT}, {"scores": Spec("DT_FLOAT", (None, 1))}, classify
        ),
    }
    return Opened(signatures, {"signature_def": {}}, False, {"guards": None})


def opened(function, *outputs: str, pads: bool = False) -> Opened:
    """Make a model of a function of texts (batch,), whose outputs are by row."""
    specs = {name: Spec("DT_STRING", (None,)) for name in outputs}
    signature = Signature("serving_default", {"text": TEXT}, specs, function)
    return Opened({"serving_default": signature}, {"signature_def": {}}, pads, {"guards": None})


def models(limits: Limits | None = None, **served: Opened) -> Models:
    """Serve models, each as version 1."""
    made = Models(limits or Limits(max_wait=0), Metrics())
    for name, one in served.items():
        made.add(name, 1, one)
    return made


def run(root: Path, name: str, arch: str = "tfidf") -> Run:
    """Write a complete run of a small classifier, which was not trained."""
    made = Run.create(replace(tiny.config(name), arch=arch, state="complete"), root)
    small(arch).save_to_preset(str(made.model_dir))
    return made


def saved(folder: Path, shift: float) -> Path:
    """Write a SavedModel that answers y = x + shift."""
    module = tf.Module()
    module.shift = tf.Variable(np.float32(shift))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def shifted(x):
        return {"y": x + module.shift}

    tf.saved_model.save(module, str(folder), signatures={"serving_default": shifted})
    return folder


def configure(repository: Path, name: str, versions: list[int], **labels: int) -> None:
    """Write a models.config as `tfnews export` does."""
    rows = [(name, versions, {"canary": labels["stable"], **labels})]
    (repository / serving.MODELS).write_text(serving.models_config(rows), encoding="utf-8")
