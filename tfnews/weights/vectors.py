"""Word vectors from the formats they are published in: GloVe, word2vec, NumPy with a word list."""

import codecs
import functools
import gzip
import itertools
import os
import tokenize
import warnings
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from tfnews import packing, progress
from tfnews.catalogue.bounds import bounded
from tfnews.catalogue.names import VECTOR_FORMATS
from tfnews.errors import UsageError, WeightsError

if TYPE_CHECKING:  # pyarrow is imported where Parquet is read: other files need no second more
    import pyarrow as pa

_CHUNK_BYTES = 1 << 20
_COUNTED = 10_000  # words after which it is told how far reading has come
_WIDEST = 100_000
_LONGEST_LINE = 32 * _WIDEST  # bytes; a number takes 25 at most


# What NumPy raises over a damaged header, whose types and brackets it reads as Python does.
_DAMAGED = (
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError),
    *(EOFError, OSError, SyntaxError, tokenize.TokenError),
)


@dataclass(frozen=True)
class WordVectors:
    """Words and their vectors.

    Attributes:
        words: Distinct words without spaces, in the order of the file.
        vectors: float32 (words, width), all finite.
        dropped: Reason -> number of entries left out.
    """

    words: list[str]
    vectors: np.ndarray
    dropped: dict[str, int]


def read_vectors(
    path: str | os.PathLike,
    *,
    format: str | None = None,
    words: str | os.PathLike | None = None,
    limit: int | None = None,
) -> WordVectors:
    """Read word vectors.

    Args:
        path: The file; text and binary formats may be compressed (.gz).
        format: One of `tfnews.catalogue.names.VECTOR_FORMATS`; found from the file when `None`.
        words: For npy, the words of its rows: a text file, one word a line, or a parquet table
            with one column of words and, if rows are in another order, one of row numbers.
        limit: Read the first entries only.

    Returns:
        The vectors. Words that repeat, hold a space or are not UTF-8 are left out and counted.

    Raises:
        UsageError: The arguments do not fit each other.
        WeightsError: The file is missing, damaged, or not in this format.
    """
    if limit is not None:
        bounded("--limit", limit)
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"No file {path}. Give a file of word vectors.")
    format = format or guess_format(path)
    if (format == "npy") != (words is not None):
        raise UsageError(
            "A word list goes with a .npy file, and a .npy file needs one: --words WORDLIST. "
            f"Received: {path.name} as {format}, word list {words}."
        )
    entries, vectors, dropped = _read(path, format, words, limit)
    return _cleaned(path, entries, vectors, dropped)


def guess_format(path: Path) -> str:
    """Return the format of a file, from its name and its first line."""
    names = path.name.removesuffix(".gz")
    if names.endswith(".npy"):
        return "npy"
    if names.endswith(".bin"):
        return "word2vec-binary"
    with _open(path) as file:
        first = file.readline(_CHUNK_BYTES).split()
    has_header = len(first) == 2 and all(field.isdigit() for field in first)
    return "word2vec-text" if has_header else "glove"


def _read(
    path: Path, format: str, words: str | os.PathLike | None, limit: int | None
) -> tuple[list, np.ndarray, dict[str, int]]:
    if format == "npy":
        return *_read_npy(path, Path(words), limit), {}
    if format not in VECTOR_FORMATS:
        raise UsageError(f"Unknown format {format!r}. Allowed: {', '.join(VECTOR_FORMATS)}.")
    try:
        progress.stage(f"Reading {path.name}", "words")
        with _open(path) as file, progress.reading(file):
            if format == "word2vec-binary":
                return *_read_binary(path, file, limit), {}
            return _read_text(path, file, limit, header=format == "word2vec-text")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise WeightsError(f"{path} is a damaged .gz file ({error}). Copy it again.") from error


def _open(path: Path) -> BinaryIO:
    return _Packed(path) if path.suffix == ".gz" else path.open("rb")


class _Packed(gzip.GzipFile):
    """A file that refuses to unpack to far more than it is: all that is read of it is held."""

    def read(self, size: int = -1) -> bytes:
        """Read as gzip does."""
        data = super().read(size)
        self._check()
        return data

    def readline(self, size: int = -1) -> bytes:
        """Read as gzip does."""
        line = super().readline(size)
        self._check()
        return line

    @functools.cached_property
    def _size(self) -> int:
        return Path(self.name).stat().st_size

    def _check(self) -> None:
        packing.check(self.name, self._size, self.tell(), WeightsError)


def _header(path: Path, line: bytes) -> tuple[int, int]:
    fields = line.split()
    if len(fields) == 2 and all(field.isdigit() and len(field) < 20 for field in fields):
        count, width = map(int, fields)
        if 0 < width <= _WIDEST:
            return count, width
    raise WeightsError(
        f"{path} does not start with a word2vec header, 'words width'. Received: {line[:60]!r}. "
        "Name another format with --format glove."
    )


def _read_text(
    path: Path, file: BinaryIO, limit: int | None, *, header: bool
) -> tuple[list[bytes], np.ndarray, dict[str, int]]:
    promised, width = _header(path, file.readline(_CHUNK_BYTES)) if header else (None, None)
    words, numbers, empty = [], array("f"), 0
    for number, line in enumerate(_lines(path, file), start=2 if header else 1):
        if len(words) == limit:
            break
        line = line.rstrip(b" \r\n")
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)  # else a part of the first word
        if not line:
            empty += 1
            continue
        width = width or line.count(b" ")
        word, values = _parse(f"Line {number} of {path}", line, width)
        words.append(word)
        numbers.extend(values)
        if len(words) % _COUNTED == 0:
            progress.advance(_COUNTED)
            progress.read(len(words), ended=False)
    _check_complete(path, promised, len(words) + empty, limit)
    vectors = np.frombuffer(numbers, np.float32).reshape(len(words), -1) if words else None
    return words, vectors, {"empty lines": empty} if empty else {}


def _lines(path: Path, file: BinaryIO) -> Iterator[bytes]:
    """Yield lines, none longer than a word and the widest vector can be.

    Raises:
        WeightsError: One is: a packed file of a few megabytes may unpack to one of any length.
    """
    while line := file.readline(_LONGEST_LINE + 1):
        if len(line) > _LONGEST_LINE:
            raise WeightsError(
                f"{path} has a line of more than {_LONGEST_LINE:,} bytes, which no word and vector "
                "need. It is no file of word vectors, or lacks its line ends: copy it again."
            )
        yield line


def _parse(place: str, line: bytes, width: int) -> tuple[bytes, list[float]]:
    """Split one line from its end, because words of some GloVe files hold spaces."""
    word, *fields = line.rsplit(b" ", width)
    if not fields or len(fields) != width or _ends_in_number(word):
        raise WeightsError(
            f"{place} has {line.count(b' ')} numbers after the word; {width or 'some'} were "
            f"expected. It starts with {line[:40]!r}. Mend the file or name its --format."
        )
    try:
        return word, [float(field) for field in fields]
    except ValueError:
        raise WeightsError(
            f"{place} holds something other than numbers after the word: {line[:60]!r}. "
            "Mend the file or name its --format."
        ) from None


def _ends_in_number(word: bytes) -> bool:
    """Tell whether a number stands after a space: one too many, rather than part of a word."""
    if b" " not in word:
        return False
    try:
        float(word.rpartition(b" ")[2])
    except ValueError:
        return False
    return True


def _read_binary(path: Path, file: BinaryIO, limit: int | None) -> tuple[list[bytes], np.ndarray]:
    promised, width = _header(path, file.readline(_CHUNK_BYTES))
    words, numbers = [], bytearray()
    for word, values in _records(file, 4 * width):
        if len(words) in (limit, promised):
            break
        words.append(word)
        numbers += values
    _check_complete(path, promised, len(words), limit)
    return words, np.frombuffer(numbers, "<f4").reshape(len(words), width)


def _records(file: BinaryIO, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield each word and the `size` bytes of its vector; a partial last record is left out."""
    buffer, start = b"", 0
    while True:
        space = buffer.find(b" ", start)
        end = space + 1 + size
        if space >= 0 and end <= len(buffer):
            # Some writers end a vector with a line break, some do not.
            yield buffer[start:space].lstrip(b"\n"), buffer[space + 1 : end]
            start = end
        else:
            if space < 0 and len(buffer) - start > _CHUNK_BYTES:
                raise WeightsError(
                    f"{file.name} has no word in {_CHUNK_BYTES:,} bytes. It is no file of "
                    "word2vec's binary format, or was damaged: copy it again."
                )
            more = file.read(_CHUNK_BYTES)
            if not more:
                return
            buffer, start = buffer[start:] + more, 0


def _check_complete(path: Path, promised: int | None, found: int, limit: int | None) -> None:
    wanted = promised if limit is None or promised is None else min(promised, limit)
    if wanted is not None and found < wanted:
        raise WeightsError(
            f"{path} promises {promised:,} words in its first line and holds {found:,}. "
            "It was cut short: copy it again."
        )


def _read_npy(path: Path, words: Path, limit: int | None) -> tuple[list[str | bytes], np.ndarray]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of NumPy, over headers that Python 2 wrote
            vectors = np.lib.format.open_memmap(path, mode="r")
    except _DAMAGED as error:
        raise WeightsError(f"{path} is not a .npy file of numbers: {error}") from error
    if vectors.ndim != 2 or vectors.dtype.kind != "f":
        raise WeightsError(
            f"{path} must hold floating-point numbers of shape (words, width). "
            f"Received: {vectors.dtype} of shape {vectors.shape}."
        )
    entries = _read_word_list(words, len(vectors))
    if len(entries) != len(vectors):
        more = "more" if len(entries) > len(vectors) else f"{len(entries):,}"
        raise WeightsError(
            f"{path} has {len(vectors):,} rows, {words} has {more} words. "
            "They must be of one length and order."
        )
    with np.errstate(over="ignore"):  # to infinity, which is refused with its word
        return entries[:limit], np.asarray(vectors[:limit], np.float32)


def _read_word_list(path: Path, rows: int) -> list[str | bytes]:
    """Read the words of `rows` rows, and where there are more, one more at most."""
    if not path.is_file():
        raise WeightsError(f"No file {path}. Give the word list of the vectors with --words.")
    if path.suffix == ".parquet":
        return _read_parquet(path, rows)
    with path.open("rb") as file:
        lines = itertools.islice(_lines(path, file), rows + 1)
        return [line.removesuffix(b"\n").rstrip(b"\r") for line in lines]


def _read_parquet(path: Path, rows: int) -> list[str | bytes]:
    import pyarrow as pa
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            texts, positions = _columns(path, file.schema_arrow)
            size = packing.largest_group(file.metadata)
        packing.check(path.name, path.stat().st_size, size, WeightsError)
        # Each word once, however many rows repeat it: a list of them would be of any size.
        with pyarrow.parquet.ParquetFile(path, read_dictionary=texts) as file:
            if file.metadata.num_rows > rows:
                return [b""] * (rows + 1)
            table = file.read([*texts, *positions])
        words = [word for chunk in table.column(texts[0]).chunks for word in _words(chunk)]
        numbers = table.column(positions[0]).to_pylist() if positions else None
    except (pa.ArrowException, OSError, ValueError, OverflowError, LookupError) as error:
        raise WeightsError(f"{path} is not a parquet table: {error}") from error
    return words if numbers is None else _in_order(path, words, numbers)


def _columns(path: Path, schema: "pa.Schema") -> tuple[list[str], list[str]]:
    """Return the column of words, and that of row numbers if there is one."""
    import pyarrow as pa

    is_text = (pa.types.is_string, pa.types.is_large_string)
    texts = [f.name for f in schema if any(is_kind(f.type) for is_kind in is_text)]
    positions = [f.name for f in schema if pa.types.is_integer(f.type)]
    if len(texts) != 1 or len(positions) > 1:
        raise WeightsError(
            f"{path} must have one column of words and at most one of row numbers. "
            f"It has: {', '.join(f'{f.name} ({f.type})' for f in schema)}."
        )
    return texts, positions


def _words(column: "pa.DictionaryArray") -> list[str | bytes]:
    """Return the words of a column, "" where there is none; bytes where they are not UTF-8."""
    try:
        words = column.dictionary.to_pylist()
    except UnicodeDecodeError:  # Parquet does not check that its strings are
        words = column.dictionary.cast("large_binary").to_pylist()
    places = column.indices.to_pylist()
    if any(place is not None and not 0 <= place < len(words) for place in places):
        raise IndexError("a word is missing")
    return ["" if place is None else words[place] or "" for place in places]


def _in_order(
    path: Path, words: list[str | bytes], positions: list[int | None]
) -> list[str | bytes]:
    if set(positions) != set(range(len(words))):
        raise WeightsError(f"The row numbers in {path} must be 0 to {len(words) - 1:,}, each once.")
    return [word for _, word in sorted(zip(positions, words, strict=True))]


def _cleaned(
    path: Path, entries: list[str | bytes], vectors: np.ndarray, dropped: dict[str, int]
) -> WordVectors:
    words, rows, dropped = {}, [], dict(dropped)
    for row, entry in enumerate(entries):
        word, reason = _checked(entry)
        if reason is None and word in words:
            reason = "repeated words"
        if reason is None:
            words[word] = row
            rows.append(row)
        else:
            dropped[reason] = dropped.get(reason, 0) + 1
    if not words:
        raise WeightsError(f"{path} holds no words. Left out: {dropped or 'nothing'}.")
    if len(rows) < len(entries):
        vectors = vectors[rows]
    words = list(words)
    _check_finite(path, words, vectors)
    return WordVectors(words, vectors, dropped)


def _checked(entry: str | bytes) -> tuple[str, str | None]:
    """Return a word, and why it must be left out if it must."""
    try:
        word = entry if isinstance(entry, str) else entry.decode("utf-8")
    except UnicodeDecodeError:
        return "", "words that are not UTF-8"
    if not word:
        return word, "empty words"
    if any(character in word for character in " \r\n"):
        return word, "words with a space, which no token can equal"
    return word, None


def _check_finite(path: Path, words: list[str], vectors: np.ndarray) -> None:
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(bad):
        raise WeightsError(
            f"{path} has {len(bad):,} vectors that hold NaN or infinity, the first for the word "
            f"{words[bad[0]]!r}. Remove these words, or copy the file again."
        )
