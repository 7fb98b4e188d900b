"""Records of files that are no text: Parquet and Excel workbooks."""

import contextlib
import functools
import itertools
import os
import struct
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

from tfnews import packing
from tfnews.data import streams
from tfnews.data.decoding import decoded
from tfnews.data.rows import Layout, Row, Table, empty, numbered, row_of
from tfnews.data.text import listed, shown
from tfnews.errors import DataError, UsageError

if TYPE_CHECKING:  # pyarrow is imported where Parquet is read: other files need no second more
    import pyarrow as pa

CUT_OFF = "cells with 32,767 characters, the most that Excel holds: their texts may be cut off"
OTHER_SHEETS = "sheets after the first, which are not read"

_PARQUET_BATCH = 1000
_LONGEST_CELL = 32_767
_MOST_STRINGS = 2**30  # bytes; a workbook's texts are held in memory
_MOST_OTHER = 2**26  # bytes of a part that holds no texts
_MOST_ROWS = 1_048_576  # Excel's own


@contextlib.contextmanager
def parquet(stream: BinaryIO, name: str, counts: Counter, layout: Layout) -> Iterator[Table]:
    """Open a Parquet file.

    Raises:
        DataError: It is empty or damaged.
    """
    import pyarrow as pa
    from pyarrow import parquet

    with streams.seekable(stream) as file:
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            raise empty(name)
        file.seek(0)
        try:
            content = parquet.ParquetFile(file)
            texts = _repeated(content.schema_arrow)
            if texts:
                file.seek(0)
                content = parquet.ParquetFile(file, read_dictionary=texts)
            packing.check(name, size, packing.largest_group(content.metadata), DataError)
            read = functools.partial(_parquet_rows, content, counts)
            yield Table(content.schema_arrow.names, read, "record")
        except (pa.ArrowException, OSError, ValueError, OverflowError, IndexError) as error:
            raise DataError(
                f"{name} cannot be read as Parquet ({shown(str(error))}). Fetch or write it anew."
            ) from error


def _parquet_rows(
    content: object, counts: Counter, names: Sequence[str], texts: Sequence[int]
) -> Iterator[Row]:
    numbers = itertools.count(1)
    for batch in content.iter_batches(batch_size=_PARQUET_BATCH, columns=list(names)):
        cells = [_cells(batch.column(name), counts) for name in names]
        for record in zip(*cells, strict=True):
            yield row_of(next(numbers), record, names, texts)


def _repeated(schema: "pa.Schema") -> list[str]:
    """Return the columns whose texts are kept once, however many rows repeat them."""
    import pyarrow as pa

    kinds = (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())
    return [column.name for column in schema if column.type in kinds]


def _cells(column: "pa.Array", counts: Counter) -> list:
    if hasattr(column, "dictionary"):
        values = _cells(column.dictionary, counts)
        places = column.indices.to_pylist()
        if any(place is not None and not 0 <= place < len(values) for place in places):
            raise IndexError("a text is missing")  # a damaged place would be another row's text
        return [None if place is None else values[place] for place in places]
    if column.type.num_fields:  # nested: an index into a dictionary within is followed unchecked
        column.validate(full=True)
    try:
        return column.to_pylist()
    except UnicodeDecodeError:  # Parquet does not check that its strings are UTF-8
        values = column.cast("large_binary").to_pylist()
        return [None if value is None else decoded(value, counts) for value in values]


@contextlib.contextmanager
def excel(stream: BinaryIO, name: str, counts: Counter, layout: Layout) -> Iterator[Table]:
    """Open the first sheet of an Excel workbook.

    Raises:
        UsageError: openpyxl is not installed.
        DataError: It is empty or damaged.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise UsageError(
            f"{name} is an Excel workbook, which openpyxl reads. Install it with: "
            'pip install "tfnews[excel]"; or save the sheet as CSV UTF-8.'
        ) from error
    with streams.seekable(stream) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of openpyxl, over styles and the like
        try:
            _check_size(file, name)
            # As it was worked out, and as it was typed: only Excel stores what formulas come to.
            books = [
                openpyxl.load_workbook(file, read_only=True, data_only=values)
                for values in ((True, False) if _has_formulas(file) else (True,))
            ]
            with contextlib.ExitStack() as stack:
                for book in books:
                    stack.callback(book.close)
                yield _sheet(books, name, counts, layout)
        except _DAMAGED as error:
            raise DataError(
                f"{name} cannot be read as an Excel workbook ({shown(str(error))}). Save it as "
                ".xlsx again, or as CSV."
            ) from error


# What zipfile, the XML parser and openpyxl raise over damage; RuntimeError also of encryption.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    ArithmeticError,
    AttributeError,
    TypeError,
    SyntaxError,
    RuntimeError,
)


def _check_size(file: BinaryIO, name: str) -> None:
    with zipfile.ZipFile(file) as archive:
        for part in archive.infolist():
            if "worksheets/" in part.filename:
                packing.check(name, part.compress_size, part.file_size, DataError)
            elif part.file_size > _MOST_OTHER and "sharedStrings" not in part.filename:
                raise DataError(
                    f"{name} has a part of {part.file_size:,} bytes, {shown(part.filename, 40)!r}, "
                    "that holds no texts. It may be a trap; else save it as CSV UTF-8."
                )
            if part.filename.endswith("sharedStrings.xml") and part.file_size > _MOST_STRINGS:
                raise DataError(
                    f"{name} holds more than {_MOST_STRINGS // 2**20:,} MB of texts, which a "
                    "workbook has in memory at once. Save it as CSV UTF-8."
                )
    file.seek(0)


def _has_formulas(file: BinaryIO) -> bool:
    """Tell whether a sheet of a workbook may hold a formula; reads from any place, ends at 0."""
    found = False
    with zipfile.ZipFile(file) as archive:
        for part in archive.namelist():
            if part.startswith("xl/worksheets/") and not found:
                with archive.open(part) as content:
                    found = _holds(content, (b"<f>", b"<f "))
    file.seek(0)
    return found


def _holds(content: BinaryIO, marks: Iterable[bytes]) -> bool:
    before = b""
    while block := content.read(2**20):
        if any(mark in before + block for mark in marks):
            return True
        before = block[-2:]
    return False


def _sheet(books: Sequence, name: str, counts: Counter, layout: Layout) -> Table:
    if not books[0].worksheets:
        raise empty(name)
    sheets = [book.worksheets[0] for book in books]
    counts[OTHER_SHEETS] += len(books[0].worksheets) - 1
    for sheet in sheets:
        sheet.reset_dimensions()  # some programs write a wrong one, and cells beyond are left out
    rows = ((number, row) for number, row in _numbered_rows(sheets) if any(map(_is_filled, row)))
    first = next(rows, None)
    if first is None:
        raise empty(name)
    names = ["" if cell is None else str(cell).strip() for cell in first[1]]
    if not layout.header:
        names = list(layout.names) or numbered(len(names))
        rows = itertools.chain([first], rows)
    while names and not names[-1]:
        names.pop()
    return Table(names, functools.partial(_sheet_rows, rows, names, counts))


def _numbered_rows(sheets: Sequence) -> Iterator[tuple[int, Sequence]]:
    # Missing rows are made up by openpyxl, perhaps a thousand million.
    rows = itertools.islice(sheets[0].iter_rows(values_only=len(sheets) == 1), _MOST_ROWS)
    if len(sheets) > 1:
        typed = itertools.islice(sheets[1].iter_rows(values_only=True), _MOST_ROWS)
        rows = itertools.starmap(_worked_out, zip(rows, typed, strict=True))
    return enumerate(rows, start=1)


def _worked_out(cells: Sequence, typed: Sequence) -> list:
    """Return the values of cells, or of formulas without one what was typed: "=", a title.

    Programs that write workbooks take a text that begins with "=" for a formula and work nothing
    out. Excel marks a formula that came to an empty text as a string.
    """
    return [
        formula
        if cell.value is None and cell.data_type == "n" and isinstance(formula, str)
        else cell.value
        for cell, formula in zip(cells, typed, strict=True)
    ]


def _is_filled(cell: object) -> bool:
    return cell is not None and cell != ""


def _sheet_rows(
    rows: Iterable[tuple[int, Sequence]],
    names: Sequence[str],
    counts: Counter,
    wanted: Sequence[str],
    texts: Sequence[int],
) -> Iterator[Row]:
    from openpyxl.utils.escape import unescape

    width = len(names)
    places = [names.index(name) for name in wanted]
    for number, cells in rows:
        if any(map(_is_filled, cells[width:])):
            found = f"{len(cells)} cells instead of {width}: {listed(map(str, cells))}"
            yield Row(number, [found], "wrong number of fields")
            continue
        cells = [*cells, *[None] * (width - len(cells))]
        record = [_plain(cells[place], unescape) for place in places]
        counts[CUT_OFF] += sum(
            isinstance(cell, str) and len(cell) == _LONGEST_CELL for cell in record
        )
        yield row_of(number, record, wanted, texts)


def _plain(cell: object, unescape: object) -> object:
    """Bring a cell into the form that Excel itself gives it in a CSV file."""
    if isinstance(cell, str):
        return unescape(cell) if "_x" in cell else cell
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    return cell
