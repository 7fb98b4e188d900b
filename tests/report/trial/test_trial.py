"""A trial on page, Markdown and terminal."""

from dataclasses import replace

import pytest

from tests.report.page import Page
from tests.report.test_escaping import HOSTILE
from tests.trial import made
from tfnews.records import Scores
from tfnews.records.trial import Estimate, Trial
from tfnews.report.trial import instructions, page, screen, table, wording
from tfnews.trial.measure import agreed, agreement_of, measure


def trial(limit=0.3, noise=0.2, unsure=0, **changes):
    design = made.design(**changes)
    labels = made.answers(design, noise)
    labels |= dict.fromkeys([one.id for one in design.articles][:unsure])
    return measure(design, labels, limit, command="tfnews trial mine-1 feed.jsonl")


def labels_of(found):
    return made.answers(found.design)


@pytest.fixture(scope="module")
def found():
    return trial()


def test_all_three_say_the_same(found):
    said = [wording.verdict(found), *wording.act(found), *wording.notes(found)]
    shown, text = screen.render(found), Page(page.render(found)).text
    written = table.render(found).replace("\\", "")
    for sentence in said:
        assert sentence in shown
        assert sentence in text
        assert sentence in written
    for row in wording.own_rows(found):
        assert all(value in place for value in row[:3] for place in (shown, text, written))


def test_the_page_loads_nothing_and_names_its_sections(found):
    shown = Page(page.render(found))
    assert not shown.names & {"script", "iframe", "object"}
    assert not [value for name, value in shown.attributes if name in ("src", "href")]
    for heading in ("In plain words", "Other thresholds", "What was labelled", "How it was made"):
        assert heading in shown.text


def test_the_threshold_to_take_is_typed_as_it_was_found(found):
    chosen = found.chosen.threshold
    said = " ".join(wording.act(found))
    assert f"tfnews predict mine-1 FILE --threshold {chosen}" in said
    assert "keeps false alarms below 30 %" in said
    assert "For articles to come" not in said
    within = measure(found.design, labels_of(found), found.chosen.rates["fpr"].interval[1])
    assert within.chosen.threshold == chosen
    assert "For articles to come of the same kind that is not shown" in wording.act(within)[-1]


def test_it_is_said_where_no_threshold_will_do():
    said = wording.act(trial(limit=0.001, noise=0.5))
    assert said[-1].startswith("No threshold is shown to keep false alarms below 0.1 %. Nearest")
    hopeless = wording.act(trial(limit=0.001, noise=1.0))
    assert "More labels would not change that" in hopeless[-1]


def test_flags_that_mean_nothing_are_not_to_be_acted_on():
    assert "no better than drawing lots" in " ".join(wording.act(trial(noise=0.5)))
    assert "point the wrong way" in " ".join(wording.act(trial(noise=1.0)))
    by_lot = wording.act(trial(limit=0.5, noise=1.0))[-1]
    assert by_lot.endswith("do not take it.")
    nearly_all = trial(noise=0.1, threshold=0.03)
    assert "almost as often as those labelled fake" in " ".join(wording.act(nearly_all))
    none = trial(threshold=1.0)
    assert "flags no article" in wording.verdict(none)


def test_unsure_articles_have_their_own_column_and_sentence():
    found = trial(unsure=6)
    assert wording.own_head(found)[-1] == "whatever the unsure are"
    assert "6 of 60 articles are unsure" in " ".join(wording.notes(found))
    assert "reach so far" in Page(page.render(found)).text


@pytest.mark.parametrize(("label", "said"), [(0, "recall cannot"), (1, "false alarms cannot")])
def test_one_class_alone_is_said_and_shown(label, said):
    design = made.design()
    found = measure(design, {one.id: label for one in design.articles}, 0.01)
    assert said in " ".join(wording.notes(found))
    for render in (page.render, table.render, screen.render):
        assert "cannot be told" in render(found)
    if label:
        assert "no article is labelled real" in wording.act(found)[-1]


def test_two_annotators_agreement_is_said_with_what_it_is_good_for():
    design = made.design(annotators=2)
    first = made.answers(design)
    for noise, said in ((0.0, "relied on"), (0.5, "too little to conclude")):
        second = {name: label ^ (hash_of(name) < noise) for name, label in first.items()}
        found = agreement_of([first, second], {})
        shown = measure(design, agreed([first, second], {}), 0.1, found)
        assert said in " ".join(wording.notes(shown))
    same = agreement_of([dict.fromkeys(first, 1)] * 2, {})
    assert "all of these labels are the same" in " ".join(wording.agreement(same))


def hash_of(name):
    return int(name[1:]) * 37 % 100 / 100


@pytest.mark.parametrize("nasty", HOSTILE)
def test_names_from_files_are_never_html(nasty):
    found = trial(feed=nasty, set_name=nasty, run=nasty, class_names=(nasty, f"{nasty} 2"))
    shown = Page(page.render(found))
    assert not shown.names & {"script", "img"}
    assert "<script" not in table.render(found)


def test_what_could_not_be_known_of_the_training_texts_is_said(found):
    counted = replace(found.design.counted, learnt=None)
    unknown = replace(found, design=replace(found.design, counted=counted, always_called=False))
    said = " ".join(wording.notes(unknown))
    assert "splits could not be read" in said
    assert "band of unsure ones" in said


def test_instructions_name_the_words_and_keep_the_scores_back():
    said = instructions.render(made.design(annotators=2, class_names=("news", "clickbait")))
    assert "Write news, clickbait or unsure" in said
    assert "two annotators" in said
    assert "design.json holds the scores" in said


def without_rate(found, name, *, chosen=False):
    one = found.chosen if chosen else found.own
    rates = {**one.rates, name: Estimate()} if name else {}
    return replace(found, **{"chosen" if chosen else "own": replace(one, rates=rates)})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda found: replace(found, day="2026-13-01"), "month"),
        (lambda found: without_rate(found, None), "lacks fpr"),
        (lambda found: without_rate(found, "recall"), "what its worth is made of"),
        (lambda found: without_rate(without_rate(found, "youden", chosen=True), "fpr", chosen=True),
         "lacks its false-alarm rate"),
        (lambda found: replace(found, own=replace(found.own, rates={
            **found.own.rates, "precision": Estimate(0.5)})), "lacks its interval"),
    ],
)  # fmt: skip
def test_a_stranger_s_record_is_checked_before_it_is_told(found, wrong, said):
    """It is read from a run's metrics.json, and a run may come from anybody."""
    content = wrong(found).to_json()
    with pytest.raises(ValueError, match=said):
        Trial.from_json(content)


def test_single_articles_stay_out_of_a_run(found):
    kept = Scores().with_trial(found).with_trial(replace(found, limit=0.1))
    assert [one.limit for one in kept.trials] == [0.1]
    assert kept.trials[0].design.articles == ()
    assert Scores.from_json(kept.to_json()) == kept
    assert found.design.articles
