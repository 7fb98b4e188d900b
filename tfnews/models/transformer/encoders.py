"""The transformer encoders: keras-hub's, true to their checkpoints, and ours."""

from collections.abc import Callable

import keras
import keras_hub
import tensorflow as tf

from tfnews.models.transformer.activations import ACTIVATIONS
from tfnews.models.transformer.attention import attend, dense, drop, normalise
from tfnews.models.transformer.mobilebert import MobileBertBackbone

_BACKBONES = {
    "bert": keras_hub.models.BertBackbone,
    "distilbert": keras_hub.models.DistilBertBackbone,
    "albert": keras_hub.models.AlbertBackbone,
}


@keras.saving.register_keras_serializable("tfnews")
class TransformerLayer(keras_hub.layers.TransformerEncoder):
    """keras-hub's layer, normalised after each part, computed in fewer passes over memory.

    `activation` may be set after construction.
    """

    def call(
        self, inputs: tf.Tensor, padding_mask: tf.Tensor, training: bool | None = None
    ) -> tf.Tensor:
        """Map (batch, tokens, width) and a mask (batch, tokens) to (batch, tokens, width)."""
        if self._feedforward_output_dense.quantization_mode is not None:
            return super().call(inputs, padding_mask=padding_mask, training=training)
        attended = attend(self._self_attention_layer, inputs, inputs, padding_mask, training)
        x = inputs + drop(attended, self._self_attention_dropout, training)
        x = normalise(self._self_attention_layer_norm, x)
        inner = self.activation(
            dense(self._feedforward_intermediate_dense, x, self.intermediate_dim)
        )
        outer = dense(self._feedforward_output_dense, inner, inputs.shape[-1])
        outer = drop(outer, self._feedforward_dropout, training)
        return normalise(self._feedforward_layer_norm, x + tf.reshape(outer, tf.shape(x)))


@keras.saving.register_keras_serializable("tfnews")
class Encoder(keras_hub.models.Backbone):
    """BERT, DistilBERT or ALBERT as keras-hub has them, true to the checkpoint in two more ways.

    keras-hub fixes the activation (the tanh GELU for BERT and ALBERT) and always has a pooler.

    Inputs, each int32 (batch, tokens): token_ids, padding_mask (1 = token, 0 = padding) and, but
    for DistilBERT, segment_ids. Outputs: sequence_output (batch, tokens, hidden_dim) and
    pooled_output (batch, hidden_dim).

    Args:
        architecture: "bert", "distilbert" or "albert".
        sizes: Arguments of that keras-hub backbone, such as {"num_layers": 4}.
        activation: A key of `ACTIVATIONS`, used in the feed-forward networks.
        pooler: Whether pooled_output is a dense tanh layer over the first token rather than the
            first token itself. DistilBERT has none.
        dtype: Precision policy.
    """

    def __init__(
        self,
        architecture: str,
        sizes: dict,
        activation: str = "gelu",
        pooler: bool = False,
        dtype: object = None,
        **kwargs,
    ):
        # === Layers ===
        whole = _BACKBONES[architecture](**sizes, dtype=dtype)
        self.token_embedding = whole.token_embedding
        faster = keras.models.clone_model(
            whole, clone_function=lambda layer: _faster(layer, ACTIVATIONS[activation])
        )

        # === Functional Model ===
        found = faster.output
        sequence = found if architecture == "distilbert" else found["sequence_output"]
        pooled = found["pooled_output"] if pooler else sequence[:, 0, :]
        outputs = {"sequence_output": sequence, "pooled_output": pooled}
        super().__init__(inputs=faster.input, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.architecture = architecture
        self.sizes = dict(sizes)
        self.activation = activation
        self.pooler = pooler
        self.hidden_dim = whole.hidden_dim
        self.max_sequence_length = whole.max_sequence_length

    def get_config(self) -> dict:
        """Return the arguments."""
        return {
            **super().get_config(),
            "architecture": self.architecture,
            "sizes": dict(self.sizes),
            "activation": self.activation,
            "pooler": self.pooler,
        }


def _faster(layer: keras.layers.Layer, activation: Callable) -> keras.layers.Layer:
    """Return a `TransformerLayer` in place of keras-hub's layer, any other layer as it is."""
    if not isinstance(layer, keras_hub.layers.TransformerEncoder):
        return layer
    made = TransformerLayer.from_config(layer.get_config())
    made.activation = activation
    return made


def build_encoder(
    architecture: str, sizes: dict, activation: str, pooler: bool, dtype: object = None
) -> Encoder | MobileBertBackbone:
    """Build an encoder with random weights.

    Args:
        architecture: "bert", "distilbert", "albert" or "mobilebert".
        sizes: Arguments of that backbone.
        activation: A key of `ACTIVATIONS`.
        pooler: Whether pooled_output is a dense tanh layer over the first token.
        dtype: Precision policy.
    """
    if architecture == "mobilebert":
        return MobileBertBackbone(**sizes, activation=activation, pooler=pooler, dtype=dtype)
    return Encoder(architecture, sizes, activation, pooler, dtype)
