"""A ranking in sentences, on the page, in Markdown and as a figure."""

from dataclasses import replace

import pytest

from tests.report.page import Page
from tests.report.ranking.sample import contender, judged, pair, ranking
from tests.report.test_escaping import HOSTILE
from tfnews.report.ranking import figure, page, screen, wording

PNG = {"latency": b"latency", "size": b"size"}


def test_the_verdict_names_the_smallest_that_ties():
    assert wording.verdict(ranking()) == (
        "Ship small: the smallest (2.0 MB) of the 2 that tie on the validation split. The best "
        "there, large, has F1 0.9500, small 0.9400; no difference is shown."
    )


def test_the_verdict_where_nothing_ties_and_where_the_best_is_the_smallest():
    large, small, poor = ranking().contenders
    alone = ranking(contenders=(large, replace(small, tied=False), poor), ship="large")
    assert "all others are shown to be worse" in wording.verdict(alone)
    smallest = ranking(contenders=(replace(large, megabytes=0.5), small, poor), ship="large")
    assert "and the smallest of the 2 that tie (0.5 MB)" in wording.verdict(smallest)


def test_the_shown_part_confirms_or_warns():
    assert "small is not shown to be worse there" in " ".join(wording.reasons(ranking()))
    large, small, poor = ranking().contenders
    lost = replace(small, against_best={"validation": pair(), "test": pair(worse=True)})
    found = ranking(contenders=(large, lost, poor))
    assert "small is shown to be worse there" in " ".join(wording.reasons(found))
    assert any("though a tie on validation: small" in note for note in found.notes)


def test_models_that_are_no_better_than_one_answer_are_named():
    one = contender("guess", parts={"validation": judged(), "test": judged(macro_recall=0.52)})
    other = contender("other")
    found = ranking(contenders=(one, other), best="guess", ship="guess")
    assert any("guess (0.5200)" in note and "other" not in note for note in found.notes)
    assert wording.verdict(found).startswith("Ship none of these: guess, which would be chosen")
    assert "ship this" not in screen.render(found)
    names = [text.get_text() for text in figure.draw(found, "size").axes[0].texts]
    assert sorted(names) == ["guess", "other"]
    assert wording.verdict(replace(found, ship="other")).startswith("Ship other")


def test_milliseconds_of_different_machines_are_not_to_be_compared():
    one, *others = ranking().contenders
    assert any("by tfnews evaluate on a CPU" in note for note in ranking().notes)
    found = ranking(contenders=(replace(one, cpu="another"), *others))
    assert any("different machines" in note for note in found.notes)
    unknown = tuple(replace(each, cpu=None) for each in ranking().contenders)
    assert any("was not recorded" in note for note in ranking(contenders=unknown).notes)


def test_a_page_holds_tables_figures_and_notes_and_loads_nothing():
    made = Page(page.render(ranking(), PNG))
    for said in ("Ship small", "p, McNemar", "0.5000", "tie", "Beside the random splits"):
        assert said in made.text
    assert "Cell(" not in made.text
    sources = [value for name, value in made.attributes if name == "src"]
    assert len(sources) == 2
    assert all(one.startswith("data:image/png;base64,") for one in sources)
    assert "script" not in made.names


@pytest.mark.parametrize("nasty", HOSTILE)
def test_nothing_of_the_names_becomes_html(nasty):
    found = ranking(set_name=nasty, label_basis=nasty, class_names=(nasty, nasty))
    one, *others = found.contenders
    found = replace(found, contenders=(replace(one, arch=nasty, cpu=nasty), *others))
    assert Page(page.render(found, PNG)).tags == Page(page.render(ranking(), PNG)).tags


def test_markdown_has_the_same_tables():
    said = page.render_markdown(ranking(), {"latency": "front-latency.png"})
    assert said.startswith("# Which model to ship for made\\_up\n")
    assert "| small (ship this, tie) | tfidf | 0.9400 (0.8900 to 0.9900) |" in said
    assert "![F1 against latency](front-latency.png)" in said


def test_a_terminal_has_intervals_below_scores():
    lines = screen.render(ranking()).splitlines()
    row = next(n for n, line in enumerate(lines) if line.startswith("small"))
    assert lines[row].split()[:3] == ["small", "tfidf", "0.9400"]
    assert lines[row + 1].split()[:4] == ["ship", "this,", "tie", "0.8900–0.9900"]


@pytest.mark.parametrize("front", figure.COSTS)
def test_the_figure_shows_each_model_and_joins_the_front(front):
    axes = figure.draw(ranking(), front).axes[0]
    assert [text.get_text() for text in axes.texts] == ["poor", "small (ship)", "large"]
    joined = axes.lines[0].get_xydata()[:, 1].tolist()
    best = [one for one in ranking().contenders if front in one.fronts]
    assert sorted(joined) == sorted(one.score("test") for one in best)


def test_a_figure_of_models_that_nobody_timed():
    some = tuple(replace(one, ms_per_text=None, fronts=()) for one in ranking().contenders)
    axes = figure.draw(ranking(contenders=some), "latency").axes[0]
    assert axes.get_title() == "No latency is known"


def test_a_name_is_no_formula_of_a_figure():
    """Of matplotlib, which ended a comparison of runs whose folders were named so."""
    large, small, poor = ranking().contenders
    odd = replace(large, name="$\\bad{$")
    found = ranking(contenders=(odd, small, poor), best=odd.name, ship="large")
    assert all(png.startswith(b"\x89PNG") for png in figure.pngs(found).values())


def test_a_cost_below_zero_is_on_no_figure():
    large, small, poor = ranking().contenders
    found = ranking(contenders=(replace(large, ms_per_text=-1.0), small, poor))
    assert figure.pngs(found)["latency"].startswith(b"\x89PNG")
