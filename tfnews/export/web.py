"""Target "web": a page of static files whose models answer in the browser, without a server."""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfnews.errors import ExportError
from tfnews.export import page, phone, tflite, tokenizer_files
from tfnews.export.parity import CUT, PRUNED, Facts
from tfnews.export.pruning import pruned, shortened
from tfnews.export.request import Options
from tfnews.files import folder_beside, held, read_text, replacing
from tfnews.models import NewsClassifier
from tfnews.models.text.packing import PiecePreprocessor

MODELS_FOLDER, RUNTIME_FOLDER = "models", "runtime"
# Read of a text where the run reads all of it: more than all but a few articles have, and cheap.
DEFAULT_WORDS = 4096
_OLD = "old"  # beside a model that is written: the one it replaces
_PATIENCE = 60  # seconds to wait for another export to the same page

_LEFT_OUT = (
    "The page reads texts by its own code in JavaScript; what is measured here is the same rule in "
    "Python. That both give the same ids and outcomes is what the project's tests compare.",
)

refusal = phone.refusal


def write(
    classifier: NewsClassifier, folder: Path, options: Options, training: Sequence[str]
) -> Facts:
    """Write model.tflite and what the page must know of it.

    Args:
        classifier: In float32.
        folder: Is made.
        options: How much smaller the file is to be.
        training: Training texts, in which words are counted where few are kept.

    Raises:
        ExportError: The row has no form for a browser.
    """
    tflite.refuse(classifier)
    stages = []
    if options.vocabulary:
        stages.append((PRUNED, pruned(classifier, options.vocabulary, training or None)))
    smaller = stages[-1][1] if stages else classifier
    length = options.max_tokens or _default_length(classifier)
    made = shortened(smaller, length)
    stages.append((CUT, made))
    # The browser's runtime takes no input whose shape is open.
    windows = getattr(made.preprocessor, "max_windows", None)
    content = tflite.convert(made, length, options.quantize, windows)
    folder.mkdir(exist_ok=True)
    (folder / tflite.MODEL_FILE).write_bytes(content)
    shape = tflite.input_shape(made, length, windows)
    tokenizer_files.write_rules(made, folder, shape, quantization=options.quantize)
    return Facts(tuple(stages), _LEFT_OUT, notes=(f"Reads {length:,} tokens of a text.",))


def _default_length(classifier: NewsClassifier) -> int:
    words = not isinstance(classifier.preprocessor, PiecePreprocessor)
    if words and not classifier.preprocessor.tokenizer.max_tokens:
        return DEFAULT_WORDS
    return tflite.default_length(classifier)


class Browser(phone.Phone):
    """A folder as the page answers from it, by the reference for phones with one thing more.

    Args:
        folder: What `write` filled.
    """

    def __init__(self, folder: Path):
        super().__init__(folder)
        buckets = self.reference.spec["tokenizer"].get("oov_buckets")
        if buckets:  # the page hashes unknown words as TensorFlow does

            def bucket(word: str) -> int:
                return int(tf.strings.to_hash_bucket_fast(word, buckets))

            self.reference.bucket = bucket


opened = Browser


class Page:
    """A page's folder, to which runs are added one by one.

    Args:
        folder: Of the page; holds one already, or nothing, or is not there.
        name: Of the model on it; one of that name is replaced.
        libraries: What `runtime.files` returned.

    Raises:
        ExportError: The folder holds other files.
    """

    def __init__(self, folder: Path, name: str, libraries: dict[str, bytes]):
        self.folder, self.name, self._libraries = folder, name, libraries
        self._entries()
        if folder.is_dir() and not self._listing.exists() and _has_files(folder):
            raise ExportError(
                f"{folder} holds files of others, among which a page is not put. Name an empty or "
                "a new folder, or a page that tfnews wrote, with --to."
            )

    @property
    def _listing(self) -> Path:
        return self.folder / page.MODELS

    @contextlib.contextmanager
    def writing(self) -> Iterator[Path]:
        """Give a folder for the model, which goes with all in it if it is not published."""
        missing = [path for path in (self.folder, *self.folder.parents) if not path.exists()]
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with folder_beside(self.folder / self.name) as holder:
                yield holder / "new"
        finally:
            for path in missing:
                with contextlib.suppress(OSError):  # it holds something by now
                    path.rmdir()

    def publish(self, folder: Path, *, served: bool = False) -> Path:
        """Move a whole model folder into the page, and write the page's own files anew.

        Args:
            folder: What `writing` gave.
            served: Is ignored: no server has to be told.

        Returns:
            The model's folder on the page.
        """
        busy = ExportError(
            f"Another export has kept {self.folder} locked for {_PATIENCE} s. Try again."
        )
        with held(self.folder / ".lock", _PATIENCE, busy):
            entries = {one["name"]: one for one in self._entries()}
            entries[self.name] = self._entry(folder)
            listing = page.listing(entries.values())
            for path, content in self._libraries.items():
                _put(self.folder / RUNTIME_FOLDER / path, content)
            for path, content in page.files(also=listing + self._digest()).items():
                _put(self.folder / path, content)
            place = self._move(folder)
            try:
                _put(self._listing, listing)
            except BaseException:
                self._take_back(folder, place)
                raise
        return place

    def _digest(self) -> bytes:
        """Tell the libraries apart, which browsers keep as long as the page's version stays."""
        digest = hashlib.sha256()
        for _, content in sorted(self._libraries.items()):
            digest.update(content)
        return digest.digest()

    def _move(self, folder: Path) -> Path:
        place = self.folder / MODELS_FOLDER / self.name
        place.parent.mkdir(exist_ok=True)
        if place.exists():
            place.rename(folder.with_name(_OLD))  # goes with the temporary folder
        return folder.rename(place)

    def _take_back(self, folder: Path, place: Path) -> None:
        place.rename(folder)
        if folder.with_name(_OLD).exists():
            folder.with_name(_OLD).rename(place)

    def _entry(self, folder: Path) -> dict[str, Any]:
        """Return what models.json says of a model, by the files beside it in a folder."""
        spec = _read(folder / tokenizer_files.SPEC_FILE)
        return page.entry(
            self.name,
            page.litert(folder, f"{MODELS_FOLDER}/{self.name}"),
            arch=_read(folder / "parity.json")["arch"],
            class_names=spec["labels"],
            **{key: spec[key] for key in _TOLD},
        )

    def _entries(self) -> list[dict[str, Any]]:
        if not self._listing.exists():
            return []
        try:
            return [one for one in _read(self._listing)["models"] if one["name"]]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ExportError(
                f"{self._listing} is not what tfnews writes ({error}). Name another folder with "
                "--to, or delete this one."
            ) from error


# What spec.json tells the page too.
_TOLD = ("trained_on", "label_basis", "threshold", "band", "input_rule")


def _has_files(folder: Path) -> bool:
    # Hidden ones may be what an export that was killed has left, or a host's of static pages.
    return any(not path.name.startswith(".") for path in folder.iterdir())


def _read(path: Path) -> dict[str, Any]:
    return json.loads(read_text(path))


def _put(path: Path, content: bytes) -> None:
    """Write a file beside its place and rename it there, unless it is the same."""
    if path.is_file() and path.read_bytes() == content:
        return
    with replacing(path, "wb") as file:
        file.write(content)
