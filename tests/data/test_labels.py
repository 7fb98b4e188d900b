"""What label values mean, and what is said when nobody knows."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnews.data import labels
from tfnews.data.formats import DATELINE as DATELINES
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


def found_in(*pairs):
    return labels.Found((line, *pair) for line, pair in enumerate(pairs, start=2))


def test_found_counts_and_keeps_two_titles_of_each():
    found = found_in(("1", "A"), ("0", "B"), ("1", ""), ("1", "C"), ("1", "D"))
    assert found.described() == "'1' in 4 rows (such as 'A' / 'C'); '0' in 1 rows (such as 'B')"
    assert found.flags() == "--fake-value 1 --real-value 0"


@pytest.mark.parametrize(("number", "length"), [(2, 4), (2, 900), (3, 30), (6, 12), (40, 8)])
def test_a_message_quotes_at_most_200_characters_of_a_users_data(number, length):
    values = [f"{chr(0x400 + i)}" * length for i in range(number)]
    found = found_in(*((value, "\u4e00" * 80) for value in values * 2))
    for error in (
        labels.unexplained_labels("a.csv", "label", found, ()),
        labels.unknown_labels("a.csv", "label", found, {"fake": 1}),
        labels.unconfirmed_labels("a.csv", named("claimbuster"), found),
    ):
        theirs = [sign for sign in str(error) if "\u0400" <= sign <= "\u05ff" or sign == "\u4e00"]
        assert 0 < len(theirs) <= 200


def test_unknown_labels_are_named_at_once_and_the_line_can_be_pasted():
    found = found_in(("fake", "A"), ("satire", "B"), ("mixed bag", "C"), ("satire", "D"))
    unknown = found.but({"fake": 1})
    message = str(labels.unknown_labels("a.csv", "label", unknown, {"fake": 1, "real": 0}))
    assert "'satire' in 2 rows; 'mixed bag' in 1 rows; the first is on line 3" in message
    assert message.endswith("--drop-value satire --drop-value 'mixed bag'")


def test_a_class_without_a_value_is_offered_one_of_the_unknown():
    message = str(labels.unknown_labels("a.csv", "y", found_in(("0", "A")), {"1": 1}))
    assert message.endswith("--real-value 0")
    message = str(labels.unknown_labels("a.csv", "y", found_in(("a", ""), ("b", "")), {"c": 0}))
    assert message.endswith("--fake-value a --drop-value b")


def test_two_values_are_offered_both_ways_round_without_preference():
    message = str(labels.unexplained_labels("a.csv", "y", found_in(("1", "A"), ("0", "B")), ()))
    assert "--fake-value 1 --real-value 0 or --fake-value 0 --real-value 1" in message


def test_hundreds_of_values_are_no_labels():
    found = found_in(*((f"value {i}", "") for i in range(100)))
    message = str(labels.unexplained_labels("a.csv", "url", found, ()))
    assert "100 different values" in message
    assert "--label-column" in message


def probe(fake: int, real: int, text: str = DATELINE) -> labels.Probe:
    probe = labels.Probe(DATELINES)
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
