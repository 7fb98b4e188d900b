"""What cutting from the articles costs or gains one architecture: choose, measure, then publish."""

import os
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from tfnews.comparison.chosen import named
from tfnews.comparison.compare import stored_answers
from tfnews.comparison.cut_alike import ROW, Choice, choices
from tfnews.comparison.measure import (
    Candidate,
    Member,
    Texts,
    against,
    in_middle_first,
    judged,
)
from tfnews.comparison.publish import publish_cleaning
from tfnews.comparison.texts import LEAST
from tfnews.data import duplicates
from tfnews.errors import DataError, RunError
from tfnews.records import Paired
from tfnews.records.cleaning import Cleaned, Cleaning
from tfnews.report.cleaning import wording
from tfnews.runs import Run


def compare_cleaning(
    runs: Sequence[str | os.PathLike | Run],
    *,
    to: str | os.PathLike | None = None,
    root: str | os.PathLike | None = None,
) -> Cleaning:
    """Say what cutting costs or gains, by runs of one architecture on the same articles.

    Each model is judged by the texts of its own splits. Differences are paired: of the articles
    that stand in the same part of all splits, each of which every model reads in its own form.
    Scores are those that the runs have kept; no test split is scored anew.

    Args:
        runs: Complete runs, or groups that differ in their seed alone, one for each `--cut`.
        to: Folder for the page, the Markdown, JSON and CSV files.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.

    Raises:
        UsageError: Fewer than two, or they differ in more than what was cut, or in nothing.
        RunError: A run is missing or incomplete, or has lost its predictions.
        DataError: Splits are gone, or have too few articles in common.

    Example:
        >>> found = compare_cleaning(["plain", "without-datelines"])
        >>> found.choices[1].against_base.difference
    """
    found = choices(named(runs, root))
    part = _part(found)
    frames = [_frame(one, part) for one in found]
    candidates = [_candidate(*pair, part) for pair in zip(found, frames, strict=True)]
    places, base = _common(frames), frames[0]
    common = base.iloc[places[0]]
    counts = np.bincount(common["label"], minlength=2)
    names = found[0].splits.class_names
    _check_enough(counts, names, part)
    shared = Texts(common["label"].to_numpy(), _clusters(frames, places))
    restricted = [_at(*pair, part) for pair in zip(candidates, places, strict=True)]
    first, *others = restricted
    pairs = [None, *against(first, others, shared, part)]
    changed = _changed(frames, places, shared.labels, names)
    rows = zip(found, candidates, frames, changed, pairs, strict=True)
    cleaning = wording.with_notes(
        Cleaning(
            set_name=found[0].splits.name,
            arch=found[0].runs[0].config.arch,
            class_names=names,
            label_basis=found[0].splits.label_basis,
            part=part,
            common=dict(zip(names, counts.tolist(), strict=True)),
            moved=len(base) - len(common),
            choices=tuple(_cleaned(*row, part) for row in rows),
            base=found[0].name,
        )
    )
    if to is not None:
        publish_cleaning(cleaning, to)
    return cleaning


def _part(found: Sequence[Choice]) -> str:
    """Return the part whose scores all runs have: test, else validation."""
    runs = [run for one in found for run in one.runs]
    for part in ("test", "validation"):
        if all(part in run.scores().parts and run.predictions_path(part).is_file() for run in runs):
            return part
    lacking = next(run.name for run in runs if not run.predictions_path("validation").is_file())
    raise RunError(
        f"{lacking} has no predictions of its validation or its test split. Make them anew with: "
        f"tfnews evaluate {lacking}"
    )


def _frame(one: Choice, part: str) -> pd.DataFrame:
    """Return a part's rows by the article that each is of."""
    frame = one.splits.frame(part)
    keyed = frame.assign(article=pd.MultiIndex.from_frame(frame[ROW].astype(str)))
    if keyed["article"].duplicated().any():
        raise DataError(
            f"Two rows of the {part} split of {one.name} are of the same line of the same file, so "
            "articles cannot be told apart. Prepare the splits from files of different names."
        )
    return keyed


def _candidate(one: Choice, frame: pd.DataFrame, part: str) -> Candidate:
    labels = frame["label"].to_numpy()
    members = [
        Member(
            run,
            {part: stored_answers(run, part, labels)},
            {part: run.scores().parts[part].scores["threshold"]},
        )
        for run in one.runs
    ]
    texts = Texts(labels, frame["cluster"].to_numpy())
    return Candidate(one.name, in_middle_first(members, texts, part))


def _common(frames: Sequence[pd.DataFrame]) -> list[np.ndarray]:
    """Return where in each frame the articles stand that all have, in one order."""
    first = frames[0]
    kept = np.ones(len(first), bool)
    for other in frames[1:]:
        kept &= first["article"].isin(other["article"]).to_numpy()
    wanted = first["article"][kept]
    return [pd.Index(frame["article"]).get_indexer(wanted) for frame in frames]


def _check_enough(counts: np.ndarray, names: Sequence[str], part: str) -> None:
    if counts.min() < LEAST:
        told = " and ".join(f"{n:,} {name}" for n, name in zip(counts, names, strict=True))
        raise DataError(
            f"Only {told} articles stand in the {part} split of all: {LEAST} of each class are "
            "needed. Prepare the same files with the same --seed and --strategy, and --cut alone "
            "different."
        )


def _clusters(frames: Sequence[pd.DataFrame], places: Sequence[np.ndarray]) -> np.ndarray:
    """Put together what is a copy of another in any form of the texts, int64 (articles,)."""
    found = [frame["cluster"].to_numpy()[at] for frame, at in zip(frames, places, strict=True)]
    return duplicates.connect(len(found[0]), [duplicates.same_value_pairs(one) for one in found])


def _at(candidate: Candidate, rows: np.ndarray, part: str) -> Candidate:
    """Return a candidate with its answers for some rows alone."""
    members = (replace(one, answers={part: one.answers[part][rows]}) for one in candidate.members)
    return replace(candidate, members=tuple(members))


def _changed(
    frames: Sequence[pd.DataFrame],
    places: Sequence[np.ndarray],
    labels: np.ndarray,
    names: Sequence[str],
) -> list[dict[str, int]]:
    """Count by class the articles that each reads otherwise than the first."""
    pairs = zip(frames, places, strict=True)
    texts = [frame["combined_text"].to_numpy()[at] for frame, at in pairs]
    counts = [np.bincount(labels[one != texts[0]], minlength=2).tolist() for one in texts]
    return [dict(zip(names, one, strict=True)) for one in counts]


def _cleaned(
    one: Choice,
    candidate: Candidate,
    frame: pd.DataFrame,
    changed: dict[str, int],
    pair: Paired | None,
    part: str,
) -> Cleaned:
    runs = [member.run for member in candidate.members]
    own = Texts(frame["label"].to_numpy(), frame["cluster"].to_numpy())
    return Cleaned(
        name=one.name,
        runs=tuple(run.name for run in runs),
        seeds=tuple(run.config.seed for run in runs),
        cut=one.cut,
        bodies=dict(one.splits.manifest["cut"]),
        rows=len(frame),
        judged=judged(candidate, own, part),
        changed=changed,
        against_base=pair,
    )
