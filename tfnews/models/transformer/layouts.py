"""How Hugging Face names the sizes and the tensors of each encoder that can be read."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import keras
import keras_hub


@dataclass(frozen=True)
class Layout:
    """The names of one `model_type`.

    Attributes:
        sizes: Argument of the backbone -> key of config.json.
        modules: Module in the file -> layer of the backbone, for what exists once.
        block: Name of a block in the file, with a place for each number.
        block_layer: Name of a block's layer in the backbone, as a pattern with those numbers.
        block_modules: Module within a block in the file -> attribute of the block's layer.
        shapes: Tensors in the file that show all sizes -> the arguments that they have as shape.
        fixed: Keys of config.json whose value must be this one, where they are given.
        activation: The key of config.json that names the activation.
    """

    sizes: dict[str, str]
    modules: dict[str, str]
    block: str
    block_layer: str
    block_modules: dict[str, str]
    shapes: dict[str, tuple[str, str]]
    fixed: dict[str, object] = field(default_factory=dict)
    activation: str = "hidden_act"


_NORMALISED = {"layer_norm_eps": 1e-12, "position_embedding_type": "absolute"}

_SIZES = {
    "vocabulary_size": "vocab_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "hidden_dim": "hidden_size",
    "intermediate_dim": "intermediate_size",
    "dropout": "hidden_dropout_prob",
    "max_sequence_length": "max_position_embeddings",
    "num_segments": "type_vocab_size",
}

_EMBEDDINGS = {
    "embeddings.word_embeddings": "token_embedding",
    "embeddings.position_embeddings": "position_embedding",
    "embeddings.token_type_embeddings": "segment_embedding",
    "embeddings.LayerNorm": "embeddings_layer_norm",
}

# Of the full width, as BERT's tables are.
_TABLES = {
    "embeddings.word_embeddings.weight": ("vocabulary_size", "hidden_dim"),
    "embeddings.position_embeddings.weight": ("max_sequence_length", "hidden_dim"),
}
_SEGMENTS = "embeddings.token_type_embeddings.weight"

_ATTENTION = "_self_attention_layer"

LAYOUTS = {
    "bert": Layout(
        sizes=_SIZES,
        modules={**_EMBEDDINGS, "pooler.dense": "pooled_dense"},
        block="encoder.layer.{}",
        block_layer=r"transformer_layer_(\d+)",
        block_modules={
            "attention.self.query": f"{_ATTENTION}.query_dense",
            "attention.self.key": f"{_ATTENTION}.key_dense",
            "attention.self.value": f"{_ATTENTION}.value_dense",
            "attention.output.dense": f"{_ATTENTION}.output_dense",
            "attention.output.LayerNorm": "_self_attention_layer_norm",
            "intermediate.dense": "_feedforward_intermediate_dense",
            "output.dense": "_feedforward_output_dense",
            "output.LayerNorm": "_feedforward_layer_norm",
        },
        shapes={
            **_TABLES,
            _SEGMENTS: ("num_segments", "hidden_dim"),
            "encoder.layer.0.intermediate.dense.weight": ("intermediate_dim", "hidden_dim"),
        },
        fixed=_NORMALISED,
    ),
    "distilbert": Layout(
        sizes={
            "vocabulary_size": "vocab_size",
            "num_layers": "n_layers",
            "num_heads": "n_heads",
            "hidden_dim": "dim",
            "intermediate_dim": "hidden_dim",
            "dropout": "dropout",
            "max_sequence_length": "max_position_embeddings",
        },
        modules={
            "embeddings.word_embeddings": "token_and_position_embedding.token_embedding",
            "embeddings.position_embeddings": "token_and_position_embedding.position_embedding",
            "embeddings.LayerNorm": "embeddings_layer_norm",
        },
        block="transformer.layer.{}",
        block_layer=r"transformer_layer_(\d+)",
        block_modules={
            "attention.q_lin": f"{_ATTENTION}.query_dense",
            "attention.k_lin": f"{_ATTENTION}.key_dense",
            "attention.v_lin": f"{_ATTENTION}.value_dense",
            "attention.out_lin": f"{_ATTENTION}.output_dense",
            "sa_layer_norm": "_self_attention_layer_norm",
            "ffn.lin1": "_feedforward_intermediate_dense",
            "ffn.lin2": "_feedforward_output_dense",
            "output_layer_norm": "_feedforward_layer_norm",
        },
        shapes={
            **_TABLES,
            "transformer.layer.0.ffn.lin1.weight": ("intermediate_dim", "hidden_dim"),
        },
        activation="activation",
    ),
    "albert": Layout(
        sizes={
            **_SIZES,
            "embedding_dim": "embedding_size",
            "num_groups": "num_hidden_groups",
            "num_inner_repetitions": "inner_group_num",
        },
        modules={
            **_EMBEDDINGS,
            "encoder.embedding_hidden_mapping_in": "embedding_projection",
            "pooler": "pooled_dense",
        },
        block="encoder.albert_layer_groups.{}.albert_layers.{}",
        block_layer=r"group_(\d+)_inner_layer_(\d+)",
        block_modules={
            "attention.query": f"{_ATTENTION}.query_dense",
            "attention.key": f"{_ATTENTION}.key_dense",
            "attention.value": f"{_ATTENTION}.value_dense",
            "attention.dense": f"{_ATTENTION}.output_dense",
            "attention.LayerNorm": "_self_attention_layer_norm",
            "ffn": "_feedforward_intermediate_dense",
            "ffn_output": "_feedforward_output_dense",
            "full_layer_layer_norm": "_feedforward_layer_norm",
        },
        shapes={
            "embeddings.word_embeddings.weight": ("vocabulary_size", "embedding_dim"),
            "embeddings.position_embeddings.weight": ("max_sequence_length", "embedding_dim"),
            _SEGMENTS: ("num_segments", "embedding_dim"),
            "encoder.embedding_hidden_mapping_in.weight": ("hidden_dim", "embedding_dim"),
            "encoder.albert_layer_groups.0.albert_layers.0.ffn.weight": (
                "intermediate_dim",
                "hidden_dim",
            ),
        },
        fixed=_NORMALISED,
    ),
    "mobilebert": Layout(
        sizes={
            **_SIZES,
            "embedding_dim": "embedding_size",
            "bottleneck_dim": "intra_bottleneck_size",
            "attention_dropout": "attention_probs_dropout_prob",
        },
        modules={
            **_EMBEDDINGS,
            "embeddings.LayerNorm": "embeddings_norm",
            "embeddings.embedding_transformation": "embeddings_projection",
            "pooler.dense": "pooled_dense",
        },
        block="encoder.layer.{}",
        block_layer=r"transformer_layer_(\d+)",
        block_modules={
            "bottleneck.input.dense": "input_bottleneck.dense",
            "bottleneck.input.LayerNorm": "input_bottleneck.norm",
            "bottleneck.attention.dense": "attention_bottleneck.dense",
            "bottleneck.attention.LayerNorm": "attention_bottleneck.norm",
            "attention.self.query": "attention.query_dense",
            "attention.self.key": "attention.key_dense",
            "attention.self.value": "attention.value_dense",
            "attention.output.dense": "attention.output_dense",
            "attention.output.LayerNorm": "attention_norm",
            "ffn.0.intermediate.dense": "expand.0",
            "ffn.0.output.dense": "contract.0.dense",
            "ffn.0.output.LayerNorm": "contract.0.norm",
            "ffn.1.intermediate.dense": "expand.1",
            "ffn.1.output.dense": "contract.1.dense",
            "ffn.1.output.LayerNorm": "contract.1.norm",
            "ffn.2.intermediate.dense": "expand.2",
            "ffn.2.output.dense": "contract.2.dense",
            "ffn.2.output.LayerNorm": "contract.2.norm",
            "intermediate.dense": "expand.3",
            "output.dense": "contract.3.dense",
            "output.LayerNorm": "contract.3.norm",
            "output.bottleneck.dense": "output_bottleneck.dense",
            "output.bottleneck.LayerNorm": "output_bottleneck.norm",
        },
        shapes={
            "embeddings.word_embeddings.weight": ("vocabulary_size", "embedding_dim"),
            "embeddings.position_embeddings.weight": ("max_sequence_length", "hidden_dim"),
            _SEGMENTS: ("num_segments", "hidden_dim"),
            "encoder.layer.0.bottleneck.input.dense.weight": ("bottleneck_dim", "hidden_dim"),
            "encoder.layer.0.intermediate.dense.weight": ("intermediate_dim", "bottleneck_dim"),
        },
        fixed={
            "trigram_input": True,
            "use_bottleneck": True,
            "use_bottleneck_attention": False,
            "key_query_shared_bottleneck": True,
            "num_feedforward_networks": 4,
            "normalization_type": "no_norm",
        },
    ),
}

# Name of a Keras variable -> name of the tensor in its module.
_PARAMETERS = {
    "kernel": "weight",
    "bias": "bias",
    "embeddings": "weight",
    "gamma": "weight",
    "beta": "bias",
}


def named_variables(
    encoder: keras_hub.models.Backbone, layout: Layout
) -> dict[str, keras.Variable]:
    """Return an encoder's variables by the names, without prefix, that the file has for them."""
    return {
        f"{module}.{_PARAMETERS[variable.name]}": variable
        for module, layer in _modules(encoder, layout)
        for variable in layer.weights
    }


def _modules(
    encoder: keras_hub.models.Backbone, layout: Layout
) -> Iterator[tuple[str, keras.layers.Layer]]:
    layers = {layer.name: layer for layer in encoder.layers}
    for module, path in layout.modules.items():
        name, *attributes = path.split(".")
        if name in layers:  # the pooler may be missing
            yield module, functools.reduce(_step, attributes, layers[name])
    for name, layer in layers.items():
        if numbers := re.fullmatch(layout.block_layer, name):
            block = layout.block.format(*numbers.groups())
            for module, path in layout.block_modules.items():
                yield f"{block}.{module}", functools.reduce(_step, path.split("."), layer)


def _step(place: object, name: str) -> object:
    return place[int(name)] if name.isdigit() else getattr(place, name)
