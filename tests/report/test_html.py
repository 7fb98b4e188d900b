import re
from html.parser import HTMLParser

import pytest

from tests.evaluation.sample import part, report, rows
from tfnews.report import figures
from tfnews.report.html import FIGURES, render
from tfnews.statistics import mistakes

VOID = {"meta", "img", "br", "link"}


class Page(HTMLParser):
    """Checks that each tag closes the last one opened, and keeps attributes and visible text."""

    def __init__(self, page):
        super().__init__()
        self.open, self.attributes, self.tags, self.text = [], [], set(), []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)


@pytest.fixture(scope="module")
def page():
    labels, probabilities = rows()
    made = report()
    drawn = figures.draw_all(
        {"test": made["parts"]["test"]["scores"]["confusion"]}, labels, probabilities
    )
    pngs = dict.fromkeys(drawn, b"\x89PNG made up")
    return render(made | {"figures": pngs})


def test_the_page_is_well_formed_and_complete(page):
    text = "".join(Page(page).text)
    for heading in (
        "In plain words", "Before you believe the scores", "Scores",
        "Training and test texts side by side", "Against the simplest model", "On other data sets",
        "Figures", "What it got wrong", "How it was made",
    ):  # fmt: skip
        assert heading in text


def test_the_page_says_what_the_model_was_trained_on(page):
    assert "learnt from 2,000 texts of made_up" in page
    assert "fact-checkers&#x27; verdicts" in page


def test_false_alarms_are_the_first_figure_on_the_page(page):
    text = "".join(Page(page).text)
    assert re.search(r"In plain wordsOf 100 real texts, [\d.]+ were called fake", text)
    assert text.index("were called fake") < text.index("were called real") < text.index("F1 for")


def test_nothing_is_loaded_from_elsewhere(page):
    parsed = Page(page)
    links = [value for name, value in parsed.attributes if name in ("src", "href", "action")]
    assert links
    assert all(link.startswith("data:image/png;base64,") for link in links)
    assert not parsed.tags & {"script", "link", "iframe", "object"}
    assert not re.search(r"url\(|@import", page)


def test_texts_are_escaped(page):
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize("nasty", ["<img src=x onerror=a()>", '"><b onclick="a()">', "$title ${x}"])
def test_names_from_users_files_are_escaped(nasty):
    made = report(class_names=(nasty, "satire"), warnings=[nasty])
    made["config"] |= {"name": nasty, "command": nasty}
    made["splits"] |= {"name": nasty, "label_basis": nasty}
    made["other_sets"][0]["name"] = nasty
    parsed = Page(render(made))
    assert not {"onerror", "onclick"} & {name for name, _ in parsed.attributes}
    assert "".join(parsed.text).count(nasty) > 5


def test_sets_that_are_not_about_fakes_keep_their_words():
    text = "".join(Page(render(report(class_names=("news", "satire"), other_sets=[]))).text)
    assert "satire" in text
    assert "fake" not in text.replace("fake_probability", "")


def test_the_least_report_renders():
    made = {
        "config": {"name": "a", "arch": "tfidf"},
        "splits": {"name": "b", "class_names": ["real", "fake"]},
        "parts": {"validation": part() | {"intervals": None}},
    }
    text = "".join(Page(render(made)).text)
    assert "no test yet" in text
    assert "What it got wrong" not in text


def test_mistakes_without_texts_show_their_rows():
    labels, probabilities = rows()
    found = mistakes.find(labels, probabilities, no_text=True)
    page = render(report(mistakes=found))
    assert f'<article><p class="soft">row {found["misses"][0]["row"]}, labelled fake' in page


def test_figures_may_be_paths(tmp_path):
    path = tmp_path / "roc.png"
    path.write_bytes(b"\x89PNG")
    assert "data:image/png;base64,iVBORw==" in render(report(figures={"roc": path}))


def test_every_figure_has_words():
    labels, probabilities = rows()
    history = [{"epoch": 1, "loss": 1.0, "accuracy": 0.5}]
    drawn = figures.draw_all({"test": [[1, 2], [3, 4]]}, labels, probabilities, history)
    assert set(drawn) == set(FIGURES)


@pytest.mark.parametrize(
    ("handle", "trainable", "said"),
    [("nnlm", False, True), ("nnlm", True, False), ("none", False, False), (None, False, False)],
)
def test_only_pretrained_parts_are_left_as_they_were(handle, trainable, said):
    made = report()
    config = {**made["config"], "trainable": trainable, "weights": {"handle": handle}}
    assert ("its pretrained part left as it was" in render(made | {"config": config})) is said


def test_the_calibration_caption_names_the_class(page):
    assert "scores are higher than the share of texts labelled fake, above it lower" in page
