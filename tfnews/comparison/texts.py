"""The texts that models are asked: splits, or a labelled file."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from tfnews.data import duplicates
from tfnews.data.articles import digest as folder_digest
from tfnews.data.readers import read
from tfnews.data.splits import PARTS, Splits, open_splits, own_splits
from tfnews.data.text import combine, shown
from tfnews.errors import DataError
from tfnews.evaluation.seen import seen
from tfnews.files import sha256
from tfnews.runs import Run

FILE = "data"  # what the only part of a file is called
LEAST = 10  # texts of each class without which nothing is compared
_ID = "id"


@dataclass(frozen=True)
class Asked:
    """Labelled texts, in one part or several.

    Attributes:
        name: Of the set.
        class_names: Names of class 0 and class 1.
        label_basis: What the labels rest on.
        frames: By part: combined_text, label, cluster, and place, which tells a text from others.
        digests: SHA-256 of each part's file.
        group_columns: None of whose values crosses the splits.
        trained: Texts that were left out since a model was trained on them.
        unknown: Names of the runs whose training texts could not be read.
    """

    name: str
    class_names: tuple[str, str]
    label_basis: str
    frames: dict[str, pd.DataFrame]
    digests: dict[str, str]
    group_columns: tuple[str, ...] = ()
    trained: int = 0
    unknown: tuple[str, ...] = field(default=())

    def without_training(self, runs: Sequence[Run]) -> "Asked":
        """Leave out copies and near-copies of what a run was trained on, if its splits are there.

        Raises:
            DataError: Too few are left.
        """
        learnt, unknown = _learnt(runs)
        kept, trained = {}, 0
        for part, frame in self.frames.items():
            prints = duplicates.fingerprint(frame["combined_text"].tolist())
            known = np.zeros(len(frame), bool)
            for own in learnt:
                known |= np.logical_or(*duplicates.copied(own, prints))
            kept[part] = frame[~known].reset_index(drop=True)
            trained += int(known.sum())
        left = replace(self, frames=kept, trained=trained, unknown=unknown)
        left.check()
        return left

    def check(self) -> None:
        """Check that each part has texts enough.

        Raises:
            DataError: It has not.
        """
        for part, frame in self.frames.items():
            counts = np.bincount(frame["label"], minlength=2)
            if counts.min() < LEAST:
                named = ", ".join(
                    f"{count:,} {name}"
                    for name, count in zip(self.class_names, counts, strict=True)
                )
                out = f" {self.trained:,} more were left out, as a model was trained on them."
                raise DataError(
                    f"{shown(self.name, 60)} ({part}) has {named} texts, and comparing takes "
                    f"{LEAST} or more of each class.{out if self.trained else ''} Give a larger "
                    "set with --data."
                )


def of_splits(splits: Splits, parts: Sequence[str] = PARTS[1:]) -> Asked:
    """Take parts of fixed splits."""
    frames = {part: splits.frame(part) for part in parts}
    placed = {
        part: frame.assign(place=[f"{part} row {row}" for row in range(1, len(frame) + 1)])
        for part, frame in frames.items()
    }
    manifest = splits.manifest
    grouped = manifest.get("strategy") == "group"
    return Asked(
        splits.name,
        splits.class_names,
        splits.label_basis,
        placed,
        {part: splits.digest(part) for part in parts},
        tuple(manifest.get("group_columns") or ()) if grouped else (),
    )


def of_data(path: str | os.PathLike, parts: Sequence[str] = PARTS[1:], **reading: object) -> Asked:
    """Take parts of splits, or a labelled file or folder as `data prepare` reads it.

    Args:
        path: A folder of splits, or what `tfnews.data.readers.read` takes.
        parts: Of splits.
        **reading: As `read` takes it; not for splits.

    Raises:
        DataError: It cannot be read, or has too few texts of a class.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(
            f"--data names {shown(str(path), 120)}, which is not there. Give a folder of splits, "
            "or a file of texts and labels that tfnews data prepare can read."
        )
    asked = of_splits(open_splits(path), parts) if _is_splits(path) else _of_file(path, reading)
    asked.check()
    return asked


def otherwise_labelled(asked: Asked, class_names: tuple[str, str]) -> str:
    """Say that texts name their classes otherwise than models do; "" where they do not."""
    if asked.class_names == class_names:
        return ""
    return (
        f"The texts are labelled {'/'.join(asked.class_names)}, the models learnt "
        f"{'/'.join(class_names)}: class 1 is taken for class 1."
    )


def _learnt(
    runs: Sequence[Run],
) -> tuple[list[duplicates.Fingerprints], tuple[str, ...]]:
    """Fingerprint what runs have learnt from, and name those whose splits are gone."""
    found, unknown = {}, []
    for run in runs:
        parts = run.config.learnt_parts
        key = (*sorted(run.config.splits.digests.items()), parts)
        if key in found:
            continue
        try:
            found[key] = seen(own_splits(run), parts).learnt
        except DataError:
            unknown.append(run.name)
    return list(found.values()), tuple(unknown)


def _is_splits(path: Path) -> bool:
    names = ("{}.csv", "{}.csv.gz")
    return path.is_dir() and all(
        any((path / name.format(part)).is_file() for name in names) for part in PARTS
    )


def _of_file(path: Path, reading: dict) -> Asked:
    found = read(path, **reading)
    frame = pd.concat(list(found), ignore_index=True)
    pairs = zip(frame["title"], frame["text"], strict=True)
    frame = frame.assign(combined_text=[combine(*pair) for pair in pairs])
    frame = frame[frame["combined_text"] != ""].reset_index(drop=True)
    frame = frame.assign(cluster=_clusters(frame["combined_text"].tolist()), place=_places(frame))
    digest = folder_digest(path) if path.is_dir() else sha256(path)
    name = path.resolve().name
    return Asked(
        name, found.class_names, found.label_basis or "unstated", {FILE: frame}, {FILE: digest}
    )


def _clusters(texts: list[str]) -> np.ndarray:
    """Return the cluster of copies and near-copies of each text, int64 `(rows,)`."""
    return duplicates.clusters(duplicates.fingerprint(texts), duplicates.NEAR)[1]


def _places(frame: pd.DataFrame) -> list[str]:
    """Return what tells each text from the others: its id where all differ, else file and line."""
    if _ID in frame and frame[_ID].is_unique:
        return [shown(str(one), 60) for one in frame[_ID]]
    pairs = zip(frame["source_file"], frame["line"], strict=True)
    return [f"{shown(str(file), 60)} line {line}" for file, line in pairs]
