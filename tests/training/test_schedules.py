"""The learning rate over a fit, and which optimizer a configuration gives."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.models.reduced import small
from tfnews import catalogue
from tfnews.catalogue.rows import defaults
from tfnews.training import optimizers
from tfnews.training.optimizers import Adam, AdamW, LazyAdam, SparseLossScaling, WarmUp

OPTIONS = {
    "optimizer": "adamw",
    "learning_rate": 0.1,
    "epsilon": 1e-6,
    "weight_decay": 0.5,
    "warmup_steps": 0,
    "schedule": "constant",
    "clip": 0.0,
    "precision": "float32",
}


def make(variables=(), total_steps=10, **changes):
    return optimizers.make({**OPTIONS, **changes}, list(variables), total_steps)


def rates(schedule, steps):
    return [float(schedule(step)) for step in steps]


# Warm-up


@pytest.mark.parametrize(
    ("step", "expected"),
    [(0, 0.1), (1, 0.2), (8, 0.9), (9, 1.0), (10, 1.0), (20, 0.5), (29, 0.05), (30, 0), (99, 0)],
)
def test_the_rate_rises_to_its_peak_and_falls_to_zero(step, expected):
    assert float(WarmUp(2.0, 10, 30)(step)) == pytest.approx(2.0 * expected, abs=1e-6)


def test_without_an_end_it_stays_at_its_peak():
    assert rates(WarmUp(2.0, 4), [0, 1, 3, 4, 1000]) == pytest.approx([0.5, 1, 2, 2, 2])


def test_without_warm_up_it_falls_from_the_start():
    assert rates(WarmUp(1.0, 0, 4), range(5)) == pytest.approx([1, 0.75, 0.5, 0.25, 0])


def test_no_update_but_those_after_the_end_is_lost():
    """The first update has a rate, and so has the last."""
    found = rates(WarmUp(1.0, 3, 10), range(12))
    assert all(rate > 0 for rate in found[:10])
    assert found[10:] == [0, 0]


def test_a_warm_up_longer_than_the_fit_only_rises():
    found = rates(WarmUp(1.0, 500, 20), range(20))
    assert found == sorted(found)
    assert found[-1] == pytest.approx(20 / 500)


@pytest.mark.parametrize("total", [None, 30])
def test_a_schedule_comes_back_from_its_own_description(total):
    schedule = WarmUp(2.0, 10, total)
    again = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    assert type(again) is WarmUp
    assert again.get_config() == schedule.get_config()


@pytest.mark.parametrize("warmup", [0, 4])
def test_a_linear_schedule_ends_with_the_fit(warmup):
    optimizer = make(total_steps=8, warmup_steps=warmup, schedule="linear")
    schedule = optimizer._learning_rate
    assert schedule.get_config() == {"peak": 0.1, "warmup_steps": warmup, "total_steps": 8}


def test_a_constant_schedule_keeps_its_peak_after_the_warm_up():
    schedule = make(warmup_steps=4)._learning_rate
    assert schedule.get_config() == {"peak": 0.1, "warmup_steps": 4, "total_steps": None}
    assert float(make().learning_rate) == pytest.approx(0.1)


def test_an_optimizer_follows_its_schedule():
    variable = keras.Variable(np.zeros(1, "float32"))
    optimizer = make([variable], 4, weight_decay=0.0, warmup_steps=2, schedule="linear")
    moved = []
    for _ in range(5):
        before = variable.numpy()
        optimizer.apply([tf.ones(1)], [variable])
        moved.append((before - variable.numpy())[0])
    # Adam's step on an unchanging gradient is the learning rate.
    np.testing.assert_allclose(moved, [0.05, 0.1, 0.1, 0.05, 0], atol=1e-5)


# AdamW


def decayed(optimizer, variables):
    """Apply gradients of 0 and return the share of its value that each variable has kept."""
    before = [variable.numpy() for variable in variables]
    optimizer.apply([tf.zeros_like(value) for value in before], variables)
    return [np.mean(v.numpy() / b) for v, b in zip(variables, before, strict=True)]


def test_weight_decay_is_decoupled_and_leaves_biases_and_norms():
    shapes = {"kernel": (2, 3), "embeddings": (4, 2), "bias": (3,), "gamma": (3,), "beta": (1,)}
    variables = [keras.Variable(np.ones(s, "float32"), name=n) for n, s in shapes.items()]
    kept = decayed(make(variables), variables)
    # Learning rate 0.1 times decay 0.5.
    np.testing.assert_allclose(kept, [0.95, 0.95, 1, 1, 1], atol=1e-6)


def test_biases_of_attention_are_left_though_they_have_two_dimensions():
    """They were once decayed: Keras shapes them (heads, width of a head)."""
    classifier = small("bert-tiny", num_layers=1)
    variables = classifier.trainable_variables
    for variable in variables:
        variable.assign(np.ones(variable.shape))
    kept = dict(zip([v.path for v in variables], decayed(make(variables), variables), strict=True))
    biases = {path: share for path, share in kept.items() if path.endswith("/bias")}
    assert 2 in {len(v.shape) for v in variables if v.path in biases}
    norms = {path: share for path, share in kept.items() if path.endswith(("/gamma", "/beta"))}
    others = kept.keys() - biases.keys() - norms.keys()
    assert {path.rsplit("/", 1)[-1] for path in others} == {"kernel", "embeddings"}
    for path, share in kept.items():
        assert share == pytest.approx(0.95 if path in others else 1, abs=1e-6), path


@pytest.mark.parametrize(("clip", "norm"), [(0.0, 5.0), (1.0, 1.0), (9.0, 5.0)])
def test_gradients_are_clipped_by_their_global_norm(clip, norm):
    optimizer = make(clip=clip)
    clipped = optimizer._clip_gradients([tf.constant([3.0, 0.0]), tf.constant([[4.0]])])
    assert float(tf.linalg.global_norm(clipped)) == pytest.approx(norm)


def test_a_repeated_row_counts_once_in_the_global_norm():
    slices = tf.IndexedSlices(tf.constant([[3.0], [1.0]]), tf.constant([1, 1]), [3, 1])
    (clipped,) = make(clip=2.0)._clip_gradients([slices])
    np.testing.assert_allclose(tf.convert_to_tensor(clipped), [[0], [2], [0]], atol=1e-6)


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_a_row_that_a_batch_repeats_moves_as_the_published_optimizer_moves_it(name):
    """Keras squares the gradient of each occurrence, not their sum."""
    slices = tf.IndexedSlices(
        tf.constant([[1.0, 2.0], [5.0, 5.0], [1.0, -1.0]]), tf.constant([1, 0, 1]), [3, 2]
    )
    dense = tf.constant([[5.0, 5.0], [2.0, 1.0], [0.0, 0.0]])
    found = []
    for gradient in (slices, dense):
        variable = keras.Variable(np.ones((3, 2), "float32"))
        optimizer = make([variable], optimizer=name, weight_decay=0.0, epsilon=1e-3)
        for _ in range(2):
            optimizer.apply([gradient], [variable])
        found.append(variable.numpy())
    np.testing.assert_allclose(*found, atol=1e-6)


# By name


@pytest.mark.parametrize(
    ("name", "kind"), [("adam", Adam), ("adamw", AdamW), ("lazy_adam", LazyAdam)]
)
@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_the_optimizer_is_the_named_one(name, kind, precision):
    decay = 0.5 if name == "adamw" else 0.0
    optimizer = make(optimizer=name, weight_decay=decay, clip=1.0, precision=precision)
    if precision == "mixed_float16":
        assert type(optimizer) is SparseLossScaling
        optimizer = optimizer.inner_optimizer
    assert type(optimizer) is kind
    assert (optimizer.epsilon, optimizer.global_clipnorm) == (1e-6, 1.0)
    assert (optimizer.weight_decay or 0.0) == decay


@pytest.mark.parametrize("name", [n for n, row in catalogue.rows().items() if row.recipe])
def test_every_rows_recipe_gives_an_optimizer(name):
    options = {**defaults(catalogue.row(name)), "precision": "float32"}
    optimizer = optimizers.make(options, [], 1000)
    assert type(optimizer) is optimizers.OPTIMIZERS[options["optimizer"]]
