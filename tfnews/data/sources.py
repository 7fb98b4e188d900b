"""From what the user names to the files that are read: format, columns and labels of each."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tfnews.data import formats, labels, tables
from tfnews.data.formats import Format
from tfnews.data.rows import USUAL, Layout
from tfnews.data.text import listed, shown
from tfnews.errors import DataError


@dataclass(frozen=True)
class SourceFile:
    """One file, and how it is read.

    Args:
        path: Where it is.
        name: What it is called in summaries: its name, with its folder's if another shares it.
        format: Row of the table of formats, with the user's columns laid over.
        columns: All its columns.
        meanings: Normal label value to 1 (fake), 0 (real) or None (drop).
        explained: Whether the user said which values are fake or real.
        layout: What the user said of its encoding, delimiter and header.
        notes: Remarks that hold before the file is read.
    """

    path: Path
    name: str
    format: Format
    columns: tuple[str, ...]
    meanings: dict[str, int | None]
    explained: bool = False
    layout: Layout = USUAL
    notes: tuple[str, ...] = ()

    @property
    def format_name(self) -> str:
        """The format's name; for an unknown one the kind of file."""
        return tables.kind(self.path) if self.format.name == "generic" else self.format.name

    @property
    def stem(self) -> str:
        """The file's name without its endings, in lower case: the label of some formats."""
        return _stem(self.path)

    @property
    def is_plain(self) -> bool:
        """Whether the columns are those of tfnews' own layout, which anybody's may be."""
        return set(self.columns) == {"title", "text", "label"}

    @property
    def extra_columns(self) -> list[str]:
        """The columns that are passed on: a label column among them would leak the label."""
        row = self.format
        used = {row.title, row.text, row.label, *row.ignored}
        return [c for c in self.columns if c not in used and not formats.is_nameless(c)]

    def rows(self, counts: Counter) -> Iterator[tables.Row]:
        """Stream the file's rows, counting oddities in `counts`."""
        row = self.format
        return tables.rows(
            self.path,
            self.columns,
            counts,
            texts=(row.title, row.text),
            layout=self.layout._replace(
                header=self.layout.header and not row.names, quoting=row.quoting
            ),
        )


def resolve(
    sources: str | os.PathLike | Iterable[str | os.PathLike],
    *,
    format: str | None = None,
    title_column: str | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    fake_values: Sequence[str] = (),
    real_values: Sequence[str] = (),
    drop_values: Sequence[str] = (),
    layout: Layout = USUAL,
) -> list[SourceFile]:
    """Find the files, recognise each, and settle its columns and labels.

    Raises:
        DataError: A source or a column is missing, or a file is empty or of no known kind.
        UsageError: `format` is unknown, or a label value is given two meanings.
    """
    wanted = formats.named(format) if format else None
    columns = {"title": title_column, "text": text_column, "label": label_column}
    values = (fake_values, real_values, drop_values)
    files = [_settled(path, notes, wanted, columns, layout) for path, notes in find(sources)]
    names = Counter(file.path.name for file in files)
    return [
        replace(
            file,
            name=file.path.name if names[file.path.name] == 1 else _with_folder(file.path),
            meanings=labels.mapping(file.format, *values),
            explained=bool(fake_values or real_values),
        )
        for file in files
    ]


def find(
    sources: str | os.PathLike | Iterable[str | os.PathLike],
) -> list[tuple[Path, tuple[str, ...]]]:
    """List the files of several sources, each with the notes on how it was chosen.

    Raises:
        DataError: A source is missing, named twice, or holds nothing that can be read.
    """
    if isinstance(sources, str | os.PathLike):
        sources = [sources]
    found = [pair for source in sources for pair in _files_of(Path(source))]
    times = Counter(str(path.resolve()).removesuffix(".gz") for path, _ in found)
    twice = [Path(path).name for path, number in times.items() if number > 1]
    if twice:
        raise DataError(
            f"{twice[0]} would be read twice: it is named twice, or lies beside its own .gz form. "
            "Name each file once, or its folder, and keep one form."
        )
    if not found:
        raise DataError("No source was given. Name files or folders of news.")
    return found


def _files_of(source: Path) -> list[tuple[Path, tuple[str, ...]]]:
    if not source.exists():
        raise DataError(f"{source} does not exist. Name a file or a folder of news.")
    if source.is_dir():
        return _files_in(source)
    if not tables.has_columns(source):
        raise DataError(
            f"{source.name} is of no known kind. Allowed endings: {', '.join(tables.ENDINGS)}, "
            "each also with .gz. Convert or rename it."
        )
    if not source.is_file():
        raise DataError(
            f"{source.name} is no file but, perhaps, a pipe: news is read more than once here. "
            "Write it to a file first."
        )
    return [(source, ())]


def _files_in(folder: Path) -> list[tuple[Path, tuple[str, ...]]]:
    inside = sorted(path for path in folder.iterdir() if path.is_file())
    # .json files beside the data are descriptions more often than news
    data = [p for p in inside if tables.has_columns(p) and not p.name.casefold().endswith(".json")]
    read = _of_known_folder(data) or data
    if not read:
        raise DataError(
            f"The folder {folder} holds no news file. Allowed endings: {', '.join(tables.ENDINGS)}."
        )
    aside = [path.name for path in inside if path not in read]
    note = (f"not read, in the same folder: {listed(aside)}",) if aside else ()
    return [(path, note if path == read[0] else ()) for path in read]


def _of_known_folder(paths: Sequence[Path]) -> list[Path]:
    for row in formats.FORMATS:
        kept = [path for path in paths if path.name.casefold().removesuffix(".gz") in row.files]
        if len(kept) > 1:
            return kept
    return []


def _with_folder(path: Path) -> str:
    return f"{path.resolve().parent.name}/{path.name}"


def _settled(
    path: Path,
    notes: tuple[str, ...],
    wanted: Format | None,
    named: dict[str, str | None],
    layout: Layout,
) -> SourceFile:
    row = wanted or formats.recognise_line(tables.first_line(path, layout.encoding))
    headerless = row and row.names
    columns = _without_header(path, row, layout) if headerless else tables.columns(path, layout)
    if not headerless:
        first = tables.first_row(path, columns, layout)
        row = row or formats.recognise(_stem(path), columns, first.values)
    row = _as_in_manifest(path, _with_columns(path, row, columns, named))
    if row.label is None and _stem(path) not in row.values:
        raise DataError(
            f"{path.name}: the label of {row.name} files is their name, one of "
            f"{', '.join(row.files)}. Rename it, or name another --format or a --label-column."
        )
    return SourceFile(
        path, path.name, row, tuple(columns), {}, layout=layout, notes=(*notes, *row.notes)
    )


def _stem(path: Path) -> str:
    return path.name.casefold().split(".")[0]


def _without_header(path: Path, row: Format, layout: Layout) -> list[str]:
    width = len(tables.first_line(path, layout.encoding).split("\t"))
    if width != len(row.names):
        raise DataError(
            f"{path.name} has {width} tab-separated columns; {row.name} files have "
            f"{len(row.names)} and no header. Name another --format."
        )
    return list(row.names)


def _with_columns(
    path: Path, row: Format, columns: Sequence[str], named: dict[str, str | None]
) -> Format:
    """Lay the user's columns over the format's and check that all are there."""
    said = {role: column for role, column in named.items() if column}
    if row is formats.GENERIC and "title" not in said and _taken_or_absent("title", said, columns):
        row = replace(row, title=None)
    row = replace(row, **said)
    for role in ("text", "label", "title"):
        column = getattr(row, role)
        if column is not None and column not in columns:
            raise DataError(
                f"Column {shown(column, 60)!r} is not in {path.name}. It has: {listed(columns)}. "
                f"Name another with --{role}-column."
            )
    return row


def _taken_or_absent(column: str, said: dict[str, str], columns: Sequence[str]) -> bool:
    return column not in columns or column in said.values()


def _as_in_manifest(path: Path, row: Format) -> Format:
    """Take class names and the labels' basis from the manifest of a folder of splits."""
    manifest = path.parent / "manifest.json"
    if not row.name.startswith("tfnews") or not manifest.is_file():
        return row
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
        names = tuple(content.get("class_names") or row.class_names)
        return replace(row, class_names=names, basis=content.get("label_basis"))
    except (ValueError, AttributeError) as error:
        raise DataError(
            f"{manifest.name} beside {path.name} is not a manifest: {error}."
        ) from error
