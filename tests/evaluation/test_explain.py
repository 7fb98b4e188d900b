import numpy as np
import pytest

from tests.models.reduced import ANSWERS, LABELS, TEXTS, row_of
from tfnews.evaluation.explain import explain
from tfnews.models import build

TEXT = "ministry of roads reports fewer accidents in the second quarter"


@pytest.fixture(scope="module")
def linear():
    """Give a TF-IDF classifier of words and pairs of words."""
    row = row_of("tfidf")
    return build(row, TEXTS, LABELS, {**row.settings, "min_df": 1}, ANSWERS)[0]


def test_a_term_gives_its_weight_times_its_feature(linear):
    found = explain(linear, "the harbour!")
    tokenizer, kernel = linear.preprocessor.tokenizer, linear.head_layers[-1].kernel.numpy()[:, 0]
    terms = [tokenizer.token_to_id(term) for term in ("the", "harbour", "the harbour")]
    idf = linear.backbone.rows.idf.numpy()[[term for term in terms if term >= 0]]
    assert len(idf) == 3 - terms.count(-1)
    added = idf / np.linalg.norm(idf) * kernel[[term for term in terms if term >= 0]]
    assert found.method == "exact"
    assert sum(one.contribution for one in found.influences) == pytest.approx(added.sum(), abs=1e-5)
    assert found.base == pytest.approx(float(linear.head_layers[-1].bias.numpy()[0]))
