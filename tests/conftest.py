"""What every test may ask for."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder of real data sets that TFNEWS_TEST_DATA names."""
    folder = os.environ.get("TFNEWS_TEST_DATA")
    if folder:
        return Path(folder)
    if os.environ.get("TFNEWS_TEST_DATA_REQUIRED"):
        pytest.fail("TFNEWS_TEST_DATA_REQUIRED is set, but TFNEWS_TEST_DATA names no folder")
    pytest.skip("TFNEWS_TEST_DATA names no folder of real data sets")
