"""What scoring is asked for, checked before TensorFlow starts."""

import importlib.util
import itertools
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfnews import progress
from tfnews.catalogue.bounds import bounded
from tfnews.catalogue.names import BACKENDS, PRECISIONS
from tfnews.data import articles, tables
from tfnews.data.blocks import LONGEST_RECORD
from tfnews.data.decoding import begins_as_utf8
from tfnews.data.rows import Layout, layout_of
from tfnews.data.streams import STANDARD_INPUT, is_readable
from tfnews.data.texts import Item, items, read_texts
from tfnews.errors import RunError, UsageError
from tfnews.records import ColumnsRecord
from tfnews.runs import Run, model_folder

if TYPE_CHECKING:
    from tfnews.export.litert import LiteRT
    from tfnews.models import NewsClassifier


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
        is_at_hand: Whether the texts are all there, in files or in memory; others, as those of a
            pipe, may be long in coming.
        backend: One of `BACKENDS`.
    """

    run: "str | os.PathLike | Run | NewsClassifier"
    texts: Iterator[Item]
    number: int | None
    batch_size: int | None
    threshold: float | None
    precision: str
    score_anyway: bool
    trust_graph: bool = False
    is_at_hand: bool = False
    backend: str = BACKENDS[0]

    def opened(self) -> "NewsClassifier":
        """Open the classifier, which takes seconds."""
        from tfnews.models import load
        from tfnews.models.precision import under_policy

        progress.stage("Opening the run")
        return under_policy(load(self.run, trust_graph=self.trust_graph), self.precision)

    def scorer(self, classifier: "NewsClassifier") -> "NewsClassifier | LiteRT":
        """Return what answers for the classifier, itself or LiteRT, which takes seconds to make.

        Raises:
            UsageError: The classifier has no use for the back end.
        """
        if self.backend == BACKENDS[0]:
            return classifier
        from tfnews.export.litert import LiteRT

        progress.stage("Converting the run for LiteRT")
        return LiteRT(classifier, threshold=self.threshold)


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
    backend: str = BACKENDS[0],
) -> Request:
    """Check what `tfnews.predict` is asked for, whose arguments these are, without TensorFlow.

    Raises:
        UsageError: The source, threshold, batch size, precision or back end cannot be used.
        DataError: The file is missing or broken, or has not the columns.
        RunError: There is no such run.
    """
    _check_values(batch_size, threshold, precision)
    _check_backend(backend, precision)
    layout = layout_of(encoding, delimiter, header, max_record_bytes)
    if isinstance(source, str | os.PathLike):
        check_source(source)
    if isinstance(run, str | os.PathLike | Run):
        model_folder(run)
    if backend != BACKENDS[0]:
        _check_family(run, backend)
    trained = trained_columns(run) if trained is None else trained
    if _is_delimited(source, format):
        layout = _as_trained(layout, trained, source)
    columns = {"id_column": id_column, "title_column": title_column, "text_column": text_column}
    reading = {**columns, "trained": trained, "layout": layout, "account": account}
    texts = _open_source(source, format, reading)
    number = _number(source)
    return Request(
        run,
        texts,
        number,
        batch_size,
        threshold,
        precision,
        score_anyway,
        trust_graph,
        _is_at_hand(source),
        backend,
    )


def _check_values(batch_size: int | None, threshold: float | None, precision: str) -> None:
    if precision not in PRECISIONS:
        raise UsageError(f"Unknown precision {precision!r}. Allowed: {', '.join(PRECISIONS)}.")
    if batch_size is not None:
        bounded("--batch-size", batch_size)
    if threshold is not None:
        bounded("--threshold", threshold)


def _check_backend(backend: str, precision: str) -> None:
    if backend not in BACKENDS:
        raise UsageError(f"Unknown back end {backend!r}. Allowed: {', '.join(BACKENDS)}.")
    if backend == BACKENDS[0]:
        return
    if precision != PRECISIONS[0]:
        raise UsageError(
            f"--backend {backend} computes in 8 bits and float32, whatever --precision says. "
            f"Received: --precision {precision}. Leave one of them out."
        )
    if importlib.util.find_spec("ai_edge_litert") is None:
        raise UsageError(
            f"--backend {backend} needs ai-edge-litert, which is not installed. Install it with: "
            "pip install 'tfnews[tflite]'."
        )


def _check_family(run: "str | os.PathLike | Run | NewsClassifier", backend: str) -> None:
    """Refuse a run of a row that gains nothing; what is no run is looked at once it is open."""
    opened = _opened_run(run)
    family = opened.config.family if opened else ""
    if family not in ("", "transformer"):
        raise UsageError(
            f"--backend {backend} is for transformers. {opened.name} is of the family {family}, "
            "whose texts TensorFlow scores faster, many at once. Leave --backend out."
        )


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
    opened = _opened_run(run)
    return (opened.config.splits.columns or ()) if opened else ()


def _opened_run(run: "str | os.PathLike | Run | NewsClassifier") -> Run | None:
    if isinstance(run, str | os.PathLike):
        try:
            return Run.open(run)
        except RunError:  # a model's folder, which `load` takes too; it tells what is wrong else
            return None
    return run if isinstance(run, Run) else None


def _open_source(
    source: str | os.PathLike | Iterable[str], format: str | None, reading: dict
) -> Iterator[Item]:
    if not isinstance(source, (str, os.PathLike)):
        return items(source)
    check_source(source)
    texts = read_texts(source, format=format, **reading)
    first = list(itertools.islice(texts, 1))  # a file that cannot be read is told at once
    return itertools.chain(first, texts)


def _is_at_hand(source: object) -> bool:
    if isinstance(source, str | os.PathLike):
        return os.path.isfile(source) or os.path.isdir(source)
    return isinstance(source, Sized)


def _number(source: object) -> int | None:
    """Return how many texts there are, where the source itself can tell."""
    if isinstance(source, str | os.PathLike):
        return len(articles.files(Path(source))) if os.path.isdir(source) else None
    return len(source) if isinstance(source, Sized) else None
