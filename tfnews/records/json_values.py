"""What JSON may hold and nobody writes on: lists nested without end, halves of characters."""

import json

DEEPEST = 100  # lists and objects in each other; what tfnews writes has less than ten


def is_deeper(value: object, most: int = DEEPEST) -> bool:
    """Tell whether lists and objects are nested more than `most` deep, without recursion.

    Where Python's own limit lies depends on who reads them.

    Args:
        value: As `json.loads` returns it.
        most: 1 is a list of numbers, and an object of them.
    """
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(most):
        if not level:
            return False
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return bool(level)


def is_torn(value: object) -> bool:
    """Tell whether a text among values is no Unicode: JSON can state half of a surrogate pair.

    Args:
        value: As `json.loads` returns it, not nested too deep.
    """
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
