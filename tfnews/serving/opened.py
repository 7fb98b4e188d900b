"""Models that can be asked: runs, and exported versions by TensorFlow's own loader."""

import contextlib
import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.framework import tensor_shape_pb2, types_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from tfnews import catalogue
from tfnews.errors import TfnewsError, WeightsError, visible
from tfnews.export import page, tokenizer_files
from tfnews.export.repository import PARITY
from tfnews.files import read_bytes, read_text
from tfnews.links import check_links
from tfnews.models import load
from tfnews.models.graph import LARGEST, check_graph
from tfnews.runs import Run
from tfnews.serving.tensors import Spec

DEFAULT = "serving_default"
_PREDICT = "tensorflow/serving/predict"
_PADDING = ("transformer", "cnn")  # families whose batches are as long as their longest text


@dataclass(frozen=True)
class Signature:
    """A function of a model.

    Attributes:
        name: Of the signature.
        inputs: Name -> what it takes.
        outputs: Name -> what it gives.
        function: Tensors by name to tensors by name.
    """

    name: str
    inputs: Mapping[str, Spec]
    outputs: Mapping[str, Spec]
    function: Callable[..., Mapping[str, tf.Tensor]]

    @property
    def joins(self) -> bool:
        """Whether requests can be computed together: all is by row, and there is one input.

        Several inputs may depend on each other, as ids and the lengths of their rows do: one
        request's mistake must not move another's rows.
        """
        specs = (*self.inputs.values(), *self.outputs.values())
        return len(self.inputs) == 1 and all(s.shape and s.shape[0] is None for s in specs)

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Compute the outputs."""
        given = {
            name: tf.constant(array, _dtype(self.inputs[name].type))
            for name, array in inputs.items()
        }
        return {name: found.numpy() for name, found in self.function(**given).items()}


@dataclass(frozen=True)
class Opened:
    """A version of a model, loaded.

    Attributes:
        signatures: By name.
        metadata: `signature_def` as TensorFlow Serving prints it.
        pads: Whether a batch costs what its longest text costs, each.
        about: What the page is told: keyword arguments of `page.entry`, and guards for its engine.
    """

    signatures: Mapping[str, Signature]
    metadata: dict[str, Any]
    pads: bool
    about: dict[str, Any]


def open_run(run: Run) -> Opened:
    """Open a run: it answers what its export as a SavedModel would.

    Raises:
        RunError: It has lost its model, or reads texts by another rule.
    """
    classifier = load(run)
    module = classifier.servable()
    defs, signatures = {}, {}
    for name, function in sorted(module.signatures().items()):
        concrete = function.get_concrete_function()
        defs[name] = _signature_def(name, len(defs), concrete)
        signatures[name] = _signature(name, defs[name], _keeping(module, concrete))
    about = {
        "guards": tokenizer_files.guards_in_words(classifier.guards),
        "arch": run.config.arch,
        **page.facts(classifier),
    }
    opened = Opened(signatures, _metadata(defs), _pads(run.config.arch), about)
    _warm_up(opened)
    return opened


def open_export(folder: Path) -> Opened:
    """Open a SavedModel by `tf.saved_model.load`, once its graph was read, and nothing else.

    Raises:
        LoadError: It cannot be loaded, or its graph may do more than compute and is not trusted.
    """
    with contextlib.suppress(ImportError):
        import tensorflow_text  # noqa: F401  transformers' graphs hold operations of it
    try:
        check_links(folder, WeightsError)
        check_graph(folder)
        defs = _signature_defs(folder)
        loaded = tf.saved_model.load(str(folder))
        signatures = {
            name: _signature(name, one, _keeping(loaded, loaded.signatures[name]))
            for name, one in defs.items()
            if name in loaded.signatures
        }
        arch = _arch(folder)
        about = {"guards": None, "arch": arch, **_facts(folder)}
        opened = Opened(signatures, _metadata(defs), _pads(arch), about)
        _warm_up(opened)
    except Exception as error:  # whatever is wrong with a file is no reason to stop
        raise LoadError(f"{folder} cannot be loaded: {_first_line(error)}") from error
    return opened


def _facts(folder: Path) -> dict[str, Any]:
    """Return what an export says of its run to the page; nothing of one made before it did."""
    try:
        return dict(json.loads(read_text(folder / PARITY))["page"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


class LoadError(Exception):
    """A version of a model that cannot be loaded."""


def _keeping(owner: Any, function: Callable) -> Callable:
    """Return a function that keeps alive what it needs: its owner's tables and variables."""

    def keeping(**given: tf.Tensor) -> Mapping[str, tf.Tensor]:
        return function(**given)

    keeping.owner = owner
    return keeping


def _signature_defs(folder: Path) -> dict[str, meta_graph_pb2.SignatureDef]:
    content = read_bytes(folder / "saved_model.pb", LARGEST)
    graphs = saved_model_pb2.SavedModel.FromString(content).meta_graphs
    served = [graph for graph in graphs if "serve" in graph.meta_info_def.tags]
    return dict((served or graphs)[0].signature_def)


def _signature_def(name: str, number: int, function: Any) -> meta_graph_pb2.SignatureDef:
    """Describe a function as `tf.saved_model.save` does, the names of its tensors included."""
    given = {spec.name: spec for spec in function.structured_input_signature[0]}
    told = function.structured_outputs
    call = f"StatefulPartitionedCall_{number}" if number else "StatefulPartitionedCall"
    names = {key: f"{call}:{place}" for place, key in enumerate(sorted(told))}
    return meta_graph_pb2.SignatureDef(
        inputs={key: _info(spec, f"{name}_{key}:0") for key, spec in given.items()},
        outputs={key: _info(told[key], place) for key, place in names.items()},
        method_name=_PREDICT,
    )


def _info(spec: Any, name: str) -> meta_graph_pb2.TensorInfo:
    return meta_graph_pb2.TensorInfo(
        name=name, dtype=spec.dtype.as_datatype_enum, tensor_shape=spec.shape.as_proto()
    )


def _signature(name: str, told: meta_graph_pb2.SignatureDef, function: Callable) -> Signature:
    inputs = {key: _spec(one) for key, one in told.inputs.items()}
    return Signature(name, inputs, {key: _spec(one) for key, one in told.outputs.items()}, function)


def _spec(info: meta_graph_pb2.TensorInfo) -> Spec:
    return Spec(types_pb2.DataType.Name(info.dtype), _shape(info.tensor_shape))


@functools.cache
def _dtype(type: str) -> tf.DType:
    return tf.dtypes.as_dtype(types_pb2.DataType.Value(type))


def _shape(proto: tensor_shape_pb2.TensorShapeProto) -> tuple[int | None, ...] | None:
    if proto.unknown_rank:
        return None
    return tuple(None if dim.size < 0 else dim.size for dim in proto.dim)


def _metadata(defs: Mapping[str, meta_graph_pb2.SignatureDef]) -> dict[str, Any]:
    return {
        "signature_def": {
            name: json_format.MessageToDict(
                one,
                preserving_proto_field_name=True,
                always_print_fields_with_no_presence=True,
            )
            for name, one in sorted(defs.items())
        }
    }


def _arch(folder: Path) -> str | None:
    try:
        return json.loads(read_text(folder / PARITY))["arch"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _pads(arch: str | None) -> bool:
    try:
        return arch is None or catalogue.row(arch).family in _PADDING
    except TfnewsError:
        return True


def _warm_up(opened: Opened) -> None:
    """Ask a made-up text, so that the first user need not wait for what TensorFlow puts off."""
    signature = opened.signatures.get(DEFAULT)
    if signature and list(signature.inputs.values()) == [Spec("DT_STRING", (None,))]:
        text = "The harbour office of Arvel approves the budget for the old pier. " * 30
        for count in (1, 8):
            signature({next(iter(signature.inputs)): np.array([text.encode()] * count, object)})


def _first_line(error: Exception) -> str:
    return visible((str(error).strip() or type(error).__name__).splitlines()[0][:300])
