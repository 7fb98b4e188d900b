"""What every test may ask for, and what spares all of them time."""

import gc
import os
import signal
from pathlib import Path

import hypothesis
import pytest

from tfnews import cli

# Two processes of tests share two cores: threads of TensorFlow and BLAS would only wait for
# each other.
for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# A third of the default, which `--hypothesis-profile default` tries.
hypothesis.settings.register_profile("suite", max_examples=33, deadline=None)
hypothesis.settings.load_profile("suite")

gc.disable()  # until all is imported and collected: whatever is made till then stays


def pytest_collection_finish() -> None:
    """Keep the garbage collector from what imports made: it would look at all of it each time."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)  # after fixtures of the file were torn down
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Let go of what a file left behind, and look no more at what stays."""
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        gc.freeze()


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
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # ignored where tests run with & or nohup
    cli._end_as_interrupted()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    cli._INTERRUPTIONS.clear()
