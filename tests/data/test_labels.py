"""What label values mean, and what is said when nobody knows."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnews.data import labels
from tfnews.data.formats import GENERIC, named
from tfnews.errors import DataError, UsageError

DATELINE = "LONDON (Reuters) - The council met."


def test_user_values_are_laid_over_the_format():
    found = labels.mapping(named("liar"), ["Half-True"], [], ["barely-true"])
    assert (found["half-true"], found["barely-true"], found["true"]) == (1, None, 0)


def test_the_table_for_unknown_formats_ends_once_the_user_explains():
    # "true" is real in the table, but fake in a column is_fake
    assert labels.mapping(GENERIC, ["True"], ["False"]) == {"true": 1, "false": 0}
    assert labels.mapping(GENERIC, drop_values=["satire"]) == {**GENERIC.values, "satire": None}


@given(st.sampled_from(["fake_values", "real_values"]), st.text(max_size=5))
def test_two_meanings_are_refused(other, value):
    with pytest.raises(UsageError, match="two meanings"):
        labels.mapping(GENERIC, drop_values=[value], **{other: [f" {value} "]})


def test_found_counts_and_keeps_two_titles_of_each():
    found = labels.Found([("1", "A"), ("0", "B"), ("1", ""), ("1", "C"), ("1", "D")])
    assert found.described() == "'1' in 4 rows (such as 'A' / 'C'); '0' in 1 rows (such as 'B')"
    assert found.flags() == "--fake-value 1 --real-value 0"


def test_found_shows_at_most_eight_values():
    found = labels.Found((f"value {i}", "") for i in range(100))
    assert "and 92 other values" in found.described()
    assert "--drop-value 'value 3'" in found.flags()


def probe(fake: int, real: int, text: str = DATELINE) -> labels.DatelineProbe:
    probe = labels.DatelineProbe()
    codes = [1] * fake + [0] * real
    probe.add(pd.Series([text] * len(codes), dtype="str"), pd.Series(codes))
    return probe


@pytest.mark.parametrize(("fake", "real"), [(20, 0), (11, 10), (200, 199)])
def test_fake_datelines_stop_and_say_how_to_flip(fake, real):
    with pytest.raises(DataError, match=r"--fake-value no --real-value yes$"):
        probe(fake, real).check("a.csv", {"yes": 1, "no": 0})


@pytest.mark.parametrize(("fake", "real"), [(19, 0), (10, 10), (0, 50), (0, 0)])
def test_few_or_real_datelines_pass(fake, real):
    assert probe(fake, real).check("a.csv", {"yes": 1, "no": 0}) is None


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("WEST PALM BEACH, Fla./WASHINGTON (Reuters) - Talks", True),
        ("  SÃO PAULO (Reuters) – Talks", True),
        ("According to a report (Reuters)", False),
        ("21st Century Wire says (Reuters) - Talks", False),
        ("", False),
    ],
)
def test_what_a_dateline_is(text, counted):
    assert probe(3, 0, text).counts.total() == 3 * counted
