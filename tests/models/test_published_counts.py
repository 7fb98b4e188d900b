"""The twelve parameter counts that the study of TF-Hub embeddings prints, at their full size."""

import numpy as np
import pytest

from tfnews import catalogue
from tfnews.models import build
from tfnews.models.embedding.module import build_module
from tfnews.training.setup import parameters

ROWS = [name for name, row in catalogue.rows().items() if row.family == "hub"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_a_module_of_the_published_shape_gives_the_published_counts(name, tmp_path):
    row = catalogue.row(name)
    words = [f"word{number}" for number in range(row.rows_published - 1)]
    vectors = np.zeros((len(words), row.width), np.float32)
    vectors[:100] = np.random.default_rng(0).standard_normal((100, row.width))
    module = build_module(words, vectors, tmp_path / name)
    for trainable, kind in ((False, "frozen"), (True, "fine_tuned")):
        options = {**row.recipe, **row.settings, "weights": str(module), "trainable": trainable}
        options |= {"max_tokens": 0, "seed": 0, "precision": "float32"}
        classifier, record = build(row, [], [], options, {})
        counted = parameters(classifier)
        assert record.oov_buckets == 1
        assert counted["total"] == row.published["parameters_total"]
        assert counted["trainable"] == row.published[f"parameters_trainable_{kind}"]
