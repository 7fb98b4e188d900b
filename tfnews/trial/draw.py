"""Drawing the articles of a trial, and writing its folder: the design and the empty sheets."""

import itertools
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfnews.data import sheet
from tfnews.data.text import listed
from tfnews.errors import DataError
from tfnews.files import folder_beside, replacing, write_json, write_text
from tfnews.records.trial import Design, Drawn, Stratum
from tfnews.statistics import sampling
from tfnews.statistics.metrics import between
from tfnews.trial.feed import Looked, Opened, Scored, texts_of
from tfnews.trial.request import DESIGN, Request, run_digest

if TYPE_CHECKING:
    from tfnews.models import NewsClassifier

INSTRUCTIONS = "instructions.md"
_IDS, _SECOND = 1, 2  # what is drawn by lot besides the articles


def check_enough(request: Request, looked: Looked) -> None:
    """Check before any is scored that a feed has as many articles as are to be drawn.

    Raises:
        DataError: It has not.
    """
    left = int(looked.left.sum())
    if left < request.labels:
        learnt = 0 if looked.learnt is None else int(looked.learnt.sum())
        raise _too_few(
            request,
            left,
            {
                "records": len(looked.readable),
                "without a text": int((~looked.readable).sum()),
                "copies of another": int(looked.copies.sum()),
                "copies of training texts": learnt,
            },
        )


def _too_few(request: Request, left: int, counts: dict[str, int]) -> DataError:
    told = listed([f"{count:,} {what}" for what, count in counts.items() if count], 240)
    return DataError(
        f"{request.feed.name} has {left:,} articles to draw from, fewer than --labels "
        f"{request.labels:,} ({told}). Ask for fewer, or give more of the feed."
    )


def sampled(
    scores: np.ndarray, threshold: float, labels: int, limit: float, seed: int
) -> tuple[tuple[Stratum, ...], np.ndarray, np.ndarray]:
    """Draw articles by score, in an order drawn by lot.

    Args:
        scores: Fake probabilities `(articles,)`, float32 or of its digits.
        threshold: The run's own.
        labels: Articles to draw; no more than there are.
        limit: The false-alarm rate that a threshold is to keep.
        seed: The same seed draws the same.

    Returns:
        The strata, the places of the articles drawn in `scores`, and the stratum of each.
    """
    parts = sampling.strata(scores, threshold, labels, limit)
    flagged = sampling.flagged_strata(parts, scores, threshold)
    counts = sampling.allocate([len(part) for part in parts], flagged, labels)
    places = np.concatenate(sampling.draw(parts, counts, seed))
    numbers = np.repeat(np.arange(len(parts)), counts)
    order = np.random.default_rng([seed, _IDS]).permutation(len(places))
    strata = tuple(
        Stratum(low=low, articles=len(part), drawn=int(count), flagged=number < flagged)
        for number, (low, part, count) in enumerate(
            zip(_lows(parts, scores, flagged, threshold), parts, counts, strict=True)
        )
    )
    return strata, places[order], numbers[order]


def _lows(
    parts: Sequence[np.ndarray], scores: np.ndarray, flagged: int, threshold: float
) -> list[float]:
    lows = [
        _shortest(between(scores[lower].max(), scores[upper].min()))
        for upper, lower in itertools.pairwise(parts)
    ]
    lows.append(0.0)  # all are flagged
    if flagged:
        lows[flagged - 1] = threshold
    return lows


def designed(
    request: Request, classifier: "NewsClassifier", scored: Scored, command: str | None
) -> Design:
    """Draw articles of a scored feed; the digests of their texts are not known yet.

    Raises:
        DataError: The feed has fewer articles than are to be drawn.
    """
    counted, run = scored.counted, request.run
    if counted.articles < request.labels:
        counts = {"records": counted.records, **counted.refused}
        raise _too_few(request, counted.articles, counts)
    strata, places, numbers = sampled(
        scored.scores, classifier.threshold, request.labels, request.limit, request.seed
    )
    return Design(
        run=run.name,
        run_digest=run_digest(run),
        arch=run.config.arch,
        set_name=run.config.splits.name,
        class_names=classifier.class_names,
        threshold=classifier.threshold,
        always_called=classifier.band is None,
        feed=request.feed.resolve().name,
        feed_digest=request.digest,
        limit=request.limit,
        seed=request.seed,
        annotators=request.annotators,
        counted=counted,
        strata=strata,
        articles=_articles(scored, strata, places, numbers),
        command=command,
    )


def _articles(
    scored: Scored, strata: Sequence[Stratum], places: np.ndarray, numbers: np.ndarray
) -> tuple[Drawn, ...]:
    width = max(3, len(str(len(places))))
    return tuple(
        Drawn(
            id=f"A{number:0{width}}",
            record=int(scored.records[place]),
            feed_id=scored.ids[place],
            stratum=int(stratum),
            score=float(scored.scores[place]),
            inclusion=strata[stratum].drawn / strata[stratum].articles,
            text="",
        )
        for number, (place, stratum) in enumerate(zip(places, numbers, strict=True), start=1)
    )


def _shortest(threshold: float) -> float:
    """Return the number of the fewest digits that flags the same: scores are float32."""
    return float(str(np.float32(threshold)))


def with_texts(design: Design, opened: Opened) -> tuple[Design, dict[str, str]]:
    """Read the texts that were drawn; return the design with their digests, and cells by id."""
    texts = texts_of(opened, [one.record for one in design.articles])
    cells = {one.id: sheet.cell(texts[one.record]) for one in design.articles}
    articles = (replace(one, text=sheet.digest(cells[one.id])) for one in design.articles)
    return replace(design, articles=tuple(articles)), cells


def sheet_names(design: Design) -> tuple[str, ...]:
    """Return the files of the sheets, one an annotator."""
    if design.annotators == 1:
        return ("sheet.csv",)
    return tuple(f"sheet-{number}.csv" for number in range(1, design.annotators + 1))


def write(folder: Path, design: Design, cells: dict[str, str], instructions: str) -> list[Path]:
    """Write a trial's folder as a whole: design, sheets and instructions; return their paths.

    Args:
        folder: New, or empty.
        design: What was drawn.
        cells: Of each id.
        instructions: For the annotators, Markdown.
    """
    with folder_beside(folder) as holder:
        made = holder / "new"
        made.mkdir()
        write_json(made / DESIGN, design.to_json())
        write_text(made / INSTRUCTIONS, instructions)
        rows = list(cells.items())
        for number, name in enumerate(sheet_names(design)):
            write_sheet(made / name, _shuffled(rows, design.seed, number), design)
        if folder.is_dir():
            folder.rmdir()  # which is empty; not every system renames onto it
        os.rename(made, folder)
    return [folder / name for name in (*sheet_names(design), INSTRUCTIONS, DESIGN)]


def write_sheet(path: Path, rows: Sequence[tuple[str, str]], design: Design) -> None:
    """Write one empty sheet."""
    content = sheet.written(rows, design.class_names)
    with replacing(path, "wb") as file:
        file.write(content.encode("utf-8"))


def _shuffled(rows: list, seed: int, number: int) -> list:
    """Return the rows in another order for each annotator but the first, whom ids lead."""
    if not number:
        return rows
    order = np.random.default_rng([seed, _SECOND]).permutation(len(rows))
    return [rows[place] for place in order]
