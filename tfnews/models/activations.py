"""The activations that Hugging Face checkpoints name."""

import keras


def gelu_tanh(x: keras.KerasTensor) -> keras.KerasTensor:
    """Compute the GELU's approximation by a tanh."""
    return keras.activations.gelu(x, approximate=True)


# `hidden_act` of a config.json -> Keras function.
ACTIVATIONS = {
    "gelu": keras.activations.gelu,
    "gelu_new": gelu_tanh,
    "gelu_pytorch_tanh": gelu_tanh,
    "relu": keras.activations.relu,
}
