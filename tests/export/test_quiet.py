"""What native code writes to the terminal, here by its file descriptor."""

import os

import pytest

from tfnews.export.quiet import no_notices


def test_notices_are_dropped_and_all_else_is_shown(capfd):
    with no_notices():
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\nERROR: broken\n")
        assert capfd.readouterr().err == ""
    assert capfd.readouterr().err == "ERROR: broken\n"
    os.write(2, b"INFO: after\n")
    assert capfd.readouterr().err == "INFO: after\n"


def test_what_was_said_before_an_exception_is_shown(capfd):
    def fail():
        with no_notices():
            os.write(2, b"ERROR: why\n")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert capfd.readouterr().err == "ERROR: why\n"
