"""Why a request is not answered, in TensorFlow Serving's codes and their HTTP statuses."""

import re

# Source: ToHTTPStatusCode of TensorFlow Serving's http_server.cc.
STATUS = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
INTERNAL = 500  # every other code


class RefusedError(Exception):
    """A request that is answered by {"error": message}.

    The message never repeats what a request holds: texts may be private, and messages are logged.

    Args:
        message: What was wrong and what is allowed.
        code: One of TensorFlow's codes.
        status: Where HTTP has a clearer one than the code's.
    """

    def __init__(self, message: str, code: str = "INVALID_ARGUMENT", status: int | None = None):
        super().__init__(message)
        self.message = message
        self.status = status or STATUS.get(code, INTERNAL)


def shown(name: str) -> str:
    """Return a name or path of a request for a message, unless it may be a text in its place."""
    return name if re.fullmatch(r"[\w./:-]{1,100}", name) else "(not shown)"


def quoted(name: str) -> str:
    """Return a name in quotes, as `shown` has it."""
    return f'"{name}"' if shown(name) == name else shown(name)
