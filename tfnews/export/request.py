"""What an export is asked for, checked before TensorFlow starts."""

import importlib
import os
import types
from dataclasses import dataclass
from pathlib import Path

from tfnews.catalogue.bounds import bounded
from tfnews.catalogue.names import QUANTIZATIONS, TARGETS
from tfnews.data.splits import Splits, own_splits
from tfnews.errors import DataError, ExportError, UsageError
from tfnews.export import licences
from tfnews.naming import check_name
from tfnews.runs import Run, model_folder

# Target -> the module that writes it, which has
#   write(classifier, folder, options, training) -> Facts   and
#   refusal(classifier) -> why it has no such form, or None,
#   opened(folder) -> what answers from the file: answers(texts), answers_ids(ids), scored(texts),
# as `tfnews.export.parity` says.
WRITERS = {
    "savedmodel": "tfnews.export.savedmodel",
    "tflite": "tfnews.export.phone",
    "huggingface": "tfnews.export.huggingface",
    "web": "tfnews.export.web",
}

ALL = "all"
SERVED = "savedmodel"  # the target whose versions a server is told of
WEB = "web"  # the target that is a page, to which runs are added
PLACE = "exports"  # the folder that exports go to by default
_SMALLER = ("tflite", "web")  # what the options that make a file smaller are for


@dataclass(frozen=True)
class Options:
    """How a file is written.

    Attributes:
        quantize: What weights become: "none" (float32), "float16" or "dynamic" (int8, computed in
            float32).
        max_tokens: Tokens that a device reads; `None` leaves it to the target.
        vocabulary: Words that a device's table keeps; `None` keeps all.
    """

    quantize: str = "none"
    max_tokens: int | None = None
    vocabulary: int | None = None


@dataclass(frozen=True)
class Request:
    """An export that can be tried.

    Attributes:
        run: Complete.
        targets: Names in `WRITERS`.
        to: The folder that the exports of all models lie in; for "web" that of the page.
        name: Of the model there; runs exported under one name are its versions.
        options: How files are written.
        max_drop: Fall of F1 that is accepted, 0 to 1.
        min_document_frequency: Training texts that a learnt word must occur in.
        splits: The run's own; `None` where they cannot be opened.
        lost: Why they cannot; `None` where they can.
        licences: Of data and weights, as far as is known.
        runtime: Holds the libraries that a page runs on; `None` leaves them to the npm client.
        trust_graph: Whether a module that the run carries may do more than compute.
    """

    run: Run
    targets: tuple[str, ...]
    to: Path
    name: str
    options: Options
    max_drop: float
    min_document_frequency: int
    splits: Splits | None
    lost: str | None
    licences: dict[str, str]
    runtime: Path | None = None
    trust_graph: bool = False


def check(
    run: str | os.PathLike | Run,
    target: str = "savedmodel",
    *,
    to: str | os.PathLike | None = None,
    name: str | None = None,
    quantize: str = "none",
    max_tokens: int | None = None,
    vocabulary: int | None = None,
    max_drop: float = 0.01,
    accept_licence: bool = False,
    min_document_frequency: int = 2,
    runtime: str | os.PathLike | None = None,
    root: str | os.PathLike | None = None,
    trust_graph: bool = False,
) -> Request:
    """Check what `tfnews.export` is asked for, whose arguments these are, without TensorFlow.

    Raises:
        UsageError: A name or number that is not allowed, or an option that the target has no use
            for.
        RunError: No such run, or its training has not finished.
        ExportError: The place cannot be written to, or a licence seems to forbid it.
    """
    targets = _targets(target)
    options = Options(quantize, max_tokens, vocabulary)
    _check_options(targets, options)
    bounded("--max-drop", max_drop)
    bounded("--min-document-frequency", min_document_frequency)
    found_runtime = _runtime(runtime, targets)
    if not isinstance(run, (str, os.PathLike, Run)):
        raise UsageError(
            "tfnews.export takes a run: its name, its folder or a tfnews.runs.Run. Received: "
            f"{type(run).__name__}. A classifier by itself is written with classifier.export(path)."
        )
    opened = run if isinstance(run, Run) else Run.open(run, root)
    model_folder(opened)
    name = opened.name if name is None else name
    place = place_of(to or (Path(PLACE, WEB) if targets == (WEB,) else None), name)
    splits, lost = _splits(opened)
    known = licences.stated(opened, splits)
    licences.check(known, accept_licence)
    return Request(
        opened,
        targets,
        place,
        name,
        options,
        max_drop,
        min_document_frequency,
        splits,
        lost,
        known,
        found_runtime,
        trust_graph,
    )


def writer(target: str) -> types.ModuleType:
    """Import the module that writes a target."""
    return importlib.import_module(WRITERS[target])


def place_of(to: str | os.PathLike | None, name: str) -> Path:
    """Return the folder of exports, which need not exist, once it and a model's name are checked.

    Raises:
        UsageError: The name is not a plain file name.
        ExportError: The folder is a file, or lies in one or where nothing may be written.
    """
    check_name(name, "The name of an exported model")
    place = Path(to or PLACE)
    there = next(path for path in (place, *place.absolute().parents) if path.exists())
    if not there.is_dir():
        raise ExportError(f"{there} is a file, so nothing can be written to {place}. {_ELSEWHERE}")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ExportError(f"{there} may not be written to. {_ELSEWHERE}")
    return place


def _splits(run: Run) -> tuple[Splits | None, str | None]:
    try:
        return own_splits(run), None
    except DataError as error:
        return None, str(error)


_ELSEWHERE = "Name another folder with --to."


def _targets(target: str) -> tuple[str, ...]:
    if target == ALL:  # but the page, which is no form of its own and wants libraries of others
        return tuple(name for name in WRITERS if name != WEB)
    if target not in TARGETS:
        raise UsageError(
            f"Unknown target {target!r}. Allowed: {', '.join(TARGETS)}, {ALL}, which writes every "
            f"one but {WEB} that the architecture can be written for."
        )
    return (target,)


def _runtime(folder: str | os.PathLike | None, targets: tuple[str, ...]) -> Path | None:
    if folder is None:
        return None
    if targets != (WEB,):
        raise UsageError(
            f"--runtime names the libraries that a page runs on: it is for {WEB}. Leave it out."
        )
    if not Path(folder).is_dir():
        raise UsageError(f"--runtime takes a folder. Received: {str(folder)!r}.")
    return Path(folder)


def _check_options(targets: tuple[str, ...], options: Options) -> None:
    if options.quantize not in QUANTIZATIONS:
        raise UsageError(
            f"Unknown quantisation {options.quantize!r}. Allowed: {', '.join(QUANTIZATIONS)}."
        )
    for option, number in (
        ("--max-tokens", options.max_tokens),
        ("--vocabulary", options.vocabulary),
    ):
        if number is not None:
            bounded(option, number)
    if options != Options() and not set(targets) & set(_SMALLER):
        raise UsageError(
            f"--quantize, --max-tokens and --vocabulary make a file for a device smaller: they are "
            f"for {', '.join(_SMALLER)}. {', '.join(targets)} keeps the run's float32 weights, "
            "length and words. Leave them out."
        )
