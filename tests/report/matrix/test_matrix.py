"""What a matrix says: sentences, heat map, page and screen."""

import pytest

from tests.report.page import Page
from tests.report.sample import part
from tests.report.test_escaping import HOSTILE, hostile
from tfnews.records.matrix import Cell, Matrix, ScoredSet
from tfnews.report.matrix import page, screen, tables, wording

GOOD, POOR = {"spread": 0.45}, {"spread": 40.0}


def scored_set(name, whose="test", basis="crowd", names=("real", "fake"), rows=400):
    return ScoredSet(
        name=name,
        label_basis=basis,
        class_names=names,
        digests={"test": "ab" * 32},
        part=whose,
        rows=rows,
        copies=1,
        near_copies=2,
    )


def made(*sets, **changes):
    """Give a matrix of one or two models that are good at home and poor elsewhere."""
    sets = sets or (scored_set("one"), scored_set("two"), scored_set("three", "all"))
    runs = {one.name: f"tfidf-{one.name}" for one in sets if one.part == "test"}
    cells = []
    for row, trained in enumerate(runs):
        for column, one in enumerate(sets):
            judged = part(row + column, **(GOOD if trained == one.name else POOR))
            cells.append(
                Cell(
                    trained_on=trained,
                    tested_on=one.name,
                    scores=judged.scores,
                    intervals=judged.intervals,
                )
            )
    facts = {"arch": "tfidf", "recipe": {"C": 1.0}, "command": "tfnews matrix one two"}
    return Matrix(**{**facts, "runs": runs, "sets": sets, "cells": tuple(cells), **changes})


def test_falls_are_said_against_one_answer_for_all():
    found = made()
    home, away = found.home("one"), found.cell("one", "two")
    low, high = away.intervals["accuracy"]
    (said, _) = wording.falls(found)
    assert said.startswith(
        f"Trained on one: accuracy {home.scores['accuracy']:.2f} on its own test texts (always "
    )
    always = away.scores["always"]
    assert (
        f"falls to {away.scores['accuracy']:.2f} on two (95 % interval {low:.2f} to {high:.2f}, "
        f"always giving {always['class']}: {always['accuracy']:.2f}, not shown to be better)"
    ) in said
    assert wording.summary(found).startswith("Of 4 pairs of different sets, 0 are shown")


@pytest.mark.parametrize(("after", "said"), [(0.9, "rises to 0.90"), (0.802, "stays at 0.80")])
def test_a_rise_is_no_fall(after, said):
    home, away = made().home("one"), made().cell("one", "two")
    home.scores["accuracy"], before = 0.8, home.scores["accuracy"]
    away.scores["accuracy"], then = after, away.scores["accuracy"]
    try:
        assert said in wording.falls(made())[0]
    finally:  # scores are shared by the tests
        home.scores["accuracy"], away.scores["accuracy"] = before, then


@pytest.mark.parametrize(
    ("other", "warned"),
    [
        ({}, False),
        ({"basis": "unstated"}, False),
        ({"basis": "satire"}, True),
        ({"names": ("news", "clickbait")}, True),
    ],
)
def test_labels_that_mean_something_else_are_warned_of(other, warned):
    said = " ".join(wording.notes(made(scored_set("one"), scored_set("two", "all", **other))))
    assert ("Labels do not mean the same" in said) is warned


def test_what_was_left_out_and_few_texts_are_said():
    said = wording.notes(made(scored_set("one"), scored_set("two", "all", rows=299)))
    assert said[0].startswith("one: its test texts are tested on, 400. Left out for all models")
    assert said[1].endswith("copies 1, near-copies 2.")
    assert said[2].startswith("Fewer than 300 texts of each of these are tested on: two.")


@pytest.mark.parametrize(
    ("value", "shade"),
    [(0.0, "below"), (0.49, "below"), (0.496, "0"), (0.5, "0"), (0.6, "1"), (0.9, "4"), (1.0, "4")],
)
def test_a_figure_has_the_shade_of_what_is_printed(value, shade):
    assert page._shade(value) == shade


def test_page_markdown_and_terminal_say_the_same_figures():
    found = made()
    places = (Page(page.render(found)).text, tables.markdown_text(found), screen.render(found))
    for said in places:
        assert wording.summary(found) in said
        assert all(fall in said for fall in wording.falls(found))
        assert all(note in said for note in wording.notes(found))
        for cell in found.cells:
            assert all(text in said for text in wording.figure(cell))


def test_intervals_that_nobody_could_draw_are_left_out():
    cells = tuple(
        Cell(trained_on="one", tested_on=name, scores=part().scores, intervals={"accuracy": None})
        for name in ("one", "two")
    )
    found = made(scored_set("one"), scored_set("two", "all"), cells=cells)
    assert "interval " not in wording.falls(found)[0]
    assert Page(page.render(found)).text
    assert tables.csv_text(found).count("\n") == 3


@pytest.mark.parametrize("nasty", HOSTILE)
def test_no_name_becomes_html(nasty):
    found = made()
    parsed = Page(page.render(hostile(found, nasty)))
    assert parsed.tags == Page(page.render(found)).tags
    assert parsed.text.count(nasty) > 10


def test_the_terminal_marks_what_is_not_shown_to_be_better():
    """It said that such figures are marked, and marked none."""
    table = screen.render(made()).split("A row is a model")[0]
    assert table.count("not shown") == sum(not wording.is_better(cell) for cell in made().cells) > 0
    assert table.count("[") == 2


def test_each_cell_of_the_scores_says_its_column_where_the_table_stacks():
    """On a phone the head is not shown: figures stood there without a word of what they are."""
    scores = page.render(made()).split("All scores")[1].split("</table>")[0]
    assert scores.count("<td") == scores.count("<td data-head=") > 40
    assert scores.count('<th data-head="trained on" scope="row">') == 6
