"""From what the user names to the files that are read: format, columns and labels of each."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from tfnews.catalogue.names import LABELS_FROM
from tfnews.data import articles, columns, formats, labels, naming, tables
from tfnews.data.formats import Format
from tfnews.data.rows import USUAL, Layout, Row
from tfnews.data.text import listed
from tfnews.errors import DataError, UsageError
from tfnews.files import read_text, sha256

_FOLDER = "texts"  # what the format of a folder of articles is called
_MANIFEST = "manifest.json"


class Place(NamedTuple):
    """A file to read, or a folder of articles.

    Attributes:
        path: Where it is.
        notes: How it was chosen.
        root: The folder that the user named; `None` when the user named the file.
        alone: Whether it is the only source: its root's name would give all rows one label.
    """

    path: Path
    notes: tuple[str, ...] = ()
    root: Path | None = None
    alone: bool = False


@dataclass(frozen=True)
class SourceFile:
    """One file, or a folder of articles, and how it is read.

    Args:
        place: Where it is.
        name: What it is called in summaries: its name, with its folder's if another shares it.
        format: Row of the table of formats, with the user's columns laid over.
        columns: All its columns.
        meanings: Normal label value, or pattern of a name, to 1 (fake), 0 (real) or None (drop).
        explained: Whether the user said which values are fake or real.
        believed: Whether the user, or the one who wrote the file, vouches for the format.
        beside: The file that holds its bodies.
        layout: What the user said of its encoding, delimiter and header.
        notes: Remarks that hold before the file is read.
    """

    place: Place
    name: str
    format: Format
    columns: tuple[str, ...]
    meanings: dict[str, int | None]
    explained: bool = False
    believed: bool = False
    beside: Path | None = None
    layout: Layout = USUAL
    notes: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """Where the file or folder is."""
        return self.place.path

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of articles."""
        return self.path.is_dir()

    @property
    def format_name(self) -> str:
        """The format's name; for an unknown one the kind of file."""
        if self.format.name != formats.GENERIC.name:
            return self.format.name
        return _FOLDER if self.is_folder else tables.kind(self.path)

    @property
    def digest(self) -> str:
        """The SHA-256 of its bytes, as 64 hex digits."""
        return articles.digest(self.path) if self.is_folder else sha256(self.path)

    @property
    def extra_columns(self) -> list[str]:
        """The columns that are passed on: a label column among them would leak the label."""
        row = self.format
        used = {row.title, row.text, row.label, *row.ignored}
        used |= set(articles.COLUMNS) if self.is_folder else set()
        return [c for c in self.columns if c not in used and not formats.is_nameless(c)]

    def rows(self, counts: Counter) -> Iterator[Row]:
        """Stream the file's rows, counting oddities in `counts`."""
        row = self.format
        if self.is_folder:
            return articles.rows(self.path, counts, self.layout)
        own = self.columns[:-1] if self.beside else self.columns
        rows = tables.rows(
            self.path,
            own,
            counts,
            texts=(row.title, row.text),
            layout=self.layout._replace(
                header=self.layout.header and not row.names, quoting=row.quoting
            ),
        )
        return self._with_bodies(rows) if self.beside else rows

    def named_label(self, file: str) -> str:
        """Return the label that stands in a name, "" when none does.

        Args:
            file: Path of an article within the folder; anything for a file of many rows.
        """
        path, root = self.path, self.place.root
        if self.is_folder:
            path, root = self.path / file, self.path
        outer = root is None or not self.place.alone
        return naming.label(path, root, self.meanings, article=self.is_folder, outer=outer)

    def _with_bodies(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Add to each row the body that the second file has under the same key."""
        beside = self.format.beside
        bodies = _bodies(self.beside, beside, self.layout)
        key = self.columns.index(columns.find(beside.key, self.columns))
        for row in rows:
            if row.fault:
                yield row
            elif row.values[key] in bodies:
                yield Row(row.line, [*row.values, bodies[row.values[key]]])
            else:
                yield Row(row.line, [row.values[key]], f"no body of its {beside.key}")


def resolve(
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
    layout: Layout = USUAL,
) -> list[SourceFile]:
    """Find the files, recognise each, and settle its columns and labels.

    Raises:
        DataError: A source or a column is missing, or a file is empty or of no known kind.
        UsageError: `format` or `label_from` is unknown, or a label value is given two meanings.
    """
    wanted = formats.named(format) if format else None
    _check_label_from(label_from, label_column)
    named = {"title": title_column, "text": text_column, "label": label_column}
    values = (fake_values, real_values, drop_values)
    explained = bool(fake_values or real_values)
    recognised = [(place, *_recognised(place.path, wanted, layout)) for place in find(sources)]
    files = [
        _settled(place, row, names, named, label_from, explained)
        for place, row, names in _without_second_files(recognised)
    ]
    names = Counter(file.path.name for file in files)
    return [
        _checked(
            replace(
                file,
                name=file.path.name if names[file.path.name] == 1 else _with_folder(file.path),
                meanings=labels.mapping(file.format, *values),
                explained=explained,
                layout=layout,
                believed=file.believed or wanted is not None,
            )
        )
        for file in files
    ]


def find(sources: str | os.PathLike | Iterable[str | os.PathLike]) -> list[Place]:
    """List the files of several sources, each with the notes on how it was chosen.

    Raises:
        DataError: A source is missing, named twice, or holds nothing that can be read.
    """
    if isinstance(sources, str | os.PathLike):
        sources = [sources]
    sources = [Path(source) for source in sources]
    found = [
        place._replace(alone=len(sources) == 1)
        for source in sources
        for place in _places_of(source)
    ]
    paths = [path for place in found for path in _files_of(place.path)]
    times = Counter(str(path.resolve()).removesuffix(".gz") for path in paths)
    twice = [Path(path).name for path, number in times.items() if number > 1]
    if twice:
        raise DataError(
            f"{twice[0]} would be read twice: it is named twice, or lies beside its own .gz form. "
            "Name each file once, or its folder, and keep one form."
        )
    if not found:
        raise DataError("No source was given. Name files or folders of news.")
    return found


def _files_of(path: Path) -> list[Path]:
    return articles.files(path) if path.is_dir() else [path]


def _places_of(source: Path) -> list[Place]:
    if not source.exists():
        raise DataError(f"{source} does not exist. Name a file or a folder of news.")
    if source.is_dir():
        return _places_in(source)
    if not tables.has_columns(source):
        raise DataError(
            f"{source.name} is of no known kind. Allowed endings: {', '.join(tables.ENDINGS)}, "
            "each also with .gz; of .txt files, one article each, the folder. Convert or rename it."
        )
    if not source.is_file():
        raise DataError(
            f"{source.name} is no file but, perhaps, a pipe: news is read more than once here. "
            "Write it to a file first."
        )
    return [Place(source)]


def _places_in(folder: Path) -> list[Place]:
    """Choose what is read of a folder: files with rows in it, else below it, else its articles."""
    below = articles.visible(folder)
    inside = [path for path in below if path.parent == folder]
    read = _with_rows(inside) or _with_rows(below)
    if not read and articles.files(folder):
        return [Place(folder)]
    if not read:
        raise DataError(
            f"The folder {folder} holds no news file. Allowed endings: "
            f"{', '.join(tables.ENDINGS)}, or .txt files of one article each."
        )
    aside = [path.name for path in inside if path not in read]
    deeper = sum(tables.kind(path) is not None for path in below if path not in [*inside, *read])
    aside += [f"{deeper:,} in folders below"] * bool(deeper)
    note = (f"not read, in the same folder: {listed(aside)}",) if aside else ()
    return [Place(path, note if path == read[0] else (), folder) for path in read]


def _with_rows(paths: Sequence[Path]) -> list[Path]:
    # .json files beside the data are descriptions more often than news
    data = [p for p in paths if tables.has_columns(p) and not p.name.casefold().endswith(".json")]
    return _of_known_folder(data) or data


def _of_known_folder(paths: Sequence[Path]) -> list[Path]:
    for row in formats.FORMATS:
        kept = [path for path in paths if path.name.casefold().removesuffix(".gz") in row.files]
        if len(kept) > 1:
            return kept
    return []


def _with_folder(path: Path) -> str:
    return f"{path.resolve().parent.name}/{path.name}"


# --- The format of a file --------------------------------------------------------------------


def _recognised(path: Path, wanted: Format | None, layout: Layout) -> tuple[Format, list[str]]:
    """Return a file's format, and its columns."""
    if path.is_dir():
        return formats.GENERIC, list(articles.COLUMNS)
    row = wanted or formats.recognise_line(tables.first_line(path, layout))
    if row and row.names:
        return row, _without_header(path, row, layout)
    names = tables.columns(path, layout)
    first = tables.first_row(path, names, layout)
    row = row or formats.recognise(_stem(path), names, first.values)
    return _as_in_manifest(path, row, names, wanted), names


def _stem(path: Path) -> str:
    return path.name.casefold().split(".")[0]


def _without_header(path: Path, row: Format, layout: Layout) -> list[str]:
    width = len(tables.first_line(path, layout).split("\t"))
    if width != len(row.names):
        raise DataError(
            f"{path.name} has {width} tab-separated columns; {row.name} files have "
            f"{len(row.names)} and no header. Name another --format."
        )
    return list(row.names)


def _as_in_manifest(path: Path, row: Format, names: Sequence[str], wanted: Format | None) -> Format:
    """Take the format, class names and basis of splits from the manifest beside them."""
    manifest = path.parent / _MANIFEST
    own = row.name.startswith("tfnews") or (row is formats.GENERIC and wanted is None)
    if not own or columns.find(columns.COMBINED, names) is None or not manifest.is_file():
        return row
    try:
        content = json.loads(read_text(manifest))
        if row is formats.GENERIC:
            if path.name not in content.get("digests", {}):
                return row
            whole = columns.find("title", names) and columns.find("text", names)
            row = formats.named("tfnews" if whole else "tfnews-combined")
        real, fake = map(str.__str__, content.get("class_names") or row.class_names)  # texts alone
        told = {"basis": content.get("label_basis"), "licence": content.get("licence")}
        return replace(row, class_names=(real, fake), written=True, **told)
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise DataError(
            f"{manifest.name} beside {path.name} is not a manifest: {error}."
        ) from error


# --- Second files ----------------------------------------------------------------------------


def _without_second_files(
    files: Sequence[tuple[Place, Format, list[str]]],
) -> list[tuple[Place, Format, list[str]]]:
    """Leave out the files that hold the bodies of others: they are read along with these."""
    seconds = {_second(place.path, row) for place, row, _ in files if row.beside}
    return [one for one in files if one[0].path not in seconds]


def _second(path: Path, row: Format) -> Path | None:
    """Return the file beside this one that holds its bodies."""
    old, new = row.beside.ending
    stem = _stem(path)
    if not stem.endswith(old):
        return None
    wanted = stem.removesuffix(old) + new
    beside = (one for one in sorted(path.parent.iterdir()) if one.is_file())  # no pipe
    return next((one for one in beside if _stem(one) == wanted), None)


def _bodies(path: Path, beside: formats.Beside, layout: Layout) -> dict[str, str]:
    """Read a second file as key to body."""
    names = tables.columns(path, layout)
    wanted = [
        columns.required(name, names, path.name, "--format") for name in (beside.key, beside.column)
    ]
    rows = tables.rows(path, names, Counter(), texts=[wanted[1]], layout=layout)
    places = [names.index(name) for name in wanted]
    return {row.values[places[0]]: row.values[places[1]] for row in rows if not row.fault}


# --- The columns of a file -------------------------------------------------------------------


def _check_label_from(label_from: str | None, label_column: str | None) -> None:
    if label_from not in (None, *LABELS_FROM):
        raise UsageError(
            f"Labels come from {' or '.join(LABELS_FROM)}. Received: --label-from {label_from}."
        )
    if label_from == "name" and label_column:
        raise UsageError("Give either --label-column or --label-from name, not both.")


def _settled(
    place: Place,
    row: Format,
    names: list[str],
    named: dict[str, str | None],
    label_from: str | None,
    explained: bool,
) -> SourceFile:
    path = place.path
    second = _second(path, row) if row.beside else None
    if row.beside and second is None and columns.find(row.text, names) is None:
        raise DataError(
            f"The bodies of {path.name} stand in a file of the same name with "
            f"{row.beside.ending[1]} for {row.beside.ending[0]}, which is not beside it. Put it "
            "there, or name a --text-column."
        )
    names = [*names, row.beside.column] if second else names
    row = _with_label(place, row, names, named["label"], label_from, explained)
    row = _with_texts(path.name, row, names, named["title"], named["text"])
    bodies = (f"read with the bodies in {second.name}",) if second else ()
    notes = (*place.notes, *row.notes, *bodies)
    return SourceFile(
        place, path.name, row, tuple(names), {}, believed=row.written, beside=second, notes=notes
    )


def _with_texts(
    source: str, row: Format, names: Sequence[str], title: str | None, text: str | None
) -> Format:
    """Settle the columns of title and body, and spell all others as the file does."""
    said = [
        columns.required(title, names, source, "--title-column"),
        columns.required(text, names, source, "--text-column"),
    ]
    generic = row.name == formats.GENERIC.name
    if generic:
        default = columns.by_name(names) if any(said) else columns.usual(names)
    else:
        default = columns.Chosen(columns.find(row.title, names), columns.find(row.text, names))
    found = columns.chosen(*said, default)
    if row.title and not generic and not any(said):
        columns.required(row.title, names, source, "--title-column")
    if found.text is None:
        alone = " (for headlines alone: the title's)" if found.title else ""
        columns.required(row.text, names, source, f"--text-column{alone}")
    ignored = frozenset(columns.find(name, names) or name for name in row.ignored)
    return replace(row, title=found.title, text=found.text, ignored=ignored)


def _with_label(
    place: Place,
    row: Format,
    names: Sequence[str],
    label: str | None,
    label_from: str | None,
    explained: bool,
) -> Format:
    """Settle where the label stands."""
    source = place.path.name
    if place.path.is_dir() and not (label_from == "name" or explained):
        raise _no_column(place)
    if label_from == "name" or place.path.is_dir():
        values = formats.NAME_WORDS if row.name == formats.GENERIC.name else row.values
        return replace(row, label=None, values=values)
    if label:
        return replace(row, label=columns.required(label, names, source, "--label-column"))
    if row.label is None and label_from is None:
        return row
    row = replace(row, label=row.label or formats.GENERIC.label)
    found = columns.find(row.label, names)
    if found is None:
        raise _no_label(place, row, names)
    return replace(row, label=found)


def _no_label(place: Place, row: Format, names: Sequence[str]) -> DataError:
    try:
        outer = place.root is None or not place.alone
        words = formats.NAME_WORDS
        said = naming.label(place.path, place.root, words, article=False, outer=outer)
    except DataError:  # it speaks of both classes
        said = ""
    offer = f" The name says {said!r}: to take it as the label, add --label-from name." * bool(said)
    return DataError(
        f"Column {row.label!r} is not in {place.path.name}. It has: {listed(names)}. Name "
        f"another with --label-column, or say --label-from name.{offer}"
    )


def _no_column(place: Place) -> DataError:
    """Return the error for a folder of articles of which nobody has said where the labels are."""
    folder, words = place.path, formats.NAME_WORDS
    paths = articles.files(folder)
    outer = not place.alone
    said = [naming.label(path, folder, words, article=True, outer=outer) for path in paths]
    kinds = {words[word] for word in said if word}
    around = Counter(
        path.relative_to(folder).parts[0] if path.parent != folder else "in the folder itself"
        for path in paths
    )
    if kinds == {0, 1} or (kinds and outer):
        fake = sum(words.get(word) == 1 for word in said)
        real = sum(words.get(word) == 0 for word in said)
        offer = (
            f"Their names say which is which: {fake:,} fake, {real:,} real. To take these as the "
            "labels, add --label-from name."
        )
    else:
        offer = (
            f"Found: {naming.counted(around)}. Say what names mean, as in: --label-from name "
            "--fake-value PATTERN --real-value PATTERN."
        )
    return DataError(
        f"{folder.name} is a folder of {len(paths):,} .txt files, which have no column of labels. "
        f"{offer}"
    )


def _checked(file: SourceFile) -> SourceFile:
    """Make sure that a name which is to be the label of a whole file is one."""
    if file.format.label is not None or file.is_folder or file.named_label(""):
        return file
    row = file.format
    if row.files:
        what = f"the label of {row.name} files is their name, one of {', '.join(row.files)}"
    else:
        patterns = ", ".join(file.meanings)
        what = f"its name, and its folder's, say nothing of the label. Looked for: {patterns}"
    raise DataError(
        f"{file.path.name}: {what}. Rename it, give --fake-value PATTERN and --real-value PATTERN, "
        "or name another --format or a --label-column."
    )
