import pytest

from tests.report.explanation.sample import TEXT, added_up, explanation, refused
from tests.report.page import Page
from tests.report.test_escaping import HOSTILE
from tfnews.report.explanation.page import render
from tfnews.report.explanation.record import Influence


def marks(page):
    """Return the class of each word's mark, those of the legend left out."""
    kinds = [value for name, value in Page(page).attributes if name == "class"]
    return [kind for kind in kinds if kind.split("-")[0] in ("up", "down", "none", "unread")]


def test_words_are_marked_by_sign_and_strength_and_the_text_is_whole():
    page = render(explanation())
    assert marks(page)[3:] == ["up-3", "down-2", "none", "up-1", "down-3", "none", "unread"]
    assert TEXT in Page(page).text
    titles = [value for name, value in Page(page).attributes if name == "title"]
    assert titles[0] == "+2.000 towards rumour; without it the score is 0.289"


def test_score_caution_and_notes_are_there():
    text = Page(render(added_up())).text
    for said in ("Score 0.750", "not evidence", "They add up", "By the run mine", "towards news"):
        assert said in text


def test_white_space_of_the_text_is_kept():
    found = explanation(text="one\n\ntwo ", influences=(Influence(0, 3, 1.0), Influence(5, 8, 0.2)))
    assert 'one</span>\n\n<span class="up-2"' in render(found)


def test_a_refused_text_has_its_reason_and_no_figures():
    page = render(refused())
    assert "Not scored, so not explained: too short: 1 word." in Page(page).text
    assert marks(page) == []
    assert "table" not in Page(page).names


def test_it_loads_nothing_and_runs_no_script():
    page = Page(render(explanation()))
    assert "script" not in page.names
    assert not {"src", "href"} & {name for name, _ in page.attributes}


@pytest.mark.parametrize("nasty", HOSTILE)
def test_nothing_of_the_text_or_the_names_becomes_html(nasty):
    found = explanation(
        text=nasty, influences=(Influence(0, len(nasty), 1.0),), trained_on=nasty,
        class_names=(nasty, nasty), label=nasty, run=nasty, rule=nasty,
    )  # fmt: skip
    harmless = explanation(influences=(Influence(0, 8, 1.0),))
    assert Page(render(found)).tags == Page(render(harmless)).tags
    assert Page(render(found)).text.count(nasty) > 5
