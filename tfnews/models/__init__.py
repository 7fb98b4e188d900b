"""Architectures as keras-hub text classifiers. The catalogue reads without TensorFlow."""

import importlib

__all__ = ["FAMILIES", "NewsClassifier", "build", "fake_probability", "load"]


def __getattr__(name: str) -> object:
    """Import TensorFlow only when something that needs it is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("tfnews.models.families"), name)
