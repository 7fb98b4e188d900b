"""Train, judge and use fake-news classifiers built on Keras and TensorFlow.

A score tells how much a text resembles those labelled fake in the training set. It is a measure
of style, not a verdict on truth.

`prepare`, `audit`, `join`, `fit`, `tune`, `ensemble`, `load`, `evaluate`, `calibrate`, `stress`,
`compare`, `matrix`, `predict`, `drift`, `trial`, `explain`, `export`, `verify` and `doctor` mirror
the commands. Nothing heavy is imported before one of them is used;
`keras_hub.models.TextClassifier.from_preset` opens a run's model once tfnews is imported, before or
after keras-hub.
"""

import importlib
import sys
import types

_PLACES = {
    "prepare": "tfnews.data.prepare",
    "audit": "tfnews.audit.audit",
    "join": "tfnews.data.join",
    "fit": "tfnews.training.fit",
    "ensemble": "tfnews.training.ensemble",
    "load": "tfnews.models",
    "calibrate": "tfnews.evaluation.calibrate",
    "evaluate": "tfnews.evaluation.evaluate",
    "stress": "tfnews.evaluation.stress",
    "matrix": "tfnews.training.matrix",
    "predict": "tfnews.scoring.predict",
    "drift": "tfnews.drift.drift",
    "export": "tfnews.export.export",
    "explain": "tfnews.evaluation.explain",
    "compare": "tfnews.comparison.compare",
    "trial": "tfnews.trial.trial",
    "tune": "tfnews.training.tuning.tune",
    "doctor": "tfnews.doctor.doctor",
    "verify": "tfnews.models.verifying",
}

__all__ = [
    "audit", "calibrate", "compare", "doctor", "drift", "ensemble", "evaluate", "explain", "export",
    "fit", "join", "load", "matrix", "predict", "prepare", "stress", "trial", "tune", "verify",
]  # fmt: skip


class _Package(types.ModuleType):
    """Keeps a command's function where a room has its name: `tfnews.audit` and `tfnews.export`."""

    def __setattr__(self, name: str, value: object) -> None:
        # Python puts a room here once it is imported; `from tfnews.audit import ...` needs it not.
        if name not in _PLACES or not isinstance(value, types.ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> object:
    """Import a command's function when it is asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


class _RegisterAfterKerasHub:
    """A finder on `sys.meta_path`: registers our classes with Keras once keras-hub is imported.

    Importing them outright would cost every command line the seconds TensorFlow takes to start.
    It has no base class, which finders may do without: importing `importlib.abc` takes 10 ms.
    """

    def find_spec(self, name: str, path: object, target: object = None) -> object:
        """Find keras-hub as Python would without this, and add one step after its import."""
        if name != "keras_hub":
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        specs = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_register(module: object) -> None:
                run(module)
                # Half loaded where one of our own models imports keras-hub: it goes on after this.
                importlib.import_module("tfnews.models")

            spec.loader.exec_module = run_and_register
        return spec


if "keras_hub" in sys.modules:
    importlib.import_module("tfnews.models")
else:
    sys.meta_path.insert(0, _RegisterAfterKerasHub())
