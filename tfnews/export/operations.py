"""Which operations a SavedModel consists of, and which of them are allowed."""

from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tfnews.errors import ExportError

# Operations of tensorflow-text that rows of the catalogue need. TensorFlow Serving's own builds
# link that library.
TEXT_OPERATIONS = frozenset(
    {
        "FastWordpieceTokenizeWithOffsets",
        "NormalizeUTF8",
        "SentencepieceOp",
        "SentencepieceTokenizeOp",
    }
)
# Of TensorFlow's own, those that run code or reach for files and the network as a text is scored.
# A checkpoint's reading and the reading of the graph's own vocabulary are none of them.
_REACH_OUT = frozenset(
    {
        "EagerPyFunc",
        "LoadDataset",
        "MatchingFiles",
        "PyFunc",
        "PyFuncStateless",
        "ReadFile",
        "RpcCall",
        "RpcServer",
        "SaveDatasetV2",
        "WriteFile",
    }
)


def operations(folder: Path) -> set[str]:
    """Return the names of all operations of a SavedModel's graph and its function library."""
    saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    found = set()
    for graph in (part.graph_def for part in saved.meta_graphs):
        found |= {node.op for node in graph.node}
        found |= {node.op for function in graph.library.function for node in function.node_def}
        found -= {function.signature.name for function in graph.library.function}
    return found


def beyond_core(folder: Path) -> tuple[str, ...]:
    """Return the operations of a SavedModel that are tensorflow-text's.

    Raises:
        ExportError: One is neither TensorFlow's own nor one of these, or it reaches out.
    """
    found = operations(folder)
    foreign = {name for name in found if not hasattr(tf.raw_ops, name)}
    refused = sorted((foreign - TEXT_OPERATIONS) | (found & _REACH_OUT))
    if refused:
        raise ExportError(
            f"The model's graph holds operations that TensorFlow Serving may not have or that "
            f"reach out of the graph: {', '.join(refused)}. Allowed: TensorFlow's own, and "
            f"{', '.join(sorted(TEXT_OPERATIONS))}. Nothing was written. Train on another module."
        )
    return tuple(sorted(foreign))
