"""The records of one JSON object: columns, rows by name, or a list somewhere inside."""

import itertools
from collections.abc import Iterable, Iterator, Mapping

from tfnews.data.text import listed
from tfnews.errors import DataError

PANDAS = "to_json(path, orient='records', lines=True)"

_BODIES = ("text", "body", "content", "combined_text")
_TEXT_NAMES = frozenset((*_BODIES, "title", "headline", "label"))


def records_of(name: str, value: Mapping) -> Iterable[object]:
    """Return the records that one JSON object holds, or is.

    Args:
        name: What messages call the source.
        value: The object, in a shape in which pandas and web services write tables.

    Raises:
        DataError: Which of its parts are the records cannot be told; the message names the shape.
    """
    if {"columns", "data"} <= value.keys() and _are(value["data"], list):  # orient="split"
        columns = list(map(str, value["columns"]))
        return (dict(zip(columns, cells, strict=False)) for cells in value["data"])
    if _are(value.values(), list) and not _are(itertools.chain(*value.values()), dict):
        return _across(name, {key: dict(enumerate(cells)) for key, cells in value.items()})
    if _are(value.values(), dict):
        if _are_columns(value):  # orient="columns"
            return _across(name, value)
        if len(value) > 1 or not _holds_records(value):  # orient="index"
            return value.values()
    return _nested(name, value)


def _nested(name: str, value: Mapping) -> Iterable[object]:
    """Return the only list of objects below an object, or the object itself as the record."""
    if any(isinstance(value.get(key), str) for key in _BODIES):
        return [value]
    lists = {key: below for key, below in value.items() if _are(below, dict) and _is_list(below)}
    if len(lists) == 1:
        return next(iter(lists.values()))
    if lists:
        raise DataError(
            f"{name} is one JSON object with several lists of objects: {listed(lists)}. Write each "
            "to a file of its own, one object a line, with the label in every object."
        )
    objects = [below for below in value.values() if isinstance(below, dict)]
    if len(objects) == 1:
        return records_of(name, objects[0])
    return [value]


def _across(name: str, columns: Mapping[str, Mapping]) -> Iterator[dict]:
    """Give the rows of a table that is written column by column."""
    rows = dict.fromkeys(key for cells in columns.values() for key in cells)
    if len({len(cells) for cells in columns.values()}) > 1:
        raise DataError(
            f"{name} is one JSON object of columns of different lengths: {listed(columns)}. Write "
            f"one object a line, for example with pandas: {PANDAS}."
        )
    return ({column: cells.get(key) for column, cells in columns.items()} for key in rows)


def _are_columns(value: Mapping[str, Mapping]) -> bool:
    """Tell whether the keys of an object of objects are columns, not rows."""
    inner = {str(key) for below in value.values() for key in below}
    if any(isinstance(cell, dict | list) for below in value.values() for cell in below.values()):
        return False
    for names, is_columns in ((set(value), True), (inner, False)):
        if _TEXT_NAMES & {name.strip().casefold() for name in names}:
            return is_columns
    if all(map(str.isdigit, inner)) != all(map(str.isdigit, value)):
        return all(map(str.isdigit, inner))
    return len(value) <= len(inner)


def _holds_records(value: Mapping) -> bool:
    return any(_is_list(cell) for below in value.values() for cell in below.values())


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _are(values: object, kind: type) -> bool:
    """Tell whether values are some, all of one kind."""
    if isinstance(values, list | Iterable) and not isinstance(values, str | dict):
        values = list(values)
        return bool(values) and all(isinstance(value, kind) for value in values)
    return False
