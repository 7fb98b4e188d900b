"""An audit on the terminal, on its own page, and in a run's report and card."""

from dataclasses import replace

import pytest

from tests.audit import news
from tests.report.page import Page
from tests.report.sample import report
from tfnews.audit.audit import audit
from tfnews.report import audit_page, card, html, screen


@pytest.fixture(scope="module")
def leaking(tmp_path_factory):
    return audit(news.leaking(tmp_path_factory.mktemp("leaking") / "splits"))


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return audit(news.clean(tmp_path_factory.mktemp("clean") / "splits"))


def test_the_screen_says_false_beliefs_first(leaking):
    lines = screen.audit(leaking).splitlines()
    assert lines[0].startswith("A high score on made_up does not show that a model can tell fake")
    assert lines[1].startswith("Finding: ")
    assert any(line.startswith("train and test") for line in lines)
    assert any("Test texts are never scored here" in line for line in lines)


def test_the_page_is_well_formed_escaped_and_loads_nothing(leaking):
    probes = tuple(replace(one, name=f"<i>{one.name}") for one in leaking.probes)
    named = replace(leaking, name="<script>alert(1)</script> $title", probes=probes)
    shown = audit_page.render(named)
    parsed = Page(shown)
    assert "<script>" not in shown
    assert not parsed.names & {"script", "link", "iframe", "i", "b"}
    assert not {"src", "href"} & {name for name, _ in parsed.attributes}
    for heading in ("Before you believe a score", "Probes", "Heaviest words", "Copies across"):
        assert heading in parsed.text


def test_a_run_s_report_and_card_have_a_section(leaking):
    made = report(audit=leaking)
    text = Page(html.render(made)).text
    assert "Shortcuts in the data" in text
    assert text.index("mentions Reuters reaches") > text.index("In plain words")
    shown = card.render(made)
    assert "## Shortcuts in the data" in shown
    assert "| mentions Reuters | text | 1.000 |" in shown
    assert "<b>" not in shown


def test_sets_that_are_not_about_fakes_keep_their_words(clean):
    for shown in (screen.audit(clean), Page(audit_page.render(clean)).text):
        assert "satire" in shown
        assert "fake" not in shown
