"""The one way between JSON and typed records."""

import json
import math
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from types import UnionType
from typing import Self, get_args, get_origin

from tfnews.records.json_values import is_deeper, is_torn

# Null is said of these, and the rest left out: fresh weights have no digest, too few clusters of
# texts no interval.
_SAID = ("digest", "interval")
_MOST = 1e300  # whole numbers of JSON may be larger than any other number of Python


@dataclass(frozen=True)
class Record:
    """A file's content, or what else is written as JSON; its fields are the keys."""

    @classmethod
    def from_json(cls, content: object) -> Self:
        """Make it of JSON, as `json.loads` returns it; keys that it does not know are left out.

        Raises:
            ValueError: It is no object, or what is needed is missing or of another type.
        """
        return _typed(content, cls)

    def to_json(self) -> dict:
        """Return the object; what is not known is left out."""
        return asdict(self, dict_factory=_without_unknown)


def parsed(text: str) -> object:
    """Return the content of JSON.

    Raises:
        ValueError: It is none, is nested too deep, or holds a text that is no Unicode, or NaN or
            infinity, which Python takes for numbers of JSON.
    """
    content = json.loads(text, parse_constant=_finite, parse_float=_finite)
    if is_deeper(content):
        raise ValueError("values nested too deep")
    if is_torn(content):
        raise ValueError("a text that is no Unicode: half of a surrogate pair")
    return content


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is no number")
    return number


class _MistypedError(ValueError):
    """A JSON value that is not what a field holds."""


def _without_unknown(pairs: list[tuple[str, object]]) -> dict:
    return {name: value for name, value in pairs if value is not None or name in _SAID}


_IN_WORDS = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "an object",
    list: "a list",
    tuple: "a list",
}


def _record(kind: type, content: object, at: str) -> object:
    """Make a record of the keys of a JSON object that it knows; null stands for the default."""
    content = _typed(content, dict, at)
    values = {}
    for one in fields(kind):
        below = f"{at}.{one.name}" if at else one.name
        if content.get(one.name) is not None:
            values[one.name] = _typed(content[one.name], one.type, below)
        elif one.default is MISSING and one.default_factory is MISSING:
            raise _MistypedError(f"{below} is missing")
    made = kind(**values)
    if hasattr(made, "check_read"):  # what types do not say
        made.check_read()
    return made


def _typed(value: object, kind: object, at: str = "") -> object:
    """Return a JSON value as what a type says: objects as records, lists as tuples."""
    if is_dataclass(kind):
        return _record(kind, value, at)
    inner = get_args(kind)
    if isinstance(kind, UnionType):  # one type, or None
        return None if value is None else _typed(value, inner[0], at)
    plain = get_origin(kind) or kind
    allowed = {float: (int, float), tuple: (list, tuple)}.get(plain, plain)
    # True is a whole number to Python.
    if not isinstance(value, allowed) or (isinstance(value, bool) and plain in (int, float)):
        shown = json.dumps(value)
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        at = at if len(at) <= 60 else f"{at[:57]}..."  # keys may be as long as anyone writes
        raise _MistypedError(f"{at or 'it'} must be {_IN_WORDS[plain]}, not {shown}")
    if plain is float and abs(value) > _MOST:
        raise _MistypedError(f"{at or 'it'} must be a number that can be computed with")
    if plain is dict and inner:
        return {name: _typed(one, inner[1], f"{at}.{name}") for name, one in value.items()}
    if plain is tuple:
        return _items(value, inner, at)
    return value


def _items(values: list, kinds: tuple, at: str) -> tuple:
    if kinds[-1] is not ... and len(values) != len(kinds):
        raise _MistypedError(f"{at} must have {len(kinds)} entries, not {len(values)}")
    return tuple(_typed(one, kinds[0], f"{at}[{row}]") for row, one in enumerate(values))
