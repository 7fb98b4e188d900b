"""One file's rows as frames of labelled news, with every row kept or rejected for a reason."""

from collections import Counter
from collections.abc import Iterable, Iterator

import pandas as pd

from tfnews import progress
from tfnews.data import labels, tables
from tfnews.data.columns import find, in_source
from tfnews.data.decoding import Account
from tfnews.data.formats import DATELINE, GENERIC, NO_LABEL, normal_label, offered
from tfnews.data.sources import SourceFile
from tfnews.data.text import excerpt

COLUMNS = ("title", "text", "label", "source_file", "line")
NO_TEXT = "rows with a title and no text, kept"
NO_TITLE = "rows with a text and no title, kept"

_CHARACTERS_AT_ONCE = 2**24  # 5,000 articles have fewer, 5,000 books would not go into memory


class FileChunks:
    """Streams one file as frames with `COLUMNS` and the file's extra columns.

    Args:
        file: What to read.

    Attributes:
        rejects: Rows left out so far: file, line, reason, excerpt.
    """

    def __init__(self, file: SourceFile):
        self.rejects: list[tuple[str, int, str, str]] = []
        self._file = file
        self._rows = 0
        self._kept = 0
        self._oddities = Account()
        self._datelines = labels.Probe(DATELINE)
        own = file.format.evidence or DATELINE
        self._probe = self._datelines if own is DATELINE else labels.Probe(own)
        self._seen: dict[str, int | None] = {}

    def read(self, chunk_rows: int) -> Iterator[pd.DataFrame]:
        """Yield frames of at most `chunk_rows` rows, none of them empty.

        Raises:
            DataError: The file is damaged, a label is unknown, the labels are swapped, or nothing
                says which number means fake.
        """
        progress.stage(f"Reading {self._file.name}", "rows")
        for batch, is_last in _batches(self._file.rows(self._oddities), chunk_rows):
            self._rows += len(batch)
            progress.read(self._rows, ended=is_last)
            raw = self._sound(batch)
            frame = self._labelled(self._news(raw))
            progress.advance(len(batch) - len(frame))  # whoever works on the others counts them
            if len(frame):
                self._note(frame, raw)
                yield frame.reset_index(drop=True)
        self._check_polarity()

    def summary(self) -> dict:
        """Return the account of the file, once it has been read."""
        oddities = (f"{what}: {number:,}" for what, number in self._oddities.items() if number)
        return {
            "file": self._file.name,
            "format": self._file.format_name,
            "encoding": self._oddities.encoding,
            "delimiter": self._oddities.delimiter,
            "sha256": self._file.digest,
            "rows": self._rows,
            "kept": self._kept,
            "rejected": dict(Counter(reason for _, _, reason, _ in self.rejects)),
            "notes": [*self._file.notes, *oddities],
        }

    def _sound(self, batch: Iterable[tables.Row]) -> pd.DataFrame:
        """Put the whole rows into a frame under the file's own column names, indexed by line."""
        good = [row for row in batch if self._is_whole(row)]
        return pd.DataFrame(
            [row.values for row in good],
            columns=list(self._file.columns),
            index=pd.Index([row.line for row in good], dtype="int64"),
            dtype="str",
        )

    def _is_whole(self, row: tables.Row) -> bool:
        if row.fault:
            name = row.values[0] if self._file.is_folder else ""
            self._reject(row.line, row.fault, row.values[0], name)
        return row.fault is None

    def _news(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Bring the frame into the common columns, its labels still as the file has them."""
        row = self._file.format
        common = {
            "title": frame[row.title] if row.title else "",
            "text": frame[row.text],
            "label": frame[row.label] if row.label else self._labels_in_names(frame),
            "source_file": frame["file"] if self._file.is_folder else self._file.name,
            "line": frame.index,
        }
        news = pd.DataFrame(common, index=frame.index).astype(dict.fromkeys(COLUMNS[:4], "str"))
        others = frame[self._file.extra_columns]
        names = {name: in_source(name, others.columns) for name in COLUMNS}
        return news.join(others.rename(columns=names))

    def _labels_in_names(self, frame: pd.DataFrame) -> "pd.Series | str":
        if not self._file.is_folder:
            return self._file.named_label("")
        return frame["file"].map(self._file.named_label).astype("str")

    def _labelled(self, news: pd.DataFrame) -> pd.DataFrame:
        """Replace label values by 0 and 1; reject rows without a label, or without news."""
        values = news["label"].map(normal_label)
        self._check_known(news, values)
        reasons = self._reasons(news, values)
        for line, reason in reasons.dropna().items():
            row = news.loc[line]
            self._reject(line, reason, headline(row["title"], row["text"]), row["source_file"])
        kept = reasons.isna()
        codes = values[kept].map(self._file.meanings).astype("int8")
        self._seen |= dict(zip(values[kept], codes, strict=True))
        return news[kept].assign(label=codes)

    def _check_known(self, news: pd.DataFrame, values: pd.Series) -> None:
        """Stop at labels without a meaning, and name all that the file has."""
        known = values.isin([*self._file.meanings]) | labels.is_missing(values, self._file.meanings)
        if known.all():
            return
        file = self._file
        found = labels.Found(self._labels_and_headlines())
        unknown = found.but(file.meanings)
        # "true" alone of the known words says nothing beside "false".
        if self._is_unexplained() and not set(found.counts) - set(unknown.counts) - {"true"}:
            raise labels.unexplained_labels(
                file.name, file.format.label, found, offered(file.columns)
            )
        raise labels.unknown_labels(file.name, file.format.label, unknown, file.meanings)

    def _is_unexplained(self) -> bool:
        return not self._file.explained and self._file.format.name == GENERIC.name

    def _check_polarity(self) -> None:
        """Stop when the file denies what its labels are taken for, or nobody vouches for it."""
        file = self._file
        self._datelines.check(file.name, self._seen)
        self._probe.check(file.name, self._seen)
        told = file.explained or file.believed or not file.format.numbered
        if not told and not self._probe.confirms:
            found = labels.Found(self._labels_and_headlines())
            raise labels.unconfirmed_labels(file.name, file.format, found)

    def _labels_and_headlines(self) -> Iterator[tuple[int, str, str]]:
        row = self._file.format
        label, title, text = (
            self._file.columns.index(name) for name in (row.label, row.title or row.text, row.text)
        )
        skipped = NO_LABEL.difference(self._file.meanings)
        for line, values, fault in self._file.rows(Counter()):
            if not fault and (value := normal_label(values[label])) not in skipped:
                yield line, value, headline(values[title], values[text])

    def _reasons(self, news: pd.DataFrame, values: pd.Series) -> pd.Series:
        """Say for each row why it is left out; missing for those that are kept."""
        dropped = [value for value, meaning in self._file.meanings.items() if meaning is None]
        reasons = pd.Series(None, index=news.index, dtype="object")
        reasons = reasons.mask(values.isin(dropped), "label left out: " + values)
        reasons = reasons.mask(labels.is_missing(values, self._file.meanings), "no label")
        return reasons.mask(
            _is_blank(news["title"]) & _is_blank(news["text"]), "no title and no text"
        )

    def _note(self, frame: pd.DataFrame, raw: pd.DataFrame) -> None:
        row = self._file.format
        self._kept += len(frame)
        self._oddities[NO_TEXT] += int(_is_blank(frame["text"]).sum())
        if row.title:
            self._oddities[NO_TITLE] += int(_is_blank(frame["title"]).sum())
        self._datelines.add(frame["text"], frame["label"])
        if row.evidence and row.evidence is not DATELINE:
            column = find(row.evidence.column, raw.columns)
            self._probe.add(raw.loc[frame.index, column], frame["label"])

    def _reject(self, line: int, reason: str, content: str, file: str = "") -> None:
        self.rejects.append((file or self._file.name, line, reason, excerpt(content)))


def _batches(rows: Iterator[tables.Row], most: int) -> Iterator[tuple[list[tables.Row], bool]]:
    """Yield rows some at a time, fewer where they are long, and whether the source ended."""
    batch, size = [], 0
    for row in rows:
        batch.append(row)
        size += sum(map(len, row.values))
        if len(batch) == most or size > _CHARACTERS_AT_ONCE:
            yield batch, False
            batch, size = [], 0
    if batch:
        yield batch, True


def headline(title: str, text: str) -> str:
    """Return what names an article in a message: its title, else the opening of its text."""
    return excerpt(title) or excerpt(text)


def _is_blank(column: pd.Series) -> pd.Series:
    return column.str.strip().eq("")
