"""How deep JSON is nested: where Python's own limit lies depends on who reads it."""

DEEPEST = 100  # lists and objects in each other; what tfnews writes has less than ten


def is_deeper(value: object, most: int = DEEPEST) -> bool:
    """Tell whether lists and objects are nested more than `most` deep, without recursion.

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
