"""What a label value means: the mapping to 1 (fake) and 0 (real), and checks of its polarity."""

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from tfnews.data.formats import GENERIC, NO_LABEL, Evidence, Format, normal_label
from tfnews.errors import DataError, UsageError

_QUOTED = 200  # characters of a user's data in one message, at most
_VALUE = 60  # of one label value
_MANY = 50  # label values that nobody means
_SAMPLE = 40  # of one headline


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


def is_missing(values: pd.Series, meanings: Mapping[str, int | None]) -> pd.Series:
    """Tell which normal label values, `(rows,)`, stand for no label, unless the user named them."""
    return values.isin(NO_LABEL.difference(meanings))


class Found:
    """The label values of one file, with counts, first lines and two example titles each.

    Args:
        rows: Line, normal label value and headline of each row.
    """

    def __init__(self, rows: Iterable[tuple[int, str, str]]):
        self.counts: Counter[str] = Counter()
        self.lines: dict[str, int] = {}
        self._titles: defaultdict[str, list[str]] = defaultdict(list)
        for line, value, title in rows:
            self.counts[value] += 1
            self.lines.setdefault(value, line)
            if title and len(self._titles[value]) < 2:
                self._titles[value].append(title)

    def but(self, known: Iterable[str]) -> "Found":
        """Return what is found besides the known values."""
        rest = Found(())
        rest.counts = Counter({v: n for v, n in self.counts.items() if v not in set(known)})
        rest.lines, rest._titles = self.lines, self._titles
        return rest

    def listed(self) -> str:
        """List the values and how many rows have each, the commonest first."""
        return self._joined(f"{_short(v)!r} in {n:,} rows" for v, n in self._shown(0))

    def told(self, meanings: Mapping[str, int | None]) -> str:
        """Return the options that leave out all values but one for a class that has none yet."""
        values = self._pasted(0)
        bare = {1, 0} - set(meanings.values())
        first = "--fake-value" if 1 in bare else "--real-value"
        names = [first if place < len(bare) else "--drop-value" for place in range(len(values))]
        return _options(zip(names, values, strict=True))

    def described(self) -> str:
        """List the values with examples of their texts."""
        shown = self._shown(_SAMPLE)
        room = (_QUOTED - self._mentions() * sum(len(_short(v)) for v, _ in shown)) // len(shown)
        number = 2 if room >= _SAMPLE else 1
        length = min(_SAMPLE, room // number)
        return self._joined(
            f"{_short(value)!r} in {count:,} rows{self._examples(value, number, length)}"
            for value, count in shown
        )

    def flags(self, fake: str | None = None) -> str:
        """Return the options that would give the values a meaning.

        Args:
            fake: The value that means fake; the greatest by default.
        """
        values = self.values
        fake = values[-1] if fake is None else fake
        others = [value for value in values if value != fake]
        said = [("--fake-value", fake), *(("--real-value", value) for value in others[:1])]
        return _options(said + [("--drop-value", value) for value in others[1:]])

    @property
    def values(self) -> list[str]:
        """The values that `flags` speaks of, in order."""
        return sorted(self._pasted(_SAMPLE))

    def _pasted(self, reserved: int) -> list[str]:
        """Return the values that a message can repeat letter by letter."""
        return [value for value, _ in self._shown(reserved) if value == _short(value)]

    def _mentions(self) -> int:
        """Return how often a message names each value."""
        return 3 if len(self.counts) == 2 else 2

    def _shown(self, reserved: int) -> list[tuple[str, int]]:
        """Return the commonest values, as many as there is room for."""
        shown, room = [], _QUOTED - reserved
        for value, count in self.counts.most_common():
            room -= self._mentions() * len(_short(value))
            if shown and room < 0:
                break
            shown.append((value, count))
        return shown

    def _examples(self, value: str, number: int, length: int) -> str:
        titles = [repr(title[:length]) for title in self._titles[value][:number]]
        return f" (such as {' / '.join(titles)})" if titles and length > 0 else ""

    def _joined(self, parts: Iterable[str]) -> str:
        parts = list(parts)
        more = len(self.counts) - len(parts)
        return "; ".join(parts) + (f"; and {more:,} other values" if more else "")


def unknown_labels(
    file: str, column: str, found: Found, meanings: Mapping[str, int | None]
) -> DataError:
    """Return the error for labels outside the known values, all of them at once."""
    first = min(found.lines[value] for value in found.counts)
    known = ", ".join(_short(value) for value in list(meanings)[:12])
    return DataError(
        f"Column {column!r} of {file} holds labels that are not known: {found.listed()}; the first "
        f"is on line {first}. Known: {known}. Say what each means with --fake-value and "
        f"--real-value, or leave such rows out, as in: {found.told(meanings)}"
    )


def unexplained_labels(
    file: str, column: str, found: Found, offered: Sequence[Format]
) -> DataError:
    """Return the error for labels that only the user can explain.

    Args:
        file: What the file is called.
        column: Its column of labels.
        found: The values.
        offered: Formats that have such columns and such values.
    """
    if len(found.counts) > _MANY:
        return DataError(
            f"Column {column!r} of {file} has {len(found.counts):,} different values, so it is "
            f"hardly the column of labels. Found: {found.listed()}. Name that with --label-column."
        )
    sets = "".join(f" --format {row.name} ({_meaning(row)});" for row in offered)
    hint = f" Only if you know it to be one of these sets:{sets.rstrip(';')}." if sets else ""
    return DataError(
        f"What the labels in column {column!r} of {file} mean is not known, and is never guessed. "
        f"Found: {found.described()}. Say which is which: {_either_way(found)}.{hint}"
    )


def unconfirmed_labels(file: str, row: Format, found: Found) -> DataError:
    """Return the error for a recognised format whose numbers nothing in the file confirms."""
    proof = f": too few {row.evidence.words}" if row.evidence else ""
    return DataError(
        f"{file} looks like {row.name}, where {_meaning(row)}, but nothing in the file confirms "
        f"which number is which{proof}. Found: {found.described()}. If it is {row.name}, say "
        f"--format {row.name}; else say which is which: {_either_way(found)}."
    )


def _meaning(row: Format) -> str:
    """Say what the label values of a format mean."""
    groups = {name: [v for v in row.values if row.values[v] == i] for i, name in _classes(row)}
    return ", ".join(f"{' and '.join(values)} is {name}" for name, values in groups.items())


def _classes(row: Format) -> list[tuple[int, str]]:
    return [(1, row.class_names[1]), (0, row.class_names[0])]


def _either_way(found: Found) -> str:
    if len(found.values) == 2 == len(found.counts):
        low, high = found.values
        return f"{found.flags(high)} or {found.flags(low)}"
    if not found.values:
        return "--fake-value VALUE --real-value VALUE"
    return f"{found.flags()}, each value in the option that fits it"


def _options(pairs: Iterable[tuple[str, str]]) -> str:
    return " ".join(f"{option} {shlex.quote(value)}" for option, value in pairs)


def _short(value: str) -> str:
    return " ".join(value.split())[:_VALUE]


class Probe:
    """Counts the labels of those of a file's rows that tell which label means fake.

    Args:
        evidence: What is counted.
    """

    def __init__(self, evidence: Evidence):
        self._evidence = evidence
        self.counts: Counter[int] = Counter()

    def add(self, values: pd.Series, labels: pd.Series) -> None:
        """Count one chunk: the values of the column, `(rows,)`, and their labels, 0 or 1."""
        found = values.str.match(self._evidence.pattern)
        self.counts.update(labels[found.to_numpy()].tolist())

    @property
    def confirms(self) -> bool:
        """Whether enough such rows were met, most of them with the label they should have."""
        return self._is_enough() and 2 * self.counts[self._evidence.meaning] > self.counts.total()

    def check(self, file: str, meanings: Mapping[str, int | None]) -> None:
        """Stop when most of enough such rows have the other label.

        Raises:
            DataError: They do; the message says how to flip the labels.
        """
        total, wrong = self.counts.total(), self.counts[1 - self._evidence.meaning]
        if not self._is_enough() or 2 * wrong <= total:
            return
        swapped = _options(
            (option, value)
            for option, old in (("--fake-value", 0), ("--real-value", 1))
            for value, meaning in meanings.items()
            if meaning == old
        )
        raise DataError(
            f"The labels of {file} seem to be the wrong way round: it has {total:,} "
            f"{self._evidence.words}, and {wrong:,} of these are labelled fake. Swap the values to "
            f"flip them: {swapped}"
        )

    def _is_enough(self) -> bool:
        return self.counts.total() >= self._evidence.needed
