import re
from dataclasses import replace

import pytest

from tests.report.sample import CONFIG, least, report
from tfnews.report.card import render


def _sections(card):
    return re.findall(r"^## (.+)$", card, re.MULTILINE)


def test_the_sections_stand_in_order_with_plain_words_first():
    assert _sections(render(report())) == [
        "In plain words (test texts)", "Warnings", "Scores", "On other data sets", "Data",
        "Licences", "Intended use", "Limits", "How it was made",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        "resembles texts labelled fake in made\\_up",
        "not a verdict on truth",
        "Not for automatic removal",
        "What the labels rest on: fact-checkers' verdicts on single texts",
        f"SHA-256 of train.csv: {'cd' * 32}",
        f"SHA-256 of source news.csv: {'12' * 32}",
        "Pretrained weights (nnlm-en-dim128): Apache-2.0",
        "Data: not stated",
        "| command | tfnews fit --data splits --arch nnlm128 |",
        "| parameters | 124,692,225 |",
        "| size | 475.7 MB |",
        "On elsewhere, F1 falls from",
    ],
)
def test_the_card_says(said):
    assert said in render(report())


def test_headings_of_the_card_are_followed_by_what_to_do():
    card = render(report())
    assert "## Scores\n\nWeigh two errors: false alarms fall on real texts, misses let fake" in card
    assert (
        "## On other data sets\n\nCarry no score from home over to outlets that made\\_up" in card
    )
    assert "## Data\n\n- Name" in card


def test_scores_carry_intervals():
    made = report()
    score = made.parts["test"].scores["fpr"]
    low, high = made.parts["test"].intervals["fpr"]
    row = f"| real called fake (false alarms, FPR) | {score:.4f} | {low:.4f} to {high:.4f} |"
    assert row in render(made)


def test_no_text_of_the_data_set_is_in_the_card():
    card = render(report())
    assert "Title " not in card
    assert "Body " not in card


def test_sets_that_are_not_about_fakes_keep_their_words():
    card = render(report(class_names=("news", "satire"), other_sets=()))
    assert "satire" in card
    assert "fake" not in card


def test_names_cannot_break_the_markdown():
    config = replace(CONFIG, name="a|b\n# c", command="x | y <img>")
    card = render(report(config=config))
    assert "\n# c" not in card
    assert "x \\| y &lt;img>" in card


def test_the_least_card_renders():
    card = render(least())
    assert "In plain words (validation texts)" in card
    assert "Pretrained weights (none): none: learnt from the training split" in card
