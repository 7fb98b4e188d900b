"""What every test may ask for."""

import os
import signal
from pathlib import Path

import pytest

from tfnews import cli


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder of real data sets that TFNEWS_TEST_DATA names."""
    folder = os.environ.get("TFNEWS_TEST_DATA")
    if folder:
        return Path(folder)
    if os.environ.get("TFNEWS_TEST_DATA_REQUIRED"):
        pytest.fail("TFNEWS_TEST_DATA_REQUIRED is set, but TFNEWS_TEST_DATA names no folder")
    pytest.skip("TFNEWS_TEST_DATA names no folder of real data sets")


@pytest.fixture
def terminable():
    """Have SIGTERM end what is tried as it ends the program, and give it back."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    cli._end_as_interrupted()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    cli._INTERRUPTIONS.clear()
