import pytest

from tests.audit import news
from tfnews.audit import columns
from tfnews.audit.probes import Rows


def probe(**made):
    rows = Rows(*(news.frame(part, **made) for part in ("train", "validation")))
    called, skipped = columns.probes(rows)
    labels = rows.validation["label"].to_numpy()
    return {name: float((one == labels).mean()) for name, one in called.items()}, skipped


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (lambda label, _: ("politics", "rumour")[label], {"c": 1.0}),
        (lambda label, _: "" if label else "Ann Ward", {"c": 1.0}),
        (lambda label, number: label * 1000 + number, {"c": 1.0}),
        (lambda _, n: f"2017-0{1 + n // 2 % 3}-05", {"c (month)": 0.5, "c (format)": 0.5}),
        (lambda label, n: f"201{label}-0{1 + n % 9}-05", {"c (month)": 1.0, "c (format)": 0.5}),
        # The same days, with the month in short in one class and a blank after it in the other.
        (
            lambda label, n: (f"April {1 + n % 30}, 2017 ", f"Apr {1 + n % 30}, 2017")[label],
            {"c (month)": 0.5, "c (format)": 1.0},
        ),
        (
            lambda label, number: f"https://www.{('calm', 'wild')[label]}.example/{number}",
            {"c (site)": 1.0},
        ),
    ],
)  # fmt: skip
def test_a_column_is_read_by_its_kind(column, expected):
    assert probe(c=column) == (expected, {})


@pytest.mark.parametrize(
    ("column", "why"),
    [
        (lambda *_: "yes", "the same in every row"),
        (lambda _, number: f"person {'abcdefghij'[number % 10] * (number + 1)}", "of its own"),
    ],
)
def test_a_column_that_tells_nothing_is_skipped_and_said_so(column, why):
    called, skipped = probe(c=column)
    assert called == {}
    assert why in skipped["c"]


def test_a_column_that_validation_lacks_is_skipped():
    train, validation = news.frame("train", c=lambda label, _: label), news.frame("validation")
    assert columns.probes(Rows(train, validation)) == ({}, {"c": "not in the validation split"})


def test_places_of_rows_are_not_metadata_but_their_files_are():
    called, _ = probe(line=lambda label, _: label, source_file=lambda label, _: f"{label}.csv")
    assert called == {"source_file": 1.0}
