"""The page that shows what runs answer: its own files, and the list of models that it reads.

The page asks either the LiteRT runtime in the browser or a server that speaks TensorFlow Serving's
REST; which one, models.json says model by model. Nothing here needs TensorFlow.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from tfnews.data.text import INPUT_RULE
from tfnews.files import sha256

MODELS = "models.json"
_FORMAT = 1
_OWN = Path(__file__).parent / "browser"
_WORKER = "service-worker.js"


def files(also: bytes = b"") -> dict[str, bytes]:
    """Return the page's own files by path: no runtime, no models and no models.json.

    Args:
        also: What else the page depends on, such as models.json: with other bytes here browsers
            drop what they kept of the page.
    """
    found = {path.name: path.read_bytes() for path in sorted(_OWN.iterdir()) if path.is_file()}
    digest = hashlib.sha256(also)
    for name, content in found.items():
        digest.update(f"{name} {len(content)}\n".encode() + content)
    names = json.dumps([name for name in found if name != _WORKER])
    worker = found[_WORKER].decode()
    worker = worker.replace("VERSION_OF_THE_PAGE", digest.hexdigest()[:16])
    found[_WORKER] = worker.replace('["FILES OF THE PAGE"]', names).encode()
    return found


def listing(entries: Iterable[dict[str, Any]]) -> bytes:
    """Return models.json.

    Args:
        entries: What `entry` made, in the order in which the page shows them.
    """
    content = {"format": _FORMAT, "models": list(entries)}
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def entry(
    name: str,
    engine: dict[str, Any],
    *,
    arch: str | None = None,
    trained_on: str | None = None,
    label_basis: str | None = None,
    class_names: tuple[str, str] = ("real", "fake"),
    threshold: float | None = None,
    band: tuple[float, float] | None = None,
    input_rule: str = INPUT_RULE,
) -> dict[str, Any]:
    """Return one model of models.json. What is not known may be left out: it is then not shown.

    Args:
        name: What the page calls the model, unique on it.
        engine: What `litert` or `rest` returned.
        arch: Row of the catalogue.
        trained_on: Name of the training set.
        label_basis: Who decided its labels.
        class_names: Of class 0 and class 1.
        threshold: Fake probability from which a text is labelled with class 1.
        band: Fake probabilities between which the page calls an answer unsure; both count. A run
            has them by `tfnews calibrate RUN --coverage SHARE`.
        input_rule: Name of the rule that joins title and body.
    """
    return {
        "name": name,
        "arch": arch,
        "trained_on": trained_on,
        "label_basis": label_basis,
        "class_names": list(class_names),
        "threshold": threshold,
        "band": list(band) if band else None,
        "input_rule": input_rule,
        "engine": engine,
    }


def facts(classifier: Any) -> dict[str, Any]:
    """Return what `entry` wants to be told of a `NewsClassifier`, as keyword arguments."""
    return {
        "trained_on": classifier.trained_on,
        "label_basis": classifier.label_basis,
        "class_names": list(classifier.class_names),
        "threshold": classifier.threshold,
        "band": classifier.band and classifier.band.ends,
        "input_rule": classifier.input_rule,
    }


def rest(url: str, guards: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the engine of a model that a server answers for, in TensorFlow Serving's row form.

    The page posts {"instances": [text, ...]} and reads {"predictions": [{"fake_probability": 0.9,
    "label": "resembles ...", "outcome": "scored"}, ...]}; of an error it shows {"error": "..."}.

    Args:
        url: Of the method predict, relative to the page: "v1/models/NAME:predict".
        guards: What `tokenizer_files.guards_in_words` returned, by which the page says why a text
            was not scored; without it, it says that the reason is not known.
    """
    return {"kind": "rest", "url": url, "guards": guards}


def litert(folder: Path, path: str) -> dict[str, Any]:
    """Return the engine of a model that the browser computes.

    Args:
        folder: Holds model.tflite and what stands beside it.
        path: Where the page finds that folder, relative to itself: "models/NAME".
    """
    found = {file.name: file for file in sorted(folder.iterdir()) if file.is_file()}
    return {
        "kind": "litert",
        "files": {
            name: {
                "path": str(PurePosixPath(path, name)),
                "sha256": sha256(file),
                "bytes": file.stat().st_size,
            }
            for name, file in found.items()
            if name in _READ
        },
    }


# Of a model's folder, what the page reads.
_READ = ("model.tflite", "spec.json", "guards.json", "tokenizer.json", "vocabulary.txt")
