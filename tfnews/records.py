"""What config.json says of a run, as typed records."""

import json
import os
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from types import UnionType
from typing import get_args, get_origin

from tfnews.errors import RunError


@dataclass(frozen=True)
class SplitsRecord:
    """The fixed splits a run was trained on.

    Attributes:
        path: Where they were.
        name: The set's name.
        digests: SHA-256 of each part's file.
        class_names: Names of class 0 and class 1.
        label_basis: What the labels rest on.
        licence: Of the texts; `None` where it is not known.
    """

    path: str
    name: str
    digests: dict[str, str]
    class_names: tuple[str, str]
    label_basis: str = "unstated"
    licence: str | None = None


@dataclass(frozen=True)
class WeightsRecord:
    """What a run started from.

    Attributes:
        handle: As the user or the catalogue named it; "none" for fresh weights.
        digest: SHA-256 of the weights; `None` where nothing was read.
        licence: Of the weights.
        normalise: Rule by which the words of their vocabulary are looked up.
        oov_buckets: Rows for words that they do not know.
        precision: The only one they compute in; `None` where any will do.
        note: A line for the user.
    """

    handle: str = "none"
    digest: str | None = None
    licence: str = "none: learnt from the training split"
    normalise: str | None = None
    oov_buckets: int | None = None
    precision: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Ancestor:
    """An earlier run that a run goes on from: its name, place, digest and the name of its set."""

    run: str
    path: str
    digest: str
    splits: str


@dataclass(frozen=True)
class Parameters:
    """A classifier's weights as published counts count them: all, and those that training moves."""

    total: int
    trainable: int


@dataclass(frozen=True, kw_only=True)
class Config:
    """What config.json says of a run.

    Attributes:
        state: "training" or "complete".
        name: As it was created.
        arch: Name of the catalogue's row.
        family: The row's family.
        trainable: Whether pretrained weights were trained.
        weights: What it started from.
        lineage: Earlier runs it goes on from, oldest first.
        splits: What it was trained on.
        recipe: Every setting with its value.
        seed: Of initial weights, order and dropout.
        precision: In training; runs are saved in float32.
        versions: Of Python and the libraries.
        command: The command line that was typed, or the Python call; `None` where neither is known.
        input_rule: Name of the rule that joined title and body.
        parameters: Counts.
        test_reads: How often the test split was scored.
        unknown_tokens: Share of the validation split's words that the model does not know, 0 to 1.
        megabytes: Of the saved model, 10**6 bytes.
        floor: Comparison with the simplest model on the validation split.
        fit_seconds: From the first batch to the saved scores, broken-off legs included.
        more: What another version wrote; kept as it is.
    """

    state: str
    name: str
    arch: str
    family: str = ""
    trainable: bool = False
    weights: WeightsRecord = WeightsRecord()
    lineage: tuple[Ancestor, ...] = ()
    splits: SplitsRecord
    recipe: dict[str, object] = field(default_factory=dict)
    seed: int = 0
    precision: str = "float32"
    versions: dict[str, str] = field(default_factory=dict)
    command: str | None = None
    input_rule: str = ""
    parameters: Parameters | None = None
    test_reads: int = 0
    unknown_tokens: float | None = None
    megabytes: float | None = None
    floor: dict[str, object] | None = None
    fit_seconds: float = 0.0
    more: dict[str, object] = field(default_factory=dict)

    @classmethod
    def from_json(cls, content: object, where: str | os.PathLike = "config.json") -> "Config":
        """Make it of the content of config.json.

        Args:
            content: As `json.loads` returns it.
            where: Named by an error.

        Raises:
            RunError: It is no object, or what is needed is missing or of another type.
        """
        try:
            config = _record(cls, content)
        except _MistypedError as error:
            raise RunError(damaged(where, error)) from error
        known = {one.name for one in fields(cls)}
        more = {name: value for name, value in content.items() if name not in known}
        return replace(config, more=more)

    def to_json(self) -> dict:
        """Return the content of config.json; what is not known is left out."""
        content = asdict(self, dict_factory=_without_unknown)
        return content | content.pop("more")


class _MistypedError(ValueError):
    """A JSON value that is not what a field holds."""


def _without_unknown(pairs: list[tuple[str, object]]) -> dict:
    # Fresh weights are told by a digest that is null.
    return {name: value for name, value in pairs if value is not None or name == "digest"}


_IN_WORDS = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "an object",
    tuple: "a list",
}


def _record(kind: type, content: object, at: str = "") -> object:
    """Make a record of the keys of a JSON object that it knows; null stands for the default."""
    content = typed(content, dict, at)
    values = {}
    for one in fields(kind):
        below = f"{at}.{one.name}" if at else one.name
        if content.get(one.name) is not None:
            values[one.name] = typed(content[one.name], one.type, below)
        elif one.default is MISSING and one.default_factory is MISSING:
            raise _MistypedError(f"{below} is missing")
    return kind(**values)


def typed(value: object, kind: object, at: str = "") -> object:
    """Return a JSON value as what a field's type says: objects as records, lists as tuples."""
    if is_dataclass(kind):
        return _record(kind, value, at)
    inner = get_args(kind)
    if isinstance(kind, UnionType):  # one type, or None
        return typed(value, inner[0], at)
    plain = get_origin(kind) or kind
    allowed = {float: (int, float), tuple: (list, tuple)}.get(plain, plain)
    # True is a whole number to Python.
    if not isinstance(value, allowed) or (isinstance(value, bool) and plain in (int, float)):
        shown = json.dumps(value)
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        raise _MistypedError(f"{at or 'it'} must be {_IN_WORDS[plain]}, not {shown}")
    if plain is dict and inner:
        return {name: typed(one, inner[1], f"{at}.{name}") for name, one in value.items()}
    if plain is tuple:
        return _items(value, inner, at)
    return value


def _items(values: list, kinds: tuple, at: str) -> tuple:
    if kinds[-1] is not ... and len(values) != len(kinds):
        raise _MistypedError(f"{at} must have {len(kinds)} entries, not {len(values)}")
    return tuple(typed(one, kinds[0], f"{at}[{row}]") for row, one in enumerate(values))


def damaged(path: str | os.PathLike, error: ValueError) -> str:
    """Say that a file of a run is not what tfnews writes."""
    return (
        f"{path} is not what tfnews writes ({error}), so {Path(path).parent} is no run of tfnews "
        "or was damaged. Put the file back, or train again under another name."
    )
