"""Opens the model of a run: what tfnews saved there, all of it, and nothing else."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import keras
import keras_hub
import numpy as np

from tfnews.errors import RunError, WeightsError
from tfnews.files import read_text, sha256
from tfnews.models import stated
from tfnews.models.classifier import NewsClassifier
from tfnews.records.json_values import is_deeper, is_torn
from tfnews.runs import TASK

_BACKBONE = "config.json"
_WEIGHTS = ("model.weights.h5", "task.weights.h5")
_CONFIGURED = (_BACKBONE, TASK, "preprocessor.json", "tokenizer.json")
_OURS = "tfnews>"
_POLICY = ("keras", "DTypePolicy")  # the only class that is not ours
_MENDING = "Copy the run again from where it was made, or train again."
_NAMED = 3


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a model's folder by its name there; hidden ones apart."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {
        name: sha256(path)
        for name, path in sorted(files.items())
        if path.is_file() and not path.name.startswith(".")
    }


def check_digests(folder: Path, recorded: Mapping[str, str]) -> None:
    """Compare a model's files with what config.json says of them.

    Args:
        folder: The model's.
        recorded: What `digests` returned when it was saved.

    Raises:
        RunError: A file is another, is missing, or was added.
    """
    found = digests(folder)
    missing = [f"{name} is missing" for name in recorded if name not in found]
    added = [f"{name} was added" for name in found if name not in recorded]
    other = [
        f"{name} is another" for name in found if recorded.get(name, "") not in ("", found[name])
    ]
    differs = [*other, *missing, *added]
    if differs:
        more = f" and {len(differs) - _NAMED} more" if len(differs) > _NAMED else ""
        raise RunError(
            f"The model in {str(folder)[-100:]} is not the one that was saved, by the SHA-256 in "
            f"the run's config.json: {', '.join(one[-80:] for one in differs[:_NAMED])}{more}. "
            f"{_MENDING}"
        )


def check_classes(folder: Path) -> type[NewsClassifier]:
    """Return the class of a model's classifier, once all classes that it names are tfnews's.

    Keras would import others by their names, and keras-hub takes a base class with a fresh head
    where a class does not fit.

    Raises:
        RunError: One is not, or a file that names them is damaged or missing.
    """
    read = {name: _read(folder / name) for name in _CONFIGURED}
    for name, content in read.items():
        for one in _classes(content):
            if not _known(one):
                raise RunError(
                    f"{name} in {str(folder)[-100:]} names the class {_shown(one)}, which no run "
                    f"of tfnews consists of. It is not opened. {_MENDING}"
                )
    classifier, backbone = _registered(read[TASK]), _registered(read[_BACKBONE])
    if not _belong(classifier, backbone):
        raise RunError(
            f"The model in {str(folder)[-100:]} is no classifier of tfnews: {TASK} names "
            f"{_shown(read[TASK])} and {_BACKBONE} {_shown(read[_BACKBONE])}, which do not belong "
            f"together. {_MENDING}"
        )
    return classifier


def open_preset(folder: Path) -> NewsClassifier:
    """Open a model that `save_to_preset` wrote, every weight of it from its files.

    Raises:
        RunError: It is of another class, is damaged, or a weight is missing or no number.
        WeightsError: It carries a module whose graph is not to be trusted.
    """
    kind = check_classes(folder)
    for name in _WEIGHTS:
        if not (folder / name).is_file():  # keras-hub would go on with fresh weights
            raise RunError(f"The model in {str(folder)[-100:]} has lost its {name}. {_MENDING}")
    try:
        for name in _CONFIGURED:
            stated.check_settings(_read(folder / name))
        stored = stated.stored(folder, _WEIGHTS)
        with stated.only(stored):
            classifier = keras_hub.models.TextClassifier.from_preset(str(folder))
        stated.check_words(classifier)
        stated.check_vocabulary(classifier)
    except (RunError, WeightsError, MemoryError):
        raise
    # Damaged files surface as many kinds, of Keras, HDF5, TensorFlow and Python.
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise RunError(
            f"The model in {str(folder)[-100:]} cannot be opened: {reason[:200]} {_MENDING}"
        ) from error
    held = Counter(tuple(weight.shape) for weight in classifier.weights)
    if type(classifier) is not kind or held != stored:
        raise RunError(
            f"The model in {str(folder)[-100:]} did not open as the {kind.__name__} that {TASK} "
            f"describes: {held.total()} weights were made and {stored.total()} are stored. "
            f"{_MENDING}"
        )
    check_finite(classifier, f"The model in {str(folder)[-100:]}")
    return classifier


def check_finite(model: keras.Model, whose: str) -> None:
    """Refuse weights that are no numbers: behind a ReLU they would all give the same answer.

    Args:
        model: Any.
        whose: Begins the error.

    Raises:
        RunError: A weight is NaN or infinite.
    """
    for weight in model.weights:
        values = np.asarray(weight)
        wrong = values.size - np.count_nonzero(np.isfinite(values))
        if wrong:
            raise RunError(
                f"{whose} holds {wrong:,} weights that are NaN or infinite, in "
                f"{weight.path[-100:]}. Train again with a lower --learning-rate, --precision "
                "float32, or other --weights."
            )


def _read(path: Path) -> object:
    try:
        content = json.loads(read_text(path))
        if is_deeper(content):
            raise RecursionError
        if is_torn(content):
            raise UnicodeError
        return content
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(
            f"{str(path)[-150:]} cannot be read: {type(error).__name__}. {_MENDING}"
        ) from error


def _classes(content: object) -> Iterator[Mapping]:
    """Yield every object of a JSON file that Keras makes one of a class of."""
    if isinstance(content, dict):
        if "class_name" in content or "registered_name" in content:
            yield content
        content = list(content.values())
    if isinstance(content, list):
        for one in content:
            yield from _classes(one)


def _known(named: Mapping) -> bool:
    name, registered = named.get("class_name"), named.get("registered_name")
    if registered is None:
        return (named.get("module"), name) == _POLICY
    return registered == f"{_OURS}{name}" and isinstance(_registered(named), type)


def _registered(named: object) -> object:
    """Return the class that an object names, `None` where it names none."""
    name = named.get("registered_name") if isinstance(named, dict) else None
    return keras.saving.get_registered_object(name) if isinstance(name, str) else None


def _belong(classifier: object, backbone: object) -> bool:
    if not isinstance(classifier, type) or not issubclass(classifier, NewsClassifier):
        return False
    wanted = classifier.backbone_cls or keras_hub.models.Backbone
    return isinstance(backbone, type) and issubclass(backbone, wanted)


def _shown(named: object) -> str:
    found = named if isinstance(named, dict) else {}
    return repr(found.get("registered_name") or found.get("class_name"))[:80]
