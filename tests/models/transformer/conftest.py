"""What tests of transformers share."""

import keras
import pytest


@pytest.fixture
def zeros(monkeypatch):
    """Fill new weights with zeros: tens of millions of random numbers take seconds to draw."""

    def filled(self, shape, dtype=None):
        return keras.ops.zeros(shape, dtype)

    for name in ("TruncatedNormal", "RandomNormal", "GlorotUniform", "RandomUniform"):
        monkeypatch.setattr(getattr(keras.initializers, name), "__call__", filled)
