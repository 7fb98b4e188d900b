"""What a label value means: the mapping to 1 (fake) and 0 (real), and checks of its polarity."""

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import pandas as pd

from tfnews.data.formats import GENERIC, Format, normal_label
from tfnews.errors import DataError, UsageError

DATELINE = r"\s*[A-Z][^()\n]{0,80}\(Reuters\)\s*[-–—]"
DATELINES_NEEDED = 20

_SHOWN = 8


def mapping(
    known: Format,
    fake_values: Iterable[str] = (),
    real_values: Iterable[str] = (),
    drop_values: Iterable[str] = (),
) -> dict[str, int | None]:
    """Lay the user's values over those of a format.

    The small table of an unknown format holds only while the user names neither a fake nor a
    real value.

    Returns:
        Normal label value to 1 (fake), 0 (real) or None (drop).

    Raises:
        UsageError: One value is given two meanings.
    """
    said: dict[str, int | None] = {}
    for meaning, values in ((1, fake_values), (0, real_values), (None, drop_values)):
        for value in map(normal_label, map(str, values)):
            if said.setdefault(value, meaning) != meaning:
                raise UsageError(
                    f"The label {value!r} is given two meanings. Name it in one of --fake-value, "
                    "--real-value and --drop-value."
                )
    replaced = known.name == GENERIC.name and {0, 1} & set(said.values())
    return said if replaced else {**known.values, **said}


def unknown_label(
    file: str, line: int, value: str, meanings: Mapping[str, int | None]
) -> DataError:
    """Return the error for a label outside the known values."""
    flag = shlex.quote(value)
    return DataError(
        f"Label {value!r} on line {line} of {file} is not one of the known values: "
        f"{', '.join(meanings)}. Say what it means with --fake-value {flag} or "
        f"--real-value {flag}, or leave such rows out with --drop-value {flag}."
    )


def unexplained_labels(file: str, column: str, found: "Found", own_layout: bool) -> DataError:
    """Return the error for labels that only the user can explain."""
    hint = " In tfnews' own layout 1 is fake: if the file is in it, say --format tfnews."
    return DataError(
        f"What the labels in column {column!r} of {file} mean is not known, and is never guessed. "
        f"Found: {found.described()}. Say which is which: {found.flags()}, or the other way "
        f"round.{hint if own_layout else ''}"
    )


class Found:
    """The label values of one file, with counts and two example titles each."""

    def __init__(self, pairs: Iterable[tuple[str, str]]):
        self.counts: Counter[str] = Counter()
        self._titles: defaultdict[str, list[str]] = defaultdict(list)
        for value, title in pairs:
            self.counts[value] += 1
            if title and len(self._titles[value]) < 2:
                self._titles[value].append(title)

    def described(self) -> str:
        """List the commonest values in words."""
        parts = [
            f"{value!r} in {count:,} rows (such as {' / '.join(map(repr, self._titles[value]))})"
            for value, count in self.counts.most_common(_SHOWN)
        ]
        more = len(self.counts) - len(parts)
        return "; ".join(parts) + (f"; and {more:,} other values" if more else "")

    def flags(self) -> str:
        """Return the options that would give the values a meaning, the greatest being fake."""
        values = sorted(value for value, _ in self.counts.most_common(_SHOWN))
        options = [("--fake-value", values[-1])]
        options += [("--real-value", value) for value in values[:1] if len(values) > 1]
        options += [("--drop-value", value) for value in values[1:-1]]
        return " ".join(f"{option} {shlex.quote(value)}" for option, value in options)


class DatelineProbe:
    """Counts the labels of one file's texts that open with a Reuters dateline.

    Reuters is the real side of the sets that hold it, so a file in which such texts are fake has
    its labels the other way round.
    """

    def __init__(self):
        self.counts: Counter[int] = Counter()

    def add(self, texts: pd.Series, labels: pd.Series) -> None:
        """Count one chunk."""
        self.counts.update(labels[texts.str.match(DATELINE)].tolist())

    def check(self, file: str, meanings: Mapping[str, int | None]) -> None:
        """Stop when most of at least 20 such texts are labelled fake.

        Raises:
            DataError: They are; the message says how to flip the labels.
        """
        total = self.counts.total()
        if total < DATELINES_NEEDED or 2 * self.counts[1] <= total:
            return
        flags = [
            f"{option} {shlex.quote(value)}"
            for option, old in (("--fake-value", 0), ("--real-value", 1))
            for value, meaning in meanings.items()
            if meaning == old
        ]
        raise DataError(
            f"The labels of {file} seem to be the wrong way round: {total:,} of its texts open "
            f"with a Reuters dateline, as in 'LONDON (Reuters) -', and {self.counts[1]:,} of "
            f"these are labelled fake. Swap the values to flip them: {' '.join(flags)}"
        )
