import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnews.data.cutting import CUTS, check_cuts, cut, cut_column
from tfnews.errors import UsageError


@pytest.mark.parametrize(
    "text",
    [
        "WASHINGTON (Reuters) - The senate met.",
        "(Reuters) - The senate met.",
        "SEOUL/TOKYO (Reuters) – The senate met.",
        "KANSAS CITY, Mo. (AP) — The senate met.",
        "(Corrects the date in paragraph 3) LONDON (Reuters) - The senate met.",
    ],
)
def test_datelines_go(text):
    assert cut(text, "dateline") == "The senate met."


@pytest.mark.parametrize(
    "text",
    [
        "The senate met, said Reuters (a news agency) - and left.",
        "The senate met. LONDON (Reuters) said so.",
        "Senator Doe (R) - a lawyer - spoke.",
        "",
    ],
)
def test_other_openings_stay(text):
    assert cut(text, "dateline") == text


@pytest.mark.parametrize(
    "footer",
    [
        "Featured image via Some Person/Getty Images",
        "Featured Image: screenshot",
        " Read more: Some Paper",
        " READ MORE POLITICS NEWS AT: 21st Century Wire Politics Files",
        "Via: Some Blog",
        "Photo by Some Person/Getty Images.",
    ],
)
def test_footers_go(footer):
    assert cut(f"The senate met.{footer}", "footer") == "The senate met."


def test_a_known_opening_goes_with_footers():
    assert cut("21st Century Wire says The senate met.", "footer") == "The senate met."


@pytest.mark.parametrize(
    "text",
    [
        "He took a photo by the lake and left.",
        "They read more books than before.",
        "It went via: the lake.",
    ],
)
def test_bodies_stay(text):
    assert cut(text, "footer") == text


def test_a_footer_phrase_far_from_the_end_cuts_nothing():
    text = "Read more: " + "the senate met " * 40
    assert cut(text, "footer") == text


def test_counts_name_the_texts_changed():
    texts = pd.Series(["PARIS (AFP) - One. Read more: Two", "Three."])
    shorter, changed = cut_column(texts, ("dateline", "footer"))
    assert shorter.tolist() == ["One.", "Three."]
    assert changed == {"dateline": 1, "footer": 1}


def test_an_unknown_cut_names_the_known_ones():
    with pytest.raises(UsageError, match="dateline, footer"):
        check_cuts(("header",))


@given(st.text(), st.sampled_from(sorted(CUTS)))
def test_cutting_only_shortens(text, name):
    assert cut(text, name) in text
