"""The activations that Hugging Face checkpoints name."""

import math

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("tfnews")
def gelu(x: tf.Tensor) -> tf.Tensor:
    """Compute the exact GELU of each number of (..., width): x times the normal distribution to x.

    Its gradient is computed in float32: bfloat16's error function is slow on CPUs.

    Source: Hendrycks and Gimpel (2016), "Gaussian Error Linear Units", arXiv:1606.08415.
    """
    return _gelu(x)


@tf.custom_gradient
def _gelu(x: tf.Tensor) -> tuple:
    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        y = tf.cast(x, tf.float32)
        density = tf.exp(-0.5 * y * y) * (1 / math.sqrt(2 * math.pi))
        slope = 0.5 * (1 + tf.math.erf(y * math.sqrt(0.5))) + y * density
        return upstream * tf.cast(slope, x.dtype)

    # Written so that TensorFlow joins it to the matrix product before it.
    return 0.5 * x * (1 + tf.math.erf(x * math.sqrt(0.5))), gradient


@keras.saving.register_keras_serializable("tfnews")
def gelu_tanh(x: keras.KerasTensor) -> keras.KerasTensor:
    """Compute the GELU's approximation by a tanh of each number of (..., width)."""
    return keras.activations.gelu(x, approximate=True)


# `hidden_act` of a config.json -> function of a tensor.
ACTIVATIONS = {
    "gelu": gelu,
    "gelu_new": gelu_tanh,
    "gelu_pytorch_tanh": gelu_tanh,
    "relu": keras.activations.relu,
}
