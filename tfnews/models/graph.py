"""What the graph of a SavedModel may do, read from its file before anything of it is run.

Opening a SavedModel runs the initialisers of its tables, and calling it runs the rest: no Python,
but TensorFlow's operations, some of which read and write any file.
"""

import contextlib
import functools
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework import attr_value_pb2, node_def_pb2, tensor_pb2, types_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from tfnews.errors import WeightsError
from tfnews.files import read_bytes
from tfnews.models.graph_ops import ALLOWED, SAVING

_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_FROM_FILE = "InitializeTableFromTextFileV2"
# A function's name; it would stand for the operation that has the same.
_FUNCTION = re.compile(r"(__|[A-Za-z]\w*_)[\w<>]*")  # <lambda> is how TensorFlow names one
_MOST_DEEP = 100  # calls within calls, and hands that an argument goes through
LARGEST = 2**31  # bytes: no message of this kind is larger
_MOST_NODES = 10_000_000  # that a call may come to; the largest published encoders take thousands
_MOST_FILLED = 2**28  # bytes that a constant of few values may be repeated to
_NAMED = 2  # faults that a refusal names

_trusted: ContextVar[bool] = ContextVar("trusted", default=False)


@contextlib.contextmanager
def trusting(trust: bool) -> Iterator[None]:
    """Let graphs do anything within the block, if `trust`; what was trusted before stays so.

    Between `tfnews.load` and the module that a run carries stands keras-hub, which hands nothing
    on.
    """
    token = _trusted.set(_trusted.get() or trust)
    try:
        yield
    finally:
        _trusted.reset(token)


def check_graph(folder: str | os.PathLike) -> tuple[str, ...]:
    """Refuse a SavedModel whose graph may do more than compute, unless it is trusted.

    Args:
        folder: Holds saved_model.pb.

    Returns:
        What it may do besides, if it is trusted; else nothing.

    Raises:
        WeightsError: It may do more, or its file is damaged.
    """
    found = faults(folder)
    if found and not _trusted.get():
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise WeightsError(
            f"The graph in {str(folder)[-60:]} is not opened: it holds "
            f"{', '.join(found[:_NAMED])}{more}. Allowed: operations that compute from texts and "
            "the module's own files, and end. If you trust its maker with your files, add "
            "--trust-graph (in Python: trust_graph=True)."
        )
    return tuple(found)


def faults(folder: str | os.PathLike) -> list[str]:
    """Return what a SavedModel's graph may do besides computing, each in a few words; see above."""
    try:
        content = _read(Path(folder, "saved_model.pb"))
        graphs = saved_model_pb2.SavedModel.FromString(content).meta_graphs
        # TensorFlow opens what has several graphs, or no objects, by the rules of its version 1.
        if len(graphs) != 1 or not graphs[0].HasField("object_graph_def"):
            return ["the format of TensorFlow 1"]
        return list(dict.fromkeys(_Graph(graphs[0]).faults()))
    # The latter two where it is too large, and where a graph has not what it names.
    except (DecodeError, ValueError, IndexError) as error:
        raise WeightsError(
            f"{folder} cannot be opened as a SavedModel: its saved_model.pb is damaged. "
            "Copy its files again."
        ) from error


def _read(path: Path) -> bytes:
    return read_bytes(path, LARGEST)


class _Graph:
    """The one meta graph of a SavedModel."""

    def __init__(self, meta: meta_graph_pb2.MetaGraphDef):
        self.meta = meta
        self.functions = {f.signature.name: f for f in meta.graph_def.library.function}

    def faults(self) -> Iterator[str]:
        yield from self._misnamed()
        yield from self._decided_by_callers()
        yield from self._beyond_list()
        yield from self._odd_constants()
        endless = self._endless()
        if endless:
            yield endless
            return  # what follows walks along the calls
        yield from self._foreign_files()

    def _misnamed(self) -> Iterator[str]:
        seen = set()
        for function in self.meta.graph_def.library.function:
            name = function.signature.name
            if name in seen or not _FUNCTION.fullmatch(name):
                yield f"a function with the name of another or of an operation, {name[:40]!r}"
            seen.add(name)

    def _decided_by_callers(self) -> Iterator[str]:
        """Yield calls and arguments that cannot be read off the function that they stand in."""
        for place, nodes in self._places():
            where = f"(in {place[:30] or 'the main graph'})"
            values = [value for node in nodes for value in node.attr.values()]
            if any(value.HasField("placeholder") for value in values):
                yield f"an attribute that its callers set {where}"
            called = [one for value in values for one in _functions(value)]
            if any(one.attr for one in called):
                yield f"a function that is called with attributes {where}"
            foreign = next((one.name for one in called if one.name not in self.functions), None)
            if foreign is not None:
                yield f"a function that it does not hold, {foreign[:40]!r} {where}"
        for name, function in self.functions.items():
            if any(one.number_attr or one.type_list_attr for one in function.signature.input_arg):
                yield f"an argument that is a list (in {name[:40]!r})"

    def _beyond_list(self) -> Iterator[str]:
        """Yield operations that are not allowed where they stand."""
        saving = self._saving()
        for place, nodes in self._places():
            allowed = ALLOWED | SAVING if place in saving else ALLOWED
            for op in dict.fromkeys(node.op for node in nodes):
                if op not in allowed and op not in self.functions:
                    yield f"the operation {op[:40]!r} (in {place[:30] or 'the main graph'})"

    def _odd_constants(self) -> Iterator[str]:
        """Yield constants that are not what they say, over which TensorFlow ends the process."""
        for place, nodes in self._places():
            if not all(map(_is_sound, nodes)):
                yield f"a constant that is not what it says (in {place[:30] or 'the main graph'})"

    def _places(self) -> Iterator[tuple[str, Iterable[node_def_pb2.NodeDef]]]:
        yield "", self.meta.graph_def.node
        for name, function in self.functions.items():
            yield name, function.node_def

    def _saving(self) -> set[str]:
        """Return the functions that only the saver calls, and thus TensorFlow never by itself."""
        saver = self.meta.saver_def
        ends = {name.partition(":")[0] for name in (saver.save_tensor_name, saver.restore_op_name)}
        called, others = set(), self._of_objects()
        for place, nodes in self._places():
            for node in nodes:
                by_saver = not place and node.name in ends
                (called if by_saver else others).update(_mentioned(node))
        # TensorFlow puts one function in the place of another that says it does the same.
        others |= {name for name, one in self.functions.items() if "api_implements" in one.attr}
        return called - others

    def _of_objects(self) -> set[str]:
        """Return the functions that objects of the module run, when it is opened or called."""
        objects = self.meta.object_graph_def
        names = set(objects.concrete_functions)
        for node in objects.nodes:
            names |= set(node.function.concrete_functions)
            names.add(node.bare_concrete_function.concrete_function_name)
        library = self.meta.graph_def.library
        gradients = (*library.gradient, *library.registered_gradients)
        return names | {one.gradient_func for one in gradients}

    def _endless(self) -> str | None:
        """Say which function calls itself, or others so often that it would not end."""
        sizes: dict[str, float] = {}

        def size(name: str, above: tuple[str, ...]) -> float:
            if name in above or len(above) > _MOST_DEEP:
                return float("inf")
            if name not in sizes:
                nodes = self.functions[name].node_def
                called = (other for node in nodes for other in _mentioned(node))
                known = [other for other in called if other in self.functions]
                sizes[name] = len(nodes) + sum(size(other, (*above, name)) for other in known)
            return sizes[name]

        too_large = (name for name in self.functions if size(name, ()) > _MOST_NODES)
        name = next(too_large, None)
        return name and f"calls without end (of {name[:40]!r})"

    def _foreign_files(self) -> Iterator[str]:
        """Yield functions that fill tables from files other than the module's assets."""
        for name in self.functions:
            if None in self._file_names(name):
                yield f"a file's name that is no asset's (in {name[:40]!r})"
        concrete = self.meta.object_graph_def.concrete_functions
        for name in sorted(self._of_objects() & self.functions.keys()):
            bound = concrete[name].bound_inputs if name in concrete else ()
            if not self._bound_to_assets(name, bound):
                yield f"a file's name that is no asset's (in {name[:40]!r})"
        for asset in self.meta.asset_file_def:
            parts = asset.filename.replace("\\", "/").split("/")
            if "" in parts or ".." in parts or ":" in parts[0]:
                yield f"the asset {asset.filename[:40]!r}, which leads out of the module"

    def _bound_to_assets(self, name: str, bound: Sequence[int]) -> bool:
        """Tell whether arguments that name files are given with the module, as its assets."""
        nodes = self.meta.object_graph_def.nodes
        first = len(self.functions[name].signature.input_arg) - len(bound)
        places = self._file_names(name) - {None}
        return all(
            place >= first and nodes[bound[place - first]].WhichOneof("kind") == "asset"
            for place in places
        )

    def _file_names(self, name: str) -> set[int | None]:
        """Return which arguments of a function name files; `None` is what is no argument."""
        if name not in self._named:
            function = self.functions[name]
            nodes = function.node_def
            arguments = {one.name: n for n, one in enumerate(function.signature.input_arg)}
            handed_on = {node.name: node.input[0] for node in nodes if node.op == "Identity"}
            self._named[name] = {
                _argument(arguments, handed_on, given)
                for node in nodes
                for given in self._names_in(node)
            }
        return self._named[name]

    @functools.cached_property
    def _named(self) -> dict[str, set[int | None]]:
        return {}

    def _names_in(self, node: node_def_pb2.NodeDef) -> Iterator[str]:
        """Yield the inputs of a node that name files."""
        inputs = [name for name in node.input if not name.startswith("^")]
        if node.op == _FROM_FILE:
            yield inputs[1]
        for called in (one for one in _mentioned(node) if one in self.functions):
            follows = node.op in (*_CALLS, called)
            for place in self._file_names(called) - {None}:
                yield inputs[place] if follows and place < len(inputs) else ""


def _is_sound(node: node_def_pb2.NodeDef) -> bool:
    """Tell whether a tensor that a node holds is of the type, the shape and the size it states."""
    stated = node.attr["dtype"].type if "dtype" in node.attr else None
    values = node.attr.values()
    held = [value.tensor for value in values if value.HasField("tensor")]
    held += [one for value in values for one in value.list.tensor]
    return all(stated in (None, one.dtype) and _has_its_size(one) for one in held)


def _has_its_size(held: tensor_pb2.TensorProto) -> bool:
    sizes = [dim.size for dim in held.tensor_shape.dim]
    if held.tensor_shape.unknown_rank or min(sizes, default=0) < 0:
        return False
    try:
        width = tf.as_dtype(held.dtype).size
    except TypeError:
        return False
    size = math.prod(sizes) * width
    if not held.tensor_content:
        return size <= _MOST_FILLED
    return held.dtype == types_pb2.DT_STRING or size == len(held.tensor_content)


def _mentioned(node: node_def_pb2.NodeDef) -> Iterator[str]:
    """Yield the functions that a node may call."""
    yield node.op
    for value in node.attr.values():
        yield from (one.name for one in _functions(value))


def _functions(value: attr_value_pb2.AttrValue) -> Sequence[attr_value_pb2.NameAttrList]:
    """Return the functions that an attribute names."""
    return [value.func] if value.HasField("func") else value.list.func


def _argument(arguments: Mapping[str, int], handed_on: Mapping[str, str], name: str) -> int | None:
    """Return the place of the argument that an input of a node is; `None` where it is none.

    Args:
        arguments: Name -> place.
        handed_on: Node that hands its input on as it is -> that input.
        name: The input's.
    """
    for _ in range(_MOST_DEEP):
        if name in arguments:
            return arguments[name]
        name = handed_on.get(name.partition(":")[0], "")
    return None
