"""JSON values to tensors and back, as TensorFlow Serving's REST document maps them.

Source: json_tensor.cc of TensorFlow Serving and its published tests, whose messages are kept but
for the values: a message never repeats what a request holds.
"""

import base64
import binascii
import math
from dataclasses import dataclass

import numpy as np

from tfnews.serving.refused import RefusedError

BYTES_SUFFIX = "_bytes"  # of the name of an output that is answered as {"b64": ...}

# Type of a tensor -> what the messages call it, and NumPy's.
TYPES = {
    "DT_STRING": ("string", np.dtype(object)),
    "DT_FLOAT": ("float", np.dtype(np.float32)),
    "DT_DOUBLE": ("double", np.dtype(np.float64)),
    "DT_INT8": ("int8", np.dtype(np.int8)),
    "DT_INT16": ("int16", np.dtype(np.int16)),
    "DT_INT32": ("int32", np.dtype(np.int32)),
    "DT_INT64": ("int64", np.dtype(np.int64)),
    "DT_UINT8": ("uint8", np.dtype(np.uint8)),
    "DT_UINT32": ("uint32", np.dtype(np.uint32)),
    "DT_UINT64": ("uint64", np.dtype(np.uint64)),
    "DT_BOOL": ("bool", np.dtype(bool)),
}
_JSON_TYPES = {str: "String", list: "Array", dict: "Object", int: "Number", float: "Number"}


@dataclass(frozen=True)
class Spec:
    """A tensor that a signature takes or gives.

    Attributes:
        type: A name in `TYPES`, or another of TensorFlow's.
        shape: Its dimensions, `None` where one is open; `None` for any rank.
    """

    type: str
    shape: tuple[int | None, ...] | None

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Tell whether a tensor of this shape can be one of these."""
        if self.shape is None:
            return True
        pairs = zip(self.shape, shape, strict=False)
        return len(self.shape) == len(shape) and all(want in (None, has) for want, has in pairs)


def tensor(value: object, spec: Spec, longest: int) -> np.ndarray:
    """Make a tensor of a JSON value.

    Args:
        value: A scalar or a nested list.
        spec: Of the tensor; its shape is not asked.
        longest: Bytes that a string may have.

    Raises:
        RefusedError: A value of another type, a ragged list, a string that is too long.
    """
    shape = dense_shape(value)
    flat: list = []
    _fill(value, 0, shape, spec.type, longest, flat)
    if spec.type != "DT_STRING":
        return np.array(flat, dtype=TYPES[spec.type][1]).reshape(shape)
    strings = np.empty(len(flat), dtype=object)
    strings[:] = flat
    return strings.reshape(shape)


def dense_shape(value: object) -> tuple[int, ...]:
    """Return the shape that the first element of each list says."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return tuple(shape)


def _fill(
    value: object, level: int, shape: tuple[int, ...], type: str, longest: int, flat: list
) -> None:
    if not isinstance(value, list):
        if level != len(shape):
            raise RefusedError(
                f"JSON Value of Type: {json_type(value)} found at incorrect level: {level + 1} in "
                f"the JSON DOM. Expected at level: {len(shape)}"
            )
        flat.append(_scalar(value, type, longest))
        return
    if level >= len(shape):
        raise RefusedError(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise RefusedError(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: "
            f"{shape[level]}"
        )
    for item in value:
        _fill(item, level + 1, shape, type, longest, flat)


def _scalar(value: object, type: str, longest: int) -> object:
    if type == "DT_STRING":
        return string(value, longest)
    if type not in TYPES:
        raise RefusedError(f"Conversion of JSON Value to type: {type}", "UNIMPLEMENTED")
    name, dtype = TYPES[type]
    if dtype.kind == "b":
        fits = isinstance(value, bool)
    elif dtype.kind == "f":
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        fits = isinstance(value, int) and not isinstance(value, bool) and _in_range(value, dtype)
    if not fits:
        raise _of_another_type(value, name)
    if dtype.kind == "f" and not lossless(value, dtype):
        raise RefusedError(f"Cannot convert JSON value to {name} without loss of precision.")
    return value


def _in_range(value: int, dtype: np.dtype) -> bool:
    limits = np.iinfo(dtype)
    return limits.min <= value <= limits.max


def lossless(value: float, dtype: np.dtype) -> bool:
    """Tell whether a decimal type holds a JSON number: whole ones to the digit, others in range."""
    limits = np.finfo(dtype)
    if isinstance(value, int):
        return abs(value) < 2 ** (limits.nmant + 1)
    return not math.isfinite(value) or abs(value) <= float(limits.max)


def string(value: object, longest: int) -> bytes:
    """Return the bytes of a JSON string, or of an object {"b64": ...}.

    Raises:
        RefusedError: It is neither, too long, or not base64.
    """
    if isinstance(value, dict):
        found = _decoded(value)
    elif isinstance(value, str):
        try:
            found = value.encode()
        except UnicodeEncodeError:
            raise RefusedError(
                "JSON Parse error: The surrogate pair in string is invalid."
            ) from None
    else:
        raise _of_another_type(value, "string")
    if len(found) > longest:
        raise RefusedError(
            f"A string of {len(found):,} bytes was given; one may have {longest:,} at most."
        )
    return found


def is_base64(value: object) -> bool:
    """Tell whether a JSON value is an object with the one key b64 and a string."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def _decoded(value: dict) -> bytes:
    if not is_base64(value):
        raise RefusedError("JSON Value of Type: Object not formatted correctly for base64 data")
    try:
        return base64.b64decode(value["b64"], validate=True)
    except (binascii.Error, ValueError):
        raise RefusedError("Unable to base64 decode") from None


def _of_another_type(value: object, name: str) -> RefusedError:
    return RefusedError(f"JSON Value of Type: {json_type(value)} is not of expected type: {name}")


def json_type(value: object) -> str:
    """Return what the messages call a JSON value's type."""
    if value is None or isinstance(value, bool):
        return {None: "Null", True: "True", False: "False"}[value]
    return _JSON_TYPES[type(value)]


def shown(shape: tuple[int | None, ...]) -> str:
    """Return a shape as the messages write it: -1 for a dimension that is open."""
    return f"[{','.join('-1' if size is None else str(size) for size in shape)}]"


def listed(name: str, found: np.ndarray) -> object:
    """Return a tensor as nested lists of JSON values.

    Args:
        name: Of the output; strings of one that ends in `_bytes` become {"b64": ...}.
        found: The tensor. Decimals get the fewest digits that mean the same float32: 0.6, not the
            0.6000000238418579 that it is as a Python number.
    """
    if found.dtype.kind in "OS":
        write = _base64 if name.endswith(BYTES_SUFFIX) else _text
    elif found.dtype == np.float32:
        write = _decimal
    else:
        return found.tolist()
    if found.ndim == 1:
        return [write(value) for value in found]
    values = np.empty(found.size, dtype=object)
    values[:] = [write(value) for value in found.ravel()]
    return values.reshape(found.shape).tolist()


def _decimal(value: np.float32) -> float:
    return float(str(value))


def _text(value: bytes) -> str:
    return value.decode(errors="replace")


def _base64(value: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(value).decode()}
