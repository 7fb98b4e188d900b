"""The transformer encoders: keras-hub's, true to their checkpoints, and ours."""

import keras
import keras_hub

from tfnews.models.activations import ACTIVATIONS
from tfnews.models.mobilebert import MobileBertBackbone

_BACKBONES = {
    "bert": keras_hub.models.BertBackbone,
    "distilbert": keras_hub.models.DistilBertBackbone,
    "albert": keras_hub.models.AlbertBackbone,
}


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
        for layer in whole.layers:
            if isinstance(layer, keras_hub.layers.TransformerEncoder):
                # Read at every call of a functional model, so setting it afterwards is enough.
                layer.activation = ACTIVATIONS[activation]
                layer._feedforward_intermediate_dense.activation = ACTIVATIONS[activation]

        # === Functional Model ===
        sequence = whole.output if architecture == "distilbert" else whole.output["sequence_output"]
        pooled = whole.output["pooled_output"] if pooler else sequence[:, 0, :]
        outputs = {"sequence_output": sequence, "pooled_output": pooled}
        super().__init__(inputs=whole.input, outputs=outputs, dtype=dtype, **kwargs)

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
