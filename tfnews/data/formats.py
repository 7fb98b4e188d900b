"""The known news data sets as a table: how each is recognised, its columns and its labels."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tfnews.errors import UsageError

_NAMELESS = re.compile(r"|Unnamed: \d+|__index_level_\d+__")
_WHOLE_NUMBER = re.compile(r"(-?\d+)\.0+")


@dataclass(frozen=True)
class Format:
    """One row of the table.

    Args:
        name: What `--format` calls it.
        values: Label value, in the form of `normal_label`, to 1 (fake), 0 (real) or None (drop).
        label: Column of the label; None when the file's name is the label.
        title: Column of the headline, or None.
        text: Column of the body.
        columns: The file's exact set of named columns; together with a known label in the first
            row it marks the format. Empty: not recognised by it.
        marks: Columns of which all must be there, among others, to mark the format.
        indexed: Whether a nameless index column is also part of the mark.
        first_line: Pattern that marks the first line of a file without a header.
        names: Column names of a file without a header.
        quoting: How the csv module treats quotes.
        ignored: Columns that are not passed on.
        files: Names, of which two in one folder make it a folder of this format.
        class_names: Names of class 0 and class 1.
        basis: What the labels rest on: "publisher", "factcheck" or None when unknown.
        licence: What its makers state of the texts' licence; None where they state nothing.
        notes: What a user should know about the set.
    """

    name: str
    values: Mapping[str, int | None]
    label: str | None = "label"
    title: str | None = "title"
    text: str = "text"
    columns: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()
    indexed: bool = False
    first_line: re.Pattern | None = None
    names: tuple[str, ...] = ()
    quoting: int = csv.QUOTE_MINIMAL
    ignored: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()
    class_names: tuple[str, str] = ("real", "fake")
    basis: str | None = None
    licence: str | None = None
    notes: tuple[str, ...] = field(default=())


_RATINGS = {
    "pants-fire": 1,
    "false": 1,
    "barely-true": 1,
    "half-true": 0,
    "mostly-true": 0,
    "true": 0,
}

FORMATS = (
    Format(
        name="isot",
        values={"fake": 1, "true": 0},
        label=None,
        columns=frozenset({"title", "text", "subject", "date"}),
        files=("fake.csv", "true.csv"),
        basis="publisher",
        notes=(
            "ISOT: the file's name is the label. Published code often has 0 = fake, 1 = real; "
            "here 1 = fake. The values of 'subject' are disjoint between the classes.",
        ),
    ),
    Format(
        name="welfake",
        values={"1": 1, "0": 0},
        columns=frozenset({"title", "text", "label"}),
        indexed=True,
        basis="publisher",
        notes=(
            "WELFake, recognised by its columns: its published description says 0 = fake and "
            "1 = real, but the file's own counts and texts say 1 = fake, which is used here.",
        ),
    ),
    Format(
        name="mcintire",
        values={"fake": 1, "real": 0},
        columns=frozenset({"title", "text", "label"}),
        indexed=True,
        basis="publisher",
    ),
    Format(
        name="liar",
        values=_RATINGS,
        label="rating",
        title=None,
        first_line=re.compile(rf"[^\t]*\t({'|'.join(_RATINGS)})\t([^\t]*\t){{11}}[^\t]*", re.I),
        names=(
            "id",
            "rating",
            "text",
            "subject",
            "speaker",
            "speaker_job",
            "state",
            "party",
            "barely_true_count",
            "false_count",
            "half_true_count",
            "mostly_true_count",
            "pants_fire_count",
            "context",
        ),
        quoting=csv.QUOTE_NONE,
        files=("train.tsv", "valid.tsv", "test.tsv"),
        basis="factcheck",
        licence="research purposes only; the original sources retain the copyright of the data",
        notes=(
            "LIAR: six ratings made into two classes; change which with --fake-value, "
            "--real-value and --drop-value.",
            "LIAR: the five *_count columns count the speaker's ratings including this one, so "
            "they give the label away.",
        ),
    ),
    Format(
        name="tfnews",
        values={"1": 1, "0": 0},
        marks=frozenset({"combined_text", "title", "text", "label"}),
        ignored=frozenset({"combined_text", "cluster"}),
        files=("train.csv", "validation.csv", "test.csv"),
    ),
    Format(
        name="tfnews-combined",
        values={"1": 1, "0": 0},
        title=None,
        text="combined_text",
        marks=frozenset({"combined_text", "label"}),
        ignored=frozenset({"cluster"}),
    ),
)

GENERIC = Format(
    name="generic",
    values={
        "fake": 1,
        "fake news": 1,
        "real": 0,
        "real news": 0,
        "true": 0,
        "true news": 0,
        "legit": 0,
        "legitimate": 0,
    },
)

NAMES = tuple(row.name for row in (*FORMATS, GENERIC))


def normal_label(value: str) -> str:
    """Fold what does not tell labels apart: outer white space, case, and 1.0 for 1."""
    folded = value.strip().casefold()
    number = _WHOLE_NUMBER.fullmatch(folded)
    return number[1] if number else folded


def is_nameless(column: str) -> bool:
    """Tell whether a column is an index written without a name of its own."""
    return _NAMELESS.fullmatch(column) is not None


def named(name: str) -> Format:
    """Return the format of that name.

    Raises:
        UsageError: No format has it.
    """
    for row in (*FORMATS, GENERIC):
        if row.name == name.casefold():
            return row
    known = ", ".join(NAMES)
    raise UsageError(f"No format is called {name!r}. Known: {known}. Choose one with --format.")


def together(licences: Iterable[str | None]) -> str | None:
    """Join what is stated of the licences of several sources; None where nothing is."""
    stated = dict.fromkeys(licences)
    if not any(stated):
        return None
    return "; ".join(one or "not stated for a part" for one in stated)


def licence_of(names: Iterable[str]) -> str | None:
    """Return what is stated of the licences of sets by their formats' names."""
    licences = {row.name: row.licence for row in FORMATS}
    return together(licences.get(name) for name in names)


def recognise_line(line: str) -> Format | None:
    """Return the format without a header whose first line looks like this one."""
    marked = (row for row in FORMATS if row.first_line and row.first_line.fullmatch(line))
    return next(marked, None)


def recognise(stem: str, columns: Sequence[str], first: Sequence[str]) -> Format:
    """Return the format of a file with a header, `GENERIC` when it is none of the known.

    Args:
        stem: The file's name without its endings.
        columns: Names in its header.
        first: Values of its first row.
    """
    values = dict(zip(columns, first, strict=False))
    return next((row for row in FORMATS if _matches(row, stem, columns, values)), GENERIC)


def _matches(row: Format, stem: str, columns: Sequence[str], values: Mapping[str, str]) -> bool:
    names = {column for column in columns if not is_nameless(column)}
    if row.columns:
        marked = names == row.columns and row.indexed == any(map(is_nameless, columns))
    else:
        marked = bool(row.marks) and row.marks <= names
    label = stem if row.label is None else values.get(row.label, "")
    return marked and normal_label(label) in row.values
