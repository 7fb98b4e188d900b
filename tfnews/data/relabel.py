"""Training labels as a person who looked at them gives them, in a copy of the splits."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from tfnews import progress
from tfnews.catalogue.names import PARTS
from tfnews.data import duplicates, sheet
from tfnews.data.splits import FORMAT, REJECTS, Splits, check_destination, write_splits
from tfnews.data.text import excerpt
from tfnews.errors import DataError

_LEFT_OUT = "left out by who looked at it"


def written(splits: Splits, rows: list[int]) -> str:
    """Return an empty sheet of training texts to look at, as CSV.

    Args:
        splits: Whose.
        rows: Of the training split, counted from 0, in the order in which they are to be read.
    """
    texts = splits.frame("train")["combined_text"]
    return sheet.written(((str(row), sheet.cell(texts[row])) for row in rows), splits.class_names)


def relabel(
    splits: Splits, filled: str | os.PathLike, out: str | os.PathLike, *, force: bool = False
) -> Splits:
    """Write splits whose training labels are those of a filled sheet; the other splits stay.

    A label that was filled in stands for the text and for its copies in the training split;
    "unsure" leaves them out; what is empty stays as it is.

    Args:
        splits: Those that the sheet was written of.
        filled: The sheet.
        out: The folder to write.
        force: Replace splits already in `out`.

    Raises:
        DataError: The sheet is not of these splits, or has other words than asked for; nothing was
            filled in; or a class would be left without a training text.
    """
    check_destination(out, force)
    progress.stage("Reading the sheet")
    train = splits.frame("train")
    texts = train["combined_text"].tolist()
    known = {str(row): sheet.digest(sheet.cell(text)) for row, text in enumerate(texts)}
    answers = sheet.read(filled, known, splits.class_names, whole=False).answers
    if not answers:
        raise DataError(
            f"{Path(filled).name} has no label yet. Write {splits.class_names[0]}, "
            f"{splits.class_names[1]}, or {sheet.UNSURE} to leave a text out, and run it again."
        )
    labels, gone = _decided(train, texts, answers)
    kept = train.assign(label=labels)[~gone].reset_index(drop=True)
    if kept["label"].nunique() < 2:
        raise DataError(
            f"{Path(filled).name} leaves training texts of one class only. Nothing was written."
        )
    frames = {part: splits.frame(part) for part in PARTS} | {"train": kept}
    frames = {part: _as_prepared(frame) for part, frame in frames.items()}
    changed = int(((labels != train["label"]) & ~gone).sum())
    manifest = {**splits.manifest, **_account(splits, kept, changed, int(gone.sum()))}
    return write_splits(out, frames, _rejects(splits, train[gone]), manifest, force)


def _as_prepared(frame: pd.DataFrame) -> pd.DataFrame:
    """Have lines as numbers, which are written without quotes: what stays, stays to the byte."""
    if "line" in frame and frame["line"].astype(str).str.isdigit().all():
        return frame.astype({"line": np.int64})
    return frame


def _decided(
    train: pd.DataFrame, texts: list[str], answers: dict[str, int | None]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels `(rows,)`, and which rows are left out, bool `(rows,)`."""
    keys = duplicates.fingerprint(texts, near=False).keys
    labels, gone = train["label"].to_numpy().copy(), np.zeros(len(train), bool)
    for row, answer in answers.items():
        copies = keys == keys[int(row)]
        if answer is None:
            gone |= copies
        else:
            labels[copies] = answer
    return labels, gone


def _account(splits: Splits, kept: pd.DataFrame, changed: int, left_out: int) -> dict:
    """Return what the manifest says otherwise than that of the splits before."""
    counted = kept["label"].value_counts()
    counts = {name: int(counted.get(label, 0)) for label, name in enumerate(splits.class_names)}
    return {
        "format": FORMAT,
        "name": splits.name,
        "class_names": list(splits.class_names),
        "counts": {**splits.manifest.get("counts", {}), "train": counts},
        "relabelled": {
            "changed": changed,
            "left_out": left_out,
            "of": {part: splits.digest(part) for part in PARTS},
        },
    }


def _rejects(splits: Splits, gone: pd.DataFrame) -> pd.DataFrame:
    """Return the rows left out before, and those left out now."""
    path = splits.path / REJECTS
    before = pd.read_csv(path, dtype=str, na_filter=False) if path.is_file() else None
    now = pd.DataFrame(
        {
            "file": gone.get("source_file", "train.csv"),
            "line": gone.get("line", pd.Series(gone.index + 2, gone.index)),
            "reason": _LEFT_OUT,
            "excerpt": [excerpt(text) for text in gone["combined_text"]],
        }
    )
    return now if before is None else pd.concat([before, now], ignore_index=True)
