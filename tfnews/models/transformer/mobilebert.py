"""MobileBERT, which keras-hub lacks, as a keras-hub backbone.

Source: Sun et al. (2020), "MobileBERT: a Compact Task-Agnostic BERT for Resource-Limited Devices",
arXiv:2004.02984.
"""

import functools
from collections.abc import Callable

import keras
import keras_hub
from keras import ops

from tfnews.errors import UsageError
from tfnews.models.transformer.activations import ACTIVATIONS
from tfnews.models.transformer.attention import attend


def _initializer() -> keras.initializers.Initializer:
    return keras.initializers.TruncatedNormal(stddev=0.02)


def _dense(
    units: int, name: str, dtype: object, activation: Callable | None = None
) -> keras.layers.Dense:
    return keras.layers.Dense(
        units, activation=activation, kernel_initializer=_initializer(), dtype=dtype, name=name
    )


def _embedding(rows: int, width: int, name: str, dtype: object) -> keras.layers.Embedding:
    return keras.layers.Embedding(
        rows, width, embeddings_initializer=_initializer(), dtype=dtype, name=name
    )


@keras.saving.register_keras_serializable("tfnews")
class NoNorm(keras.layers.Layer):
    """Scales and shifts each feature: what MobileBERT has in place of layer normalisation."""

    def build(self, input_shape: tuple) -> None:
        """Make the scale and the shift, each (width,)."""
        self.gamma = self.add_weight(shape=input_shape[-1:], initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=input_shape[-1:], initializer="zeros", name="beta")

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Map features (..., width) to the same shape."""
        return inputs * self.gamma + self.beta


@keras.saving.register_keras_serializable("tfnews")
class Trigrams(keras.layers.Layer):
    """Joins each token's vector with its neighbours': next, own, previous; zeros past the ends."""

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Map vectors (batch, tokens, width) to (batch, tokens, 3 * width)."""
        following = ops.pad(inputs[:, 1:], ((0, 0), (0, 1), (0, 0)))
        previous = ops.pad(inputs[:, :-1], ((0, 0), (1, 0), (0, 0)))
        return ops.concatenate([following, inputs, previous], axis=-1)


@keras.saving.register_keras_serializable("tfnews")
class Bottleneck(keras.layers.Layer):
    """A dense layer and NoNorm, with the residual added between them where one is given.

    Args:
        units: Width of the output.
        dropout: Rate after the dense layer.
    """

    def __init__(self, units: int, dropout: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.rate = dropout

    def build(self, inputs_shape: tuple) -> None:
        """Make the layers."""
        dtype = self.dtype_policy
        self.dense = _dense(self.units, "dense", dtype)
        self.dense.build(inputs_shape)
        self.dropout = keras.layers.Dropout(self.rate, dtype=dtype, name="dropout")
        self.norm = NoNorm(dtype=dtype, name="norm")
        self.norm.build((*inputs_shape[:-1], self.units))

    def call(
        self,
        inputs: keras.KerasTensor,
        residual: keras.KerasTensor | None = None,
        training: bool | None = None,
    ) -> keras.KerasTensor:
        """Map (batch, tokens, width) and a residual of (batch, tokens, units) to the latter."""
        outputs = self.dropout(self.dense(inputs), training=training)
        return self.norm(outputs if residual is None else outputs + residual)

    def compute_output_shape(self, inputs_shape: tuple) -> tuple:
        """Return (batch, tokens, units)."""
        return (*inputs_shape[:-1], self.units)

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "units": self.units, "dropout": self.rate}


@keras.saving.register_keras_serializable("tfnews")
class MobileBertLayer(keras.layers.Layer):
    """One block: into the bottleneck, attention, stacked feed-forward networks, out again.

    Queries and keys are computed from a bottleneck of the input, values from the input itself.

    Args:
        bottleneck_dim: Width inside the block.
        intermediate_dim: Width inside a feed-forward network.
        num_heads: Attention heads; must divide `bottleneck_dim`.
        num_feedforward_networks: Feed-forward networks, one after the other.
        activation: A key of `tfnews.models.transformer.activations.ACTIVATIONS`.
        dropout: Rate after the output bottleneck's dense layer.
        attention_dropout: Rate on attention weights.
    """

    def __init__(
        self,
        bottleneck_dim: int,
        intermediate_dim: int,
        num_heads: int,
        num_feedforward_networks: int,
        activation: str,
        dropout: float,
        attention_dropout: float,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.bottleneck_dim = bottleneck_dim
        self.intermediate_dim = intermediate_dim
        self.num_heads = num_heads
        self.num_feedforward_networks = num_feedforward_networks
        self.activation = activation
        self.rate = dropout
        self.attention_dropout = attention_dropout

    def build(self, inputs_shape: tuple) -> None:
        """Make the layers."""
        narrow = (*inputs_shape[:-1], self.bottleneck_dim)
        middle = (*inputs_shape[:-1], self.intermediate_dim)
        bottleneck = functools.partial(Bottleneck, dtype=self.dtype_policy)
        self.input_bottleneck = bottleneck(self.bottleneck_dim, name="input_bottleneck")
        self.attention_bottleneck = bottleneck(self.bottleneck_dim, name="attention_bottleneck")
        for layer in (self.input_bottleneck, self.attention_bottleneck):
            layer.build(inputs_shape)
        self.attention = self._attention()
        self.attention.build(query_shape=narrow, value_shape=inputs_shape, key_shape=narrow)
        self.attention_norm = NoNorm(dtype=self.dtype_policy, name="attention_norm")
        self.attention_norm.build(narrow)
        numbers = range(self.num_feedforward_networks)
        activation = ACTIVATIONS[self.activation]
        self.expand = [
            _dense(self.intermediate_dim, f"expand_{n}", self.dtype_policy, activation)
            for n in numbers
        ]
        self.contract = [bottleneck(self.bottleneck_dim, name=f"contract_{n}") for n in numbers]
        for expand, contract in zip(self.expand, self.contract, strict=True):
            expand.build(narrow)
            contract.build(middle)
        self.output_bottleneck = bottleneck(inputs_shape[-1], self.rate, name="output_bottleneck")
        self.output_bottleneck.build(narrow)

    def _attention(self) -> keras.layers.MultiHeadAttention:
        return keras.layers.MultiHeadAttention(
            num_heads=self.num_heads,
            key_dim=self.bottleneck_dim // self.num_heads,
            dropout=self.attention_dropout,
            kernel_initializer=_initializer(),
            dtype=self.dtype_policy,
            name="attention",
        )

    def call(
        self,
        inputs: keras.KerasTensor,
        padding_mask: keras.KerasTensor,
        training: bool | None = None,
    ) -> keras.KerasTensor:
        """Map (batch, tokens, width) and a mask (batch, tokens) to (batch, tokens, width)."""
        shared = self.attention_bottleneck(inputs)
        attended = attend(self.attention, shared, inputs, padding_mask, training)
        x = self.attention_norm(attended + self.input_bottleneck(inputs))
        for expand, contract in zip(self.expand, self.contract, strict=True):
            x = contract(expand(x), residual=x)
        return self.output_bottleneck(x, residual=inputs, training=training)

    def compute_output_shape(self, inputs_shape: tuple, padding_mask_shape: tuple) -> tuple:
        """Return the input's shape."""
        return inputs_shape

    def get_config(self) -> dict:
        """Return the arguments."""
        return {
            **super().get_config(),
            "bottleneck_dim": self.bottleneck_dim,
            "intermediate_dim": self.intermediate_dim,
            "num_heads": self.num_heads,
            "num_feedforward_networks": self.num_feedforward_networks,
            "activation": self.activation,
            "dropout": self.rate,
            "attention_dropout": self.attention_dropout,
        }


@keras.saving.register_keras_serializable("tfnews")
class MobileBertBackbone(keras_hub.models.Backbone):
    """MobileBERT's encoder: thin layers with bottlenecks, trigram embedding, no normalisation.

    Inputs, each int32 (batch, tokens): token_ids, segment_ids, padding_mask (1 = token, 0 =
    padding). Outputs: sequence_output (batch, tokens, hidden_dim) and pooled_output
    (batch, hidden_dim). The defaults are those of google/mobilebert-uncased: 24,581,888 parameters.

    As in the original, the trigram embedding of the last token sees the padding after it.

    Args:
        vocabulary_size: Rows of the token embedding.
        num_layers: Blocks.
        num_heads: Attention heads of a block.
        embedding_dim: Width of a token's vector, three of which are joined.
        hidden_dim: Width between blocks.
        bottleneck_dim: Width inside a block; `num_heads` must divide it.
        intermediate_dim: Width inside a feed-forward network.
        num_feedforward_networks: Feed-forward networks of a block.
        activation: A key of `tfnews.models.transformer.activations.ACTIVATIONS`.
        dropout: Rate after the embedding and after each block's last dense layer.
        attention_dropout: Rate on attention weights.
        max_sequence_length: Tokens of the longest input.
        num_segments: Values that segment_ids may take.
        pooler: Whether pooled_output is a dense tanh layer over the first token rather than the
            first token itself. The published checkpoint uses none.
        dtype: Precision policy; not float16, in which MobileBERT's activations overflow.

    Raises:
        UsageError: `dtype` computes in float16.
    """

    def __init__(
        self,
        vocabulary_size: int = 30522,
        num_layers: int = 24,
        num_heads: int = 4,
        embedding_dim: int = 128,
        hidden_dim: int = 512,
        bottleneck_dim: int = 128,
        intermediate_dim: int = 512,
        num_feedforward_networks: int = 4,
        activation: str = "relu",
        dropout: float = 0.0,
        attention_dropout: float = 0.1,
        max_sequence_length: int = 512,
        num_segments: int = 2,
        pooler: bool = False,
        dtype: object = None,
        **kwargs,
    ):
        _refuse_float16(dtype)

        # === Layers ===
        self.embeddings = _embeddings(
            vocabulary_size, embedding_dim, hidden_dim, max_sequence_length, num_segments, dtype
        )
        self.token_embedding = self.embeddings["token_embedding"]
        self.embeddings_dropout = keras.layers.Dropout(
            dropout, dtype=dtype, name="embeddings_dropout"
        )
        self.transformer_layers = [
            MobileBertLayer(
                *(bottleneck_dim, intermediate_dim, num_heads, num_feedforward_networks),
                *(activation, dropout, attention_dropout),
                dtype=dtype,
                name=f"transformer_layer_{number}",
            )
            for number in range(num_layers)
        ]
        self.pooled_dense = _dense(hidden_dim, "pooled_dense", dtype, ops.tanh) if pooler else None

        # === Functional Model ===
        names = ("token_ids", "segment_ids", "padding_mask")
        inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in names}
        x = self.embeddings_dropout(_embed(inputs, self.embeddings))
        for layer in self.transformer_layers:
            x = layer(x, padding_mask=inputs["padding_mask"])
        first = x[:, 0, :]
        pooled = self.pooled_dense(first) if pooler else first
        outputs = {"sequence_output": x, "pooled_output": pooled}
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.vocabulary_size = vocabulary_size
        self.num_layers, self.num_heads = num_layers, num_heads
        self.embedding_dim, self.hidden_dim = embedding_dim, hidden_dim
        self.bottleneck_dim, self.intermediate_dim = bottleneck_dim, intermediate_dim
        self.num_feedforward_networks = num_feedforward_networks
        self.activation = activation
        self.dropout, self.attention_dropout = dropout, attention_dropout
        self.max_sequence_length, self.num_segments = max_sequence_length, num_segments
        self.pooler = pooler

    def get_config(self) -> dict:
        """Return the arguments."""
        arguments = (
            *("vocabulary_size", "num_layers", "num_heads", "embedding_dim", "hidden_dim"),
            *("bottleneck_dim", "intermediate_dim", "num_feedforward_networks", "activation"),
            *("dropout", "attention_dropout", "max_sequence_length", "num_segments", "pooler"),
        )
        return {**super().get_config(), **{name: getattr(self, name) for name in arguments}}


def _refuse_float16(dtype: object) -> None:
    policy = keras.dtype_policies.get(dtype)
    if policy.compute_dtype == "float16":
        raise UsageError(
            "MobileBERT cannot compute in float16: without layer normalisation its activations "
            f"exceed 65,504, float16's largest number. Received: {policy.name}. "
            "Allowed: float32, bfloat16, mixed_bfloat16."
        )


def _embeddings(
    vocabulary_size: int,
    embedding_dim: int,
    hidden_dim: int,
    max_sequence_length: int,
    num_segments: int,
    dtype: object,
) -> dict[str, keras.layers.Layer]:
    """Return the layers that `_embed` applies, by name."""
    layers = [
        _embedding(vocabulary_size, embedding_dim, "token_embedding", dtype),
        Trigrams(dtype=dtype, name="trigrams"),
        _dense(hidden_dim, "embeddings_projection", dtype),
        keras_hub.layers.PositionEmbedding(
            max_sequence_length, _initializer(), dtype=dtype, name="position_embedding"
        ),
        _embedding(num_segments, hidden_dim, "segment_embedding", dtype),
        keras.layers.Add(dtype=dtype, name="embeddings_add"),
        NoNorm(dtype=dtype, name="embeddings_norm"),
    ]
    return {layer.name: layer for layer in layers}


def _embed(inputs: dict, layers: dict[str, keras.layers.Layer]) -> keras.KerasTensor:
    """Map the backbone's inputs, each (batch, tokens), to vectors (batch, tokens, hidden_dim)."""
    x = layers["trigrams"](layers["token_embedding"](inputs["token_ids"]))
    x = layers["embeddings_projection"](x)
    positions = layers["position_embedding"](x)
    segments = layers["segment_embedding"](inputs["segment_ids"])
    return layers["embeddings_norm"](layers["embeddings_add"]([x, positions, segments]))
