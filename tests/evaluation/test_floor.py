import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline

from tests import tiny
from tfnews.evaluation import floor


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("floor"), articles=200)


@pytest.fixture(scope="module", params=["validation", "test"])
def known(request, splits):
    """Give a part, its labels, and the floor's probabilities by scikit-learn alone."""
    train, frame = splits.frame("train"), splits.frame(request.param)
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), min_df=2, sublinear_tf=True, max_features=300_000
    )
    model = make_pipeline(vectorizer, LogisticRegression(max_iter=1000))
    model.fit(train["combined_text"], train["label"])
    return request.param, frame["label"], model.predict_proba(frame["combined_text"])[:, 1]


def test_the_floor_is_scikit_learns(splits, known):
    part, _, expected = known
    found = floor.probabilities(splits, part)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_perfect_model_gains_what_the_floor_lacks(splits, known):
    part, labels, expected = known
    f1 = f1_score(labels, expected >= 0.5)
    found = floor.compare(splits, part, labels.to_numpy(dtype="float32"), 0.5)
    assert (found.arch, found.part) == ("tfidf", part)
    assert found.f1 == pytest.approx(f1)
    assert found.difference == pytest.approx(1 - f1)
    low, high = found.interval
    assert low <= found.difference <= high


def test_the_floor_gains_nothing_over_itself(splits, known):
    part, _, expected = known
    found = floor.compare(splits, part, expected.astype("float32"), 0.5)
    assert (found.difference, found.interval) == (0.0, (0.0, 0.0))
    assert found.gain_shown is False


def test_the_models_own_threshold_counts_and_the_floors_is_one_half(splits, known):
    part, labels, expected = known
    halved = expected / 2
    found = floor.compare(splits, part, halved, threshold=0.25)
    assert found.difference == pytest.approx(0.0)
    none_flagged = floor.compare(splits, part, halved, threshold=0.5)
    assert none_flagged.difference == pytest.approx(-f1_score(labels, expected >= 0.5))
