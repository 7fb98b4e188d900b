"""Models that a promotion check asks: runs, SavedModels and TensorFlow Lite files alike."""

import contextlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfnews import progress
from tfnews.comparison.chosen import weights_digest
from tfnews.data.text import INPUT_RULE, shown
from tfnews.errors import ExportError, RunError, UsageError, WeightsError
from tfnews.export.phone import Phone
from tfnews.export.repository import PARITY, Model
from tfnews.export.savedmodel import SavedModel
from tfnews.export.tflite import ALLOWED, MODEL_FILE, operations
from tfnews.files import read_bytes, read_text, sha256
from tfnews.links import check_links
from tfnews.models import load
from tfnews.models.graph import LARGEST, check_graph
from tfnews.models.stated import check_settings
from tfnews.places import neutral
from tfnews.runs import Run, is_run

_GRAPH, _SPEC = "saved_model.pb", "spec.json"
_VARIABLES = "variables/variables.data-00000-of-00001"
_LONGEST = 10**6  # tokens of a text
_NAMED = 3  # operations that a refusal names


@dataclass(frozen=True)
class Opened:
    """A model and what it says of itself.

    Attributes:
        name: As it was named, without the folders of this machine: it is written of.
        kind: "run", "SavedModel" or "TensorFlow Lite".
        probabilities: Returns the fake probabilities float32 (texts,) of combined texts, whatever
            its guards say.
        threshold: Fake probability from which it calls a text fake.
        class_names: Names of class 0 and class 1.
        digest: SHA-256 of its weights.
        run: The run, where it is one.
    """

    name: str
    kind: str
    probabilities: Callable[[Sequence[str]], np.ndarray]
    threshold: float
    class_names: tuple[str, str]
    digest: str
    run: Run | None = None


def open_model(name: str | os.PathLike | Run, root: str | os.PathLike | None = None) -> Opened:
    """Open a run by its name or folder, a folder that `export` wrote, or a .tflite in one.

    Of a model's folder in a repository the version that is labelled stable is opened.

    Raises:
        RunError: It is none of these, or a run that cannot be opened.
        ExportError: An export that cannot be opened, or says nothing of itself.
        WeightsError: A graph that may do more than compute and is not trusted.
    """
    progress.stage(f"Opening {name.name if isinstance(name, Run) else name}")
    if isinstance(name, Run) or is_run(name, root):
        run = name if isinstance(name, Run) else Run.open(name, root)
        return _run(run, run.name if isinstance(name, Run) else os.fspath(name))
    folder = _version(Path(name))
    if (folder / _GRAPH).is_file():
        return _export(name, folder, "SavedModel", _saved, _told_by_parity, _VARIABLES)
    if (folder / MODEL_FILE).is_file() and (folder / _SPEC).is_file():
        return _export(name, folder, "TensorFlow Lite", _phone, _told_by_spec, MODEL_FILE)
    raise RunError(
        f"{shown(str(name), 120)!r} is no run, no SavedModel and no .tflite that tfnews export "
        "wrote. Give a run's name, a folder such as exports/news/1, or the model.tflite in one."
    )


def _run(run: Run, name: str) -> Opened:
    classifier = load(run)
    return Opened(
        neutral(name),
        "run",
        classifier.probabilities,
        classifier.threshold,
        classifier.class_names,
        weights_digest(run),
        run,
    )


def _version(path: Path) -> Path:
    """Return the folder of a version: of a .tflite its own, of a model the stable one."""
    if path.is_file() and path.suffix == ".tflite":
        return path.parent
    labels = Model(path.parent, path.name).labels() if path.is_dir() else None
    return path / str(labels.stable) if labels else path


def _export(
    name: str | os.PathLike,
    folder: Path,
    kind: str,
    opener: Callable[[Path], SavedModel | Phone],
    told: Callable[[Path], dict],
    weights: str,
) -> Opened:
    """Open an export by its own runtime, after what it says of itself."""
    check_links(folder, WeightsError)
    try:
        about = told(folder)
        threshold, class_names = _answers_mean(about["threshold"], about["class_names"])
        rule = about["input_rule"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ExportError(
            f"{folder} does not say its classes and threshold ({type(error).__name__}), so it is "
            "no export of this version or was damaged. Export the run again: tfnews export RUN"
        ) from error
    if rule != INPUT_RULE:
        raise ExportError(
            f"{folder} joins title and text by the rule {shown(str(rule), 40)!r}; this tfnews "
            f"knows {INPUT_RULE!r} only. Export the run again with this version."
        )
    try:
        opened = opener(folder)
        digest = sha256(folder / weights)
    except ImportError as error:
        raise UsageError(
            f"Asking {shown(os.fspath(name), 120)} needs a library whose import failed: {error}. "
            "Install those of exports with: pip install 'tfnews[tflite]'"
        ) from error
    except (OSError, ValueError, KeyError, RuntimeError, tf.errors.OpError) as error:
        raise ExportError(
            f"{folder} cannot be opened: {shown(str(error), 120)}. Export the run again."
        ) from error
    answers = _asking(opened.answers, folder)
    return Opened(neutral(os.fspath(name)), kind, answers, threshold, class_names, digest)


def _answers_mean(threshold: object, class_names: object) -> tuple[float, tuple[str, str]]:
    """Return the threshold and the names of the classes, once they are what they can be."""
    if isinstance(threshold, bool) or not 0 <= threshold <= 1:
        raise ValueError("the threshold is no number from 0 to 1")
    real, fake = class_names
    if not isinstance(real, str) or not isinstance(fake, str):
        raise TypeError("the classes have no names")
    return float(threshold), (real, fake)


def _asking(
    answers: Callable[[Sequence[str]], np.ndarray], folder: Path
) -> Callable[[Sequence[str]], np.ndarray]:
    """Return a function that answers as another, or says that the export did not."""

    def asked(texts: Sequence[str]) -> np.ndarray:
        try:
            found = np.asarray(answers(texts), np.float32)
        # Another's file fails in its own ways: of the runtime, of NumPy, of TensorFlow.
        except Exception as error:
            raise ExportError(
                f"{folder} did not answer: {shown(str(error), 120)}. Export the run again."
            ) from error
        if found.shape != (len(texts),) or not ((found >= 0) & (found <= 1)).all():
            raise ExportError(
                f"{folder} answers {len(texts):,} texts with what are not as many probabilities "
                "from 0 to 1. Export the run again."
            )
        return found

    return asked


def _saved(folder: Path) -> SavedModel:
    """Open a SavedModel once its graph was read."""
    with contextlib.suppress(ImportError):
        import tensorflow_text  # noqa: F401  transformers' graphs hold operations of it
    check_graph(folder)
    return SavedModel(folder)


def _phone(folder: Path) -> Phone:
    """Open a TensorFlow Lite file once its operations and what it is asked by were read."""
    content = read_bytes(folder / MODEL_FILE, LARGEST)
    try:
        foreign = operations(content) - ALLOWED
    except Exception as error:  # of the reader of such files, which takes them for sound
        raise ValueError(f"{MODEL_FILE} is damaged: {type(error).__name__}") from error
    if foreign:
        named = ", ".join(sorted(foreign)[:_NAMED])
        raise ValueError(f"it holds operations that no export of tfnews has: {named[:80]}")
    return Phone(folder)


def _told_by_parity(folder: Path) -> dict:
    return json.loads(read_text(folder / PARITY))["page"]


def _told_by_spec(folder: Path) -> dict:
    about = json.loads(read_text(folder / _SPEC))
    if about["model"] != MODEL_FILE or "/" in about["tokenizer_file"]:
        raise ValueError("it names files elsewhere")
    check_settings(about)
    sizes = [*about["shape"], about["long"].get("most", 1), about["long"].get("stride", 1)]
    if not all(isinstance(one, int) and 0 < one <= _LONGEST for one in sizes if one is not None):
        raise ValueError("it states sizes that no export has")
    return {**about, "class_names": about["labels"]}
