"""What a foreign graph may do: everything but computing is refused before any of it is run."""

import re
import shutil

import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tests.models.hostile import HOSTILE, TARGET, Initialises, Layout, Writes, save
from tfnews.errors import WeightsError
from tfnews.models.embedding.module import open_saved_model, read_module
from tfnews.models.graph import check_graph, faults, trusting
from tfnews.models.graph_ops import _TENSORFLOW_TEXT, ALLOWED, SAVING


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile")
    made = {}
    for kind in (Layout, *HOSTILE):
        (root / kind.__name__).mkdir()
        made[kind] = save(kind, root / kind.__name__)
    return made


@pytest.mark.parametrize("kind", HOSTILE, ids=lambda kind: kind.__name__)
def test_a_graph_that_reaches_out_is_refused_before_it_runs(modules, kind):
    """Modules wrote files as they were opened, probed, or called by a run that carried them."""
    for opened in (open_saved_model, read_module):
        with pytest.raises(WeightsError, match=HOSTILE[kind]) as caught:
            opened(modules[kind])
        assert "--trust-graph" in str(caught.value)
        assert len(str(caught.value)) < 500
        assert caught.value.exit_code == 4
    assert not list(modules[kind].parent.glob(f"{TARGET}*"))


@pytest.mark.parametrize("kind", [Writes, Initialises])
def test_a_trusted_graph_is_run(modules, kind):
    """So that the tests above see a graph that would have written."""
    with trusting(True):
        assert any("WriteFile" in fault for fault in check_graph(modules[kind]))
        open_saved_model(modules[kind])(tf.constant(["the vote"]))
    written = modules[kind].parent / TARGET
    assert written.read_text() == "x"
    written.unlink()
    with pytest.raises(WeightsError):
        check_graph(modules[kind])


@pytest.mark.parametrize(
    "change",
    [
        lambda held: setattr(held, "dtype", tf.string.as_datatype_enum),
        lambda held: setattr(held, "dtype", 99),
        lambda held: setattr(held.tensor_shape, "unknown_rank", True),
        lambda held: held.tensor_shape.dim.add(size=-1),
        lambda held: held.tensor_shape.dim.add(size=2**40),
        lambda held: setattr(held, "tensor_content", b"123"),
    ],
    ids=["another type", "no type", "no shape", "below 0", "vast", "half a number"],
)
def test_a_constant_that_is_not_what_it_says_is_refused(modules, tmp_path, change):
    """Over one of another type TensorFlow ended the process, while it simplified the graph."""
    saved = saved_model_pb2.SavedModel.FromString((modules[Layout] / "saved_model.pb").read_bytes())
    functions = saved.meta_graphs[0].graph_def.library.function
    constants = [one for function in functions for one in function.node_def if one.op == "Const"]
    numbers = tf.int32.as_datatype_enum
    change(next(n.attr["value"].tensor for n in constants if n.attr["dtype"].type == numbers))
    (tmp_path / "saved_model.pb").write_bytes(saved.SerializeToString())
    with pytest.raises(WeightsError, match=r"a constant that is not what it says \(in __inference"):
        check_graph(tmp_path)


def test_trust_is_not_taken_away_within(modules):
    with trusting(True), trusting(False):
        assert check_graph(modules[Writes])


def test_the_published_layout_passes(modules):
    assert check_graph(modules[Layout]) == ()
    module = open_saved_model(modules[Layout])
    assert module(tf.constant(["the vote"])).shape == (1, 2)


def test_nothing_on_the_list_reaches_out():
    reach_out = ("File", "Print", "Save", "Restore", "Reader", "Dataset", "Summary", "PyFunc",
                 "Debug", "Queue", "Iterator", "Send", "Recv", "While", "Remote", "Rpc",
                 "Collective", "ImmutableConst", "Stage", "Infeed", "Xla", "TPU")  # fmt: skip
    allowed = {name for name in ALLOWED if any(word in name for word in reach_out)}
    assert allowed == {"InitializeTableFromTextFileV2"}
    assert not ALLOWED & SAVING


def test_the_list_names_operations_that_exist():
    foreign = {name for name in ALLOWED if not hasattr(tf.raw_ops, name)}
    assert foreign == set(_TENSORFLOW_TEXT.split())


# Graphs that were changed by hand


@pytest.fixture
def changed(modules, tmp_path):
    """Give a function that changes a good module's graph and returns what is found in it."""

    def change(edit):
        folder = shutil.copytree(modules[Layout], tmp_path / "module")
        path = folder / "saved_model.pb"
        saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
        edit(saved.meta_graphs[0])
        path.write_bytes(saved.SerializeToString())
        return faults(folder)

    return change


def function(meta, part):
    """Return the function of the library with `part` in its name."""
    return next(f for f in meta.graph_def.library.function if part in f.signature.name)


def add(meta, name, *nodes):
    made = meta.graph_def.library.function.add()
    made.signature.name = name
    for op, called in nodes:
        node = made.node_def.add(name=f"n{len(made.node_def)}", op=op)
        if called:
            node.attr["f"].func.name = called
    return made


def saver_called_by_the_call(meta):
    call = function(meta, "__inference___call__").node_def.add(name="x", op="PartitionedCall")
    call.attr["f"].func.name = function(meta, "traced_save").signature.name


def saver_called_by_a_node_of_its_name(meta):
    """Name a node as the saver's, which stands in the main graph."""
    name = meta.saver_def.save_tensor_name.partition(":")[0]
    call = function(meta, "__inference___call__").node_def.add(name=name, op="PartitionedCall")
    call.attr["f"].func.name = function(meta, "traced_save").signature.name


def saver_called_as_an_operation(meta):
    name = function(meta, "traced_save").signature.name
    function(meta, "__inference___call__").node_def.add(name="x", op=name)


def saver_is_a_method(meta):
    name = function(meta, "traced_save").signature.name
    meta.object_graph_def.concrete_functions[name].SetInParent()


def saver_in_a_list_of_branches(meta):
    node = function(meta, "__inference___call__").node_def.add(name="x", op="Case")
    node.attr["branches"].list.func.add().name = function(meta, "traced_save").signature.name


def no_saver(meta):
    meta.saver_def.Clear()


def in_the_main_graph(meta):
    meta.graph_def.node.add(name="x", op="WriteFile")


def in_a_function_that_nothing_calls(meta):
    add(meta, "__inference_idle", ("WriteFile", None))


def a_function_named_like_an_operation(meta):
    add(meta, "Identity", ("NoOp", None))


def a_function_named_like_a_hidden_operation(meta):
    add(meta, "_Recv", ("NoOp", None))


def two_functions_of_one_name(meta):
    add(meta, function(meta, "__call__").signature.name, ("NoOp", None))


def itself(meta):
    add(meta, "__inference_a", ("PartitionedCall", "__inference_a"))


def each_other(meta):
    add(meta, "__inference_a", ("PartitionedCall", "__inference_b"))
    add(meta, "__inference_b", ("PartitionedCall", "__inference_a"))


def doubled_thirty_times(meta):
    for number in range(30):
        twice = [("PartitionedCall", f"__inference_{number + 1}")] * 2
        add(meta, f"__inference_{number}", *twice)
    add(meta, "__inference_30", ("NoOp", None))


def an_asset_elsewhere(meta):
    meta.asset_file_def[0].filename = "../../../etc/passwd"


def an_asset_from_the_root(meta):
    meta.asset_file_def[0].filename = "/etc/passwd"


def a_constant_for_the_asset(meta):
    objects = meta.object_graph_def
    name = next(name for name in objects.concrete_functions if "initializer" in name)
    bound = objects.concrete_functions[name].bound_inputs
    place = next(i for i, n in enumerate(bound) if objects.nodes[n].WhichOneof("kind") == "asset")
    objects.nodes[bound[place]].constant.operation = "Const"


def a_name_that_is_computed(meta):
    made = function(meta, "initializer")
    node = next(n for n in made.node_def if n.op == "InitializeTableFromTextFileV2")
    made.node_def.add(name="joined", op="StringJoin", input=[node.input[1], node.input[1]])
    node.input[1] = "joined:output:0"


def saver_handed_to_another(meta):
    """Name it where a caller sets what is called: nodes alone do not show it."""
    inner = add(meta, "__inference_inner", ("PartitionedCall", None))
    inner.node_def[0].attr["f"].placeholder = "F"
    call = function(meta, "__inference___call__").node_def.add(name="x", op="PartitionedCall")
    call.attr["f"].func.name = "__inference_inner"
    name = function(meta, "traced_save").signature.name
    call.attr["f"].func.attr["F"].func.name = name


def saver_set_by_callers(meta):
    inner = add(meta, "__inference_inner", ("PartitionedCall", None))
    inner.node_def[0].attr["f"].placeholder = "F"


def saver_in_place_of_another(meta):
    """TensorFlow swaps functions that say that they do the same."""
    function(meta, "traced_save").attr["api_implements"].s = b"call"


def saver_as_a_gradient(meta):
    gradient = meta.graph_def.library.registered_gradients.add(registered_op_type="CustomGradient")
    gradient.gradient_func = function(meta, "traced_save").signature.name


def a_function_that_is_not_there(meta):
    call = function(meta, "__inference___call__").node_def.add(name="x", op="PartitionedCall")
    call.attr["f"].func.name = "__inference__traced_save_999"


def fills_a_table(meta, *hands):
    """Add a function that fills a table from its argument, which goes through some hands."""
    made = add(meta, "__inference_open", ("AnonymousHashTable", None))
    made.signature.input_arg.add(name="file", type=7)
    for number, given in enumerate(hands):
        made.node_def.add(name=f"hand{number}", op="Identity", input=[given])
    given = f"hand{len(hands) - 1}:output:0" if hands else "file"
    made.node_def.add(
        name="fill", op="InitializeTableFromTextFileV2", input=["n0:table_handle:0", given]
    )
    return made


def a_method_that_the_list_of_functions_lacks(meta):
    """Its argument is the text that it is asked."""
    fills_a_table(meta)
    node = next(n for n in meta.object_graph_def.nodes if n.function.concrete_functions)
    node.function.concrete_functions.append("__inference_open")


def an_argument_that_takes_several(meta):
    """Move what comes after it to another place than it seems to stand in."""
    made = fills_a_table(meta)
    made.signature.input_arg.add(name="some", type=7, number_attr="N")


def ten_thousand_hands(meta):
    """Following each for each of many tables took minutes."""
    made = fills_a_table(meta, "file", *(f"hand{n}:output:0" for n in range(9_999)))
    made.node_def.extend([made.node_def[-1]] * 10_000)


def calls_ten_thousand_deep(meta):
    for number in range(10_000):
        add(meta, f"__inference_{number}", ("PartitionedCall", f"__inference_{number + 1}"))
    add(meta, "__inference_10000", ("NoOp", None))


@pytest.mark.parametrize(
    "op",
    [
        "SaveV2", "RestoreV2", "MergeV2Checkpoints", "ReadFile", "MatchingFiles", "TextLineDataset",
        "TFRecordDataset", "ImmutableConst", "CreateSummaryFileWriter", "WholeFileReaderV2",
        "PyFunc", "EagerPyFunc", "DebugIdentityV2", "SaveDatasetV2", "LoadDataset", "SqlDataset",
        "Print",
        "LoadAndRemapMatrix", "StatelessWhile", "For", "NextIteration", "RemoteCall", "RpcCall",
        "XlaCallModule", "an unknown one",
    ],
)  # fmt: skip
def test_an_operation_that_is_not_on_the_list(changed, op):
    def edit(meta):
        function(meta, "__inference___call__").node_def.add(name="x", op=op)

    assert any(f"the operation {op!r} (in __inference___call__" in fault for fault in changed(edit))


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (saver_called_by_the_call, "SaveV2"),
        (saver_called_by_a_node_of_its_name, "SaveV2"),
        (saver_called_as_an_operation, "SaveV2"),
        (saver_is_a_method, "SaveV2"),
        (saver_in_a_list_of_branches, "SaveV2"),
        (no_saver, "SaveV2"),
        (saver_handed_to_another, "a function that is called with attributes"),
        (saver_set_by_callers, "an attribute that its callers set"),
        (saver_in_place_of_another, "SaveV2"),
        (saver_as_a_gradient, "SaveV2"),
        (a_function_that_is_not_there, "a function that it does not hold"),
        (a_method_that_the_list_of_functions_lacks, "a file's name that is no asset's"),
        (an_argument_that_takes_several, "an argument that is a list"),
        (ten_thousand_hands, "a file's name that is no asset's"),
        (calls_ten_thousand_deep, "calls without end"),
        (in_the_main_graph, r"WriteFile' \(in the main graph"),
        (in_a_function_that_nothing_calls, "WriteFile"),
        (a_function_named_like_an_operation, "with the name of another .* 'Identity'"),
        (a_function_named_like_a_hidden_operation, "with the name of another .* '_Recv'"),
        (two_functions_of_one_name, "with the name of another"),
        (itself, "calls without end"),
        (each_other, "calls without end"),
        (doubled_thirty_times, "calls without end"),
        (an_asset_elsewhere, "the asset '../../../etc/passwd', which leads out"),
        (an_asset_from_the_root, "the asset '/etc/passwd', which leads out"),
        (a_constant_for_the_asset, "a file's name that is no asset's"),
        (a_name_that_is_computed, "a file's name that is no asset's"),
    ],
)
def test_what_hides_is_found(changed, edit, found):
    assert any(re.search(found, fault) for fault in changed(edit))


def test_what_was_not_changed_has_no_fault(changed):
    assert changed(lambda meta: None) == []


def test_two_graphs_and_none_are_of_another_format(modules, tmp_path):
    good = saved_model_pb2.SavedModel.FromString((modules[Layout] / "saved_model.pb").read_bytes())
    twice = saved_model_pb2.SavedModel(meta_graphs=[good.meta_graphs[0]] * 2)
    good.meta_graphs[0].ClearField("object_graph_def")
    for saved in (twice, good, saved_model_pb2.SavedModel()):
        (tmp_path / "saved_model.pb").write_bytes(saved.SerializeToString())
        assert faults(tmp_path) == ["the format of TensorFlow 1"]


@pytest.mark.parametrize("content", [b"not a graph", b"\x0a\xff\xff\xff"])
def test_a_damaged_file_is_said_so(tmp_path, content):
    (tmp_path / "saved_model.pb").write_bytes(content)
    with pytest.raises(WeightsError, match="cannot be opened as a SavedModel"):
        faults(tmp_path)


def test_a_file_without_end_is_not_read(tmp_path):
    with (tmp_path / "saved_model.pb").open("wb") as file:
        file.truncate(2**40)  # takes no room on a disk
    with pytest.raises(WeightsError, match="cannot be opened as a SavedModel"):
        faults(tmp_path)


def test_a_graph_that_lacks_what_it_names_is_damaged(changed):
    def cut(meta):
        meta.object_graph_def.ClearField("nodes")

    with pytest.raises(WeightsError, match="is damaged"):
        changed(cut)
