"""The table of formats: what is recognised as what, and what never is."""

import pytest

from tfnews.data import formats
from tfnews.errors import UsageError

LIAR_LINE = "1.json\tbarely-true\tA claim.\ttaxes\tjane-doe\t\tOhio\tnone\t0\t1\t0\t0\t0\ta speech"
NUMBERED = {"welfake", "fakeddit", "claimbuster", "tfnews", "tfnews-combined"}
SPLIT = ["combined_text", "label", "title", "text", "cluster", "source_file", "line"]


@pytest.mark.parametrize(
    ("stem", "columns", "first", "name"),
    [
        ("fake", ["title", "text", "subject", "date"], ["A", "b", "News", "2017"], "isot"),
        ("true", ["title", "text", "subject", "date"], ["A", "b", "News", "2017"], "isot"),
        ("news", ["title", "text", "subject", "date"], ["A", "b", "News", "2017"], "generic"),
        ("fake_2017", ["title", "text", "subject", "date"], ["A", "b", "News", "2017"], "generic"),
        ("welfake_dataset", ["", "title", "text", "label"], ["0", "A", "b", "1"], "welfake"),
        ("WELFake", ["Unnamed: 0", "Title", "Text", "Label"], ["0", "A", "b", "nan"], "welfake"),
        ("welfake_dataset", ["", "title", "text", "label"], ["0", "A", "b", "2"], "generic"),
        ("fake_or_real_news", ["", "title", "text", "label"], ["0", "A", "b", "FAKE"], "mcintire"),
        # What pandas writes with its index, and Excel with commas at the end, may be anybody's.
        ("x", ["", "title", "text", "label"], ["0", "A", "b", "1"], "generic"),
        ("x", ["Unnamed: 0", "title", "text", "label"], ["0", "A", "b", "0"], "generic"),
        ("x", ["title", "text", "label", "", ""], ["A", "b", "0", "", ""], "generic"),
        ("x", ["", "title", "text", "label"], ["0", "A", "b", "FAKE"], "generic"),
        ("x", ["title", "text", "label"], ["A", "b", "1"], "generic"),
        ("x", ["title", "text", "label"], ["A", "b", "FAKE"], "generic"),
        ("x", SPLIT, ["A b", "1", "A", "b", "7", "a.csv", "2"], "tfnews"),
        ("x", ["combined_text", "label", "title", "text"], ["A b", "1", "A", "b"], "generic"),
        ("x", ["combined_text", "label"], ["A b", "1"], "generic"),
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
    assert set(row.values.values()) - {None} == {0, 1}
    assert all(value == formats.normal_label(value) for value in row.values)
    assert formats.named(row.name) is row


def test_numbers_need_evidence_or_another_name_for_the_classes():
    """A row whose numbers are believed from the look of columns would turn a set round."""
    for row in formats.FORMATS:
        assert row.numbered == (row.name in NUMBERED)
        recognised = bool(row.columns or row.marks) and not row.written
        if row.numbered and recognised and row.class_names[1] == "fake":
            assert row.evidence


def test_columns_that_may_be_anybodys_are_offered_the_sets_that_have_them():
    names = [row.name for row in formats.offered(["Unnamed: 0", "Title", "text", "label", ""])]
    assert names == ["welfake", "tfnews"]
    assert formats.offered(["text", "label"]) == []


def test_an_unknown_name_is_answered_with_the_known():
    with pytest.raises(UsageError, match=r"'kaggle'.*Known: isot, welfake, .*--format"):
        formats.named("kaggle")


def test_the_table_for_unknown_formats_holds_no_number_and_no_boolean_pair():
    assert not any(value.isdigit() for value in formats.GENERIC.values)
    assert "false" not in formats.GENERIC.values  # is it "false news", or "not fake"?
