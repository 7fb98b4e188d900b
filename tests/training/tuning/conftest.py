"""Splits that the tests of searches share."""

import pytest

from tests import tiny


@pytest.fixture(scope="package")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("splits"), 200)
