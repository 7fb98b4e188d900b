import re
from dataclasses import replace
from datetime import date

import pytest

from tests.report.page import Page
from tests.report.sample import CONFIG, least, report, rows
from tests.report.stress.made import made as stressed
from tfnews.records import Reason, Token, WeightsRecord
from tfnews.report import figures, findings
from tfnews.report.html import render
from tfnews.report.sections import SECTIONS
from tfnews.report.sections.figures import FIGURES
from tfnews.statistics import mistakes


@pytest.fixture(scope="module")
def page():
    labels, probabilities = rows()
    made = report()
    drawn = figures.draw_all(
        {"test": made.parts["test"].scores["confusion"]}, labels, probabilities
    )
    pngs = dict.fromkeys(drawn, b"\x89PNG made up")
    return render(replace(made, figures=pngs))


def test_the_page_is_well_formed_and_complete(page):
    text = Page(page).text
    for heading in (
        "In plain words", "Before you believe the scores", "Scores",
        "Training and test texts side by side", "Against the simplest model", "On other data sets",
        "Figures", "What it got wrong", "How it was made",
    ):  # fmt: skip
        assert heading in text


def test_the_page_says_what_the_model_was_trained_on(page):
    assert "learnt from 2,000 texts of made_up" in page
    assert "fact-checkers' verdicts" in Page(page).text


def test_the_worst_is_first_and_the_use_second():
    made = report()
    found = findings.ranked(made)
    use = findings.may_be_used(made, found)
    assert f"In plain words {found[0].said} {use} " in Page(render(made)).text


def test_false_alarms_are_the_first_figure_of_the_runs_own():
    text = Page(render(report(other_sets=()))).text
    assert re.search(r"In plain words Of 100 real texts, [\d.]+ were called fake", text)
    assert text.index("were called fake") < text.index("were called real") < text.index("F1 for")


def test_nothing_is_loaded_from_elsewhere(page):
    parsed = Page(page)
    links = [value for name, value in parsed.attributes if name in ("src", "action")]
    assert links
    assert all(link.startswith("data:image/png;base64,") for link in links)
    assert not parsed.names & {"script", "link", "iframe", "object"}
    assert not re.search(r"url\(|@import", page)


def test_the_contents_lead_to_every_section_but_the_first(page):
    attributes = Page(page).attributes
    places = [value for name, value in attributes if name == "id"]
    links = [value for name, value in attributes if name == "href"]
    assert places[0] == "plain_words"
    assert links == [f"#{place}" for place in places[1:]]
    assert len(set(places)) == len(places) > 8


def test_every_section_has_a_heading_and_all_but_the_first_an_opening(page):
    shown = {value for name, value in Page(page).attributes if name == "id"}
    for section in SECTIONS:
        elsewhere = {"audit", "slices", "calibration", "by_set", "stress", "trials", "drift"}
        assert bool(section.heading) == (section.key in shown | elsewhere)
        assert bool(section.opening) == bool(section.heading and section.key != "plain_words")


def test_three_scores_come_before_the_fold_and_all_others_in_it(page):
    before, after = page.split('<section id="scores">')[1].split("<details>")[:2]
    assert re.findall(r'scope="row">(.*?)</th>', before) == [
        "texts", "real called fake (false alarms, FPR)", "fake called real (misses, FNR)",
        "F1 for fake",
    ]  # fmt: skip
    assert "The other 12 scores" in after
    assert after.split("</details>")[0].count("<tr><th") == 12


def test_the_page_says_its_day():
    assert "5 May 2026. Architecture" in render(report(written=date(2026, 5, 5)))


def test_what_one_answer_for_all_scores_stands_below_another_set(page):
    rows = page.split('<section id="other_sets">')[1].split("</section>")[0]
    assert re.findall(r'scope="row">(.*?)</th>', rows) == ["elsewhere", "elsewhere: always fake"]


def test_commands_stand_in_a_box_of_their_own():
    advice = "A column repeats. Better: tfnews data prepare ... --time-column day"
    made = report(warnings=(advice, "Two; judge on another set: tfnews evaluate RUN --data OTHER"))
    text = render(made)
    outside = re.sub(r"<pre>.*?</pre>", "", text, flags=re.DOTALL)
    assert "tfnews " not in Page(outside).text
    assert re.findall(r"<pre><code>(.*?)</code></pre>", text) == [
        "tfnews data prepare ... --time-column day", "tfnews evaluate RUN --data OTHER",
        "tfnews evaluate nnlm128-1 --data SPLITS", "tfnews trial nnlm128-1 FEED",
        "tfnews stress nnlm128-1 --to DIR", "tfnews drift nnlm128-1 FILE",
        "tfnews explain nnlm128-1 FILE", "tfnews compare", CONFIG.command,
    ]  # fmt: skip
    assert "<li>A column repeats.</li>" in text
    assert "<li>Two.</li>" in text
    helped = render(report(stress=stressed()))
    assert "tfnews " not in Page(re.sub(r"<pre>.*?</pre>", "", helped, flags=re.DOTALL)).text
    assert "<code>tfnews data prepare SOURCE --cut dateline --out SPLITS</code>" in helped


def test_texts_are_escaped(page):
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_sets_that_are_not_about_fakes_keep_their_words():
    text = Page(render(report(class_names=("news", "satire"), other_sets=[]))).text
    assert "satire" in text
    assert "fake" not in text.replace("fake_probability", "")


def test_the_least_report_renders():
    text = Page(render(least())).text
    assert "no test yet" in text
    assert "What it got wrong" not in text


def test_mistakes_without_texts_show_their_rows():
    labels, probabilities = rows()
    found = mistakes.find(labels, probabilities, no_text=True)
    text = Page(render(report(mistakes=found))).text
    assert f"row {found.misses[0].row}, labelled fake" in text
    assert "Title" not in text


def test_the_words_behind_a_mistake_stand_below_it():
    made = report()
    alarm, miss = made.mistakes.false_alarms[0].row, made.mistakes.misses[0].row
    reasons = (
        Reason(alarm, "exact", (Token("shocking", 0.5, "fake"), Token("they", 0.25, "fake"))),
        Reason(miss, "exact", (Token("council", -0.125, "real"),)),
    )
    text = Page(render(replace(made, reasons=reasons))).text
    alarms, misses = text.split("False alarms: ")[1].split("Misses: ")
    assert "Moved it most towards fake: shocking (+0.50), they (+0.25)" in alarms
    assert "Moved it most towards real: council (-0.12)" in misses
    assert "are no evidence" in text
    assert "are no evidence" not in Page(render(made)).text


def test_figures_may_be_paths(tmp_path):
    path = tmp_path / "roc.png"
    path.write_bytes(b"\x89PNG")
    assert "data:image/png;base64,iVBORw==" in render(report(figures={"roc": path}))


def test_every_figure_has_words():
    labels, probabilities = rows()
    history = [{"epoch": 1, "loss": 1.0, "accuracy": 0.5}]
    drawn = figures.draw_all({"test": [[1, 2], [3, 4]]}, labels, probabilities, history)
    assert set(drawn) - {"confusion"} == set(FIGURES)


def test_confusion_matrices_are_tables(page):
    """As one picture of three they could not be read on a telephone."""
    (tn, fp), (fn, tp) = report().parts["test"].scores["confusion"]
    first = page.split('<table class="matrix">')[1].split("</table>")[0]
    assert f"<caption>test: {fp + fn} of 400 wrong</caption>" in first
    assert re.findall(r'<td class="(\w+)">([\d,]+)<small>([\d.]+ %)', first) == [
        (kind, f"{count}", f"{100 * count / of:.1f} %")
        for kind, count, of in (
            ("right", tn, tn + fp),
            ("wrong", fp, tn + fp),
            ("wrong", fn, fn + tp),
            ("right", tp, fn + tp),
        )
    ]


@pytest.mark.parametrize(
    ("handle", "trainable", "said"),
    [("nnlm", False, True), ("nnlm", True, False), ("none", False, False), (None, False, False)],
)
def test_only_pretrained_parts_are_left_as_they_were(handle, trainable, said):
    config = replace(CONFIG, trainable=trainable, weights=WeightsRecord(handle))
    assert ("its pretrained part left as it was" in render(report(config=config))) is said


def test_the_calibration_caption_names_the_class(page):
    assert "scores are higher than the share of texts labelled fake, above it lower" in page
