"""The configuration of a fit: given values over a recipe file over the catalogue's row."""

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from tfnews import catalogue
from tfnews.catalogue.rows import Row, nearest
from tfnews.errors import UsageError
from tfnews.training.optimizers import OPTIMIZERS, SCHEDULES

PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")

# Allowed values of the settings that are names.
_CHOICES = {
    "precision": PRECISIONS,
    "optimizer": tuple(OPTIMIZERS),
    "schedule": SCHEDULES,
    "monitor": ("val_loss", "val_accuracy", "val_f1", "val_weighted_f1", "loss", "accuracy"),
}

# Smallest allowed values of the settings that are numbers.
_LEAST = {
    "epochs": 1,
    "batch_size": 1,
    "learning_rate": 0.0,
    "patience": 0,
    "min_delta": 0.0,
    "max_tokens": 0,
    "seed": 0,
    "checkpoint_steps": 0,
    "vocabulary_size": 1,
    "oov_buckets": 0,
    "min_count": 1,
    "ngrams": 1,
    "min_df": 1,
    "max_features": 1,
    "C": 1e-6,
    "epsilon": 0.0,
    "weight_decay": 0.0,
    "warmup_steps": 0,
    "accumulate": 1,
    "clip": 0.0,
    "trainable_layers": 0,
    "dropout": 0.0,
    "max_windows": 1,
    "num_layers": 1,
    "num_heads": 1,
    "hidden_dim": 1,
    "intermediate_dim": 1,
    "embedding_dim": 0,
}


def defaults(row: Row) -> dict:
    """Return every setting of a row with its default."""
    return {
        **row.recipe,
        **row.settings,
        "weights": row.weights or "none",
        "trainable": row.trainable,
        "max_tokens": row.max_tokens,
        "seed": 0,
        "precision": "auto",
        "checkpoint_steps": 500,
        "deterministic": False,
    }


def resolve(
    row: Row,
    given: Mapping[str, object],
    config: str | os.PathLike | None = None,
    assignments: Iterable[str] = (),
    base: Mapping[str, object] | None = None,
) -> dict:
    """Resolve the configuration of a fit.

    Args:
        row: The catalogue's row.
        given: Values given as arguments; `None` stands for "not given".
        config: A TOML file of the same names.
        assignments: "name=value" texts.
        base: What stands where nothing is given; the row's own values by default.

    Returns:
        Every setting with its value.

    Raises:
        UsageError: An unknown name, or a value of the wrong type or out of range.
    """
    options = {**defaults(row), **(base or {})}
    layers = (
        (_read(config), f"in {config}"),
        (dict(map(_parse, assignments)), "with --set"),
        ({name: value for name, value in given.items() if value is not None}, "as an argument"),
    )
    for values, where in layers:
        for name, value in values.items():
            options[name] = _checked(name, value, options, where)
    fresh = options["weights"] == "none" and row.recipe and base is None
    if fresh and "trainable" not in _named(layers):
        options["trainable"] = True  # a random table that stays as it is would teach nothing
    return options


def _named(layers: Iterable[tuple[dict, str]]) -> set[str]:
    return {name for values, _ in layers for name in values}


def _read(config: str | os.PathLike | None) -> dict:
    if config is None:
        return {}
    try:
        with Path(config).open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise UsageError(f"The recipe {config} cannot be read: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"The recipe {config} is not TOML: {error}.") from error


def _parse(assignment: str) -> tuple[str, object]:
    name, equals, value = assignment.partition("=")
    if not equals:
        raise UsageError(f"--set takes NAME=VALUE. Received: {assignment!r}.")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.strip(), value.strip()


def _elsewhere(name: str, options: dict) -> str:
    """Tell which other rows have the setting, or which setting has a like name."""
    rows = [row.name for row in catalogue.rows().values() if name in defaults(row)]
    if rows:
        return f" It is one of --arch {' and --arch '.join(rows)}."
    return nearest(name, options)


def _checked(name: str, value: object, options: dict, where: str) -> object:
    if name not in options:
        raise UsageError(
            f"Unknown setting {name!r} {where}.{_elsewhere(name, options)} "
            f"Allowed: {', '.join(sorted(options))}."
        )
    kind = type(options[name])
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise UsageError(
            f"The setting {name!r} must be {kind.__name__}. Received: {value!r} {where}."
        )
    if name in _LEAST and not value >= _LEAST[name]:  # NaN is not
        raise UsageError(
            f"The setting {name!r} must be at least {_LEAST[name]}. Received: {value} {where}."
        )
    if name == "dropout" and value >= 1:
        raise UsageError(f"The setting 'dropout' must be below 1. Received: {value} {where}.")
    if value not in _CHOICES.get(name, (value,)):
        allowed = ", ".join(_CHOICES[name])
        raise UsageError(f"Unknown {name} {value!r} {where}. Allowed: {allowed}.")
    return value
