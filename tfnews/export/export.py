"""Write a trained run for a server or a device, and measure what that changes."""

import contextlib
import dataclasses
import datetime
import functools
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfnews import progress
from tfnews.catalogue.names import QUANTIZATIONS
from tfnews.data.splits import Splits
from tfnews.errors import ExportError
from tfnews.export import card, page, parity, pruning, rare, runtime, warmup, wording
from tfnews.export.repository import CARD, PARITY, Model, size
from tfnews.export.request import SERVED, WEB, Request, check, writer
from tfnews.export.web import Page
from tfnews.files import folder_beside, write_json, write_text
from tfnews.models import NewsClassifier, load
from tfnews.runs import Run


@dataclass(frozen=True)
class Exported:
    """What was written for one target.

    Attributes:
        target: Which.
        path: The version's folder.
        bytes: Of all its files.
        parity: What its parity.json holds.
    """

    target: str
    path: Path
    bytes: int
    parity: dict


def export(
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
    say: Callable[[str], None] = lambda line: None,
) -> list[Exported]:
    """Write a run for a server or a device; it answers there as the run does, or is not written.

    Two differences are measured, on all validation texts and on odd ones: what the conversion
    changes, and what the device changes by reading texts its own way. Both stand in parity.json.

    Args:
        run: A complete run, its name or its path.
        target: "savedmodel", "tflite", "huggingface", "web", or "all" for all but the last that the
            architecture can be written for.
        to: Folder of exports, by default ./exports. The model is DIR/NAME/VERSION in it. For "web"
            the page's own, by default ./exports/web; one that is there gets the run added.
        name: Of the model there; by default the run's. Runs exported under one name are versions
            of one model.
        quantize: "none", "float16" or "dynamic", for devices.
        max_tokens: Tokens that a device reads.
        vocabulary: Words that a device's table keeps.
        max_drop: Fall of F1 on the validation split that is accepted, 0 to 1.
        accept_licence: Write it though a licence seems to forbid passing it on.
        min_document_frequency: Learnt words of fewer training texts are made unknown.
        runtime: Holds the libraries that a page runs on, as node_modules does or as archives; by
            default those that the npm client fetches once.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
        trust_graph: Whether a TF-Hub module that the run carries may do more than compute, such as
            read and write any file.
        say: Is given a line of what was found.

    Returns:
        What was written, target by target.

    Raises:
        UsageError: A name or number that is not allowed.
        RunError: No such run, or its training has not finished.
        ExportError: It answers otherwise than the run, may not be passed on, or cannot be written.
            Nothing is left behind.

    Example:
        >>> tfnews.export("tfidf-1", to="exports", name="news")[0].path
        PosixPath('exports/news/1')
    """
    request = check(
        run,
        target,
        to=to,
        name=name,
        quantize=quantize,
        max_tokens=max_tokens,
        vocabulary=vocabulary,
        max_drop=max_drop,
        accept_licence=accept_licence,
        min_document_frequency=min_document_frequency,
        runtime=runtime,
        root=root,
        trust_graph=trust_graph,
    )
    return carry_out(request, say)


def carry_out(request: Request, say: Callable[[str], None] = lambda line: None) -> list[Exported]:
    """Do what `export` was asked for, once it was checked: every target, or none."""
    places = {target: _place(target, request, say) for target in request.targets}
    progress.stage(f"Opening {request.run.name}")
    classifier = load(request.run, trust_graph=request.trust_graph)
    targets = _possible(request, classifier, say)
    source = _Source.of(request, classifier, say)
    with _said(request.to, targets), contextlib.ExitStack() as stack:
        made = []
        for target in targets:
            progress.stage(f"Writing {target}")
            folder = stack.enter_context(places[target].writing())
            measured = _write(target, folder, source, say)
            made.append(_Made(target, places[target], folder, measured))
        return _publish(made)


@dataclass(frozen=True)
class _Made:
    """A target that is written and measured, and not yet a version of its model."""

    target: str
    place: Model | Page
    folder: Path
    parity: dict

    def publish(self) -> Path:
        """Move it among the versions, or onto the page."""
        return self.place.publish(self.folder, served=self.target == SERVED)


def _publish(made: list[_Made]) -> list[Exported]:
    """Move all to their versions, or take back those that were moved."""
    placed = {}
    try:
        for one in sorted(made, key=lambda one: one.target == SERVED):  # a server is told last
            placed[one.target] = one.publish()
    except BaseException:
        for one in made:
            if one.target in placed:
                placed[one.target].rename(one.folder)  # which goes with all in it
        raise
    return [Exported(m.target, placed[m.target], size(placed[m.target]), m.parity) for m in made]


def _place(target: str, request: Request, say: Callable[[str], None]) -> Model | Page:
    """Return what the files of a target become part of."""
    if target == WEB:
        return Page(request.to, request.name, runtime.files(request.runtime, say))
    return Model(request.to, request.name if target == SERVED else f"{request.name}-{target}")


@dataclass(frozen=True)
class _Source:
    """A run made ready to be written: its rare words are gone.

    Attributes:
        request: What was asked for.
        classifier: Without its rare words.
        asked: What it is asked, and its file after it.
        before: What the run answered, with all its words.
        kept: What it answers without the rare ones, (texts,).
        forgotten: What was counted of the rare words.
        lines: What was said of licences and words.
        training: Training texts, where they were read.
    """

    request: Request
    classifier: NewsClassifier
    asked: parity.Texts
    before: parity.Before
    kept: np.ndarray
    forgotten: dict
    lines: list[str]
    training: list[str]

    @classmethod
    def of(
        cls, request: Request, classifier: NewsClassifier, say: Callable[[str], None]
    ) -> "_Source":
        """Ask the run's classifier, and make its rare words unknown."""
        least = request.min_document_frequency
        wanted = least > 1 or request.options.vocabulary
        training = rare.training_texts(request.run) if wanted else []
        asked = _asked(request.splits)
        progress.stage("Asking the run", "texts", len(asked.texts))
        before = parity.Before.of(classifier, asked)
        forgotten = rare.forget(classifier, request.run, training, least)
        changed = forgotten["dropped"] > 0
        progress.stage("Asking the run without its rare words", "texts", len(asked.texts))
        kept = classifier.probabilities(asked.texts) if changed else before.probabilities
        lines = [*wording.licences(request.licences), wording.forgotten(forgotten)]
        if request.lost:
            say(request.lost)
            lines.append(wording.UNMEASURED)
        for line in lines:
            say(line)
        return cls(request, classifier, asked, before, kept, forgotten, lines, training)


def _asked(splits: Splits | None) -> parity.Texts:
    if splits is None:
        return parity.Texts.of()
    frame = splits.frame("validation")
    return parity.Texts.of(frame["combined_text"].tolist(), frame["label"].tolist())


def _possible(
    request: Request, classifier: NewsClassifier, say: Callable[[str], None]
) -> list[str]:
    """Return the targets that the classifier can be written for; what is not is said.

    All that can be told without asking the run, which takes longer, is told here.
    """
    found = [target for target in request.targets if target in classifier.exports]
    refused = {target: writer(target).refusal(classifier) for target in found}
    for target, reason in refused.items():
        if reason and len(request.targets) == 1:
            raise ExportError(reason)
        if reason:  # of all, those that this run has the form for
            say(f"Not written for {target}: {reason}")
    found = [target for target in found if not refused[target]]
    pruning.check(classifier, request.options.max_tokens, request.options.vocabulary)
    if not found:
        raise ExportError(
            f"{request.run.name} cannot be written for {', '.join(request.targets)}: "
            f"{request.run.config.weights.note or 'its operations have no form there.'} Allowed: "
            f"{', '.join(classifier.exports)}."
        )
    return found


def _write(target: str, folder: Path, source: _Source, say: Callable[[str], None]) -> dict:
    """Write and measure one target in a folder of its own; return what parity.json holds."""
    request = source.request
    facts = writer(target).write(source.classifier, folder, request.options, source.training)
    if target == SERVED and not warmup.write(folder, request.name):
        say(warmup.MISSING)
    progress.stage(f"Asking the {target} file, read anew")
    found = _measured(target, facts, folder, source)
    remedy = functools.partial(_remedy, target, folder, source, say)
    parity.check(found, request.options.quantize, request.max_drop, target, remedy)
    lines = [*wording.measured(found), *facts.notes]
    for line in lines:
        say(line)
    write_json(folder / PARITY, found)
    about = card.render(request, target, source.classifier, [*source.lines, *lines], found)
    write_text(folder / CARD, about)
    return found


def _remedy(target: str, folder: Path, source: _Source, say: Callable[[str], None]) -> str:
    """Try the finer quantisations in turn, and say what came of each until one is fine enough."""
    options, tried = source.request.options, []
    for quantize in reversed(QUANTIZATIONS[: QUANTIZATIONS.index(options.quantize)]):
        progress.stage(f"The file is off by too much; trying --quantize {quantize}")
        finer = dataclasses.replace(options, quantize=quantize)
        with folder_beside(folder) as place:
            facts = writer(target).write(source.classifier, place, finer, source.training)
            opened = writer(target).opened(place)
            off = parity.conversion(opened, facts, source.classifier, source.asked)["largest"]
            bytes_ = size(place)
        limit = parity.LIMITS[quantize]
        enough = off <= limit
        tried.append(
            f"--quantize {quantize} {'works' if enough else 'does not'}: {off:.2g} off, where "
            f"{limit:g} is allowed, {bytes_ / 1e6:.1f} MB."
        )
        if enough:
            break
    return " ".join(tried)


def _measured(target: str, facts: parity.Facts, folder: Path, source: _Source) -> dict:
    request, classifier = source.request, source.classifier
    opened = writer(target).opened(folder)
    measured = parity.measure(opened, facts, classifier, source.asked, source.before, source.kept)
    measured["conversion"]["limit"] = parity.LIMITS[request.options.quantize]
    rows = len(source.asked.labels)
    return {
        "target": target,
        "run": request.run.name,
        "arch": request.run.config.arch,
        "page": page.facts(source.classifier),
        "written": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "quantize": request.options.quantize,
        "bytes": size(folder),
        "asked": {"validation_rows": rows, "probes": list(parity.PROBES)},
        "rare_words": source.forgotten,
        **measured,
        "runtime_leaves_out": list(facts.left_out),
        "operations_beyond_the_runtime": list(facts.operations),
        "licences": request.licences,
    }


@contextlib.contextmanager
def _said(place: Path, targets: list[str]) -> Iterator[None]:
    """Turn what a disk or TensorFlow's writing of files fails with into one line."""
    try:
        yield
    except ExportError as error:
        if len(targets) == 1:
            raise
        raise ExportError(
            f"{error} Of {', '.join(targets)} none was written, since one was refused: name each "
            "with --target to have the others."
        ) from error
    except (OSError, tf.errors.OpError) as error:
        reason = getattr(error, "strerror", None) or _plain(error)
        raise ExportError(
            f"Nothing was written to {place}: {reason}. Make room or name another folder with --to."
        ) from error


def _plain(error: Exception) -> str:
    """Return what went wrong of a message of TensorFlow's, without its functions and files."""
    line = re.sub(r"\s*\[Op:.*?\]", "", str(error).partition("\n")[0])
    return line.rpartition("; ")[2]
