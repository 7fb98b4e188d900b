"""Rows of CSV, TSV, JSON lines and Parquet files, streamed as strings with their line numbers."""

import contextlib
import csv
import gzip
import itertools
import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from tfnews.errors import DataError

KINDS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
}
NOT_UTF8 = "lines that are not UTF-8, read as Latin-1"
LATER_KEYS = "rows with keys that the file's first rows lack, which are left out"

_LARGEST_FIELD = 2**27
_KEYS_FROM = 1000
_FIRST_ROWS = 100
_PARQUET_BATCH = 1000
_UNDECODED = re.compile(r"[\udc80-\udcff]")
_UTF_16_MARKS = ("\udcff\udcfe", "\udcfe\udcff")


class Row(NamedTuple):
    """One record: its 1-based line (record, in Parquet), values, and the fault of a broken one."""

    line: int
    values: list[str]
    fault: str | None = None


def kind(path: Path) -> str | None:
    """Return "csv", "tsv", "jsonl" or "parquet" by the file's ending, or None."""
    return KINDS.get(Path(path.name.casefold().removesuffix(".gz")).suffix)


def first_line(path: Path) -> str:
    """Return the first line of a text file without its line end; "" for Parquet.

    Raises:
        DataError: The file is empty, UTF-16, or damaged.
    """
    if kind(path) == "parquet":
        return ""
    with _clear_faults(path), _open_text(path) as lines:
        line = next(_decoded(path, lines, Counter()), "")
    if not line:
        raise _empty(path)
    return line.rstrip("\r\n")


def delimiter(line: str) -> str:
    """Return what divides the fields of a CSV file, by its first line: one of , ; tab |."""
    return next((mark for mark in ",;\t|" if mark in line), ",")


def columns(path: Path) -> list[str]:
    """Return the names of a file's columns, from its header, keys or schema.

    Raises:
        DataError: The file is empty or damaged, or two columns share a name.
    """
    names = _COLUMNS[kind(path)](path)
    repeated = [name for name, count in Counter(names).items() if count > 1 and name]
    if repeated:
        raise DataError(
            f"{path.name} has more than one column called {repeated[0]!r}. "
            "Rename all but one in its header."
        )
    return names


def rows(
    path: Path,
    names: Sequence[str],
    counts: Counter,
    *,
    header: bool = True,
    quoting: int = csv.QUOTE_MINIMAL,
) -> Iterator[Row]:
    """Stream a file's rows in their order.

    Args:
        path: The file; text formats may be compressed by gzip.
        names: Its columns, whose order the values follow.
        counts: Tally in which `NOT_UTF8` and `LATER_KEYS` are counted.
        header: Whether a CSV or TSV file starts with a header.
        quoting: How the csv module treats quotes.

    Raises:
        DataError: The file is damaged beyond single rows.
    """
    if kind(path) == "parquet":
        return _parquet_rows(path, names)
    if kind(path) == "jsonl":
        return _json_rows(path, names, counts)
    records = itertools.islice(_delimited(path, counts, quoting), int(header), None)
    return _of_width(records, len(names))


def first_row(path: Path, names: Sequence[str]) -> Row:
    """Return the first row under a header, a whole one if there is one near.

    Raises:
        DataError: There is none.
    """
    sample = list(itertools.islice(rows(path, names, Counter()), _FIRST_ROWS))
    if not sample:
        raise _empty(path)
    return next((row for row in sample if not row.fault), sample[0])


def _empty(path: Path) -> DataError:
    return DataError(
        f"{path.name} is empty: it has no rows of news. Each row needs a text and a label, under "
        "a header that names the columns. Check that the file was downloaded or written whole."
    )


def _open_text(path: Path) -> TextIO:
    with open(path, "rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    opener = gzip.open if compressed else open
    return opener(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="")


@contextlib.contextmanager
def _clear_faults(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path.name} is a damaged or cut-off gzip file ({error}). Fetch or compress it anew."
        ) from error
    except pa.ArrowException as error:
        raise DataError(
            f"{path.name} cannot be read as Parquet ({error}). Fetch or write it anew."
        ) from error


def _decoded(path: Path, lines: Iterable[str], counts: Counter) -> Iterator[str]:
    for number, line in enumerate(lines):
        if line.isascii() or not _UNDECODED.search(line):
            yield line
            continue
        if number == 0 and line.startswith(_UTF_16_MARKS):
            raise DataError(f"{path.name} is UTF-16. Save it as UTF-8.")
        counts[NOT_UTF8] += 1
        yield line.encode("utf-8", "surrogateescape").decode("latin-1")


def _delimiter(path: Path) -> str:
    if kind(path) == "tsv":
        return "\t"
    return delimiter(first_line(path))


def _delimited(path: Path, counts: Counter, quoting: int) -> Iterator[Row]:
    csv.field_size_limit(_LARGEST_FIELD)  # the module's own limit refuses articles over 128 kB
    options = {"delimiter": _delimiter(path), "quoting": quoting, "strict": True}
    with _clear_faults(path), _open_text(path) as lines:
        reader = csv.reader(_decoded(path, lines, counts), **options)
        while (row := _next_record(path, reader)) is not None:
            if row.values:
                yield row


def _next_record(path: Path, reader: Iterator[list[str]]) -> Row | None:
    line = reader.line_num + 1
    try:
        return Row(line, next(reader))
    except StopIteration:
        return None
    except csv.Error as error:
        if "unexpected end" not in str(error):
            return Row(line, [str(error)], "quotes that do not pair")
        raise DataError(
            f"{path.name}: a quote opened in the row that starts on line {line} is never closed, "
            f"so the file's last {reader.line_num - line + 1:,} lines run together. "
            "Close the quote, or cut the file before that line."
        ) from error


def _of_width(records: Iterable[Row], width: int) -> Iterator[Row]:
    for row in records:
        if row.fault or len(row.values) == width:
            yield row
        else:
            excerpt = f"{len(row.values)} fields instead of {width}: {' | '.join(row.values)}"
            yield Row(row.line, [excerpt], "wrong number of fields")


def _header(path: Path) -> list[str]:
    row = next(_delimited(path, Counter(), csv.QUOTE_MINIMAL), None)
    if row is None:
        raise _empty(path)
    if row.fault:
        raise DataError(f"The header of {path.name} has {row.fault} ({row.values[0]}). Mend it.")
    return [name.strip() for name in row.values]


def _objects(path: Path, counts: Counter) -> Iterator[tuple[int, str, dict | None]]:
    with _clear_faults(path), _open_text(path) as lines:
        for number, line in enumerate(_decoded(path, lines, counts), start=1):
            if line.strip():
                yield number, line, _parsed(line)


def _parsed(line: str) -> dict | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _keys(path: Path) -> list[str]:
    if first_line(path).lstrip().startswith("["):
        raise DataError(
            f"{path.name} is one JSON array; JSON lines are read, one object a line. Convert it, "
            "for example with pandas: to_json(path, orient='records', lines=True)."
        )
    found = itertools.islice(_objects(path, Counter()), _KEYS_FROM)
    names = list(dict.fromkeys(key for _, _, record in found for key in record or ()))
    if not names:
        raise DataError(f"{path.name} holds no JSON object. Write one object a line.")
    return names


def _json_rows(path: Path, names: Sequence[str], counts: Counter) -> Iterator[Row]:
    known = set(names)
    for number, line, record in _objects(path, counts):
        if record is None:
            yield Row(number, [line], "not a JSON object")
            continue
        counts[LATER_KEYS] += not known.issuperset(record)
        values = [_as_text(record.get(name)) for name in names]
        sound = _is_unicode("".join(values))
        yield Row(number, values if sound else [line], None if sound else "half a Unicode pair")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _schema(path: Path) -> list[str]:
    if path.stat().st_size == 0:
        raise _empty(path)
    with _clear_faults(path), pq.ParquetFile(path) as file:
        return file.schema_arrow.names


def _parquet_rows(path: Path, names: Sequence[str]) -> Iterator[Row]:
    with _clear_faults(path), pq.ParquetFile(path) as file:
        numbers = itertools.count(1)
        for batch in file.iter_batches(batch_size=_PARQUET_BATCH, columns=list(names)):
            cells = [batch.column(name).to_pylist() for name in names]
            for record in zip(*cells, strict=True):
                yield Row(next(numbers), [_as_text(value) for value in record])


def _as_text(value: object) -> str:
    """Say a JSON or Parquet value as a CSV file would: a missing one is empty."""
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


_COLUMNS = {"csv": _header, "tsv": _header, "jsonl": _keys, "parquet": _schema}
