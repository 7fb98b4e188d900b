"""Attention, dropout and normalisation in fewer passes than Keras', from the same weights.

On long texts a transformer spends more time on its attention weights (batch, heads, tokens, tokens)
than on its matrix products: masking, scaling, drawing dropout and their gradients each read and
write all of them. Here the scale goes to the queries, the mask is added, dropout takes 16 random
bits a number, and the gradient of the softmax uses the outputs in place of one more product.
"""

import keras
import tensorflow as tf

_BITS = 16


def drop(x: tf.Tensor, layer: keras.layers.Dropout | None, training: bool | None) -> tf.Tensor:
    """Apply a dropout layer, with 16 random bits a number.

    The rate is rounded to a multiple of 2**-16.

    Args:
        x: Features (..., width).
        layer: Gives rate and seed; `None` changes nothing.
        training: Whether dropout is on.
    """
    if not _drops(layer, training):
        return x
    kept, scale = _kept(tf.shape(x), layer)
    return tf.where(kept, x * tf.cast(scale, x.dtype), tf.zeros([], x.dtype))


def attend(
    layer: keras.layers.MultiHeadAttention,
    queries: tf.Tensor,
    values: tf.Tensor,
    padding_mask: tf.Tensor,
    training: bool | None = None,
) -> tf.Tensor:
    """Compute what a built Keras attention layer does, with keys from the queries' features.

    Args:
        layer: Gives weights, dropout and seed.
        queries: Features (batch, tokens, width) that queries and keys are made of.
        values: Features (batch, tokens, value width) that values are made of.
        padding_mask: (batch, tokens), 1 = token, 0 = padding that nothing attends to.
        training: Whether dropout is on.

    Returns:
        (batch, tokens, output width).

    Source: Vaswani et al. (2017), "Attention Is All You Need".
    """
    if layer.query_dense.quantization_mode is not None:  # its kernel is no matrix of numbers
        mask = tf.expand_dims(tf.cast(padding_mask, "bool"), 1)
        return layer(queries, values, queries, attention_mask=mask, training=training)
    scale = tf.cast(layer.key_dim**-0.5, queries.dtype)
    q = _heads(layer.query_dense, queries) * scale
    k, v = _heads(layer.key_dense, queries), _heads(layer.value_dense, values)
    lowest = -0.7 * q.dtype.max  # not all of it: a sum must stay finite
    # Not by `[:, None, None]`, which TFLite cannot convert.
    padding = tf.expand_dims(tf.expand_dims(tf.cast(1 - padding_mask, q.dtype), 1), 1)
    bias = padding * tf.cast(lowest, q.dtype)
    if _drops(layer._dropout_layer, training):
        batch, heads, tokens = tf.unstack(tf.shape(q)[:3])
        shape = tf.stack([batch, heads, tokens, tokens])
        kept, inverse = _kept(shape, layer._dropout_layer)
        outputs = _weighted_with_dropout(q, k, v, bias, kept, inverse)
    else:
        weights = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) + bias)
        outputs = tf.matmul(weights, v)
    return _joined(layer.output_dense, outputs)


def dense(layer: keras.layers.Layer, x: tf.Tensor, units: int) -> tf.Tensor:
    """Apply a Keras dense layer's weights, without activation, as one product of two matrices.

    TensorFlow joins bias and activation to such a product, which it does not for more axes.

    Args:
        layer: Gives a kernel of `width * units` numbers and a bias of `units`, in any shape.
        x: Features (..., width).
        units: Width of the result.

    Returns:
        (texts * tokens, units).
    """
    width = x.shape[-1]
    kernel = tf.reshape(tf.convert_to_tensor(layer.kernel), (width, units))
    bias = tf.reshape(tf.convert_to_tensor(layer.bias), (units,))
    return tf.nn.bias_add(tf.matmul(tf.reshape(x, (-1, width)), kernel), bias)


def normalise(layer: keras.layers.LayerNormalization, x: tf.Tensor) -> tf.Tensor:
    """Apply a layer normalisation over the last axis, with scale and shift, in float32 or more.

    Keras' own writes the product of scale and deviation out for every token before it uses it.

    Args:
        layer: Gives gamma, beta and epsilon.
        x: Features (..., width).

    Returns:
        Of the shape and kind of `x`.

    Source: Ba et al. (2016), "Layer Normalization", arXiv:1607.06450.
    """
    wide = tf.cast(x, tf.float64 if x.dtype == tf.float64 else tf.float32)
    centred = wide - tf.reduce_mean(wide, axis=-1, keepdims=True)
    variance = tf.reduce_mean(tf.square(centred), axis=-1, keepdims=True)
    gamma, beta = (tf.cast(one, wide.dtype) for one in (layer.gamma, layer.beta))
    scaled = centred * tf.math.rsqrt(variance + layer.epsilon) * gamma + beta
    return tf.cast(scaled, x.dtype)


def _drops(layer: keras.layers.Dropout | None, training: bool | None) -> bool:
    return bool(training) and layer is not None and layer.rate > 0


def _kept(shape: tf.Tensor, layer: keras.layers.Dropout) -> tuple[tf.Tensor, float]:
    """Draw which numbers are kept, and return what the kept ones are multiplied with."""
    dropped = min(round(layer.rate * 2**_BITS), 2**_BITS - 1)
    count = tf.reduce_prod(tf.cast(shape, tf.int64))
    drawn = tf.random.stateless_uniform(
        [(count + 1) // 2], layer.seed_generator.next(), None, None, tf.uint32
    )
    bits = tf.reshape(tf.bitcast(drawn, tf.uint16), [-1])[:count]
    kept = tf.reshape(bits, shape) >= tf.constant(dropped, tf.uint16)
    return kept, 2**_BITS / (2**_BITS - dropped)


def _weighted_with_dropout(
    q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, bias: tf.Tensor, kept: tf.Tensor, inverse: float
) -> tf.Tensor:
    """Average values (batch, heads, tokens, width) by attention weights, of which some are dropped.

    A row's sum of weights times their gradients is the sum of its outputs times theirs, which is
    smaller (Dao et al., 2022, "FlashAttention", arXiv:2205.14135, appendix B.2).
    """
    inverse, nothing = tf.cast(inverse, q.dtype), tf.zeros([], q.dtype)

    @tf.custom_gradient
    def weighted(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) -> tuple:
        weights = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) + bias)
        remaining = tf.where(kept, weights, nothing)
        outputs = tf.matmul(remaining, v) * inverse

        def gradients(upstream: tf.Tensor) -> tuple:
            product = tf.cast(upstream, tf.float32) * tf.cast(outputs, tf.float32)
            sums = tf.cast(tf.reduce_sum(product, -1, keepdims=True), q.dtype)
            scaled = upstream * inverse
            of_weights = tf.where(kept, tf.matmul(scaled, v, transpose_b=True), nothing)
            of_scores = weights * (of_weights - sums)
            of_v = tf.matmul(remaining, scaled, transpose_a=True)
            return tf.matmul(of_scores, k), tf.matmul(of_scores, q, transpose_a=True), of_v

        return outputs, gradients

    return weighted(q, k, v)


def _heads(layer: keras.layers.EinsumDense, x: tf.Tensor) -> tf.Tensor:
    """Map features (batch, tokens, width) to (batch, heads, tokens, width of a head)."""
    heads, width = layer.bias.shape
    shape = (-1, tf.shape(x)[1], heads, width)
    return tf.transpose(tf.reshape(dense(layer, x, heads * width), shape), (0, 2, 1, 3))


def _joined(layer: keras.layers.EinsumDense, x: tf.Tensor) -> tf.Tensor:
    """Map (batch, heads, tokens, width of a head) to features (batch, tokens, output width)."""
    (units,) = layer.bias.shape
    tokens = tf.shape(x)[2]
    joined = tf.reshape(tf.transpose(x, (0, 2, 1, 3)), (-1, x.shape[1] * x.shape[3]))
    return tf.reshape(dense(layer, joined, units), (-1, tokens, units))
