"""Which operations a SavedModel consists of, and which of them are allowed."""

from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tfnews.errors import ExportError
from tfnews.files import read_bytes
from tfnews.models.graph import LARGEST, faults

# Operations of tensorflow-text that rows of the catalogue need, and the oldest TensorFlow Serving
# that is known to have each. Its builds link that library; no release note says since when, so this
# is what its issue tracker says.
TEXT_OPERATIONS = {
    # FastBertTokenizer, which needs it, failed in 2.11 and loaded in the nightly build after it:
    # tensorflow/serving#2064.
    "FastWordpieceTokenizeWithOffsets": (2, 12),
    # The library was linked before 2.2 (tensorflow/serving#1490), the Unicode data that normalising
    # needs after its last candidate (tensorflow/serving#1613, #1616).
    "NormalizeUTF8": (2, 3),
    "SentencepieceOp": (2, 3),
    "SentencepieceTokenizeOp": (2, 3),
}
_NAMED = 3  # that a refusal names


def operations(folder: Path) -> set[str]:
    """Return the names of all operations of a SavedModel's graph and its function library."""
    saved = saved_model_pb2.SavedModel.FromString(read_bytes(folder / "saved_model.pb", LARGEST))
    found = set()
    for graph in (part.graph_def for part in saved.meta_graphs):
        found |= {node.op for node in graph.node}
        found |= {node.op for function in graph.library.function for node in function.node_def}
        found -= {function.signature.name for function in graph.library.function}
    return found


def beyond_core(folder: Path) -> tuple[str, ...]:
    """Return the operations of a SavedModel that are tensorflow-text's.

    Raises:
        ExportError: The graph may do more than compute, or one is neither TensorFlow's own nor one
            of these.
    """
    foreign = {name for name in operations(folder) if not hasattr(tf.raw_ops, name)}
    unknown = sorted(foreign - set(TEXT_OPERATIONS))
    refused = [*faults(folder), *(f"the operation {name[:40]!r}" for name in unknown)]
    if refused:
        raise ExportError(
            "The model's graph holds what TensorFlow Serving may not have, or what may do more "
            f"than compute: {', '.join(refused[:_NAMED])}. Allowed: TensorFlow's own operations "
            f"that compute, and {', '.join(sorted(TEXT_OPERATIONS))}. Nothing was written. Train "
            "on another module."
        )
    return tuple(sorted(foreign))


def oldest(names: Iterable[str]) -> str:
    """Say which TensorFlow Serving is the oldest known to have operations of tensorflow-text."""
    major, minor = max(TEXT_OPERATIONS[name] for name in names)
    return (
        f"the oldest TensorFlow Serving known to have them, by its issue tracker, is "
        f"{major}.{minor}; whether one so old reads what this TensorFlow writes was not tried"
    )
