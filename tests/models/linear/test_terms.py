"""The terms and rows that scikit-learn would learn, whatever the texts are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from tfnews.models.linear.terms import TermVectorizer
from tfnews.models.text.normalise import characters

# Few words, so that they meet again; one begins another, which is where alphabets go wrong.
_WORDS = st.sampled_from(["an", "and", "andes", "Élan", "vote", "x", "7th", "a_b", "ß", "the"])
_BETWEEN = st.sampled_from([" ", "  ", ", ", "\n", "—", "\0", ". "])
_TEXT = st.lists(st.tuples(_WORDS, _BETWEEN), max_size=12).map(
    lambda pairs: "".join(word + between for word, between in pairs)
)
_WORD = r"(?u)\b\w\w+\b"


def vectorizers(analyzer="word", ngrams=2, min_df=1, max_features=1000, sublinear_tf=True):
    by_character = analyzer == "char"
    return (
        TermVectorizer(analyzer, ngrams, min_df, max_features, sublinear_tf),
        TfidfVectorizer(
            tokenizer=characters if by_character else None,
            token_pattern=None if by_character else _WORD,
            ngram_range=(1, ngrams),
            min_df=min_df,
            max_features=max_features,
            sublinear_tf=sublinear_tf,
        ),
    )


def check(texts, asked, **options):
    ours, theirs = vectorizers(**options)
    try:
        expected = theirs.fit_transform(texts)
    except ValueError:
        with pytest.raises(ValueError, match="no terms remain"):
            ours.fit_transform(texts)
        return
    found = ours.fit_transform(texts)
    assert ours.tokenizer.get_vocabulary() == list(theirs.get_feature_names_out())
    np.testing.assert_allclose(ours.idf, theirs.idf_)
    np.testing.assert_allclose(found.toarray(), expected.toarray(), atol=1e-12)
    again, expected = ours.transform(asked), theirs.transform(asked)
    np.testing.assert_allclose(again.toarray(), expected.toarray(), atol=1e-12)


@settings(max_examples=25)
@given(
    texts=st.lists(_TEXT, min_size=1, max_size=8),
    asked=st.lists(_TEXT, min_size=1, max_size=3),
    ngrams=st.integers(1, 4),
    min_df=st.integers(1, 3),
    max_features=st.integers(1, 30),
    sublinear_tf=st.booleans(),
)
def test_terms_and_rows_are_scikit_learns(texts, asked, **options):
    check(texts, asked, **options)


def test_texts_without_spaces_are_counted_by_character():
    texts = ["新聞的投票 vote", "", "新聞", "投票 ABC1 ก็"]
    check(texts, ["的新聞", ""], analyzer="char")


def test_batches_of_texts_make_no_difference():
    texts = [f"word{number % 700} and word{number % 41} of {number}" for number in range(1300)]
    check(texts, texts[:3], min_df=2, max_features=900)
