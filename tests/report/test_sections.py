"""A section is one module and one entry; a metric is one row."""

import pkgutil

from tests.report.drift.test_drift import MOVED
from tests.report.drift.test_drift import made as drifted
from tests.report.page import Page
from tests.report.sample import CONFIG, DATA, report, rows
from tests.report.stress.made import made as stressed
from tests.trial.made import answers
from tests.trial.made import design as designed
from tfnews.report import card, html, screen, sections
from tfnews.report.content import Report
from tfnews.report.drift import wording as drift_wording
from tfnews.report.stress import wording
from tfnews.report.trial import wording as trial_wording
from tfnews.statistics import metrics
from tfnews.statistics.judged import judge
from tfnews.trial.measure import measure


def test_every_module_is_in_the_table_once():
    modules = {module.name for module in pkgutil.iter_modules(sections.__path__)}
    keys = [section.key for section in sections.SECTIONS]
    assert sorted(keys) == sorted(modules)


def test_a_new_metric_is_one_row(monkeypatch):
    """It once took five to eight places, and up to three implementations."""
    row = metrics.Metric(
        "npv", "right of those called {real}", "NPV", lambda s: s.tn / (s.tn + s.fn), on_screen=True
    )
    monkeypatch.setitem(metrics.METRICS, "npv", row)
    labels, probabilities = rows()
    judged = judge(labels, probabilities, range(len(labels)), 0.5)
    (tn, _), (fn, _) = judged.scores["confusion"]
    low, high = judged.intervals["npv"]
    assert low < judged.scores["npv"] == tn / (tn + fn) < high
    made = Report(CONFIG, DATA, {"test": judged})
    for shown in (html.render(made), card.render(made), screen.summary(made)):
        assert f"{judged.scores['npv']:.4f}" in shown
    assert "right of those called real" in html.render(made)
    assert "NPV" in screen.summary(made)


def test_runs_scored_before_a_metric_came_are_still_shown(monkeypatch):
    made = report()
    row = metrics.Metric("late", "a late score", "late", lambda s: s.rows, on_screen=True)
    monkeypatch.setitem(metrics.METRICS, "late", row)
    assert "| a late score | – | – |" in card.render(made)
    assert "a late score" in html.render(made)
    assert "late" in screen.summary(made)


def test_card_and_page_say_a_stress_test_alike():
    made = report(stress=stressed())
    page, written = Page(html.render(made)).text, card.render(made)
    for sentence in (wording.verdict(made.stress), *wording.falls(made.stress)):
        assert sentence in page
        assert sentence in written
    assert wording.verdict(made.stress) in screen.summary(made)
    assert "Under small changes" not in card.render(report())


def test_card_page_and_terminal_say_a_drift_check_alike():
    made = report(drift=drifted(changes=MOVED, day="2026-11-28"))
    page, written = Page(html.render(made)).text, card.render(made).replace("\\", "")
    said = [f"28 November 2026: {drift_wording.verdict(made.drift)}"]
    for sentence in said + drift_wording.advice(made.drift):
        assert sentence in page
        assert sentence in written
    assert said[0] in screen.summary(made).replace("\n", " ")
    assert "checked last" not in card.render(report()) + html.render(report())


def test_card_page_and_terminal_say_every_trial_alike():
    trials = (tried(feed="mine.csv"), tried(feed="yours.csv"))
    made = report(trials=trials)
    page, written = Page(html.render(made)).text, card.render(made).replace("\\", "")
    for one in trials:
        verdict = f"{one.design.feed}: {trial_wording.verdict(one)}"
        for sentence in (verdict, *trial_wording.act(one)):
            assert sentence in page
            assert sentence in written
        assert f"Trial on {verdict[:60]}" in screen.summary(made).replace("\n", " ")
    assert "own feeds" not in html.render(report())


def tried(**design):
    asked = designed(**design)
    return measure(asked, answers(asked), limit=0.2)
