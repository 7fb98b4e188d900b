"""Tests of attention, dropout and normalisation."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnews.models.transformer import attention
from tfnews.models.transformer.activations import gelu

MASK = tf.constant([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])


def layer(dropout=0.0, width=8, value_width=8, policy="float32"):
    """Build an attention layer with random weights."""
    made = keras.layers.MultiHeadAttention(2, 4, dropout=dropout, dtype=policy)
    made.build((None, None, width), (None, None, value_width), (None, None, width))
    random = np.random.default_rng(0)
    made.set_weights([random.normal(0, 0.4, w.shape) for w in made.get_weights()])
    return made


def features(width=8, seed=0, dtype="float32"):
    """Draw features (2, 5, width)."""
    return tf.cast(np.random.default_rng(seed).normal(size=(2, 5, width)), dtype)


@pytest.mark.parametrize("value_width", [8, 12])
def test_it_attends_as_keras_does(value_width):
    keras_layer = layer(value_width=value_width)
    queries, values = features(), features(value_width, 1)
    expected = keras_layer(queries, values, queries, attention_mask=MASK[:, None, :] == 1)
    answers = attention.attend(keras_layer, queries, values, MASK)
    np.testing.assert_allclose(answers, expected, atol=1e-6)


def test_what_is_padded_changes_nothing():
    keras_layer, x = layer(), features()
    other = tf.concat([x[:, :3], x[:, 3:] + 5], axis=1)
    first, second = (attention.attend(keras_layer, v, v, MASK)[1, :3] for v in (x, other))
    np.testing.assert_allclose(first, second, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("training", [False, True])
def test_a_text_of_padding_alone_stays_finite(dtype, training):
    keras_layer, x = layer(0.1, policy=dtype), features(dtype=dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        answers = attention.attend(keras_layer, x, x, MASK * 0, training)
    assert np.isfinite(tf.cast(answers, "float32")).all()
    assert np.isfinite(tf.cast(tape.gradient(answers, x), "float32")).all()


def test_gradients_under_dropout_are_those_of_the_plain_formula():
    q, k, v = (tf.reshape(features(12, seed), (2, 3, 5, 4)) for seed in range(3))
    upstream = tf.reshape(features(12, 3), (2, 3, 5, 4))
    bias = tf.cast(1 - MASK, "float32")[:, None, None, :] * -1e9
    kept, inverse = attention._kept(tf.constant([2, 3, 5, 5]), keras.layers.Dropout(0.3, seed=1))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([q, k, v])
        ours = attention._weighted_with_dropout(q, k, v, bias, kept, inverse)
        weights = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) + bias)
        plain = tf.matmul(weights * tf.cast(kept, "float32") * inverse, v)
    np.testing.assert_allclose(ours, plain, atol=1e-6)
    pairs = (tape.gradient(found, [q, k, v], upstream) for found in (ours, plain))
    for mine, theirs in zip(*pairs, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_dropout_in_attention_differs_by_call_and_vanishes_in_prediction():
    keras_layer, x = layer(0.5), features()
    drawn = [attention.attend(keras_layer, x, x, MASK, training=True) for _ in range(2)]
    assert not np.allclose(*drawn)
    expected = keras_layer(x, x, attention_mask=MASK[:, None, :] == 1, training=False)
    np.testing.assert_allclose(attention.attend(keras_layer, x, x, MASK), expected, atol=1e-6)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_keeps_its_share_and_scales_the_rest(rate):
    x = tf.ones((201, 101))  # an odd count: half of a drawn number is left over
    found = attention.drop(x, keras.layers.Dropout(rate, seed=3), training=True).numpy()
    assert set(np.unique(found)) == {0.0, np.float32(1 / (1 - round(rate * 2**16) / 2**16))}
    assert abs((found == 0).mean() - rate) < 4 * np.sqrt(rate * (1 - rate) / found.size)


def test_dropout_follows_its_layers_seed():
    x = tf.ones((20, 20))
    first, second = keras.layers.Dropout(0.5, seed=3), keras.layers.Dropout(0.5, seed=3)
    drawn = [attention.drop(x, source, True) for source in (first, first, second)]
    assert not np.array_equal(drawn[0], drawn[1])
    np.testing.assert_array_equal(drawn[0], drawn[2])


@pytest.mark.parametrize("dropout", [None, keras.layers.Dropout(0.0)])
def test_no_rate_drops_nothing(dropout):
    assert attention.drop(x := features(), dropout, training=True) is x


def test_a_quantised_layer_is_left_to_keras():
    keras_layer, x = layer(), features()
    for inner in (keras_layer.query_dense, keras_layer.key_dense, keras_layer.value_dense):
        inner.quantize("int8")
    expected = keras_layer(x, x, attention_mask=MASK[:, None, :] == 1)
    np.testing.assert_allclose(attention.attend(keras_layer, x, x, MASK), expected, atol=1e-6)


def test_a_rate_of_one_drops_all_but_divides_by_no_zero():
    found = attention.drop(tf.ones((20, 20)), keras.layers.Dropout(1.0, seed=1), True)
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    "policy", ["float64", "float32", "bfloat16", "float16", "mixed_bfloat16", "mixed_float16"]
)
def test_normalisation_and_its_gradients_are_keras_own(policy):
    keras_layer = keras.layers.LayerNormalization(epsilon=1e-12, dtype=policy)
    keras_layer.build((None, None, 8))
    keras_layer.set_weights([*np.random.default_rng(1).normal(size=(2, 8)).astype("float32")])
    x = features(dtype=keras_layer.compute_dtype) * 3 + 2
    wanted = [x, keras_layer.gamma.value, keras_layer.beta.value]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        ours, theirs = attention.normalise(keras_layer, x), keras_layer(x)
        sums = [tf.reduce_sum(tf.cast(y, "float32") ** 2) for y in (ours, theirs)]
    assert ours.dtype == theirs.dtype
    close = {"float64": 1e-12, "float32": 1e-5, "bfloat16": 3e-2, "float16": 3e-3}
    close = close[keras_layer.compute_dtype]
    gradients = [tape.gradient(total, wanted) for total in sums]
    for mine, keras_own in zip([ours, *gradients[0]], [theirs, *gradients[1]], strict=True):
        a, b = (tf.cast(values, "float32").numpy() for values in (mine, keras_own))
        np.testing.assert_allclose(a, b, atol=close * max(1, np.abs(b).max()))


def test_normalisation_of_large_half_precision_features_stays_finite():
    keras_layer = keras.layers.LayerNormalization(epsilon=1e-12, dtype="mixed_float16")
    keras_layer.build((None, None, 8))
    x = features(dtype="float16") * 2e4  # their squares are beyond float16
    assert np.isfinite(attention.normalise(keras_layer, x)).all()
    assert np.isfinite(attention.normalise(keras_layer, x * 0)).all()


def test_gelu_and_its_gradient_are_keras_own():
    x = tf.linspace(-6.0, 6.0, 101)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        ours, theirs = gelu(x), keras.activations.gelu(x, approximate=False)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    np.testing.assert_allclose(tape.gradient(ours, x), tape.gradient(theirs, x), atol=1e-6)
