"""May a new model take the place of the one in use? Both are asked a fixed set of texts."""

import os
from collections.abc import Sequence

import numpy as np

from tfnews import progress
from tfnews.catalogue.bounds import bounded
from tfnews.comparison import texts as asking
from tfnews.comparison.opened import Opened, open_model
from tfnews.comparison.publish import publish_promotion
from tfnews.comparison.texts import Asked
from tfnews.errors import RunError
from tfnews.models.graph import trusting
from tfnews.records import Flip, Promotion, Side
from tfnews.report import wording
from tfnews.runs import Run
from tfnews.statistics import intervals, paired
from tfnews.statistics.judged import judge
from tfnews.statistics.sample import flagged

TOLERANCE = 0.01  # a point of F1
_RESAMPLES = 2000


def promote(
    old: str | os.PathLike | Run,
    new: str | os.PathLike | Run,
    data: str | os.PathLike,
    *,
    tolerance: float = TOLERANCE,
    to: str | os.PathLike | None = None,
    root: str | os.PathLike | None = None,
    trust_graph: bool = False,
    **reading: object,
) -> Promotion:
    """Check a new model against the one in use.

    It is promoted unless its F1 on these texts, the point itself and not its interval, falls by
    more than the tolerance: on a fixed set the same two models always get the same answer. The
    interval of the difference says how far it would hold for other texts.

    Args:
        old: A run, a folder that `export` wrote, or a .tflite in one.
        new: The same.
        data: The fixed set: a file of texts and labels, or splits, whose test part is taken.
            Texts that either run was trained on are left out.
        tolerance: The fall of F1 that is accepted, 0 to 1.
        to: Folder for gate.json and flips.csv.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
        trust_graph: Whether the graph of an export, or of a module that a run carries, may do more
            than compute.
        **reading: How a file of `data` is read, as `tfnews.data.readers.read` takes it.

    Raises:
        UsageError: The tolerance is not in [0, 1].
        RunError: A model cannot be found, or the two name their classes otherwise.
        ExportError: An export cannot be opened.
        WeightsError: A graph may do more than compute and is not trusted.
        DataError: The texts cannot be read, or are too few of a class.

    Example:
        >>> tfnews.comparison.promote.promote("tfidf-1", "tfidf-2", "golden.csv").promoted
    """
    tolerance = bounded("--tolerance", tolerance)
    asked = asking.of_data(data, ("test",), **reading)
    with trusting(trust_graph):
        models = [open_model(name, root) for name in (old, new)]
    _check_classes(models, asked)
    asked = asked.without_training([one.run for one in models if one.run])
    for one in models:
        _count_reading(one, asked)
    found = _measured(models, asked, tolerance)
    if to is not None:
        publish_promotion(found, to)
    return found


def _check_classes(models: Sequence[Opened], asked: Asked) -> None:
    old, new = models
    if old.class_names != new.class_names:
        raise RunError(
            f"The two have different classes, so neither can take the other's place: {old.name} "
            f"has {'/'.join(old.class_names)}, {new.name} {'/'.join(new.class_names)}."
        )


def _count_reading(one: Opened, asked: Asked) -> None:
    """Count a reading of a run's own test split before it is scored."""
    digest = asked.digests.get("test")
    if one.run and digest and digest == one.run.config.splits.digests.get("test"):
        one.run.count_test_read()


def _measured(models: Sequence[Opened], asked: Asked, tolerance: float) -> Promotion:
    (part, frame), (old, new) = next(iter(asked.frames.items())), models
    labels, clusters = frame["label"].to_numpy(), frame["cluster"].to_numpy()
    answers = []
    for one in models:
        progress.stage(f"Asking {one.name}", "texts", len(frame))
        answers.append(one.probabilities(frame["combined_text"].tolist()))
    progress.stage("Working out scores and their intervals")
    sides = [
        Side(
            name=one.name,
            kind=one.kind,
            threshold=one.threshold,
            digest=one.digest,
            judged=judge(labels, scored, clusters, one.threshold, asked.class_names),
        )
        for one, scored in zip(models, answers, strict=True)
    ]
    difference = sides[1].judged.scores["f1"] - sides[0].judged.scores["f1"]
    of_old, of_new = intervals.resampled(
        labels, answers, [one.threshold for one in models], clusters, resamples=_RESAMPLES
    )
    called = [flagged(one, of.threshold) for one, of in zip(answers, models, strict=True)]
    interval = intervals.percentiles(of_new - of_old)
    return Promotion(
        set_name=asked.name,
        class_names=asked.class_names,
        digest=asked.digests[part],
        rows=len(frame),
        left_out=asked.trained,
        old=sides[0],
        new=sides[1],
        difference=difference,
        interval=interval and tuple(interval),
        bootstrap_p=paired.bootstrap_p(of_new - of_old),
        mcnemar_p=paired.mcnemar(*paired.right_alone(labels, *called)),
        tolerance=tolerance,
        # A fall of exactly the tolerance is accepted, whatever floating point makes of it.
        promoted=bool(difference >= -tolerance - 1e-12),
        flips=_flips(frame["place"].tolist(), labels, answers, called),
        notes=(*_notes(old, new, asked, answers), *_guessing(sides)),
    )


def _flips(
    places: Sequence[str], labels: np.ndarray, answers: Sequence, called: Sequence
) -> tuple[Flip, ...]:
    """Return the texts that are called by another name now, those that got worse first."""
    rows = np.flatnonzero(called[0] != called[1])
    found = [
        Flip(
            places[row],
            int(labels[row]),
            float(answers[0][row]),
            float(answers[1][row]),
            bool(called[1][row] == (labels[row] == 1)),
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda flip: flip.better))


def _guessing(sides: Sequence[Side]) -> list[str]:
    """Say of which model it is not shown that it does better than one answer for all texts."""
    said = ((one.name, wording.no_better(one.judged)) for one in sides)
    return [f"{name}: {words}" for name, words in said if words]


def _notes(old: Opened, new: Opened, asked: Asked, answers: Sequence[np.ndarray]) -> list[str]:
    said = []
    if old.digest and old.digest == new.digest:
        said.append(f"{old.name} and {new.name} have the same weights.")
    if np.array_equal(*answers):
        said.append("Both give every text the very same score.")
    said.append(asking.otherwise_labelled(asked, old.class_names))
    unknown = [*asked.unknown, *(one.name for one in (old, new) if one.run is None)]
    if unknown:
        said.append(
            f"The training texts of {' and '.join(unknown)} could not be read, so some of them may "
            "be among these."
        )
    return [one for one in said if one]
