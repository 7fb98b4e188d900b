import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from tfnews import catalogue
from tfnews.data.text import combine
from tfnews.errors import DataError
from tfnews.models import build
from tfnews.models.family import Material
from tfnews.models.linear.tfidf import solve

ROW = catalogue.row("tfidf")
TEXTS = ["The vote, the vote!", "fake news of the vote", "Fake: élan", "news of the council"]
LABELS = [0, 1, 1, 0]
SMALL = {**ROW.settings, "min_df": 1}


def reference(texts, labels, options):
    """Fit scikit-learn's own pipeline, with its own words."""
    vectorizer = TfidfVectorizer(
        ngram_range=(1, options["ngrams"]),
        min_df=options["min_df"],
        max_features=options["max_features"],
        sublinear_tf=options["sublinear_tf"],
    )
    solver = LogisticRegression(C=options["C"], max_iter=1000)
    return make_pipeline(vectorizer, solver).fit(texts, labels)


def check_against_scikit_learn(texts, labels, probes, options):
    classifier, record = build(ROW, texts, labels, options, {})
    expected = reference(texts, labels, options).predict_proba(probes)[:, 1]
    found = classifier.predict(probes, verbose=0)
    assert found.shape == (len(probes), 1)
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-5)
    assert record.handle == "none"


@pytest.mark.parametrize(
    "changes",
    [{}, {"sublinear_tf": False}, {"ngrams": 1}, {"ngrams": 3}, {"max_features": 4}, {"C": 9.0}],
    ids=str,
)
def test_answers_equal_scikit_learns(changes):
    probes = ["", "  ", "unheard words", "I a", "VOTE\0vote", "vote…vote-vote_vote", *TEXTS]
    check_against_scikit_learn(TEXTS, LABELS, probes, {**SMALL, **changes})


@pytest.mark.parametrize("sublinear_tf", [True, pytest.param(False, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "name",
    ["isot_sample/isot_sample", "fakebr/fakebr_size_normalized"],
    ids=["english", "portuguese"],
)
def test_answers_equal_scikit_learns_on_real_articles(real_data, name, sublinear_tf):
    frame = pd.read_csv(real_data / f"{name}.csv.gz", dtype=str, na_filter=False)
    frame = frame.sample(500, random_state=0)
    texts = [combine(*pair) for pair in zip(frame["title"], frame["text"], strict=True)]
    labels = frame["label"].astype(int).tolist()
    options = {**ROW.settings, "sublinear_tf": sublinear_tf}
    check_against_scikit_learn(texts[:300], labels[:300], texts[300:], options)


def test_an_empty_text_is_scored_by_the_bias_alone():
    classifier, _ = build(ROW, TEXTS, LABELS, SMALL, {})
    bias = classifier.head_layers[-1].bias.numpy()[0]
    found = classifier.predict([""], verbose=0)[0, 0]
    assert found == pytest.approx(1 / (1 + np.exp(-bias)), abs=1e-6)


def test_inverse_document_frequencies_are_not_trained():
    classifier, _ = build(ROW, TEXTS, LABELS, SMALL, {})
    terms = classifier.backbone.terms
    assert classifier.count_params() == 2 * terms + 1
    assert sum(int(np.prod(v.shape)) for v in classifier.trainable_variables) == terms + 1


@pytest.mark.parametrize(
    ("texts", "min_df"), [(["", " ", "!"], 1), (["one", "two", "three"], 2), (["a", "b", "c"], 1)]
)
def test_too_few_terms_is_said(texts, min_df):
    with pytest.raises(DataError, match=f"no terms in 3 .* must occur in {min_df} texts"):
        solve(Material(texts, [0, 1, 0]), {**SMALL, "min_df": min_df})
