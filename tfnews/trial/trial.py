"""A run on a user's own feed: first a sheet to label by hand, then what the labels show."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tfnews.data import sheet
from tfnews.data.articles import digest as folder_digest
from tfnews.data.decoding import Account
from tfnews.data.text import shown
from tfnews.errors import DataError, UsageError
from tfnews.files import sha256
from tfnews.places import neutral
from tfnews.records.trial import Design, Trial
from tfnews.report.trial import instructions
from tfnews.runs import Run
from tfnews.scoring import request as scoring
from tfnews.trial import draw, feed, measure, publish
from tfnews.trial.request import LIMIT, Request, check

DISAGREEMENTS = "disagreements.csv"
_TOLD = 5  # ids that a message names


def trial(
    run: str | os.PathLike | Run,
    source: str | os.PathLike,
    *,
    labels: int | None = None,
    fpr: float = LIMIT,
    annotators: int | None = None,
    seed: int | None = None,
    sheets: Sequence[str | os.PathLike] = (),
    out: str | os.PathLike | None = None,
    root: str | os.PathLike | None = None,
    command: str | None = None,
    trust_graph: bool = False,
    say: Callable[[str], None] = lambda line: None,
    **reading: object,
) -> Design | Trial:
    """Try a run on a feed of one's own: draw articles to label, or read the labels.

    The first call scores the feed, draws articles of all scores and writes a sheet for each
    annotator. The same call again, once they are filled, estimates the run's rates on the whole
    feed, and looks for the threshold that keeps the false-alarm rate below `fpr`. No sheet is
    written over. What the labels showed is kept in the run, whose report is written anew.

    Args:
        run: A complete run, its name or its path.
        source: The feed: a file of texts, or a folder of .txt files. Labels in it are not read.
        labels: Articles to draw, 20 or more; 200 by default.
        fpr: The false-alarm rate that is allowed, above 0 and below 1.
        annotators: 1 or 2; 1 by default.
        seed: Of the draw; 0 by default. The same seed gives the same sheet.
        sheets: Filled sheets, one an annotator; by default those in the trial's folder.
        out: Folder of the trial; by default one in ./trials, named after run and feed.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
        command: The command line that was typed, for the report.
        trust_graph: Whether a TF-Hub module that the run carries may do more than compute.
        say: Prints a line of what was done.
        **reading: How the feed is read, as `tfnews.predict` takes it: title_column, encoding, ...

    Returns:
        What was drawn where the sheets were written, what was found where they were read.

    Raises:
        UsageError: A number out of bounds, no feed, or a folder of something else.
        RunError: No such run, or it is not the one that the trial was drawn for.
        DataError: The feed cannot be read, is another or too small; or a sheet is not filled, has
            other ids or texts than were written, or labels in other words.

    Example:
        >>> design = tfnews.trial("tfidf-1", "feed.jsonl", labels=200)  # writes a sheet
        >>> found = tfnews.trial("tfidf-1", "feed.jsonl")  # once it is filled
        >>> found.own.rates["fpr"].interval, found.chosen and found.chosen.threshold
    """
    asked = {"labels": labels, "fpr": fpr, "annotators": annotators, "seed": seed}
    request = check(run, source, **asked, sheets=sheets, out=out, root=root)
    command = neutral(command) if command else None

    def opened(account: Counter | None = None) -> scoring.Request:
        manner = {"account": account, "trust_graph": trust_graph}
        return scoring.check(request.run, request.feed, **manner, **reading)

    if request.design is None:
        return _drawn(request, opened, command, say)
    return _measured(request, request.design, sheets, opened, command, say)


def _drawn(
    request: Request, opened: feed.Opened, command: str | None, say: Callable[[str], None]
) -> Design:
    oddities = Account()
    looked = feed.looked_at(opened, request.run, oddities)
    for what, count in oddities.items():
        if count:
            say(f"Note: {what}: {count:,}")
    draw.check_enough(request, looked)
    classifier = opened().opened()
    scored = feed.score(opened, classifier, looked)
    design = draw.designed(request, classifier, scored, command)
    design, cells = draw.with_texts(design, opened)
    _check_unchanged(request)
    paths = draw.write(request.folder, design, cells, instructions.render(design))
    say(instructions.drawn(design))
    for path in paths:
        say(f"Written: {_near(path)}")
    say(instructions.next_step(design))
    return design


def _check_unchanged(request: Request) -> None:
    path = request.feed
    if (folder_digest(path) if path.is_dir() else sha256(path)) != request.digest:
        raise DataError(
            f"{path.name} was changed while it was read. Try again on a copy that stays as it is."
        )


def _measured(
    request: Request,
    design: Design,
    sheets: Sequence[str | os.PathLike],
    opened: feed.Opened,
    command: str | None,
    say: Callable[[str], None],
) -> Trial:
    texts = {one.id: one.text for one in design.articles}
    filled = [sheet.read(path, texts, design.class_names) for path in _sheets(request, sheets)]
    _check_filled(filled, request.folder)
    answers = [one.answers for one in filled]
    apart = measure.differing(answers)
    third = request.folder / DISAGREEMENTS
    settled = {}
    if third.exists():
        read = sheet.read(third, texts, design.class_names, whole=False)
        settled = {name: label for name, label in read.answers.items() if name in apart}
    elif apart:
        again, cells = draw.with_texts(design, opened)
        if again != design:
            raise DataError(
                f"{design.feed} is read otherwise than when it was drawn from, and the texts are "
                "others. Give the options by which it is read as they were the first time."
            )
        draw.write_sheet(third, [(name, cells[name]) for name in apart], design)
        say(f"Written: {_near(third)}, for who decides where the annotators differ")
    found = measure.measure(
        design,
        measure.agreed(answers, settled),
        request.limit,
        measure.agreement_of(answers, settled),
        command,
    )
    found = replace(found, day=datetime.now(UTC).date().isoformat())
    for path in publish.publish(found, request.folder):
        say(f"Written: {_near(path)}")
    if unkept := publish.keep(found, request.run):
        say(unkept)
    return found


def _sheets(request: Request, given: Sequence[str | os.PathLike]) -> list[Path]:
    names = draw.sheet_names(request.design)
    if given and len(given) != len(names):
        raise UsageError(
            f"The trial has {len(names)} annotators' sheets, and --sheet names {len(given)}. Name "
            "each once, or none to read those in its folder."
        )
    if len({os.path.realpath(one) for one in given}) < len(given):
        raise UsageError("--sheet names one sheet twice. Name that of each annotator.")
    return [Path(one) for one in given] or [request.folder / name for name in names]


def _check_filled(filled: Sequence[sheet.Filled], folder: Path) -> None:
    """Check that no label is left out.

    Raises:
        DataError: One is; the message says how many of each sheet.
    """
    for one in filled:
        if not one.empty:
            continue
        more = len(one.empty) - _TOLD
        told = ", ".join(one.empty[:_TOLD]) + (f" and {more:,} more" if more > 0 else "")
        total = len(one.empty) + len(one.answers)
        beside = sorted(path.name for path in folder.glob("*.xlsx"))
        hint = (
            f" {shown(beside[0], 40)} is there too: is it meant? --sheet names it."
            if beside
            else ""
        )
        raise DataError(
            f"{one.name}: {len(one.empty):,} of {total:,} articles have no label yet ({told}). "
            f"Fill the column label, with {sheet.UNSURE} where none can be given, and type the "
            f"same command again.{hint}"
        )


def _near(path: Path) -> str:
    """Return a path as from the working folder, where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
