"""Scoring a stream of texts with a run, in the order they come."""

import itertools
import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tfnews import progress
from tfnews.catalogue.bounds import bounded
from tfnews.catalogue.names import PRECISIONS
from tfnews.data import articles, tables
from tfnews.data.blocks import LONGEST_RECORD
from tfnews.data.decoding import begins_as_utf8
from tfnews.data.rows import Layout, layout_of
from tfnews.data.streams import STANDARD_INPUT, is_readable
from tfnews.data.texts import Item, items, read_texts
from tfnews.errors import DataError, RunError, UsageError
from tfnews.records import Band, ColumnsRecord
from tfnews.runs import Run, model_folder
from tfnews.scoring.answers import UNSURE, Prediction

if TYPE_CHECKING:
    from tfnews.models import NewsClassifier

CAUTION = (
    "A score tells how much a text's style resembles the training texts of a class. It is no "
    "verdict on truth, not the probability that what the text says is false, and no ground for "
    "removing a text automatically."
)
_REMEDIES = {
    "unreadable record": "The answers say what is wrong with each: perhaps another --delimiter, "
    "--encoding or --input-format fits, or the file was cut off.",
    "empty text": "Perhaps other columns hold the texts: name them with --text-column and "
    "--title-column.",
    "no number": "The model's weights are damaged: train it again.",
}
_UNLIKE = (
    "Check that --text-column and --encoding fit the file. If they do, this run cannot judge such "
    "texts; --score-anyway scores them all the same."
)
_BATCHES = 16  # read ahead, to put texts of like length together


class _Called(NamedTuple):
    """At which scores a class is called: from the threshold on fake, in the band none."""

    threshold: float
    band: Band | None


@dataclass
class Tally:
    """Counts of what went by, taken without keeping it.

    Attributes:
        flagged: Scored texts at or above the threshold.
        below: The other scored texts that a class is called for.
        unsure: Scored texts for which none is.
        not_scored: Kind of reason -> number of texts.
        cautions: Of the scored texts, kind of what speaks against their score -> number of texts.
    """

    threshold: float
    flagged: int = 0
    below: int = 0
    unsure: int = 0
    not_scored: Counter = field(default_factory=Counter)
    cautions: Counter = field(default_factory=Counter)

    def watch(self, predictions: Iterable[Prediction]) -> Iterator[Prediction]:
        """Pass predictions on and count them."""
        from tfnews.statistics.sample import flagged

        for prediction in predictions:
            scored = prediction.fake_probability is not None
            unsure = prediction.outcome == UNSURE
            if prediction.reason and not unsure:
                counts = self.cautions if scored else self.not_scored
                counts[prediction.reason.split(":")[0]] += 1
            if not scored:
                yield prediction
                continue
            if unsure:
                self.unsure += 1
            elif flagged(prediction.fake_probability, self.threshold):
                self.flagged += 1
            else:
                self.below += 1
            yield prediction

    def warnings(self) -> list[str]:
        """Say what to do when most texts were refused for one reason."""
        return [self._refusal()] if self._is_mostly_refused() and self._scored else []

    def check_any_scored(self) -> None:
        """Stop a command that scored nothing.

        Raises:
            DataError: It did not; the message says why, and what to do.
        """
        if self._scored:
            return
        if not self.not_scored:
            raise DataError("Nothing was scored: there was no text. Name a source that holds some.")
        raise DataError(f"Nothing was scored. {self._refusal()}")

    @property
    def _scored(self) -> int:
        return self.flagged + self.below + self.unsure

    def _is_mostly_refused(self) -> bool:
        most = max(self.not_scored.values(), default=0)
        return 2 * most > self._scored + self.not_scored.total()

    def _refusal(self) -> str:
        (kind, count), *_ = self.not_scored.most_common(1)
        total = self._scored + self.not_scored.total()
        remedy = _REMEDIES.get(kind, _UNLIKE)
        return f"{count:,} of {total:,} texts were not scored for one reason, {kind}. {remedy}"


@dataclass(frozen=True)
class Request:
    """Texts that can be scored.

    Attributes:
        run: What `tfnews.load` takes.
        texts: In order, read as they are asked for.
        number: How many there are, where that is known.
        batch_size: Texts scored together; `None` leaves it to the architecture.
        threshold: Fake probability from which a text gets the fake class; `None` leaves it to the
            classifier.
        precision: One of `PRECISIONS`.
        score_anyway: Whether texts are scored that the guards would refuse.
        trust_graph: Whether a TF-Hub module that the run carries may do more than compute.
    """

    run: "str | os.PathLike | Run | NewsClassifier"
    texts: Iterator[Item]
    number: int | None
    batch_size: int | None
    threshold: float | None
    precision: str
    score_anyway: bool
    trust_graph: bool = False

    def opened(self) -> "NewsClassifier":
        """Open the classifier, which takes seconds."""
        from tfnews.models import load
        from tfnews.models.precision import under_policy

        progress.stage("Opening the run")
        return under_policy(load(self.run, trust_graph=self.trust_graph), self.precision)


def check(
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
) -> Request:
    """Check what `tfnews.predict` is asked for, whose arguments these are, without TensorFlow.

    Raises:
        UsageError: The source, threshold, batch size or precision cannot be used.
        DataError: The file is missing or broken, or has not the columns.
        RunError: There is no such run.
    """
    _check_values(batch_size, threshold, precision)
    layout = layout_of(encoding, delimiter, header, max_record_bytes)
    if isinstance(source, str | os.PathLike):
        check_source(source)
    if isinstance(run, str | os.PathLike | Run):
        model_folder(run)
    trained = trained_columns(run) if trained is None else trained
    if _is_delimited(source, format):
        layout = _as_trained(layout, trained, source)
    columns = {"id_column": id_column, "title_column": title_column, "text_column": text_column}
    reading = {**columns, "trained": trained, "layout": layout, "account": account}
    texts = _open_source(source, format, reading)
    number = _number(source)
    return Request(run, texts, number, batch_size, threshold, precision, score_anyway, trust_graph)


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
) -> Iterator[Prediction]:
    """Score texts lazily: 16 batches are in memory at a time, and the order is kept.

    Args:
        run: What `tfnews.load` takes: a run, its name or folder, or an open classifier.
        source: A file, a folder of .txt files, "-" for standard input, or any iterable of texts.
        score_anyway: Score texts that the guards would refuse; their reason is still given.
        batch_size: Texts scored together, at least 1; by default what suits the architecture.
        threshold: Fake probability from which a text is labelled with the fake class; by default
            the classifier's own. With one of your own the run's band of unsure scores, which
            belongs to its threshold, is left aside.
        precision: One of `PRECISIONS`. In mixed precision transformers answer faster where a device
            has its instructions; most scores differ by less than a thousandth, a few by hundredths.
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

    Returns:
        An iterator of one prediction a record, also for records that cannot be read.

    Raises:
        UsageError: The source, threshold, batch size or precision cannot be used.
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
    )
    return score(request, request.opened())


def score(request: Request, classifier: "NewsClassifier") -> Iterator[Prediction]:
    """Score the texts of a request, lazily.

    Args:
        request: What `check` returned.
        classifier: What its `opened` returned.
    """
    called = _Called(classifier.threshold, classifier.band)
    if request.threshold is not None:
        called = _Called(request.threshold, None)
    size = request.batch_size or classifier.prediction_batch
    read = 0
    progress.stage("Scoring", "rows", request.number)
    while chunk := list(itertools.islice(request.texts, _BATCHES * size)):
        read += len(chunk)
        progress.read(read, ended=len(chunk) < _BATCHES * size)
        yield from _scored(classifier, chunk, size, called, request.score_anyway)


def _check_values(batch_size: int | None, threshold: float | None, precision: str) -> None:
    if precision not in PRECISIONS:
        raise UsageError(f"Unknown precision {precision!r}. Allowed: {', '.join(PRECISIONS)}.")
    if batch_size is not None:
        bounded("--batch-size", batch_size)
    if threshold is not None:
        bounded("--threshold", threshold)


def check_source(source: str | os.PathLike) -> None:
    """Check that `source` is "-", a file, a named pipe or a folder.

    Raises:
        UsageError: It is neither, or a folder without articles; perhaps it is a text.
    """
    if os.path.isdir(source):
        if not articles.files(Path(source)):
            raise UsageError(
                f"{str(source)!r} is a folder. Give one file of texts at a time, or a folder of "
                ".txt files, one article each."
            )
        return
    if source != STANDARD_INPUT and not is_readable(source):
        shown = str(source) if len(str(source)) <= 60 else f"{str(source)[:57]}..."
        raise UsageError(
            f"There is no file {shown!r}. Give a file, '-' for standard input, or a text with "
            '--text "..." (in Python: a list of texts).'
        )


def _is_delimited(source: object, format: str | None) -> bool:
    named = isinstance(source, (str, os.PathLike)) and not os.path.isdir(source)
    return (format or (tables.kind(source) if named else None)) in ("csv", "tsv")


def _as_trained(
    layout: Layout, trained: Sequence[ColumnsRecord], source: str | os.PathLike
) -> Layout:
    """Read a delimited file as the user read that of the training news, unless told otherwise.

    A file in UTF-8 is read as such, whatever encoding the training news had.
    """
    for record in trained[:1]:
        encoding = layout.encoding or record.encoding
        if encoding and not layout.encoding and source != STANDARD_INPUT and begins_as_utf8(source):
            encoding = None
        return layout._replace(
            encoding=encoding,
            delimiter=layout_of(None, layout.delimiter or record.delimiter, True).delimiter,
            header=layout.header and record.header,
        )
    return layout


def trained_columns(
    run: "str | os.PathLike | Run | NewsClassifier",
) -> tuple[ColumnsRecord, ...]:
    """Say how the news was read that a run was trained on; nothing of a classifier alone."""
    if isinstance(run, str | os.PathLike):
        try:
            run = Run.open(run)
        except RunError:  # a model's folder, which `load` takes too; it tells what is wrong else
            return ()
    return (run.config.splits.columns or ()) if isinstance(run, Run) else ()


def _open_source(
    source: str | os.PathLike | Iterable[str], format: str | None, reading: dict
) -> Iterator[Item]:
    if not isinstance(source, (str, os.PathLike)):
        return items(source)
    check_source(source)
    texts = read_texts(source, format=format, **reading)
    first = list(itertools.islice(texts, 1))  # a file that cannot be read is told at once
    return itertools.chain(first, texts)


def _number(source: object) -> int | None:
    """Return how many texts there are, where the source itself can tell."""
    if isinstance(source, str | os.PathLike):
        return len(articles.files(Path(source))) if os.path.isdir(source) else None
    return len(source) if isinstance(source, Sized) else None


def _scored(
    classifier: "NewsClassifier",
    chunk: list[Item],
    batch_size: int,
    called: _Called,
    score_anyway: bool,
) -> Iterator[Prediction]:
    reasons = [_reason(classifier, item) for item in chunk]
    wanted = [
        item.text is not None and (reason is None or score_anyway)
        for item, reason in zip(chunk, reasons, strict=True)
    ]
    chosen = [item.text for item, want in zip(chunk, wanted, strict=True) if want]
    progress.advance(len(chunk) - len(chosen))
    scores = iter(_probabilities(classifier, chosen, batch_size))
    for item, want, reason in zip(chunk, wanted, reasons, strict=True):
        number = next(scores) if want else None
        if want:
            reason = reason or _caution(classifier, item)
        yield _prediction(classifier, item, number, reason, called)


def doubt(band: Band) -> str:
    """Say why no class is called."""
    return f"unsure: no class is called at scores from {band.low:.3f} to {band.high:.3f}"


def _reason(classifier: "NewsClassifier", item: Item) -> str | None:
    if item.text is None:
        return item.problem
    if not item.text:
        return "empty text: nothing to read"
    return classifier.guards.reason(item.text) if classifier.guards else None


def _caution(classifier: "NewsClassifier", item: Item) -> str | None:
    return classifier.guards.caution(item.text) if classifier.guards else None


def _probabilities(classifier: "NewsClassifier", texts: list[str], batch_size: int) -> list[float]:
    if not texts:
        return []
    # The shortest digits that mean this float32: 0.6, not float()'s 0.6000000238418579.
    return [float(str(score)) for score in classifier.probabilities(texts, batch_size)]


def _prediction(
    classifier: "NewsClassifier",
    item: Item,
    score: float | None,
    reason: str | None,
    called: _Called,
) -> Prediction:
    from tfnews.statistics.sample import flagged, unsure

    if score is None:
        return Prediction(item.id, None, None, "not_scored", reason)
    if not math.isfinite(score):  # NaN is below every threshold: it would pass for real
        return Prediction(item.id, None, None, "not_scored", f"no number: the model gave {score}")
    if unsure(score, called.band):
        reasons = filter(None, (doubt(called.band), reason))
        return Prediction(item.id, score, None, UNSURE, "; ".join(reasons))
    label = classifier.class_names[int(flagged(score, called.threshold))]
    return Prediction(item.id, score, label, "scored", reason)
