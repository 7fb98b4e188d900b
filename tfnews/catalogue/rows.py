"""The catalogue: every architecture is a row of catalogue.toml, read and checked here.

Nothing here imports TensorFlow, so that listing the rows is instant.
"""

import dataclasses
import difflib
import functools
import itertools
import tomllib
import typing
from collections.abc import Iterable
from pathlib import Path

from tfnews.errors import UsageError

DEFAULT = "tfidf"

NORMALISATIONS = ("none", "lower", "words")

# Family -> the settings that its rows must give, with their types.
SETTINGS = {
    "hub": {"vocabulary_size": int, "oov_buckets": int, "min_count": int},
    "linear": {
        "ngrams": int,
        "min_df": int,
        "sublinear_tf": bool,
        "max_features": int,
        "C": float,
    },
    "transformer": {
        "architecture": str,  # "bert", "distilbert", "albert" or "mobilebert"
        "num_layers": int,
        "num_heads": int,
        "hidden_dim": int,
        "intermediate_dim": int,
        "embedding_dim": int,  # 0 where it is the hidden width
        "activation": str,  # a key of `tfnews.models.transformer.activations.ACTIVATIONS`
        "pooler": bool,  # a dense tanh layer over the first token
        "dropout": float,
        "vocabulary_size": int,  # of a vocabulary learnt from the training split
        "pooling": str,  # "pooled" or "mean"
        "long": str,  # "truncate", "head-tail" or "windows"
        "max_windows": int,  # windows of a text at most
        "trainable_layers": int,  # top layers to train; 0 trains all
    },
}

HEAD = {
    "hidden": list[int],  # widths of the ReLU layers, first to last
    "dropout": list[float],  # rate after each of them, in [0, 1)
    "units": int,  # 1 (one sigmoid unit) or 2 (two classes)
}

RECIPE = {
    "epochs": int,  # most passes over the training split
    "batch_size": int,  # texts a step
    "optimizer": str,  # "adam", "adamw", or "lazy_adam" for large tables
    "learning_rate": float,
    "patience": int,  # epochs without improvement before training stops
    "monitor": str,  # the history column that must improve
    "min_delta": float,  # the least change that counts as improvement
    "epsilon": float,  # of the optimizer
    "weight_decay": float,  # decoupled, not on biases and norms; AdamW's
    "warmup_steps": int,  # updates over which the learning rate rises from 0
    "schedule": str,  # what it does then: "constant", or "linear" to 0 at the end
    "accumulate": int,  # parts of a batch whose gradients are summed before an update
    "clip": float,  # largest global norm of the gradients; 0 does not clip
}
RECIPE_DEFAULTS = {
    "epsilon": 1e-7,
    "weight_decay": 0.0,
    "warmup_steps": 0,
    "schedule": "constant",
    "accumulate": 1,
    "clip": 0.0,
}

# What the study states, early-stopped on its test set. F1 is that of the fake class, 0 to 1.
PUBLISHED = {
    "parameters_total": int,
    "parameters_trainable_frozen": int,
    "parameters_trainable_fine_tuned": int,
    "test_accuracy_frozen": float,
    "test_f1_frozen": float,
    "test_accuracy_fine_tuned": float,
    "test_f1_fine_tuned": float,
}


@dataclasses.dataclass(frozen=True)
class Row:
    """One architecture.

    Attributes:
        name: What `tfnews fit --arch` takes.
        family: The file of `tfnews.models` that builds it; a key of `SETTINGS`.
        summary: One line.
        licence: Licence of the pretrained weights.
        source: Paper or address to cite.
        settings: Values that only the family knows, as `SETTINGS` lists them.
        weights: Handle of the pretrained weights, "" when nothing is downloaded.
        width: Width of a token's vector, 0 when there is no embedding.
        rows_published: Rows of the published embedding table, 0 when there is none.
        normalise: A rule of `tfnews.models.text.normalise`.
        max_tokens: Tokens kept from the start of a text; 0 keeps all.
        trainable: Whether fit trains the pretrained table unless told otherwise.
        head: The layers after the backbone, as `HEAD` lists them.
        recipe: How it is trained, as `RECIPE` lists it; empty when a solver finds the weights.
        published: What the study states of it, as `PUBLISHED` lists it: never ours.
    """

    name: str
    family: str
    summary: str
    licence: str
    source: str
    settings: dict
    weights: str = ""
    width: int = 0
    rows_published: int = 0
    normalise: str = "none"
    max_tokens: int = 0
    trainable: bool = False
    head: dict = dataclasses.field(
        default_factory=lambda: {"hidden": [], "dropout": [], "units": 1}
    )
    recipe: dict = dataclasses.field(default_factory=dict)
    published: dict = dataclasses.field(default_factory=dict)


_TYPES = {field.name: field.type for field in dataclasses.fields(Row)}
_REQUIRED = ("name", "family", "summary", "licence", "source", "settings")


@functools.cache
def rows() -> dict[str, Row]:
    """Return every architecture by name, in the order of catalogue.toml."""
    return parse(Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8"))


def row(name: str) -> Row:
    """Return one architecture.

    Raises:
        UsageError: There is no such row.
    """
    if name not in rows():
        raise UsageError(
            f"No architecture {name!r}.{nearest(name, rows())} Allowed: {', '.join(rows())}. "
            "See: tfnews archs"
        )
    return rows()[name]


def parameters(row: Row) -> int | None:
    """Return the parameters of a row with its published weights, `None` when data decides them."""
    if not row.rows_published:
        return row.published.get("parameters_total")
    widths = [row.width, *row.head["hidden"], row.head["units"]]
    head = sum((inputs + 1) * outputs for inputs, outputs in itertools.pairwise(widths))
    return row.rows_published * row.width + head


def nearest(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the known word closest to `word`, or ""."""
    matches = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {matches[0]!r}?" if matches else ""


def parse(text: str) -> dict[str, Row]:
    """Read a catalogue in TOML: one table an architecture.

    Raises:
        UsageError: A key is unknown or missing, or a value is not what its key allows.
    """
    return {name: _row(name, table) for name, table in tomllib.loads(text).items()}


def _row(name: str, table: dict) -> Row:
    where = f"[{name}]"
    row = Row(**_table({"name": name, **table}, _TYPES, _REQUIRED, where))
    _check_choice(row.family, SETTINGS, f"family in {where}")
    _check_choice(row.normalise, NORMALISATIONS, f"normalise in {where}")
    settings = SETTINGS[row.family]
    row = dataclasses.replace(
        row,
        settings=_table(row.settings, settings, settings, f"settings in {where}"),
        head=_table(row.head, HEAD, HEAD, f"head in {where}"),
        recipe=_recipe(row.recipe, f"recipe in {where}"),
        published=_table(row.published, PUBLISHED, (), f"published in {where}"),
    )
    if len(row.head["dropout"]) - len(row.head["hidden"]) not in (0, 1):
        raise UsageError(
            f"head in {where} needs one dropout for each hidden layer, and may have one before "
            f"them. Received: hidden = {row.head['hidden']}, dropout = {row.head['dropout']}."
        )
    return row


def _recipe(recipe: dict, where: str) -> dict:
    if not recipe:
        return {}
    required = [key for key in RECIPE if key not in RECIPE_DEFAULTS]
    return {**RECIPE_DEFAULTS, **_table(recipe, RECIPE, required, where)}


def _table(table: dict, known: dict, required: Iterable[str], where: str) -> dict:
    _check_keys(table, known, required, where)
    return {key: _value(known[key], value, f"{key} in {where}") for key, value in table.items()}


def _value(kind: type, value: object, where: str) -> object:
    """Return `value` if it is of this type; a whole number may stand for a float."""
    if typing.get_origin(kind) is list and isinstance(value, list):
        return [_value(typing.get_args(kind)[0], item, where) for item in value]
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:  # not isinstance: True must not pass for a number
        name = kind.__name__ if typing.get_origin(kind) is None else str(kind)
        raise UsageError(f"{where} must be of type {name}. Received: {value!r}.")
    return value


def _check_keys(table: dict, known: Iterable[str], required: Iterable[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise UsageError(
                f"Unknown key {key!r} in {where}.{nearest(key, known)} Allowed: {', '.join(known)}."
            )
    missing = [key for key in required if key not in table]
    if missing:
        raise UsageError(f"{where} lacks {', '.join(missing)}. Add each: all are required.")


def _check_choice(value: str, allowed: Iterable[str], where: str) -> None:
    if value not in allowed:
        raise UsageError(
            f"Unknown {where}: {value!r}.{nearest(value, allowed)} Allowed: {', '.join(allowed)}."
        )
