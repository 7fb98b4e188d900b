"""What a trial is asked for, checked before TensorFlow starts."""

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tfnews.catalogue.bounds import bounded
from tfnews.data.articles import digest as folder_digest
from tfnews.data.articles import files
from tfnews.data.text import shown
from tfnews.errors import DataError, RunError, UsageError
from tfnews.files import read_text, resolved, sha256
from tfnews.records.trial import Design
from tfnews.runs import Run, model_folder

DESIGN = "design.json"
LABELS, LIMIT, ANNOTATORS, SEED = 200, 0.01, 1, 0
_ROOM = "trials"
_ODD = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Request:
    """A trial that can be tried.

    Attributes:
        run: Complete, with its model.
        feed: A file, or a folder of articles.
        digest: SHA-256 of the feed.
        folder: Of the trial.
        labels: Articles to draw.
        limit: The false-alarm rate that is allowed, in (0, 1).
        annotators: 1 or 2.
        seed: Of the draw.
        design: What was drawn before; `None` where nothing was.
    """

    run: Run
    feed: Path
    digest: str
    folder: Path
    labels: int
    limit: float
    annotators: int
    seed: int
    design: Design | None


def check(
    run: str | os.PathLike | Run,
    feed: str | os.PathLike,
    *,
    labels: int | None = None,
    fpr: float = LIMIT,
    annotators: int | None = None,
    seed: int | None = None,
    sheets: Sequence[str | os.PathLike] = (),
    out: str | os.PathLike | None = None,
    root: str | os.PathLike | None = None,
) -> Request:
    """Check what `tfnews.trial` is asked for, whose arguments these are, without TensorFlow.

    Raises:
        UsageError: A number out of bounds, no feed, or a folder of something else.
        RunError: No such run, or it is not the one that the trial was drawn for.
        DataError: The feed is not the one that was drawn from, or the design is damaged.
    """
    asked = {"labels": labels, "annotators": annotators, "seed": seed}
    for name, value in asked.items():
        if value is not None:
            asked[name] = bounded(f"--{name}", value)
    limit = bounded("--fpr", fpr)
    run = run if isinstance(run, Run) else Run.open(run, root)
    model_folder(run)
    feed = Path(feed)
    _check_feed(feed)
    folder = resolved(out or Path(_ROOM) / _named(run, feed))
    design = _designed(folder)
    digest = folder_digest(feed) if feed.is_dir() else sha256(feed)
    if design is None:
        if sheets:
            raise UsageError(
                f"--sheet is for a filled sheet, and {shown(str(folder))} holds no trial yet. "
                "Leave it out: the command then draws articles and writes the sheet."
            )
    else:
        _check_same(design, run, digest, folder, asked)
    usual = {"labels": LABELS, "annotators": ANNOTATORS, "seed": SEED}
    chosen = {name: usual[name] if value is None else value for name, value in asked.items()}
    return Request(run, feed, digest, folder, limit=limit, design=design, **chosen)


def run_digest(run: Run) -> str:
    """Return the SHA-256 over a run's model: another threshold or calibration is another one."""
    known = run.config.digests
    if not known:
        paths = sorted(path for path in run.model_dir.rglob("*") if path.is_file())
        known = {path.relative_to(run.model_dir).as_posix(): sha256(path) for path in paths}
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def _check_feed(feed: Path) -> None:
    if feed.is_dir() and not files(feed):
        raise UsageError(
            f"{shown(str(feed))} is a folder without articles. Give a file of texts, or a folder "
            "of .txt files, one article each."
        )
    if not feed.is_dir() and not feed.is_file():
        raise UsageError(
            f"There is no file {shown(str(feed))}. Give the feed as a file or a folder of .txt "
            "files: it is read more than once, so it cannot come through a pipe."
        )


def _named(run: Run, feed: Path) -> str:
    stem = feed.resolve().name.removesuffix(".gz")
    return _ODD.sub("-", f"{run.name}-{Path(stem).stem}")[:100]


def _designed(folder: Path) -> Design | None:
    """Return the design of a trial that was begun in a folder."""
    if folder.is_file():
        raise UsageError(f"--out takes a folder, and {shown(str(folder))} is a file. Name another.")
    path = folder / DESIGN
    if not path.is_file():
        if folder.is_dir() and any(folder.iterdir()):
            raise UsageError(
                f"{shown(str(folder))} holds other files and no {DESIGN}, so it is no trial. Name "
                "a new folder with --out."
            )
        return None
    try:
        return _sound(Design.from_json(json.loads(read_text(path))))
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{shown(str(path))} is not what tfnews writes ({shown(str(error))}). Put the file "
            "back, or begin anew in another folder with --out."
        ) from error


def _sound(design: Design) -> Design:
    """Return a design whose articles are those of its strata."""
    drawn = [0] * len(design.strata)
    for one in design.articles:
        if not 0 <= one.stratum < len(drawn):
            raise ValueError(f"{one.id} is of no stratum")
        drawn[one.stratum] += 1
    if len({one.id for one in design.articles}) < len(design.articles):
        raise ValueError("an id stands twice")
    if not drawn or drawn != [one.drawn for one in design.strata]:
        raise ValueError("articles are missing, or of other strata")
    if any(one.drawn > one.articles for one in design.strata):
        raise ValueError("more is drawn than there is")
    return design


def _check_same(design: Design, run: Run, digest: str, folder: Path, asked: dict) -> None:
    """Check that a trial is gone on with, and not another begun in its folder."""
    place = shown(str(folder))
    if design.feed_digest != digest:
        raise DataError(
            f"The feed is not the one that the trial in {place} was drawn from ({design.feed}): "
            "it was changed, or is another. Give that one, or begin anew with --out."
        )
    if design.run_digest != run_digest(run):
        raise RunError(
            f"{run.name} is not what the trial in {place} was drawn for: it is another run, or was "
            "trained or calibrated since. Put it back as it was, or begin anew with --out."
        )
    was = {"labels": len(design.articles), "annotators": design.annotators, "seed": design.seed}
    for name, value in asked.items():
        if value is not None and value != was[name]:
            raise UsageError(
                f"The trial in {place} has --{name} {was[name]}, not {value}. Leave the option "
                "out to go on with it, or begin another with --out."
            )
