"""What a stress test says: sentences, table, figures, page and screen."""

from dataclasses import replace

import pytest

from tests.report.page import Page
from tests.report.stress.made import NAMES, attack, made
from tests.report.test_escaping import HOSTILE, hostile
from tfnews.records.stress import Stress
from tfnews.report.stress import figure, page, screen, wording


def test_the_worst_attack_is_told_by_the_errors_that_it_adds():
    found = made()
    assert wording.verdict(found) == (
        "The worst of 12 attacks: Putting a dateline before fake texts lets 60 of 100 fake texts "
        "pass for real (4 before). F1 goes from 0.97 to 0.50."
    )
    assert "--cut dateline" in wording.advice(found)[-1]
    assert wording.falls(found) == [
        "Showing the title alone has 80 of 100 real texts called fake (2 before). F1 goes from "
        "0.97 to 0.70."
    ]


def test_where_no_fall_is_shown_none_is_named():
    quiet = made(worst=None, attacks=(attack(0), attack(1)))
    assert wording.verdict(quiet) == (
        "None of 2 attacks is shown to lower F1, which is 0.97 untouched."
    )
    assert "nothing is to be done" in wording.advice(quiet)[0]
    assert wording.falls(quiet) == []


def test_every_remedy_is_of_an_attack():
    assert set(wording._REMEDIES) <= set(NAMES)


def test_the_table_has_a_line_for_each_that_was_measured():
    found = made()
    rows = wording.rows(found)
    assert [row[0] for row in rows] == ["untouched", *NAMES[:-1]]
    assert all(len(row) == len(wording.HEAD) for row in rows)
    line = rows[1 + NAMES.index("dateline put in")]
    assert [cell if isinstance(cell, str) else cell.text for cell in line] == [
        "dateline put in", "150", "3", "0.500", "-0.470", "31.0 %", "60.0 %", "2.0 %"
    ]  # fmt: skip
    assert line[4].small == "-0.490 to -0.450, p < 0.001"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"part": "test"}, "a reading of the test split"),
        ({"refused": 9}, "no number untouched, 9, are left out"),
    ],
)
def test_what_is_to_be_known_is_said(facts, said):
    assert said in " ".join(wording.notes(made(**facts)))
    assert said not in " ".join(wording.notes(made(refused=0)))
    assert "Not measured: synonyms, as the training texts" in wording.notes(made())[0]
    assert "200 validation texts of made_up, drawn at random of 400" in wording.subtitle(made())


def test_figures_have_the_worst_on_top_and_the_untouched_beside():
    found = made()
    axes = figure.f1(found).axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[-2:] == ["title alone", "dateline put in"]
    assert axes.lines[0].get_xdata()[0] == found.untouched.f1
    points = [line for line in axes.lines if line.get_marker() == "o" and len(line.get_xdata())]
    assert sorted(line.get_xdata()[0] for line in points) == [0.5, 0.7]
    bars = [bar.get_width() for bar in figure.flips(found).axes[0].patches]
    assert bars == sorted(bars)
    assert bars[-1] == pytest.approx(84 / 200)
    assert figure.pngs(replace(found, attacks=found.attacks[-1:])) == {}


def test_page_markdown_and_terminal_say_the_same():
    found = made()
    places = (
        Page(page.render(found, {"f1": b"png"})).text,
        page.render_markdown(found, {"f1": "stress-f1.png"}).replace("\\", "").replace("&lt;", "<"),
        screen.render(found),
    )
    for said in places:
        for sentence in (wording.verdict(found), *wording.advice(found), *wording.notes(found)):
            assert sentence in said
        assert all(fall in said for fall in wording.falls(found))
        for row in wording.rows(found):
            assert all((cell if isinstance(cell, str) else cell.text) in said for cell in row)


def test_files_are_made_of_what_was_measured():
    files = page.files(made())
    assert set(files) == {*page.FILES, "stress-f1.png", "stress-flips.png"}
    assert files["stress-flips.png"].startswith(b"\x89PNG")


@pytest.mark.parametrize("nasty", HOSTILE)
def test_no_name_becomes_html(nasty):
    found = made(worst=None)
    parsed = Page(page.render(replace(hostile(found, nasty), worst=None), {"f1": b"png"}))
    assert parsed.tags == Page(page.render(found, {"f1": b"png"})).tags
    assert parsed.text.count(nasty) > 10


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["attacks"][0].pop("after"),
        lambda content: content["attacks"][0].pop("flipped"),
        lambda content: content["attacks"][0]["before"]["misses"].pop("rate"),
        lambda content: content.update(worst="thunder"),
    ],
)
def test_a_run_s_file_is_checked_before_its_report_tells_it(change):
    content = made().to_json()
    assert Stress.from_json(content) == made()
    change(content)
    with pytest.raises(ValueError, match=r"attack|a share of"):
        Stress.from_json(content)
