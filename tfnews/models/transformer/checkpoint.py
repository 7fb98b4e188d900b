"""Read a local Hugging Face checkpoint into an encoder."""

import contextlib
import math
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import keras
import keras_hub
import numpy as np
import safetensors

from tfnews.catalogue.settings import shown
from tfnews.errors import WeightsError
from tfnews.files import sha256
from tfnews.models.transformer.activations import ACTIVATIONS
from tfnews.models.transformer.encoders import build_encoder
from tfnews.models.transformer.layouts import LAYOUTS, named_variables
from tfnews.models.transformer.sizes import read_sizes
from tfnews.models.transformer.vocabularies import (
    VOCABULARIES,
    find_vocabulary,
    lower_cases,
    read_json,
    size,
)

CONFIG = "config.json"
TENSORS = "model.safetensors"

# Modules of the file that belong to the encoder and must be read; others are heads of other tasks.
_ENCODER_MODULES = ("embeddings", "encoder", "transformer")
# Positions counted from 0, which old checkpoints store.
_BUFFERS = ("embeddings.position_ids",)
_DTYPES = ("F32", "F16", "BF16", "F64")


@dataclass(frozen=True)
class Checkpoint:
    """An encoder with pretrained weights, and what its tokenizer is made from.

    Attributes:
        encoder: Maps token_ids, padding_mask and (but for DistilBERT) segment_ids, each int32
            (batch, tokens), to sequence_output (batch, tokens, width) and pooled_output
            (batch, width).
        digest: SHA-256 of model.safetensors.
        vocabulary: The vocab.txt, spiece.model or tokenizer.json, for `read_tokenizer`.
        do_lower_case: Whether texts are lower-cased first.
    """

    encoder: keras_hub.models.Backbone
    digest: str
    vocabulary: Path
    do_lower_case: bool


def read_checkpoint(folder: str | os.PathLike) -> Checkpoint:
    """Read a folder in Hugging Face's layout; nothing in it is executed.

    It holds config.json, model.safetensors, vocab.txt, spiece.model or tokenizer.json, and, if the
    texts' case is not to be told from these, tokenizer_config.json.

    Args:
        folder: The folder.

    Returns:
        The encoder, float32, as its configuration describes it, `hidden_act` included. Where the
        checkpoint has no pooler, pooled_output is the first token. keras-hub's encoders take one
        dropout rate: that of the hidden states.

    Raises:
        WeightsError: A file is missing, the model is of an unknown kind, or tensors are missing,
            left over, or of another shape than config.json says.
    """
    folder = Path(folder)
    config = _config(folder)
    vocabulary = _vocabulary(folder, config)
    with _open(folder / TENSORS) as tensors:
        model_type = _model_type(folder, config, tensors.keys())
        stored = _names(tensors.keys(), model_type)
        pooler = any(name.startswith("pooler.") for name in stored)
        shapes = {
            short: tuple(tensors.get_slice(name).get_shape()) for short, name in stored.items()
        }
        sizes = read_sizes(folder / CONFIG, config, LAYOUTS[model_type], shapes)
        encoder = _build(folder, config, model_type, sizes, pooler)
        variables = named_variables(encoder, LAYOUTS[model_type])
        _check_names(folder, variables, stored)
        for name, variable in variables.items():
            variable.assign(_value(folder, tensors, stored[name], variable))
    digest = sha256(folder / TENSORS)
    return Checkpoint(encoder, digest, vocabulary, lower_cases(vocabulary))


def _config(folder: Path) -> dict:
    """Read config.json and check that the model is one to read, before any other file is missed."""
    if not folder.is_dir():
        raise WeightsError(f"{folder} is not a folder. Give a Hugging Face checkpoint's folder.")
    if not (folder / CONFIG).is_file():
        raise WeightsError(_missing(folder, CONFIG))
    config = read_json(folder / CONFIG)
    if config.get("model_type"):
        _check_type(folder, config["model_type"])
    if not (folder / TENSORS).is_file():
        raise WeightsError(_missing(folder, TENSORS))
    return config


def _missing(folder: Path, name: str) -> str:
    found = ", ".join(sorted(path.name for path in folder.iterdir())) or "nothing"
    message = (
        f"{folder} holds no {name}. It has: {found}. Needed: {CONFIG}, {TENSORS}, and "
        f"{' or '.join(VOCABULARIES)}."
    )
    if name == TENSORS and (folder / "pytorch_model.bin").is_file():
        message += f" Make it: tfnews weights convert {folder} --out FOLDER"
    return message


def _vocabulary(folder: Path, config: dict) -> Path:
    """Return the vocabulary's file, which must not be longer than the embedding."""
    found = find_vocabulary(folder)
    if found is None:
        raise WeightsError(_missing(folder, " or ".join(VOCABULARIES)))
    words, rows = size(found), config.get("vocab_size")
    if words and _is_number(rows) and words > rows:
        raise WeightsError(
            f"{found} has {words:,} words, but {CONFIG} says vocab_size {rows}. "
            "Get both files from the same revision of the model."
        )
    return found


@contextlib.contextmanager
def _open(path: Path) -> Iterator[safetensors.safe_open]:
    """Map a safetensors file into memory; only the tensors asked for are read."""
    try:
        with safetensors.safe_open(path, framework="numpy") as tensors:
            yield tensors
    except safetensors.SafetensorError as error:
        raise WeightsError(
            f"{path} is not a whole safetensors file: {error}. Copy it again."
        ) from error


def _model_type(folder: Path, config: dict, names: Iterable[str]) -> str:
    """Return config.json's model_type or, where an old one has none, the tensors' prefix."""
    found = config.get("model_type") or next(
        (kind for kind in LAYOUTS if any(name.startswith(f"{kind}.") for name in names)), None
    )
    _check_type(folder, found)
    return found


def _check_type(folder: Path, found: object) -> None:
    if not isinstance(found, str) or found not in LAYOUTS:
        raise WeightsError(
            f"{folder / CONFIG} must describe a model_type that tfnews can read. "
            f"Received: {shown(found)}. Allowed: {', '.join(LAYOUTS)}."
        )


def _names(names: Iterable[str], model_type: str) -> dict[str, str]:
    """Return the tensors' names by what they are called without prefix in newer files."""
    prefix = f"{model_type}."
    short = {_modern(name.removeprefix(prefix)): name for name in names}
    return {name: full for name, full in short.items() if name not in _BUFFERS}


def _modern(name: str) -> str:
    name = name.replace("LayerNorm.gamma", "LayerNorm.weight")
    return name.replace("LayerNorm.beta", "LayerNorm.bias")


def _build(
    folder: Path, config: dict, model_type: str, sizes: dict, pooler: bool
) -> keras_hub.models.Backbone:
    layout = LAYOUTS[model_type]
    for key, value in layout.fixed.items():
        if config.get(key, value) != value:
            raise WeightsError(_unsupported(folder, key, config[key], repr(value)))
    activation = config.get(layout.activation)
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        allowed = ", ".join(ACTIVATIONS)
        raise WeightsError(_unsupported(folder, layout.activation, activation, allowed))
    # MobileBERT's file may hold a pooler that its configuration turns off.
    pooler = pooler and config.get("classifier_activation", True)
    return build_encoder(model_type, sizes, activation, pooler, "float32")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unsupported(folder: Path, key: str, received: object, allowed: str) -> str:
    return (
        f"{folder / CONFIG} asks for a {key} that tfnews does not compute. "
        f"Received: {shown(received)}. Allowed: {allowed}."
    )


def _check_names(folder: Path, wanted: Collection[str], stored: Collection[str]) -> None:
    missing = sorted(set(wanted) - set(stored))
    left = sorted(
        name for name in set(stored) - set(wanted) if name.split(".")[0] in _ENCODER_MODULES
    )
    if missing or left:
        raise WeightsError(
            f"{folder / TENSORS} does not fit its {CONFIG}. "
            f"Missing: {_some(missing)}. Left over: {_some(left)}. "
            "Get both files from the same revision of the model."
        )


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more if names else "none"


def _value(
    folder: Path, tensors: safetensors.safe_open, name: str, variable: keras.Variable
) -> np.ndarray:
    """Read one tensor in the shape of its variable."""
    found = tensors.get_slice(name)
    shape, dtype = tuple(found.get_shape()), found.get_dtype()
    if shape != _stored_shape(variable) or dtype not in _DTYPES:
        raise WeightsError(
            f"{name} in {folder / TENSORS} must be of shape {_stored_shape(variable)}, as "
            f"{CONFIG} says, and of type {', '.join(_DTYPES)}. Received: {shape}, {dtype}."
        )
    value = tensors.get_tensor(name).astype("float32")
    value = value.T if variable.name == "kernel" else value
    return value.reshape(variable.shape)


def _stored_shape(variable: keras.Variable) -> tuple[int, ...]:
    """Return the shape in the file: heads joined, and kernels (outputs, inputs)."""
    shape = tuple(variable.shape)
    if variable.name == "embeddings":
        return shape
    if variable.name != "kernel":
        return (math.prod(shape),)
    inputs = shape[:-1] if "attention_output" in variable.path else shape[:1]
    return (math.prod(shape[len(inputs) :]), math.prod(inputs))


def stored(variable: keras.Variable) -> np.ndarray:
    """Return a variable's value as files of Hugging Face hold it: what reading it undoes."""
    value, shape = variable.numpy(), _stored_shape(variable)
    if variable.name == "kernel":
        value = value.reshape(shape[::-1]).T  # (inputs, outputs) to (outputs, inputs)
    return np.ascontiguousarray(value.reshape(shape), np.float32)
