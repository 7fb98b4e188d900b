"""Reads labelled news of any known format, a chunk at a time, and accounts for every row."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import pandas as pd

from tfnews.catalogue.bounds import bounded
from tfnews.data import formats
from tfnews.data.blocks import LONGEST_RECORD
from tfnews.data.chunks import FileChunks, headline
from tfnews.data.rows import layout_of
from tfnews.data.sources import SourceFile, resolve
from tfnews.data.text import listed, shown
from tfnews.errors import DataError
from tfnews.records import ColumnsRecord

_SAMPLES = 2


def read(
    sources: str | os.PathLike | Iterable[str | os.PathLike],
    *,
    format: str | None = None,
    title_column: str | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    label_from: str | None = None,
    fake_values: Sequence[str] = (),
    real_values: Sequence[str] = (),
    drop_values: Sequence[str] = (),
    encoding: str | None = None,
    delimiter: str | None = None,
    header: bool = True,
    max_record_bytes: int = LONGEST_RECORD,
    chunk_rows: int = 5000,
) -> "Reading":
    """Open files and folders of labelled news: rows of a table, or .txt files of one article each.

    Args:
        sources: One or several files and folders.
        format: One of `tfnews.data.formats.NAMES`; recognised from folders, columns and first rows
            when None.
        title_column: Column of the headline; when None, the format's. Case is no difference.
        text_column: Column of the body; when None, the format's. The column of the headline, given
            here, is read once.
        label_column: Column of the label; when None, the format's.
        label_from: "column", or "name" where the name of the file or folder is the label; by
            default what the format says.
        fake_values: Label values that mean fake, laid over the format's; patterns of names where
            the label stands in one.
        real_values: Label values that mean real, laid over the format's.
        drop_values: Label values whose rows are left out.
        encoding: Of all files; by default found out, see `tfnews.data.decoding`.
        delimiter: What divides the fields of delimited files; by default found out.
        header: Whether delimited files and sheets start with one; else columns go by their numbers.
        max_record_bytes: Of a record; a longer one is rejected without being held in memory.
        chunk_rows: Rows a chunk, at most.

    Returns:
        A reading, whose rows are read while it is iterated.

    Raises:
        DataError: A source or column is missing, or a file is empty, damaged or of no known kind.
        UsageError: `format`, `label_from` or `encoding` is unknown, or a label value is given two
            meanings.
    """
    files = resolve(
        sources,
        format=format,
        title_column=title_column,
        text_column=text_column,
        label_column=label_column,
        label_from=label_from,
        fake_values=fake_values,
        real_values=real_values,
        drop_values=drop_values,
        layout=layout_of(encoding, delimiter, header, max_record_bytes),
    )
    return Reading(files, bounded("--chunk-rows", chunk_rows))


class Reading:
    """Labelled news, to be iterated once.

    Each chunk is a frame with the columns title (str, "" when absent), text (str), label (int8,
    1 = fake), source_file and line (1-based; of the record in Parquet), then the source's other
    columns as str. A column of a source that takes one of these names gets "_in_source" added.
    Texts are passed on as they are, but for "nan" alone, which stands for a missing one.

    Args:
        files: What to read, in this order.
        chunk_rows: Rows a chunk, at most.

    Attributes:
        mapping: Format name to label value to class name, or "dropped".
        class_names: Names of class 0 and class 1.
        label_basis: "publisher", "factcheck" or None when unknown or mixed.
        licence: What the makers of the sets state of it, or None.
        summaries: After iteration, a dict a file: file, format, sha256, rows, kept, rejected
            (reason to count), notes.
        samples: After iteration, label to the first two titles (or openings of texts).
    """

    def __init__(self, files: Sequence[SourceFile], chunk_rows: int = 5000):
        self._files = files
        self._chunk_rows = chunk_rows
        self._begun = False
        self._rejects: list[tuple[str, int, str, str]] = []
        self._kept: Counter[int] = Counter()
        self.class_names = _class_names(files)
        self.label_basis = _label_basis(files)
        self.licence = formats.together(file.format.licence for file in files)
        self.mapping = {file.format_name: self._said(file) for file in files}
        self.samples: dict[int, list[str]] = {1: [], 0: []}
        self.summaries: list[dict] = []

    @property
    def columns(self) -> list[ColumnsRecord]:
        """The columns that made texts and labels, each combination once."""
        found = (file.format for file in self._files if not file.is_folder)
        return list(dict.fromkeys(ColumnsRecord(row.text, row.title, row.label) for row in found))

    @property
    def rejects(self) -> pd.DataFrame:
        """The rows left out so far: file, line, reason, excerpt."""
        return pd.DataFrame(self._rejects, columns=["file", "line", "reason", "excerpt"])

    def __iter__(self) -> Iterator[pd.DataFrame]:
        if self._begun:
            raise RuntimeError("A Reading is iterated once: call read() again.")
        self._begun = True
        for file in self._files:
            chunks = FileChunks(file)
            for frame in chunks.read(self._chunk_rows):
                self._count(frame)
                yield frame
            self._rejects += chunks.rejects
            self.summaries.append(chunks.summary())
        self._check_classes()

    def _said(self, file: SourceFile) -> dict[str, str]:
        names = {0: self.class_names[0], 1: self.class_names[1], None: "dropped"}
        return {value: names[meaning] for value, meaning in file.meanings.items()}

    def _count(self, frame: pd.DataFrame) -> None:
        self._kept.update(frame["label"].tolist())
        for label, samples in self.samples.items():
            rows = frame[frame["label"] == label].head(_SAMPLES - len(samples))
            samples += map(headline, rows["title"], rows["text"])

    def _check_classes(self) -> None:
        if self._kept[0] and self._kept[1]:
            return
        total = self._kept.total()
        what = "No row was kept"
        if total:
            what = f"All {total:,} rows kept are labelled {self.class_names[self._kept[1] > 0]}"
        reasons = Counter(reason for _, _, reason, _ in self._rejects)
        rejected = ", ".join(f"{reason} ({number:,})" for reason, number in reasons.items())
        raise DataError(
            f"{what}; a set needs rows of both classes. Read: "
            f"{listed(file.name for file in self._files)}. Rejected: {shown(rejected) or 'none'}. "
            "Name all files of the set at once, or change --fake-value, --real-value and "
            "--drop-value."
        )


def _class_names(files: Sequence[SourceFile]) -> tuple[str, str]:
    names = {file.format.class_names for file in files}
    if len(names) > 1:
        raise DataError(
            f"The sources have different classes: {', '.join(map('/'.join, sorted(names)))}. "
            "Read them one set at a time."
        )
    return names.pop()


def _label_basis(files: Sequence[SourceFile]) -> str | None:
    bases = {file.format.basis for file in files}
    return bases.pop() if len(bases) == 1 else None
