"""Scoring a stream of texts with a run, in the order they come."""

import functools
import itertools
import math
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tfnews import progress
from tfnews.catalogue.names import BACKENDS
from tfnews.data.blocks import LONGEST_RECORD
from tfnews.data.texts import Item
from tfnews.records import Band, ColumnsRecord
from tfnews.runs import Run
from tfnews.scoring.answers import UNSURE, Prediction
from tfnews.scoring.request import Request, check

if TYPE_CHECKING:
    from tfnews.export.litert import LiteRT
    from tfnews.models import NewsClassifier

CAUTION = (
    "A score tells how much a text's style resembles the training texts of a class. It is no "
    "verdict on truth, not the probability that what the text says is false, and no ground for "
    "removing a text automatically."
)
BATCHES = 16  # read ahead, to put texts of like length together
_SOON = 1.0  # seconds that scoring may take to go on while the next texts are read


class _Called(NamedTuple):
    """At which scores a class is called: from the threshold on fake, in the band none."""

    threshold: float
    band: Band | None


def predict(
    run: "str | os.PathLike | Run | NewsClassifier",
    source: str | os.PathLike | Iterable[str],
    *,
    score_anyway: bool = False,
    batch_size: int | None = None,
    threshold: float | None = None,
    precision: str = "float32",
    format: str | None = None,
    id_column: str | None = None,
    title_column: str | None = None,
    text_column: str | None = None,
    trained: Sequence[ColumnsRecord] | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: bool = True,
    max_record_bytes: int = LONGEST_RECORD,
    account: Counter | None = None,
    trust_graph: bool = False,
    backend: str = BACKENDS[0],
) -> Iterator[Prediction]:
    """Score texts lazily: 16 batches, of a file 32, are in memory at a time; the order is kept.

    Args:
        run: What `tfnews.load` takes: a run, its name or folder, or an open classifier.
        source: A file, a folder of .txt files, "-" for standard input, or any iterable of texts.
        score_anyway: Score texts that the guards would refuse; their reason is still given.
        batch_size: Texts scored together, at least 1; by default what suits the architecture.
        threshold: Fake probability from which a text is labelled with the fake class; by default
            the classifier's own. With one of your own the run's band of unsure scores, which
            belongs to its threshold, is left aside.
        precision: One of `PRECISIONS`. In mixed precision transformers answer faster on a CPU with
            AMX and on GPUs that have it; most scores differ by less than a thousandth, a few by
            hundredths.
        format: Format of the file, one of `tfnews.data.tables.FORMATS`; by default its name
            tells.
        id_column: Column of the ids.
        title_column: Column of the titles; by default as the run was trained, else title.
        text_column: Column of the texts; by default as the run was trained, else text. The same
            column as of the titles is read once.
        trained: How the training news was read; by default what the run recorded.
        encoding: Of the file; by default found out, see `tfnews.data.decoding`.
        delimiter: What divides the fields of a delimited file; by default found out.
        header: Whether a delimited file or sheet starts with one; else columns go by their numbers.
        max_record_bytes: Of a record of the file; a longer one gets no score.
        account: Tally in which oddities of the file are counted, such as a guessed encoding.
        trust_graph: Whether a TF-Hub module that the run carries may do more than compute, such as
            read and write any file.
        backend: One of `BACKENDS`. "litert" scores a transformer's texts by LiteRT, with weights in
            8 bits. Scores differ, most by hundredths; `tfnews.export.litert.LiteRT` says how far.

    Returns:
        An iterator of one prediction a record, also for records that cannot be read.

    Raises:
        UsageError: The source, threshold, batch size, precision or back end cannot be used.
        DataError: The file is missing or broken, or has not the columns.
        RunError: There is no such run, or it reads texts by another rule.

    Example:
        >>> for answer in tfnews.predict("tfidf-1", "articles.csv"):
        ...     print(answer.id, answer.fake_probability, answer.label or answer.reason)
    """
    request = check(
        run,
        source,
        score_anyway=score_anyway,
        batch_size=batch_size,
        threshold=threshold,
        precision=precision,
        format=format,
        id_column=id_column,
        title_column=title_column,
        text_column=text_column,
        trained=trained,
        encoding=encoding,
        delimiter=delimiter,
        header=header,
        max_record_bytes=max_record_bytes,
        account=account,
        trust_graph=trust_graph,
        backend=backend,
    )
    classifier = request.opened()
    return score(request, classifier, request.scorer(classifier))


def score(
    request: Request,
    classifier: "NewsClassifier",
    scorer: "NewsClassifier | LiteRT | None" = None,
) -> Iterator[Prediction]:
    """Score the texts of a request, lazily.

    Args:
        request: What `check` returned.
        classifier: What its `opened` returned.
        scorer: What its `scorer` returned; the classifier itself by default.
    """
    scorer = classifier if scorer is None else scorer
    called = _Called(classifier.threshold, classifier.band)
    if request.threshold is not None:
        called = _Called(request.threshold, None)
    size = request.batch_size or classifier.prediction_batch
    ahead, asked, broken = False, deque(), []
    progress.stage("Scoring", "rows", request.number)
    with ThreadPoolExecutor(1, "tfnews-scoring") as scoring:
        for chunk in _chunks(request.texts, BATCHES * size, broken):
            judged = _judged(classifier, chunk)
            # In this thread until it is known to be soon done: a thread would not be interrupted.
            beside = scoring if ahead else None
            asked.append(_ask(beside, scorer, chunk, judged, size, request.score_anyway))
            while len(asked) > ahead:
                # The next texts are read and judged while these are scored, on another core; but
                # what may not come for long is not waited for.
                ahead = request.is_at_hand and asked[0].scores()[1] < _SOON
                yield from _answers(asked.popleft(), classifier, called)
        while asked:
            yield from _answers(asked.popleft(), classifier, called)
    for error in broken:
        raise error


def _chunks(texts: Iterator[Item], size: int, broken: list[Exception]) -> Iterator[list[Item]]:
    """Yield so many texts at a time; an error of reading ends them, and is put into `broken`.

    So that what was read before it is answered.
    """
    read = 0
    while not broken:
        chunk = []
        try:
            for item in itertools.islice(texts, size):
                chunk.append(item)
        except Exception as error:  # whatever the source raises, once the answers are out
            broken.append(error)
        read += len(chunk)
        progress.read(read, ended=len(chunk) < size)
        if not chunk:
            return
        yield chunk


@dataclass(frozen=True)
class _Asked:
    """Texts that are being scored.

    Attributes:
        chunk: The texts, and what cannot be read.
        judged: The reason against scoring each, and the caution beside its score.
        wanted: Whether each is scored.
        scores: Waits for those, and returns them with the seconds that they took.
    """

    chunk: list[Item]
    judged: list[tuple[str | None, str | None]]
    wanted: list[bool]
    scores: Callable[[], tuple[list[float], float]]


def _ask(
    beside: ThreadPoolExecutor | None,
    scorer: "NewsClassifier | LiteRT",
    chunk: list[Item],
    judged: list[tuple[str | None, str | None]],
    batch_size: int,
    score_anyway: bool,
) -> _Asked:
    wanted = [
        item.text is not None and (reason is None or score_anyway)
        for item, (reason, _) in zip(chunk, judged, strict=True)
    ]
    chosen = [item.text for item, want in zip(chunk, wanted, strict=True) if want]
    progress.advance(len(chunk) - len(chosen))
    # In the context of whoever waits, which progress is told in.
    work = functools.partial(copy_context().run, _probabilities, scorer, chosen, batch_size)
    if beside:
        return _Asked(chunk, judged, wanted, beside.submit(work).result)
    found = work()
    return _Asked(chunk, judged, wanted, lambda: found)


def _answers(asked: _Asked, classifier: "NewsClassifier", called: _Called) -> Iterator[Prediction]:
    scores, _ = asked.scores()
    scored = zip(scores, _labels(scores, classifier.class_names, called), strict=True)
    for item, want, (reason, caution) in zip(asked.chunk, asked.wanted, asked.judged, strict=True):
        if want:
            yield _prediction(item.id, *next(scored), reason or caution, called)
        else:
            yield Prediction(item.id, None, None, "not_scored", reason)


def doubt(band: Band) -> str:
    """Say why no class is called."""
    return f"unsure: no class is called at scores from {band.low:.3f} to {band.high:.3f}"


def _judged(classifier: "NewsClassifier", chunk: list[Item]) -> list[tuple[str | None, str | None]]:
    """Return the reason against scoring each text, and the caution beside its score."""
    texts = [item.text for item in chunk if item.text]
    guards = classifier.guards
    found = iter(guards.judge_all(texts) if guards else [(None, None)] * len(texts))
    return [next(found) if item.text else (_nothing(item), None) for item in chunk]


def _nothing(item: Item) -> str:
    return item.problem if item.text is None else "empty text: nothing to read"


def _probabilities(
    scorer: "NewsClassifier | LiteRT", texts: list[str], batch_size: int
) -> tuple[list[float], float]:
    """Return the fake probabilities of texts, and the seconds that they took."""
    if not texts:
        return [], 0.0
    began = time.perf_counter()
    # The shortest digits that mean this float32: 0.6, not float()'s 0.6000000238418579.
    scores = [float(str(score)) for score in scorer.probabilities(texts, batch_size)]
    return scores, time.perf_counter() - began


def _labels(
    scores: list[float], class_names: Sequence[str], called: _Called
) -> Iterator[str | None]:
    """Return the class that each score calls, None in the band."""
    from tfnews.statistics.sample import flagged, unsure

    # Of all at once: a call for each costs more than its answer.
    flags, doubts = flagged(scores, called.threshold), unsure(scores, called.band)
    for flag, is_unsure in zip(flags.tolist(), doubts.tolist(), strict=True):
        yield None if is_unsure else class_names[int(flag)]


def _prediction(
    id: str, score: float, label: str | None, reason: str | None, called: _Called
) -> Prediction:
    if not math.isfinite(score):  # NaN is below every threshold: it would pass for real
        return Prediction(id, None, None, "not_scored", f"no number: the model gave {score}")
    if label is None:
        reasons = filter(None, (doubt(called.band), reason))
        return Prediction(id, score, None, UNSURE, "; ".join(reasons))
    return Prediction(id, score, label, "scored", reason)
