"""The table of formats: what is recognised as what, and what never is."""

import pytest

from tfnews.data import formats
from tfnews.errors import UsageError

LIAR_LINE = "1.json\tbarely-true\tA claim.\ttaxes\tjane-doe\t\tOhio\tnone\t0\t1\t0\t0\t0\ta speech"


@pytest.mark.parametrize(
    ("stem", "columns", "first", "name"),
    [
        ("fake", ["title", "text", "subject", "date"], ["A", "b", "News", "2017"], "isot"),
        ("true", ["title", "text", "subject", "date"], ["A", "b", "News", "2017"], "isot"),
        ("news", ["title", "text", "subject", "date"], ["A", "b", "News", "2017"], "generic"),
        ("x", ["", "title", "text", "label"], ["0", "A", "b", "1"], "welfake"),
        ("x", ["Unnamed: 0", "title", "text", "label"], ["0", "A", "b", "0"], "welfake"),
        ("x", ["", "title", "text", "label"], ["0", "A", "b", "FAKE"], "mcintire"),
        ("x", ["", "title", "text", "label"], ["0", "A", "b", "2"], "generic"),
        ("x", ["title", "text", "label"], ["A", "b", "1"], "generic"),
        ("x", ["title", "text", "label"], ["A", "b", "FAKE"], "generic"),
        ("x", ["combined_text", "label", "title", "text"], ["A b", "1", "A", "b"], "tfnews"),
        ("x", ["combined_text", "label"], ["A b", "1"], "tfnews-combined"),
        ("x", ["combined_text", "label"], ["A b", "spam"], "generic"),
    ],
)
def test_recognised_by_columns_and_first_label(stem, columns, first, name):
    assert formats.recognise(stem, columns, first).name == name


@pytest.mark.parametrize("rating", ["pants-fire", "FALSE", "barely-true", "mostly-true"])
def test_liar_is_recognised_by_its_first_line(rating):
    assert formats.recognise_line(LIAR_LINE.replace("barely-true", rating)).name == "liar"


@pytest.mark.parametrize(
    "line", ["title,text,label", LIAR_LINE + "\tmore", LIAR_LINE.replace("barely-true", "1")]
)
def test_other_first_lines_are_not_liar(line):
    assert formats.recognise_line(line) is None


@pytest.mark.parametrize(
    ("value", "normal"),
    [(" FAKE\n", "fake"), ("1.0", "1"), ("-1.00", "-1"), ("1.5", "1.5"), ("v1.0", "v1.0")],
)
def test_normal_label(value, normal):
    assert formats.normal_label(value) == normal


@pytest.mark.parametrize("row", [*formats.FORMATS, formats.GENERIC], ids=lambda row: row.name)
def test_every_row_has_both_classes_in_normal_form_and_is_found_by_name(row):
    assert set(row.values.values()) == {0, 1}
    assert all(value == formats.normal_label(value) for value in row.values)
    assert formats.named(row.name) is row


def test_an_unknown_name_is_answered_with_the_known():
    with pytest.raises(UsageError, match=r"'kaggle'.*Known: isot, welfake, .*--format"):
        formats.named("kaggle")


def test_the_table_for_unknown_formats_holds_no_number_and_no_boolean_pair():
    assert not any(value.isdigit() for value in formats.GENERIC.values)
    assert "false" not in formats.GENERIC.values  # is it "false news", or "not fake"?


def test_licences_of_several_sources_are_told_together():
    assert formats.together([None, None]) is None
    assert formats.together(["MIT", "MIT"]) == "MIT"
    assert formats.together(["MIT", None, "CC0"]) == "MIT; not stated for a part; CC0"
    assert formats.licence_of(["isot", "generic"]) is None
    assert formats.licence_of(["liar"]).startswith("research purposes only")
