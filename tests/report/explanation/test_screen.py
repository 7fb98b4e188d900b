import click

from tests.report.explanation.sample import TEXT, added_up, explanation, refused
from tfnews.report.explanation.record import Influence
from tfnews.report.explanation.screen import render


def test_without_colour_there_is_a_table_alone():
    lines = render(explanation(), top=2).splitlines()
    assert lines[2:5] == [
        "word      influence  towards  score without it",
        "Shocking     +2.000   rumour             0.289",
        "harbour      −1.200     news             0.900",
    ]
    assert "\x1b" not in render(explanation())
    assert TEXT not in render(explanation())


def test_words_are_coloured_by_class_and_strength():
    shown = render(explanation(), colour=True)
    assert click.style("Shocking", fg="bright_red", bold=True, underline=True) in shown
    assert click.style("news", fg="bright_cyan", bold=True, underline=False) in shown
    assert click.style("the", fg="bright_red", bold=False, underline=False) in shown
    assert click.style("again", dim=True) in shown
    assert TEXT in click.unstyle(shown)
    assert "(towards rumour, towards news, not read; the strongest" in click.unstyle(shown)


def test_a_text_cannot_steer_the_terminal():
    found = added_up(text="a\x1b[2Jb \x9bc", influences=(Influence(0, 6, 1.0),))
    for colour in (True, False):
        left = click.unstyle(render(found, colour=colour))
        assert not {"\x1b", "\x9b"} & set(left)
        assert "a\ufffd[2Jb" in left


def test_class_names_cannot_steer_the_terminal():
    found = explanation(class_names=("re\x1b[2Jal", "fa\x07ke"))
    for colour in (True, False):
        assert not {"\x1b", "\x07"} & set(click.unstyle(render(found, colour=colour)))


def test_a_long_sentence_is_cut_in_the_table():
    found = explanation(text="word " * 50, influences=(Influence(0, 249, 1.0, True, 0.5),))
    assert f"{('word ' * 12)[:59]}…  " in render(found)


def test_a_refused_text():
    assert render(refused(), colour=True) == "Not scored, so not explained: too short: 1 word."
