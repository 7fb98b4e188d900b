"""The configuration of a fit: given values over a recipe file over the catalogue's row.

Nothing here imports TensorFlow, so that a typing error is answered at once.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tfnews import catalogue
from tfnews.catalogue.rows import Row, defaults
from tfnews.catalogue.settings import IDLE, OPEN_OF_VECTORS, SETTINGS, checked, nearest
from tfnews.errors import RunError, UsageError
from tfnews.files import read_bytes
from tfnews.training import devices

if TYPE_CHECKING:
    from tfnews.records import Config

_BOTTLENECK = 128  # width of the attention in a MobileBERT, whatever its other sizes

# Kind of row that pads its texts -> the fewest tokens of one, special ones included. To keep all
# would fill a batch up to its longest text: one of 10 MB would ask for 34 GB.
_FEWEST = {"transformer": 8, "cnn": 1}


def recorded(config: "Config") -> dict:
    """Return every setting of a run.

    A run made before a setting was added has that setting's default, but weighs no class,
    reads words, is not calibrated, and followed the study's recipe.

    Raises:
        RunError: One is not what a fit could have been given.
    """
    known = defaults(catalogue.row(config.arch))
    before = {
        "class_weight": "none", "analyzer": "word", "calibrate": "none", "recipe": "published"
    }  # fmt: skip
    found = known | {name: before[name] for name in before if name in known} | config.recipe
    try:
        return found | {
            name: checked(name, found[name], f"in the config.json of {config.name!r}")
            for name in found.keys() & SETTINGS.keys()
        }
    except UsageError as error:
        raise RunError(f"{error} The run was damaged or made by another program.") from error


def inherited(config: "Config") -> dict:
    """Return the settings of a run that another one, which goes on from it, has by default."""
    return recorded(config) | {"devices": devices.AUTO}  # those of that time may be elsewhere


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
        base: The configuration of a run whose weights are gone on from: what stands where nothing
            is given. The row's own values by default.

    Returns:
        Every setting with its value.

    Raises:
        UsageError: An unknown name, a value that is not allowed, or values that do not go together.
    """
    options = {**defaults(row), **(base or {})}
    layers = (
        (_read(config), f"in {config}"),
        (dict(map(_parse, assignments)), "with --set"),
        ({name: value for name, value in given.items() if value is not None}, "as an argument"),
    )
    named = [values.get("recipe") for values, _ in layers]
    if base is None and [name for name in named if name is not None][-1:] == ["published"]:
        options |= row.study
    for values, where in layers:
        for name, value in values.items():
            _check_known(name, row, where)
            options[name] = checked(name, value, where)
    devices.check(options["devices"])
    if row.recipe:
        _check_decay(options)
    if base is None:
        named = {name for values, _ in layers for name in values}
        if options["weights"] == "none" and row.recipe and "trainable" not in named:
            options["trainable"] = True
        _check_start(row, options)
    return options


def named(
    given: Mapping[str, object],
    config: str | os.PathLike | None = None,
    assignments: Iterable[str] = (),
) -> set[str]:
    """Return the names of the settings that are given, as `resolve` takes them.

    Raises:
        UsageError: The file cannot be read, or a text is no "name=value".
    """
    arguments = {name for name, value in given.items() if value is not None}
    return {*_read(config), *dict(map(_parse, assignments)), *arguments}


def _read(config: str | os.PathLike | None) -> dict:
    if config is None:
        return {}
    try:
        return tomllib.loads(read_bytes(config).decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"The recipe {config} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"The recipe {config} is not UTF-8 text: byte {error.start} is no part of it. "
            "Save it as UTF-8."
        ) from error
    except (ValueError, RecursionError) as error:  # ValueError: a number of 4,300 digits, too
        raise UsageError(f"The recipe {config} is not TOML: {error}.") from error


def _parse(assignment: str) -> tuple[str, object]:
    """Read "name=value"; the value is TOML, but a text needs no quotes."""
    name, equals, text = (part.strip() for part in assignment.partition("="))
    if not equals:
        raise UsageError(f"--set takes NAME=VALUE. Received: {assignment!r}.")
    try:
        read = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return name, text
    value = read["value"] if len(read) == 1 else text  # a line break could hide a second setting
    is_text = name in SETTINGS and SETTINGS[name].kind is str
    return name, text if is_text and not isinstance(value, str) else value


def _check_known(name: str, row: Row, where: str) -> None:
    known = defaults(row)
    if name in known:
        return
    others = [other.name for other in catalogue.rows().values() if name in defaults(other)]
    hint = f" It is one of --arch {', '.join(others)}." if others else ""
    useful = sorted(known.keys() - set(IDLE.get(row.kind, ())))
    raise UsageError(
        f"Unknown setting {name!r} {where}.{hint or nearest(name, useful)} "
        f"Allowed: {', '.join(useful)}."
    )


def _check_decay(options: dict) -> None:
    if options["weight_decay"] and options["optimizer"] != "adamw":
        raise UsageError(
            f"The optimizer {options['optimizer']} has no decoupled weight decay. Received: "
            f"weight_decay={options['weight_decay']}. Use optimizer=adamw, or weight_decay=0."
        )


def learns_pieces(row: Row) -> bool:
    """Say whether a row can read pieces that it learns from texts: of a vocabulary of a size."""
    return "analyzer" in row.settings and "vocabulary_size" in row.settings


def _check_start(row: Row, options: dict) -> None:
    """Refuse what the weights that a fit starts from would not follow."""
    if options.get("analyzer") == "piece" and not learns_pieces(row):
        others = [other.name for other in catalogue.rows().values() if learns_pieces(other)]
        raise UsageError(
            f"{row.name} learns no pieces. Received: analyzer=piece. Use analyzer=char, or "
            f"one of --arch {', '.join(others)} with --weights none."
        )
    idle = _changed(row, options, IDLE.get(row.kind, ()))
    if idle:
        raise UsageError(
            f"{row.name} has no use for {', '.join(IDLE[row.kind])}: a solver finds its weights. "
            f"Received: {', '.join(idle)}. Leave these out."
        )
    fewest = _FEWEST.get(row.kind, 0)
    if options["max_tokens"] < fewest:
        raise UsageError(
            f"{row.name} must keep {fewest} token{'s' * (fewest > 1)} of a text or more, for it "
            f"pads texts to one length. Received: max_tokens={options['max_tokens']}. The row's "
            f"own: {row.max_tokens}."
        )
    if options["weights"] == "none":
        if row.recipe:
            _check_fresh(row, options)
        return
    from tfnews.weights.digests import is_vectors  # listing settings need not wait for it

    known = OPEN_OF_VECTORS if is_vectors(options["weights"]) else ()
    brought = [name for name in row.settings if SETTINGS[name].fresh and name not in known]
    fresh = _changed(row, options, brought)
    if fresh:
        raise UsageError(
            "Sizes and vocabulary of pretrained weights are their own, those of "
            f"{options['weights']}. Received: {', '.join(fresh)}. Leave these out, or start from "
            "--weights none."
        )


def _changed(row: Row, options: dict, names: Iterable[str]) -> list[str]:
    own = defaults(row)
    return [f"{name}={options[name]}" for name in names if options[name] != own[name]]


def _check_fresh(row: Row, options: dict) -> None:
    if not options["trainable"]:
        raise UsageError(
            f"--weights none starts {row.name} from random weights, which must be trained. "
            "Received: frozen ones. Add --trainable."
        )
    if row.kind == "transformer":
        if options["trainable_layers"]:
            raise UsageError(
                f"--weights none starts {row.name} from random weights, which must be trained. "
                f"Received: trainable_layers={options['trainable_layers']}, which keeps the layers "
                "below as they are. Leave it out."
            )
        for fault in _faults_of_encoder(options):
            raise UsageError(f"No encoder can be built like this: {fault}.")


def _faults_of_encoder(options: dict) -> Iterable[str]:
    """Yield what does not go together in the sizes of an encoder with fresh weights."""
    architecture, heads, narrow = (
        options[name] for name in ("architecture", "num_heads", "embedding_dim")
    )
    width = _BOTTLENECK if architecture == "mobilebert" else options["hidden_dim"]
    if width % heads:
        yield f"num_heads={heads} must divide the width that attention has, {width}"
    if narrow and architecture in ("bert", "distilbert"):
        yield f"embedding_dim={narrow}, and the token table of {architecture} has the full width: 0"
    if architecture == "albert" and not narrow:
        yield "embedding_dim=0, and the token table of albert has a width of its own, such as 128"
    if options["pooler"] and architecture == "distilbert":
        yield "pooler=true, and distilbert has none: pooler=false"
