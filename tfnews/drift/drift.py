"""Whether the texts of now are like those that a run was trained on; no labels are needed."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tfnews import places, progress
from tfnews.catalogue.bounds import bounded
from tfnews.data.duplicates import fingerprint
from tfnews.data.splits import Splits, own_splits
from tfnews.data.streams import STANDARD_INPUT
from tfnews.data.text import shown
from tfnews.errors import DataError, RunError
from tfnews.files import check_folder, write_all
from tfnews.records.drift import Drift
from tfnews.runs import Run, model_folder
from tfnews.scoring import request as asking
from tfnews.statistics import shifts

if TYPE_CHECKING:
    import pandas as pd

    from tfnews.drift.feed import Feed
    from tfnews.models import NewsClassifier

Texts = str | os.PathLike | Iterable[str]
_READING = (
    "format", "title_column", "text_column", "encoding", "delimiter", "header", "max_record_bytes",
)  # fmt: skip
_NO_SPLITS = (
    "The run's own splits are not there: training texts could not be left out, nor their words be "
    "asked."
)


class Source(NamedTuple):
    """Texts that can be read, and what they are called."""

    texts: asking.Request
    name: str


@dataclass(frozen=True)
class Request:
    """A drift check that can be tried.

    Attributes:
        run: Complete, with its model.
        feed: The texts in question.
        reference: Other texts that they are held against; `None` takes the run's validation texts.
        home: The run's own splits; `None` where they are not there.
        limits: What is an alarm.
    """

    run: Run
    feed: Source
    reference: Source | None
    home: Splits | None
    limits: shifts.Limits


def check(
    run: str | os.PathLike | Run,
    feed: Texts,
    *,
    reference: Texts | None = None,
    splits: str | os.PathLike | None = None,
    to: str | os.PathLike | None = None,
    level: float = shifts.LEVEL,
    max_shift: float = shifts.MAX_SHIFT,
    max_refused: float = shifts.MAX_REFUSED,
    root: str | os.PathLike | None = None,
    trust_graph: bool = False,
    **reading: object,
) -> Request:
    """Check what `tfnews.drift` is asked for, whose arguments these are, without TensorFlow.

    Raises:
        UsageError: A limit, a source or the folder cannot be used.
        RunError: There is no such run, it is not complete, or it has kept no texts aside.
        DataError: A file is missing or broken, or the run's splits are.
    """
    limits = shifts.Limits(
        bounded("--level", level),
        bounded("--max-shift", max_shift),
        bounded("--max-refused", max_refused),
    )
    if wrong := sorted(reading.keys() - set(_READING)):
        raise TypeError(f"drift() got an unexpected keyword argument {wrong[0]!r}")
    if to is not None:
        check_folder(to)
    run = run if isinstance(run, Run) else Run.open(run, root)
    model_folder(run)
    if reference is None and run.config.refit_epochs is not None:
        raise RunError(
            f"{run.name} was trained once more, on train and validation: no text is left that its "
            "scores can be held against. Give texts of a week that was in order: --reference FILE."
        )
    asked = [
        None if source is None else _asked(run, source, trust_graph, reading)
        for source in (feed, reference)
    ]
    return Request(run, *asked, _home(run, splits, reference is None), limits)


def drift(
    run: str | os.PathLike | Run,
    feed: Texts,
    *,
    reference: Texts | None = None,
    splits: str | os.PathLike | None = None,
    to: str | os.PathLike | None = None,
    level: float = shifts.LEVEL,
    max_shift: float = shifts.MAX_SHIFT,
    max_refused: float = shifts.MAX_REFUSED,
    root: str | os.PathLike | None = None,
    trust_graph: bool = False,
    command: str | None = None,
    **reading: object,
) -> Drift:
    """Hold texts of now against those that a run was trained and validated on.

    Four measures are compared: scores, lengths, shares of unknown words, and how many texts the
    guards refuse. Copies and near-copies count once, copies of training texts not at all. Of more
    than 20,000 records that many are drawn at random. What came out last is kept in the run, whose
    report is written anew.

    Args:
        run: A complete run, its name or its path.
        feed: What `tfnews.predict` takes: a file, a folder of .txt files, "-", or texts.
        reference: Texts to hold them against instead of the run's own, such as those of a week
            that was in order; read as the feed is.
        splits: Where the run's own splits are now; by default where they were at training.
        to: Folder for drift.html, .md, .json and figures.
        level: Chance of any alarm without cause, above 0 and below 1.
        max_shift: Least distance of two distributions that is an alarm, 0 to 1.
        max_refused: Least rise of the share of refused texts that is one, 0 to 1.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
        trust_graph: Whether a TF-Hub module that the run carries may do more than compute.
        command: The command line that was typed, for the report.
        **reading: How files are read, as `tfnews.predict` takes it.

    Raises:
        UsageError: A limit, a source or the folder cannot be used.
        RunError: There is no such run, it is not complete, or it has kept no texts aside.
        DataError: A file is missing or broken, the run's splits are, or there are too few texts.

    Example:
        >>> found = tfnews.drift("tfidf-1", "week.jsonl")
        >>> found.alarm, [one.measure for one in found.shifts if one.rings]
    """
    request = check(
        run,
        feed,
        reference=reference,
        splits=splits,
        to=to,
        level=level,
        max_shift=max_shift,
        max_refused=max_refused,
        root=root,
        trust_graph=trust_graph,
        **reading,
    )
    return carry_out(request, to=to, command=command)


def carry_out(
    request: Request, *, to: str | os.PathLike | None = None, command: str | None = None
) -> Drift:
    """Do what `drift` was asked for, once it was checked."""
    from tfnews.drift.feed import measured, vocabulary
    from tfnews.evaluation.publish import keep
    from tfnews.report.drift import page

    held = _held(request)
    now = _gathered(request.feed, held.known)
    classifier = request.feed.texts.opened()
    kind, words = vocabulary(classifier, held.training)
    before = measured(classifier, held.texts, words, held.name, held.blank)
    after = measured(classifier, now.texts, words, request.feed.name, now.blank)
    then = {**before.values, "length": _lengths(before.values["length"], held, classifier)}
    progress.stage("Comparing")
    found = shifts.compare(then, after.values, request.limits)
    config = request.run.config
    made = Drift(
        run=request.run.name,
        trained_on=config.splits.name,
        class_names=classifier.class_names,
        feed=request.feed.name,
        reference=held.name,
        lengths=held.lengths,
        vocabulary=kind,
        unit=classifier.guards.unit if classifier.guards else "words",
        threshold=classifier.threshold,
        level=request.limits.level,
        read=now.read,
        drawn=now.drawn,
        blank=now.blank,
        copies=now.copies,
        learnt=now.learnt,
        texts=len(now.texts),
        called=(before.called, after.called),
        refused=after.refused,
        shifts=found,
        alarm=any(one.rings for one in found),
        command=command and places.neutral(command),
        notes=held.notes,
        day=datetime.now(UTC).date().isoformat(),
    )
    if unkept := keep(request.run, request.home, lambda scores: replace(scores, drift=made)):
        made = replace(made, notes=(*made.notes, unkept))
    if to is not None:
        write_all(to, page.files(made))
    return made


def _asked(run: Run, source: Texts, trust_graph: bool, reading: dict) -> Source:
    texts = asking.check(run, source, trust_graph=trust_graph, **reading)
    if not isinstance(source, str | os.PathLike):
        return Source(texts, "the texts given")
    if source == STANDARD_INPUT:
        return Source(texts, "standard input")
    return Source(texts, shown(Path(source).resolve().name, 60))


def _home(run: Run, splits: str | os.PathLike | None, required: bool) -> Splits | None:
    """Open the run's own splits; without them other texts can be held against, and no others."""
    try:
        return own_splits(run, splits)
    except DataError as error:
        if splits is not None:
            raise
        if required:
            raise DataError(
                f"{error} Or give texts of a week that was in order: --reference FILE."
            ) from error
        return None


@dataclass(frozen=True)
class _Held:
    """What a feed is held against: texts, each once, how many records were blank, and its name.

    `training` holds the texts that the run has learnt from, `known` their keys; lengths are held
    against them too where `lengths` says so.
    """

    texts: list[str]
    blank: int
    name: str
    lengths: str
    training: list[str]
    known: np.ndarray
    notes: tuple[str, ...] = ()


def _held(request: Request) -> _Held:
    progress.stage("Reading the run's own texts")
    home, config = request.home, request.run.config
    frames = [home.frame(part) for part in config.learnt_parts] if home else []
    training = [text for frame in frames for text in _once(frame)]
    known = fingerprint([text for one in frames for text in one["combined_text"]], near=False).keys
    if request.reference is None:
        texts, name = _once(home.frame("validation")), f"the validation texts of {home.name}"
        if len(texts) < shifts.FEWEST:
            raise DataError(
                f"{home.path} has {len(texts):,} different validation texts, and a drift check "
                f"takes {shifts.FEWEST} or more. Give others to hold against: --reference FILE."
            )
        lengths = f"the training and validation texts of {home.name}"
        return _Held(texts, 0, name, lengths, training, known)
    found, name = _gathered(request.reference, known), request.reference.name
    notes = () if home else (_NO_SPLITS,)
    return _Held(found.texts, found.blank, name, name, training, known, notes)


def _once(frame: "pd.DataFrame") -> list[str]:
    """Return the texts of a split, of each cluster of near-copies the first."""
    return frame.drop_duplicates("cluster")["combined_text"].tolist()


def _lengths(of_held: np.ndarray, held: _Held, classifier: "NewsClassifier") -> np.ndarray:
    """Add the lengths of training texts, which teach no length, to those of what is held."""
    from tfnews.drift.feed import units

    if held.lengths == held.name:
        return of_held
    split = units(classifier)
    return np.concatenate([of_held, [len(split(text)) for text in held.training]])


def _gathered(source: Source, known: np.ndarray) -> "Feed":
    from tfnews.drift.feed import gather

    progress.stage(f"Reading {source.name}", "records", source.texts.number)
    found = gather(source.texts.texts, known)
    if not found.texts and not found.learnt:
        raise DataError(
            f"{source.name} holds no text: {found.read:,} records, none with a text that can be "
            "read. Perhaps other columns hold the texts: name them with --text-column and "
            "--title-column."
        )
    if len(found.texts) + found.blank < shifts.FEWEST:
        raise DataError(
            f"{source.name} holds {len(found.texts):,} different texts that the run has not learnt "
            f"from, and a drift check takes {shifts.FEWEST} or more: {found.read:,} records, of "
            f"which {found.copies:,} copies and {found.learnt:,} training texts. Gather texts of a "
            "longer time."
        )
    return found
