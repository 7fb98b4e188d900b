"""Compare runs on the same texts: choose, measure, then publish."""

import os
from collections.abc import Sequence

import numpy as np

from tfnews import progress
from tfnews.comparison import texts as asking
from tfnews.comparison.chosen import (
    chosen,
    complete_runs,
    of_broken_groups,
    of_same_weights,
    of_searches,
)
from tfnews.comparison.measure import Candidate, Member, Texts, in_middle_first, rank
from tfnews.comparison.publish import publish
from tfnews.comparison.texts import FILE, Asked
from tfnews.data.splits import Splits, open_splits, own_splits
from tfnews.errors import DataError, RunError
from tfnews.records import HeldOut, Ranking
from tfnews.report.ranking import wording
from tfnews.runs import Run
from tfnews.statistics import predictions

_OWN_PARTS = ("validation", "test")
_REFITTED = "trained once more on its validation texts"


def compare(
    runs: Sequence[str | os.PathLike | Run] = (),
    data: str | os.PathLike | None = None,
    *,
    splits: str | os.PathLike | None = None,
    to: str | os.PathLike | None = None,
    root: str | os.PathLike | None = None,
    trust_graph: bool = False,
    **reading: object,
) -> Ranking:
    """Say which of several runs is best, which are as good, and which to ship.

    The validation split decides; scores on the test split are those that `evaluate` kept, and no
    test split is scored anew. With other data its validation part decides and its test part is
    shown; a file does both.

    Args:
        runs: Complete runs, or groups that differ in their seed alone; none takes all on the splits
            that most runs were trained on.
        data: A folder of splits, or a file of texts and labels, that all runs are asked; texts that
            one of them was trained on are left out.
        splits: Where the runs' own splits are now; by default where they were at training.
        to: Folder for the page, the Markdown, JSON and CSV files and the figures.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
        trust_graph: Whether a module that a run carries may do more than compute, with `data`.
        **reading: How a file of `data` is read, as `tfnews.data.readers.read` takes it.

    Raises:
        UsageError: Fewer than two runs, or runs of different splits without `data`.
        RunError: A run is missing or incomplete, has lost its predictions, or names its classes
            otherwise than the others.
        DataError: Splits or data are gone, cannot be read, or hold too few texts.

    Example:
        >>> ranking = tfnews.compare(["tfidf-1", "cnn-ft-1"])
        >>> ranking.best, ranking.ship
    """
    compared, notes = chosen(runs, root, mixed=data is not None)
    _check_classes(compared)
    if data is None:
        asked = asking.of_splits(_open_own(compared, splits))
        members = [_stored(run, asked) for run in compared]
    else:
        asked = asking.of_data(data, **reading).without_training(compared)
        members = [_asked(run, asked, trust_graph) for run in compared]
    decided_on, shown_on = _parts(asked, members)
    of_part = {
        part: Texts(frame["label"].to_numpy(), frame["cluster"].to_numpy())
        for part, frame in asked.frames.items()
    }
    own = data is None
    candidates = _candidates(members, of_part[decided_on], decided_on, barred=own)
    if own and not asked.group_columns:
        candidates = _with_held_out(candidates, root)
    found = rank(candidates, of_part, decided_on, shown_on)
    ranking = Ranking(
        set_name=asked.name,
        class_names=asked.class_names,
        label_basis=asked.label_basis,
        digests=asked.digests,
        rows={part: len(frame) for part, frame in asked.frames.items()},
        decided_on=decided_on,
        shown_on=shown_on,
        group_columns=asked.group_columns,
        contenders=found.contenders,
        best=found.best,
        ship=found.ship,
    )
    more = (
        *notes,
        *of_broken_groups(compared),
        *of_same_weights(compared),
        *of_searches(compared),
    )
    names = compared[0].config.splits.class_names
    said = (*more, *_of_data(asked), asking.otherwise_labelled(asked, names))
    ranking = wording.with_notes(ranking, said)
    if to is not None:
        publish(ranking, to)
    return ranking


def _check_classes(runs: Sequence[Run]) -> None:
    names = {run.config.splits.class_names: run.name for run in runs}
    if len(names) > 1:
        told = "; ".join(f"{run}: {'/'.join(classes)}" for classes, run in list(names.items())[:3])
        raise RunError(
            f"These runs have different classes, so their scores mean different things: {told}. "
            "Compare runs that name their classes alike."
        )


def _open_own(runs: Sequence[Run], splits: str | os.PathLike | None) -> Splits:
    """Open the splits of runs that share them, wherever one of these runs found them."""
    if splits is not None:
        return own_splits(runs[0], splits)
    there = [run for run in runs if os.path.isdir(run.config.splits.path)]
    return own_splits((there or runs)[0])


def _stored(run: Run, asked: Asked) -> Member:
    """Take the answers that a run's files hold; those of the test split may not be there yet."""
    scores = run.scores()
    answers, thresholds = {}, {}
    for part in _OWN_PARTS:
        kept = scores.parts.get(part)
        known = kept is not None and "threshold" in kept.scores
        if not known or not run.predictions_path(part).is_file():
            continue
        answers[part] = stored_answers(run, part, asked.frames[part]["label"].to_numpy())
        thresholds[part] = kept.scores["threshold"]
    if "validation" not in answers:
        raise RunError(
            f"{run.name} has no scores or no predictions of its validation split, which decide. "
            f"Make them anew with: tfnews evaluate {run.name}"
        )
    return Member(run, answers, thresholds)


def stored_answers(run: Run, part: str, labels: np.ndarray) -> np.ndarray:
    """Read a part's predictions, float32 `(rows,)`, and hold their labels against the split's."""
    found, scored = predictions.read(run, part)
    if not np.array_equal(found, labels):
        raise RunError(
            f"{run.predictions_path(part)} does not hold the {len(labels):,} texts of the {part} "
            f"split of {run.name}. Make it anew with: tfnews evaluate {run.name}"
        )
    return scored


def _asked(run: Run, asked: Asked, trust_graph: bool) -> Member:
    """Ask a run; a reading of its own test split is counted before it is scored."""
    from tfnews.models import load  # starts TensorFlow, of which stored answers have no need

    if asked.digests.get("test") == run.config.splits.digests.get("test", ""):
        run.count_test_read()
    progress.stage(f"Opening {run.name}")
    classifier = load(run, trust_graph=trust_graph)
    progress.stage(f"Asking {run.name}", "texts", sum(map(len, asked.frames.values())))
    answers = {
        part: classifier.probabilities(frame["combined_text"].tolist())
        for part, frame in asked.frames.items()
    }
    return Member(run, answers, dict.fromkeys(answers, classifier.threshold))


def _parts(asked: Asked, members: Sequence[Member]) -> tuple[str, str]:
    """Return the part that decides and the part that is shown."""
    if FILE in asked.frames:
        return FILE, FILE
    tested = any("test" in member.answers for member in members)
    return "validation", "test" if tested else "validation"


def _candidates(
    members: Sequence[Member], texts: Texts, decided_on: str, *, barred: bool
) -> list[Candidate]:
    """Put runs that differ in their seed alone together.

    Raises:
        RunError: None can be chosen.
    """
    groups: dict[str, list[Member]] = {}
    for member in members:
        groups.setdefault(member.run.config.group or member.run.name, []).append(member)
    found = [
        Candidate(
            name if len(some) > 1 else some[0].run.name,
            in_middle_first(some, texts, decided_on),
            barred=_REFITTED if barred and _refitted(some) else None,
        )
        for name, some in groups.items()
    ]
    if all(one.barred for one in found):
        raise RunError(
            f"None of these can be chosen: each was {_REFITTED}, which decide. Compare them on "
            "texts that none has seen: --data SPLITS_OR_FILE."
        )
    return found


def _refitted(members: Sequence[Member]) -> bool:
    return any(member.run.config.refit_epochs is not None for member in members)


def _of_data(asked: Asked) -> list[str]:
    """Say what was left out of texts that are not the runs' own."""
    said = []
    if asked.trained:
        said.append(
            f"Left out of {asked.name}, since a run was trained on them: {asked.trained:,} texts."
        )
    if asked.unknown:
        said.append(
            f"The training texts of {', '.join(asked.unknown[:4])} could not be read, so any of "
            f"them may be in {asked.name}."
        )
    return said


def _with_held_out(
    candidates: Sequence[Candidate], root: str | os.PathLike | None
) -> list[Candidate]:
    """Set runs beside candidates that learnt the same set with groups of its texts kept apart."""
    home = candidates[0].members[0].run.config.splits
    grouped = [
        (run, columns)
        for run in complete_runs(root)
        if run.config.splits.name == home.name
        and run.config.splits.digests != home.digests
        and (columns := _group_columns(run))
    ]
    return [
        Candidate(one.name, one.members, _held_out(one.members[0].run, grouped), one.barred)
        for one in candidates
    ]


def _group_columns(run: Run) -> tuple[str, ...]:
    """Return the columns whose values a run's splits keep apart; none where they are gone."""
    try:
        manifest = open_splits(run.config.splits.path).manifest
    except DataError:
        return ()
    if manifest.get("strategy") != "group":
        return ()
    return tuple(manifest.get("group_columns") or ())


def _held_out(run: Run, grouped: Sequence[tuple[Run, tuple[str, ...]]]) -> HeldOut | None:
    """Return the newest run of the same kind among those on grouped splits."""
    like = [pair for pair in grouped if _kind(pair[0]) == _kind(run)]
    if not like:
        return None
    other, columns = max(like, key=lambda pair: pair[0].config_path.stat().st_mtime)
    scores = other.scores()
    part = "test" if scores.test else "validation"
    found = scores.parts.get(part)
    if found is None:
        return None
    bounds = found.intervals.get("f1")
    return HeldOut(other.name, columns, part, found.scores["f1"], bounds and tuple(bounds))


def _kind(run: Run) -> tuple:
    """Return what runs of one kind share: of ensembles that of each member."""
    config = run.config
    members = sorted((member.arch, member.learnt) for member in config.members)
    return config.arch, config.trainable, config.weights.handle, tuple(members)
