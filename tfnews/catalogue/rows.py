"""The catalogue: every architecture is a row of catalogue.toml, read and checked here.

Nothing here imports TensorFlow, so that listing the rows is instant.
"""

import dataclasses
import functools
import tomllib
import typing
from collections.abc import Iterable
from pathlib import Path

from tfnews.catalogue.settings import (
    FAMILIES,
    GENERAL,
    KINDS,
    RECIPE,
    SETTINGS,
    Range,
    checked,
    nearest,
)
from tfnews.errors import UsageError

DEFAULT = "tfidf"
ENSEMBLE = "ensemble"  # what an average of runs has in the place of a row

# Words in the names of well-known encoders that no family computes.
_UNREAD = ("roberta", "xlm", "deberta", "electra", "longformer", "bigbird", "mpnet", "gpt", "t5")

HEAD = {
    "hidden": list[int],  # widths of the ReLU layers, first to last
    "dropout": list[float],  # rate after each of them, in [0, 1)
    "units": int,  # 1 (one sigmoid unit) or 2 (two classes)
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
        family: The room of `tfnews.models` that it belongs to; a key of `FAMILIES`.
        summary: One line.
        licence: Licence of the pretrained weights.
        source: Paper or address to cite.
        settings: Values that only its kind knows, as `KINDS` lists them.
        kind: What builds it, one of its family's kinds; by default the family's name.
        weights: Handle of the pretrained weights, "" when nothing is downloaded.
        width: Width of a token's vector, 0 when there is no embedding.
        rows_published: Rows of the published table of words or pieces, 0 when there is none.
        positions_published: Longest text a published transformer can read, in pieces.
        max_tokens: Tokens kept from the start of a text; 0 keeps all.
        trainable: Whether fit trains the pretrained weights unless told otherwise.
        head: The layers after the backbone, as `HEAD` lists them.
        recipe: How it is trained, as `tfnews.catalogue.settings.RECIPE` declares it; empty when a
            solver finds the weights.
        study: What of the recipe the study that published it had otherwise.
        published: What the study states of it, as `PUBLISHED` lists it: never ours.
    """

    name: str
    family: str
    summary: str
    licence: str
    source: str
    settings: dict
    kind: str = ""
    weights: str = ""
    width: int = 0
    rows_published: int = 0
    positions_published: int = 0
    max_tokens: int = 0
    trainable: bool = False
    head: dict = dataclasses.field(
        default_factory=lambda: {"hidden": [], "dropout": [], "units": 1}
    )
    recipe: dict = dataclasses.field(default_factory=dict)
    study: dict = dataclasses.field(default_factory=dict)
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
    if name == ENSEMBLE:
        raise UsageError(
            "An ensemble is not trained: it is the average of trained runs. Make one with: tfnews "
            "ensemble RUN RUN ... To train on, take its members one by one."
        )
    if name not in rows():
        raise UsageError(
            f"No architecture {name!r}.{_unread(name) or nearest(name, rows())} "
            f"Allowed: {', '.join(rows())}. See: tfnews archs"
        )
    return rows()[name]


def _unread(name: str) -> str:
    """Say of a known encoder that is no row which encoders are read."""
    if not any(word in name.lower() for word in _UNREAD):
        return ""
    return " Of the transformers BERT, DistilBERT, ALBERT and MobileBERT encoders are read."


def defaults(row: Row) -> dict:
    """Return every setting of a row with its default."""
    general = {name: setting.default for name, setting in GENERAL.items()}
    general |= {"weights": row.weights or "none"}
    general |= {"trainable": row.trainable, "max_tokens": row.max_tokens}
    return {**row.recipe, **row.settings, **general}


def searched(row: Row) -> dict[str, Range]:
    """Return the settings of a row that `tfnews tune` chooses, with where it looks for them."""
    spaces = ((name, SETTINGS[name].search.get(row.kind)) for name in defaults(row))
    return {name: space for name, space in spaces if space is not None}


def parse(text: str) -> dict[str, Row]:
    """Read a catalogue in TOML: one table an architecture.

    Raises:
        UsageError: A key is unknown or missing, or a value is not what its key allows.
    """
    return {name: _row(name, table) for name, table in tomllib.loads(text).items()}


def _row(name: str, table: dict) -> Row:
    where = f"[{name}]"
    row = Row(**_table({"name": name, **table}, _TYPES, _REQUIRED, where))
    _check_choice(row.family, FAMILIES, f"family in {where}")
    kind = row.kind or row.family
    _check_choice(kind, FAMILIES[row.family], f"kind of the family {row.family} in {where}")
    row = dataclasses.replace(
        row,
        kind=kind,
        settings=_settings(row.settings, KINDS[kind], f"settings in {where}"),
        head=_table(row.head, HEAD, HEAD, f"head in {where}"),
        recipe=_settings(row.recipe, RECIPE, f"recipe in {where}") if row.recipe else {},
        study=_study(row.study, f"study in {where}"),
        published=_table(row.published, PUBLISHED, (), f"published in {where}"),
    )
    checked("max_tokens", row.max_tokens, f"in {where}")
    _check_head(**row.head, where=where)
    return row


def _check_head(hidden: list[int], dropout: list[float], units: int, where: str) -> None:
    if len(dropout) - len(hidden) not in (0, 1):
        raise UsageError(
            f"head in {where} needs one dropout for each hidden layer, and may have one before "
            f"them. Received: hidden = {hidden}, dropout = {dropout}."
        )
    if min(hidden, default=1) < 1 or not all(0 <= rate < 1 for rate in dropout):
        raise UsageError(
            f"head in {where} takes widths of 1 or more and rates from 0 below 1. "
            f"Received: hidden = {hidden}, dropout = {dropout}."
        )
    if units not in (1, 2):
        raise UsageError(f"head in {where} has 1 unit or 2. Received: units = {units}.")


def _settings(table: dict, known: Iterable[str], where: str) -> dict:
    """Return a table of settings, with the default of each that has one."""
    defaults = {name: SETTINGS[name].default for name in known}
    _check_keys(table, known, [name for name in known if defaults[name] is None], where)
    return defaults | {name: checked(name, value, f"in {where}") for name, value in table.items()}


def _study(table: dict, where: str) -> dict:
    """Return what a study's recipe has otherwise."""
    _check_keys(table, RECIPE, (), where)
    return {name: checked(name, value, f"in {where}") for name, value in table.items()}


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
