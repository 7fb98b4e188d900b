"""Where a model errs more, in words and tables."""

from dataclasses import replace

import pytest

from tests.report.page import Page
from tests.report.sample import least, report, sliced
from tfnews.report import card, html
from tfnews.report.screen import summary
from tfnews.report.sections.slices import HEADING, said


def test_the_worst_slices_are_said_with_counts_intervals_and_all_that_was_compared():
    alarms, misses, *_ = said(sliced(), ("real", "fake"))
    assert alarms == (
        "Most false alarms (real texts called fake) are in texts with subject politics, 60 texts: "
        "6 of 40, 15.0 % (95 % interval 7.0 to 29.0), against 4 of 160, 2.5 % (95 % interval "
        "1.0 to 6.0) in the others. With allowance for the 12 rates that were compared, this is "
        "shown to be more."
    )
    assert "are in texts with one of 4 values of outlet, 60 texts: " in misses
    assert misses.endswith("this is not shown to be more.")


def test_a_column_that_is_not_named_is_told_by_how_far_its_rates_lie_apart():
    *_, outlet, other = said(sliced(), ("real", "fake"))
    assert outlet.startswith(
        "By outlet, 4 values with 20 texts or more: false alarms 0.0 to 15.0 % (of 4). They are not"
    )
    assert other == "By id: not looked at, no two parts are large."


@pytest.mark.parametrize("shown", [html.render, card.render, summary])
def test_page_card_and_terminal_say_the_same(shown):
    text = shown(report(slices=sliced()))
    text = Page(text).text if shown is html.render else text
    assert all(sentence in text for sentence in said(sliced(), ("real", "fake")))


def test_only_named_columns_have_a_table():
    page = Page(html.render(report(slices=sliced()))).text
    assert "By subject" in page
    assert page.count("15.0 %6 of 40; 7.0 to 29.0") == 2
    assert "–no such texts" in page


def test_lengths_are_words():
    worst = replace(sliced().worst["fpr"], kind="length", column="length", name="12 to 130")
    found = replace(sliced(), worst={"fpr": worst})
    assert "are in texts of 12 to 130 words, 60 texts" in said(found, ("real", "fake"))[0]


def test_runs_that_were_not_sliced_have_no_section():
    assert HEADING not in html.render(least()) + card.render(least())
