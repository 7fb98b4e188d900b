"""What a drift check says: sentences, table, figures, page and screen."""

from dataclasses import replace

import numpy as np
import pytest

from tests.report.page import Page
from tests.report.test_escaping import HOSTILE, hostile
from tests.statistics.test_shifts import readings
from tfnews.records.drift import Drift
from tfnews.report.drift import figure, page, screen, wording
from tfnews.statistics.shifts import MEASURES, Limits, compare


def made(then=336, now=300, changes=None, **facts):
    """Give a check of made-up texts."""
    generator = np.random.default_rng(0)
    pair = readings(generator, then), readings(generator, now, **(changes or {}))
    shifts = compare(*pair, Limits())
    about = {
        "run": "tfidf-1",
        "trained_on": "made_up",
        "class_names": ("real", "fake"),
        "feed": "week.jsonl",
        "reference": "the validation texts of made_up",
        "lengths": "the training and validation texts of made_up",
        "vocabulary": "training",
        "unit": "words",
        "threshold": 0.5,
        "level": 0.01,
        "read": now,
        "drawn": now,
        "blank": 0,
        "copies": 0,
        "learnt": 0,
        "texts": now,
        "called": (0.5, 0.75),
        "refused": {"too short": 6},
        "command": "tfnews drift tfidf-1 week.jsonl",
    }
    alarm = any(one.rings for one in shifts)
    return Drift(**{**about, "shifts": shifts, "alarm": alarm, **facts})


MOVED = {"words": 120, "share_refused": 0.3}


def test_an_alarm_names_what_rings_and_says_what_to_do():
    found = made(changes=MOVED)
    ringing = [wording.NAMES[one.measure] for one in found.shifts if one.rings]
    assert ringing == ["lengths", "unknown words", "refused texts"]
    assert wording.verdict(found) == (
        "Alarm: week.jsonl is unlike the validation texts of made_up in lengths, unknown words and "
        "refused texts."
    )
    first, *rest = wording.advice(found)
    assert "do not act on what tfidf-1 answers" in first
    assert [said.split()[0] for said in rest] == ["Lengths", "More", "More"]


def test_silence_names_what_was_compared_alone():
    found = made()
    assert not found.alarm
    assert wording.verdict(found).startswith("No alarm: week.jsonl is like")
    none = replace(found.shifts[0], p=None, corrected=None, distance=None)
    said = wording.verdict(replace(found, shifts=(none, *found.shifts[1:])))
    assert "in lengths, unknown words and refused texts, as far" in said
    assert (
        wording.rows(replace(found, shifts=(none,)))[0][-1] == "not compared: fewer than 20 texts"
    )


def test_each_measure_is_told_with_both_sides():
    found = made(changes=MOVED)
    score, length, _, refused = wording.moved(found)
    assert "; 75 of 100 are called fake, 50 there. Silent" in score
    one = found.shifts[MEASURES.index("length")]
    assert f"half of these texts have {wording.median(one.now):,.0f} or less" in length
    assert "half of the training and validation texts of made_up" in length
    assert length.endswith("Alarm (limit 0.15, p < 0.001).")
    share = found.shifts[MEASURES.index("refused")].now.mean
    assert refused.startswith(f"{100 * share:.3g} of 100 texts get no number")


def test_what_few_texts_hide_is_said():
    (said, *_) = (note for note in wording.notes(made(now=40)) if "mostly stay unseen" in note)
    assert "at the limit of 0.15 too: about" in said
    said = wording.notes(made(then=40, now=40))
    assert any("as too few are held against" in note for note in said)
    assert not any("mostly stay unseen" in note for note in wording.notes(made(5000, 5000)))


def test_a_move_that_chance_may_make_is_silent():
    found = made()
    far = replace(found.shifts[0], distance=0.3, corrected=0.4, rings=False)
    assert wording.outcome(far) == "silent: chance may do as much"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"copies": 200, "texts": 100}, "Most records repeat others"),
        ({"read": 90_000, "drawn": 20_000}, "of which 20,000 were drawn at random"),
        ({"vocabulary": "model"}, "the model's own vocabulary lacks it"),
        ({"vocabulary": "common"}, "none of the thousand commonest"),
        ({"notes": ("Splits are gone.",)}, "Splits are gone."),
    ],
)
def test_what_is_to_be_known_is_said(facts, said):
    assert said in " ".join(wording.notes(made(**facts)))
    assert said not in " ".join(wording.notes(made()))


def test_figures_show_both_sides_and_the_limit():
    found = made(changes=MOVED)
    drawn = {one.measure: figure.draw(one, found).axes[0] for one in found.shifts}
    one = found.shifts[1]
    then, now, apart = drawn["length"].lines
    np.testing.assert_allclose(then.get_xdata(), one.then.quantiles)
    np.testing.assert_allclose(now.get_xdata(), one.now.quantiles)
    assert np.ptp(apart.get_ydata()) == pytest.approx(one.distance, abs=0.05)
    assert "Lengths: alarm" in drawn["length"].get_title()
    bars = [bar.get_height() for bar in drawn["refused"].patches]
    assert bars == [found.shifts[3].then.mean, found.shifts[3].now.mean]
    assert drawn["refused"].lines[0].get_ydata()[0] == pytest.approx(bars[0] + 0.05)
    assert all(png.startswith(b"\x89PNG") for png in figure.pngs(found).values())


def test_page_markdown_and_terminal_say_the_same():
    found = made(changes=MOVED)
    names = {one.measure: f"drift-{one.measure}.png" for one in found.shifts}
    places = (
        Page(page.render(found, {"score": b"png"})).text,
        page.render_markdown(found, names).replace("\\", "").replace("&lt;", "<"),
        screen.render(found),
    )
    for said in places:
        for sentence in (wording.verdict(found), *wording.advice(found), *wording.notes(found)):
            assert sentence in said
        assert all(sentence in said for sentence in wording.moved(found))
        assert all(cell in said for row in wording.rows(found) for cell in row)


def test_what_was_not_compared_has_no_figure():
    found = made()
    few = replace(found.shifts[0], p=None, corrected=None, distance=None)
    files = page.files(replace(found, shifts=(few, *found.shifts[1:])))
    assert [name for name in files if name.endswith(".png")] == [
        "drift-length.png", "drift-unknown.png", "drift-refused.png"
    ]  # fmt: skip
    assert set(page.FILES) <= set(files)


@pytest.mark.parametrize("nasty", HOSTILE)
def test_no_name_becomes_html(nasty):
    found, figures = made(changes=MOVED), {"score": b"png"}
    kept = hostile(replace(found, vocabulary="", shifts=()), nasty)
    kept = replace(kept, vocabulary="training", shifts=found.shifts)
    parsed = Page(page.render(kept, figures))
    assert parsed.tags == Page(page.render(found, figures)).tags
    assert parsed.text.count(nasty) > 10


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"day": "yesterday"}, "yesterday"),
        ({"shifts": ()}, "no measure was compared"),
        ({"shifts": (replace(made().shifts[0], measure="mood"),)}, "no measure mood"),
    ],
)
def test_a_stranger_s_record_is_checked_before_it_is_told(wrong, said):
    """It is read from a run's metrics.json, and a run may come from anybody."""
    content = made(**wrong).to_json()
    with pytest.raises(ValueError, match=said):
        Drift.from_json(content)
