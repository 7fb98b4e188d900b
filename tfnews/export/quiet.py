"""Notices of TensorFlow Lite's native code, kept off the terminal."""

import contextlib
import os
import tempfile
from collections.abc import Iterator

_NOTICE = b"INFO: "  # such as "INFO: Created TensorFlow Lite XNNPACK delegate for CPU."


@contextlib.contextmanager
def no_notices() -> Iterator[None]:
    """Drop notices from what is written to file descriptor 2 in a block; all else follows after it.

    The runtime writes them there itself, and nothing that Python can set makes it stop.
    """
    with tempfile.TemporaryFile() as kept:
        terminal = os.dup(2)
        os.dup2(kept.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
            kept.seek(0)
            os.write(2, b"".join(line for line in kept if not line.startswith(_NOTICE)))
