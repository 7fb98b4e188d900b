import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow.python.eager import context

from tests.training import classifiers
from tfnews import catalogue
from tfnews.catalogue.rows import defaults
from tfnews.errors import UsageError
from tfnews.training import optimizers
from tfnews.training.optimizers import LazyAdam, SparseLossScaling

CLIPPING = [{}, {"clipnorm": 0.01}, {"global_clipnorm": 0.02}, {"clipvalue": 0.002}]


class Watched(LazyAdam):
    """Notes the kind of each gradient that arrives at its variable."""

    seen = ()

    def update_step(self, gradient, variable, learning_rate):
        self.seen = [*self.seen, (tuple(variable.shape), type(gradient))]
        super().update_step(gradient, variable, learning_rate)


def trained(optimizer):
    """Train for six steps with every row in each; return the weights and the optimizer's."""
    model = classifiers.compiled(classifiers.hub(), optimizer)
    batches = classifiers.batches(classifiers.full_texts(12), [0, 1] * 6, 4, epochs=2)
    model.fit(batches, epochs=2, steps_per_epoch=3, verbose=0, shuffle=False)
    return model.get_weights() + [variable.numpy() for variable in optimizer.variables]


def slices(indices, values, rows=4):
    values = np.array(values, "float32")
    return tf.IndexedSlices(tf.constant(values), tf.constant(indices, tf.int32), [rows, 2])


def table(rows=4):
    return keras.Variable(np.arange(2 * rows, dtype="float32").reshape(rows, 2))


# Against Keras' Adam


@pytest.fixture(scope="module")
def plain():
    return trained(LazyAdam(0.01))[0]


@pytest.mark.parametrize("options", CLIPPING)
def test_where_every_row_is_in_every_batch_it_is_adam(plain, options):
    optimizer = Watched(0.01, **options)
    found, expected = trained(optimizer), trained(keras.optimizers.Adam(0.01, **options))
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    kinds = {kind for shape, kind in optimizer.seen if shape == (classifiers.ROWS, 3)}
    assert kinds == {tf.IndexedSlices}  # after clipping as before
    if options:
        assert np.abs(plain - found[0]).max() > 1e-5  # clipping took hold


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_dense_gradients_are_treated_as_adam_treats_them(shape):
    values = []
    for kind in (LazyAdam, keras.optimizers.Adam):
        variable, optimizer = keras.Variable(np.ones(shape, "float32")), kind(0.1)
        for step in range(3):
            optimizer.apply([tf.fill(shape, step - 0.5)], [variable])
        values.append(variable.numpy())
    np.testing.assert_array_equal(*values)


# The rows of a batch alone


def test_rows_that_are_not_in_a_batch_do_not_move_nor_do_their_moments():
    variable, optimizer = table(), LazyAdam(0.1)
    optimizer.apply([slices([0, 1, 2, 3], np.ones((4, 2)))], [variable])
    before = [v.numpy() for v in (variable, *optimizer._momentums, *optimizer._velocities)]
    optimizer.apply([slices([2, 0], [[1, -1], [2, 3]])], [variable])
    after = [v.numpy() for v in (variable, *optimizer._momentums, *optimizer._velocities)]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old[[1, 3]], new[[1, 3]])
        assert (old[[0, 2]] != new[[0, 2]]).all()


def test_adam_moves_the_other_rows_too():
    """The difference between the two, and the reason why results differ slightly."""
    variable, optimizer = table(), keras.optimizers.Adam(0.1)
    optimizer.apply([slices([0, 1, 2, 3], np.ones((4, 2)))], [variable])
    before = variable.numpy()
    optimizer.apply([slices([2, 0], np.ones((2, 2)))], [variable])
    assert (before != variable.numpy()).all()


@pytest.mark.parametrize("options", CLIPPING)
def test_slices_of_one_row_are_summed(options):
    ways = [
        slices([3, 1, 3], [[1, 2], [5, 5], [-3, 4]]),
        slices([1, 3], [[5, 5], [-2, 6]]),
    ]
    found = []
    for gradient in ways:
        variable, optimizer = table(), LazyAdam(0.1, **options)
        optimizer.apply([gradient], [variable])
        found.append([variable.numpy(), *(v.numpy() for v in optimizer.variables)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-7)


def by_definition(steps, rows):
    """Return a table of ones after Adam in NumPy, float64, over the rows of each step alone."""
    values, first, second = np.ones((rows, 2)), np.zeros((rows, 2)), np.zeros((rows, 2))
    for number, (indices, gradients) in enumerate(steps, start=1):
        summed = np.zeros((rows, 2))
        np.add.at(summed, indices, gradients)
        seen = np.unique(indices)
        first[seen] = 0.9 * first[seen] + 0.1 * summed[seen]
        second[seen] = 0.999 * second[seen] + 0.001 * summed[seen] ** 2
        rate = 0.1 * np.sqrt(1 - 0.999**number) / (1 - 0.9**number)
        values[seen] -= rate * first[seen] / (np.sqrt(second[seen]) + 1e-7)
    return values


a_step = st.lists(st.tuples(st.integers(0, 3), st.integers(-4, 4)), min_size=1, max_size=8)


@settings(deadline=None, max_examples=25)
@given(st.lists(a_step, min_size=1, max_size=4))
def test_any_sequence_of_steps_follows_the_definition(steps):
    steps = [
        (np.array([row for row, _ in step]), np.array([[g, 0.5 * g] for _, g in step], float))
        for step in steps
    ]
    variable, optimizer = keras.Variable(np.ones((4, 2), "float32")), LazyAdam(0.1)
    for indices, gradients in steps:
        optimizer.apply([slices(indices, gradients)], [variable])
    np.testing.assert_allclose(variable.numpy(), by_definition(steps, 4), atol=1e-5)


def moments(optimizer):
    return [v.numpy() for v in (*optimizer._momentums, *optimizer._velocities)]


def test_moments_are_kept_for_the_rows_in_use_alone():
    """With a large table and few texts they were most of what a fit took of memory."""
    steps = [
        slices([3, 1], [[1, 2], [3, 4]]),
        slices([1, 1], np.ones((2, 2))),
        slices([3], [[5, 6]]),
    ]
    found = []
    for used in (None, [3, 1]):
        variable = table()
        optimizer = LazyAdam(0.1, rows=used and {variable.path: used})
        for gradient in steps:
            optimizer.apply([gradient], [variable])
        found.append((variable.numpy(), moments(optimizer)))
    (all_values, of_all), (values, of_used) = found
    np.testing.assert_array_equal(values, all_values)
    for mine, theirs in zip(of_used, of_all, strict=True):
        np.testing.assert_array_equal(mine, theirs[[1, 3]])


def test_no_row_in_use_is_no_row_moved():
    variable = table()
    optimizer = LazyAdam(0.1, rows={variable.path: []})
    optimizer.apply([slices([], np.ones((0, 2)))], [variable])
    np.testing.assert_array_equal(variable.numpy(), table().numpy())


def test_plain_tensorflow_variables_are_trained_too():
    variable = tf.Variable(np.ones((4, 2), "float32"))
    LazyAdam(0.1).apply([slices([1], [[1, 1]])], [variable])
    np.testing.assert_allclose(variable[:2], [[1, 1], [0.9, 0.9]], atol=1e-5)


def test_a_row_that_was_said_not_to_be_in_use_is_an_error():
    variable = table()
    optimizer = LazyAdam(0.1, rows={variable.path: [1, 3]})
    with pytest.raises(tf.errors.InvalidArgumentError):
        optimizer.apply([slices([1, 2], np.ones((2, 2)))], [variable])


def test_the_rows_of_a_batch_are_no_state_of_the_optimizer():
    optimizer = LazyAdam(0.1)
    optimizer.build([table()])
    assert len(optimizer.variables) == 4  # iterations, learning rate and the two moments


MIRRORED = """
import json
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tests.training.test_optimizers import LazyAdam, table
found = []
for devices, shares in ((["CPU:0"], [1.0]), (["CPU:0", "CPU:1"], [-0.5, 1.5])):
    strategy = tf.distribute.MirroredStrategy(devices)
    with strategy.scope():
        variable = table()
        optimizer = LazyAdam(0.1, rows={variable.path: [1, 3]}, global_clipnorm=1.0)
        optimizer.build([variable])
    def update(value):
        device = tf.distribute.get_replica_context().replica_id_in_sync_group
        part = tf.gather(tf.constant(shares), device)  # so unlike that to clip each would differ
        values = part * value * tf.constant([[1.0, 2.0], [5.0, 5.0], [-3.0, 4.0]])
        gradient = tf.IndexedSlices(values, tf.constant([3, 1, 3]), tf.constant([4, 2]))
        optimizer.apply([gradient], [variable])
    @tf.function
    def step(value):
        strategy.run(update, args=(value,))
    for value in (1.0, 2.0, -1.0):
        step(tf.constant(value))
    copies = strategy.experimental_local_results(variable.value)
    found += [copy.numpy().tolist() for copy in copies]
print(json.dumps(found))
"""


def test_on_two_devices_it_is_as_on_one():
    done = subprocess.run(
        [sys.executable, "-c", MIRRORED], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    one, first, second = json.loads(done.stdout.splitlines()[-1])
    assert (np.array(one) != table().numpy())[[1, 3]].all()
    np.testing.assert_allclose(first, one, atol=1e-6)
    np.testing.assert_array_equal(first, second)


# Nothing as large as the table


def test_loss_scaling_leaves_sparse_gradients_sparse():
    watched = Watched(0.01, global_clipnorm=1.0)
    optimizer = SparseLossScaling(watched, initial_scale=8.0)
    variable = table()
    optimizer.apply([slices([1, 3], np.ones((2, 2)))], [variable])
    assert watched.seen == [((4, 2), tf.IndexedSlices)]
    assert (variable.numpy() != table().numpy())[[1, 3]].all()


def graph_of_training(trainable):
    """Return the nodes of the train function as it is run, after Grappler, by Keras' own fit."""
    model = classifiers.compiled(classifiers.hub(trainable), LazyAdam(0.01))
    batches = classifiers.batches(classifiers.TEXTS, classifiers.LABELS, 3)
    context.context().enable_graph_collection()
    try:
        model.fit(batches, steps_per_epoch=2, verbose=0, shuffle=False)
        found = context.context().export_run_metadata().function_graphs
    finally:
        context.context().disable_graph_collection()
    graph = max((f.post_optimization_graph for f in found), key=lambda graph: len(graph.node))
    in_functions = [node for f in graph.library.function for node in f.node_def]
    return [*graph.node, *in_functions]


def whole_tables(nodes):
    """Return the tables that are gathered from, and those of them that are also read whole."""
    gathered = {node.input[0] for node in nodes if node.op == "ResourceGather"}
    whole = {node.input[0] for node in nodes if node.op == "ReadVariableOp"}
    return gathered, gathered & whole


def test_the_whole_table_is_never_read_while_it_is_trained():
    """A table of a million rows was copied at every step.

    Grappler's SimplifyEmbeddingLookup makes one op of Unique, Gather and SparseSegment..., which
    takes the whole table as its input; a variable that is written in the same step is copied for
    that. No timing: the graph is looked at as it is run, nested as Keras' fit nests it.
    """
    nodes = graph_of_training(trainable=True)
    assert not [node.name for node in nodes if "SimplifyEmbeddingLookup" in node.name]
    gathered, whole = whole_tables(nodes)
    assert len(gathered) == 3  # the table and its two moments
    assert whole == set()


def test_the_graph_shows_a_whole_table_where_it_is_read():
    """So that the test above does not pass for want of looking."""
    frozen = graph_of_training(trainable=False)
    assert [node.name for node in frozen if "SimplifyEmbeddingLookup" in node.name]


@pytest.mark.parametrize(
    ("kind", "whole"), [(SparseLossScaling, False), (keras.optimizers.LossScaleOptimizer, True)]
)
def test_loss_scaling_looks_for_overflow_in_the_rows_of_the_batch_alone(kind, whole):
    """Keras' own fills a table of flags, as large as the embedding's, at every step."""
    check = kind(LazyAdam(0.01)).check_finite
    gradient = slices([1, 3], np.ones((2, 2)), rows=1000)
    graph = tf.function(lambda: check([gradient])).get_concrete_function().graph
    sizes = [tensor.shape.num_elements() for op in graph.get_operations() for tensor in op.outputs]
    assert any(size is None or size >= 1000 for size in sizes) is whole


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("sparse", [False, True])
def test_a_step_that_overflows_is_skipped_and_the_scale_halved(bad, sparse):
    variable, optimizer = table(), SparseLossScaling(LazyAdam(0.1), initial_scale=8.0)
    values = np.array([[8.0, bad], [8.0, 8.0]], "float32")
    wrong = slices([1, 3], values) if sparse else tf.constant(np.tile(values, (2, 1)))
    optimizer.apply([wrong], [variable])
    np.testing.assert_array_equal(variable.numpy(), table().numpy())
    assert (float(optimizer.dynamic_scale), int(optimizer.iterations)) == (4.0, 0)
    optimizer.apply([slices([1, 3], np.full((2, 2), 4.0))], [variable])
    expected = table()
    LazyAdam(0.1).apply([slices([1, 3], np.ones((2, 2)))], [expected])
    np.testing.assert_allclose(variable.numpy(), expected.numpy(), atol=1e-7)


# By configuration


@pytest.mark.parametrize(
    "options", [{"amsgrad": True}, {"weight_decay": 0.01}, {"gradient_accumulation_steps": 2}]
)
def test_what_would_sweep_the_whole_table_is_refused(options):
    (name,) = options
    with pytest.raises(UsageError, match=f"no {name}: it would sweep .* Use the optimizer adam"):
        LazyAdam(0.1, **options)


def test_a_configuration_comes_back_from_its_own_description():
    optimizer = LazyAdam(0.1, rows={"table": [3, 1]}, beta_1=0.8, global_clipnorm=1.0)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert type(again) is LazyAdam
    assert again.get_config() == optimizer.get_config()


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_float16_alone_is_trained_under_loss_scaling(precision):
    options = {**defaults(catalogue.row("swivel20")), "precision": precision}
    optimizer = optimizers.make(options, [], 10)
    scaled = precision == "mixed_float16"
    assert (type(optimizer) is SparseLossScaling) is scaled
    assert type(optimizer.inner_optimizer if scaled else optimizer) is LazyAdam
    assert float(optimizer.learning_rate) == pytest.approx(options["learning_rate"])
