"""Bodies of requests to tensors, and answers to bodies, by TensorFlow Serving's REST document.

Sources: the document "RESTful API", json_tensor.cc and its published tests.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfnews.records.json_values import is_deeper
from tfnews.serving.refused import RefusedError
from tfnews.serving.tensors import (
    Spec,
    is_base64,
    json_type,
    listed,
    lossless,
    shown,
    string,
    tensor,
)

DEEPEST = 32  # nested lists and objects of a body; a tensor of text has one

# What Python's parser says -> what RapidJSON, which TensorFlow Serving uses, says.
_PARSE_ERRORS = {
    "Expecting value": "Invalid value.",
    "Expecting ':' delimiter": "Missing a colon after a name of object member.",
    "Expecting property name enclosed in double quotes": "Missing a name for object member.",
    "Unterminated string starting at": "Missing a closing quotation mark in string.",
    "Extra data": "The document root must not be followed by other values.",
}

Inputs = dict[str, np.ndarray]


def document(body: bytes) -> dict[str, Any]:
    """Parse a body, which is one JSON object. NaN, Infinity and -Infinity are numbers.

    Raises:
        RefusedError: It is not.
    """
    if not body:
        raise RefusedError("JSON Parse error: The document is empty")
    try:
        found = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise RefusedError(
            f"JSON Parse error: the body is not UTF-8 at offset: {error.start}"
        ) from None
    except json.JSONDecodeError as error:
        said = _PARSE_ERRORS.get(error.msg, error.msg)
        raise RefusedError(f"JSON Parse error: {said} at offset: {error.pos}") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:  # more digits than Python reads
        raise RefusedError("JSON Parse error: Number too big to be stored in double.") from None
    if not isinstance(found, dict):
        raise RefusedError(f"JSON Value of Type: {json_type(found)} Is not object")
    if is_deeper(found, DEEPEST):
        raise _too_deep()
    return found


def _too_deep() -> RefusedError:
    return RefusedError(f"The body is nested too deeply; {DEEPEST} levels are allowed.")


def signature_name(body: Mapping[str, Any]) -> str:
    """Return the signature that a body asks for; empty where it names none.

    Raises:
        RefusedError: It is not a string.
    """
    name = body.get("signature_name", "")
    if not isinstance(name, str):
        raise RefusedError("Not formatted correctly. 'signature_name' key must be a string value.")
    return name


def inputs(
    body: Mapping[str, Any], specs: Mapping[str, Spec], most: int, longest: int
) -> tuple[Inputs, bool]:
    """Return the tensors of a body of predict, and whether they came row by row.

    Args:
        body: Has either "instances" or "inputs".
        specs: Of the signature's inputs.
        most: Rows that a request may have.
        longest: Bytes that a string may have.

    Raises:
        RefusedError: It has both or neither, or they do not fit the signature.
    """
    if "instances" in body and "inputs" in body:
        raise RefusedError(
            "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist"
        )
    if "instances" in body:
        found, by_row = _rows(body["instances"], specs, most, longest), True
    elif "inputs" in body:
        found, by_row = _columns(body["inputs"], specs, longest), False
    else:
        raise RefusedError("Missing 'inputs' or 'instances' key")
    for name, array in found.items():
        if not specs[name].fits(array.shape):
            raise RefusedError(
                f"Input {name}: shape {shown(array.shape)} does not fit {shown(specs[name].shape)}."
            )
    return found, by_row


def check_rows(count: int, most: int) -> None:
    """Check how many rows a request has.

    Raises:
        RefusedError: More than `most`.
    """
    if count > most:
        raise RefusedError(f"{count:,} rows were given; a request may have {most:,} at most.")


def _rows(instances: object, specs: Mapping[str, Spec], most: int, longest: int) -> Inputs:
    if not isinstance(instances, list):
        raise RefusedError("Excepting 'instances' to be an list/array")
    if not instances:
        raise RefusedError("No values in 'instances' array")
    check_rows(len(instances), most)
    objects = _is_object(instances[0])
    if len(specs) > 1 and not isinstance(instances[0], dict):
        raise RefusedError(
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map"
        )
    only = next(iter(specs))
    found: dict[str, list[np.ndarray]] = {name: [] for name in specs}
    for number, item in enumerate(instances):
        if _is_object(item) != objects:
            raise RefusedError(
                f"Expecting {'object but got list' if objects else 'value/list but got object'} at "
                f"item {number} of input list"
            )
        _add(item if objects else {only: item}, number, specs, found, longest)
    return {
        name: rows[0][np.newaxis] if len(rows) == 1 else np.stack(rows)
        for name, rows in found.items()
    }


def _is_object(value: object) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _add(
    item: Mapping[str, object],
    number: int,
    specs: Mapping[str, Spec],
    found: dict[str, list[np.ndarray]],
    longest: int,
) -> None:
    """Add one row's tensors, which have the shape of the first row's."""
    if item.keys() != specs.keys():
        raise RefusedError(
            f"Failed to process element: {number} of 'instances' list. JSON object: keys must be "
            f"equal to: {','.join(sorted(specs))}"
        )
    for name, value in item.items():
        rows = found[name]
        try:
            row = tensor(value, specs[name], longest)
            _check_alike(rows[0] if rows else row, row)
        except RefusedError as error:
            raise RefusedError(
                f"Failed to process element: {number} key: {name} of 'instances' list. Error: "
                f"INVALID_ARGUMENT: {error.message}"
            ) from None
        rows.append(row)


def _check_alike(first: np.ndarray, row: np.ndarray) -> None:
    if row.size != first.size:
        raise RefusedError(f"Expecting tensor size: {first.size} but got: {row.size}")
    if row.shape != first.shape:
        raise RefusedError(f"Expecting shape {shown(first.shape)} but got: {shown(row.shape)}")


def _columns(given: object, specs: Mapping[str, Spec], longest: int) -> Inputs:
    if not _is_object(given):
        if len(specs) > 1:
            raise RefusedError(
                "inputs is a plain value/list, but expecting an object as multiple input tensors "
                "required as per tensorinfo_map"
            )
        given = {next(iter(specs)): given}
    for name in specs:
        if name not in given:
            raise RefusedError(f"Missing named input: {name} in 'inputs' object.")
    return {name: tensor(given[name], spec, longest) for name, spec in specs.items()}


def predicted(outputs: Mapping[str, np.ndarray], by_row: bool) -> dict[str, Any]:
    """Return what predict answers: values where there is one output, objects where several.

    Args:
        outputs: By name.
        by_row: Whether the request came row by row.

    Raises:
        RefusedError: Rows are asked for and the outputs do not share the batch.
    """
    if not by_row:
        columns = {name: listed(name, found) for name, found in outputs.items()}
        return {"outputs": next(iter(columns.values())) if len(columns) == 1 else columns}
    _check_batch(outputs)
    columns = {name: listed(name, found) for name, found in outputs.items()}
    if len(columns) == 1:
        return {"predictions": next(iter(columns.values()))}
    rows = zip(*columns.values(), strict=True)
    return {"predictions": [dict(zip(columns, row, strict=True)) for row in rows]}


def _check_batch(outputs: Mapping[str, np.ndarray]) -> None:
    expected = None
    for name, found in outputs.items():
        if not found.ndim:
            raise RefusedError(f"Tensor name: {name} has no shape information")
        expected = len(found) if expected is None else expected
        if len(found) != expected:
            raise RefusedError(
                f"Tensor name: {name} has inconsistent batch size: {len(found)} expecting: "
                f"{expected}"
            )


# --- classify ---------------------------------------------------------------------------------


def examples(body: Mapping[str, Any], most: int, longest: int) -> np.ndarray:
    """Return the serialized `tf.train.Example` messages of a body of classify, (examples,).

    Args:
        body: Has "examples" and perhaps "context", whose features each example shares.
        most: Examples that a request may have.
        longest: Bytes that a string may have.

    Raises:
        RefusedError: They are not objects of features.
    """
    shared = _features(body.get("context", {}), longest)
    given = body.get("examples")
    if "examples" not in body:
        raise RefusedError("When method is classify, key 'examples' is expected and was not found")
    if not isinstance(given, list):
        raise RefusedError("Expecting 'examples' value to be an list/array")
    if not given:
        raise RefusedError("'examples' value is an empty array")
    check_rows(len(given), most)
    found = np.empty(len(given), dtype=object)
    found[:] = [_example({**shared, **_features(one, longest)}) for one in given]
    return found


def _features(value: object, longest: int) -> dict[str, tuple[str, list]]:
    """Return the kind and the values of each feature."""
    if not isinstance(value, dict):
        raise RefusedError(f"Example must be JSON object but got JSON {json_type(value)}")
    return {
        name: _feature(name, content if isinstance(content, list) else [content], longest)
        for name, content in value.items()
    }


def _feature(name: str, values: Sequence[object], longest: int) -> tuple[str, list]:
    kinds = [_kind(name, value) for value in values]
    if len(set(kinds)) > 1:
        raise RefusedError(
            f"Unexpected element type in feature: {_named(name)} expecting type: {kinds[0]}"
        )
    kind = kinds[0] if kinds else "bytes"
    if kind == "bytes":
        return kind, [string(value, longest) for value in values]
    return kind, [float(value) if kind == "float" else int(value) for value in values]


def _kind(name: str, value: object) -> str:
    if isinstance(value, str) or is_base64(value):
        return "bytes"
    if isinstance(value, float):
        if not lossless(value, np.dtype(np.float32)):
            raise RefusedError("Cannot convert JSON value to float without loss of precision.")
        return "float"
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise RefusedError(
                f"Feature: {_named(name)} has uint64 element. Only int64 is supported."
            )
        return "int64"
    raise RefusedError(
        f"Feature: {_named(name)} has element with unexpected JSON type: {json_type(value)}"
    )


def _named(name: str) -> str:
    """Return a key that a request brought, unless it may be a text in the wrong place."""
    return name if len(name) <= 40 and name.isidentifier() else "(not shown)"


def _example(features: Mapping[str, tuple[str, list]]) -> bytes:
    from tensorflow.core.example import example_pb2

    example = example_pb2.Example()
    for name, (kind, values) in features.items():
        getattr(example.features.feature[name], f"{kind}_list").value.extend(values)
    return example.SerializeToString()


def classified(outputs: Mapping[str, np.ndarray], count: int) -> dict[str, Any]:
    """Return what classify answers: of each example the pairs of label and score.

    Args:
        outputs: "classes" (examples, classes), "scores" (examples, classes), or one of them.
        count: Examples that were given.

    Raises:
        RefusedError: They are of another shape.
    """
    for name, found in outputs.items():
        if found.ndim != 2:
            raise RefusedError(
                f"Expected Tensor shape: [batch_size num_classes] but got {shown(found.shape)}"
            )
        if len(found) != count:
            raise RefusedError(f"Expected {name} output batch size of {count}. Got: {len(found)}")
    like = next(iter(outputs.values()))
    labels = listed("", outputs.get("classes", np.full(like.shape, b"", dtype=object)))
    scores = listed("", outputs.get("scores", np.zeros(like.shape, np.float32)))
    pairs = zip(labels, scores, strict=True)
    return {
        "results": [[[label, score] for label, score in zip(*one, strict=True)] for one in pairs]
    }
