"""What is answered of texts, and how it is written down."""

import csv
import gzip
import io
import itertools
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO

from tfnews.errors import UsageError, still
from tfnews.files import replacing

PARQUET_ROWS = 1_000
UNSURE = "unsure"  # the outcome of a text for which no class is called


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the classifier answers about one text.

    Attributes:
        id: The record's id, else its number in the source, counted from 1.
        fake_probability: From 0 to 1; None when not scored.
        label: Name of the class whose training texts it resembles; None when unsure or not scored.
        outcome: "scored", "unsure" where the score lies in the run's band, or "not_scored".
        reason: Why it was not scored or is unsure; what speaks against a score.
    """

    id: str
    fake_probability: float | None
    label: str | None
    outcome: str
    reason: str | None


_COLUMNS = tuple(column.name for column in fields(Prediction))
_values = attrgetter(*_COLUMNS)  # astuple and asdict copy what they find: ten times as long


def write_predictions(
    predictions: Iterable[Prediction], path: str | os.PathLike, format: str | None = None
) -> None:
    """Write predictions beside `path` and rename the file into place when all are written.

    Args:
        predictions: Consumed one by one.
        path: The file; compressed if its name ends in .gz.
        format: One of `OUTPUT_FORMATS`; by default the name tells.

    Raises:
        UsageError: The format is unknown.
    """
    write = OUTPUT_FORMATS[output_format(path, format)]
    with replacing(path, "wb") as file:
        if Path(path).suffix == ".gz":
            with gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as compressed:
                write(predictions, compressed)
        else:
            write(predictions, file)


def output_format(path: str | os.PathLike, format: str | None = None) -> str:
    """Return `format`, or what a file's name says it is.

    Raises:
        UsageError: It is none of `OUTPUT_FORMATS`.
    """
    name = Path(path).name.removesuffix(".gz")
    format = format or Path(name).suffix.lower().removeprefix(".")
    if format not in OUTPUT_FORMATS:
        raise UsageError(
            f"The name {Path(path).name} does not tell a format. Allowed: "
            f"{', '.join(OUTPUT_FORMATS)}. Name the file so, or give --output-format."
        )
    return format


def _write_csv(predictions: Iterable[Prediction], file: BinaryIO) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    try:
        writer = csv.writer(_Lines(text), lineterminator="\r\n")
        writer.writerow(_COLUMNS)
        writer.writerows(map(_values, predictions))
    finally:
        text.detach()  # else the wrapper would close the file, which may be standard output


class _Lines:
    """Ends rows with a line feed alone.

    Python 3.11's writer quotes a field for what rows end with, and leaves any other line break
    bare, which readers take for the end of the row.
    """

    def __init__(self, file: io.TextIOBase):
        self.file = file

    def write(self, row: str) -> int:
        """Write a row that ends with a carriage return and a line feed."""
        return self.file.write(f"{row[:-2]}\n")


def _write_json_lines(predictions: Iterable[Prediction], file: BinaryIO) -> None:
    for row in _rows(predictions):
        line = json.dumps(row, ensure_ascii=False)
        file.write(f"{line}\n".encode())


def _rows(predictions: Iterable[Prediction]) -> Iterator[dict]:
    return (dict(zip(_COLUMNS, _values(one), strict=True)) for one in predictions)


def _write_table(predictions: Iterable[Prediction], file: BinaryIO) -> None:
    head = "resembles texts labelled, or why there is no number"
    file.write(f"{'id':>8}  {'fake probability':>16}  {head}\n".encode())
    for prediction in predictions:
        score = prediction.fake_probability
        number = "-" if score is None else f"{score:.3f}"
        words = "; ".join(filter(None, (prediction.label, prediction.reason)))
        file.write(still(f"{prediction.id:>8}  {number:>16}  {words}\n").encode())


def _write_parquet(predictions: Iterable[Prediction], file: BinaryIO) -> None:
    import pyarrow
    from pyarrow import parquet

    types = {"fake_probability": pyarrow.float32()}
    schema = pyarrow.schema((name, types.get(name, pyarrow.string())) for name in _COLUMNS)
    rows = _rows(predictions)
    with parquet.ParquetWriter(file, schema) as writer:
        while batch := list(itertools.islice(rows, PARQUET_ROWS)):
            writer.write_table(pyarrow.Table.from_pylist(batch, schema))


OUTPUT_FORMATS = {
    "csv": _write_csv,
    "jsonl": _write_json_lines,
    "parquet": _write_parquet,
    "table": _write_table,
}
