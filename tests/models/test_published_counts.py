"""The parameter counts of published weights: the catalogue's, and those of what is built."""

import dataclasses

import numpy as np
import pytest

from tfnews import catalogue
from tfnews.models import build
from tfnews.models.embedding.module import build_module
from tfnews.models.transformer.encoders import build_encoder
from tfnews.models.transformer.family import TransformerBackbone, TransformerClassifier
from tfnews.training.setup import parameters

ROWS = [name for name, row in catalogue.rows().items() if row.family == "embedding"]


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
        assert counted.total == row.published["parameters_total"]
        assert counted.trainable == row.published[f"parameters_trainable_{kind}"]


@pytest.mark.parametrize(
    ("architecture", "pooler"),
    [("bert", True), ("bert", False), ("albert", True), ("albert", False), ("distilbert", False)],
)
def test_the_count_of_a_transformer_is_that_of_what_is_built(architecture, pooler):
    """Numbers that share no factor, so that none can stand for another."""
    sizes = {"num_layers": 3, "num_heads": 2, "hidden_dim": 10, "intermediate_dim": 21}
    sizes |= {"dropout": 0.0}
    row = catalogue.row("albert" if architecture == "albert" else "tinybert")
    settings = {**row.settings, **sizes, "architecture": architecture, "pooler": pooler}
    narrow = {"embedding_dim": 7} if architecture == "albert" else {}
    row = dataclasses.replace(
        row,
        rows_published=53,
        positions_published=17,
        settings=settings | narrow,
        head={"hidden": [5], "dropout": [0.0], "units": 2},
    )
    sizes |= {"vocabulary_size": 53, "max_sequence_length": 17, **narrow}
    encoder = build_encoder(architecture, sizes, "gelu", pooler)
    classifier = TransformerClassifier(TransformerBackbone(encoder, "mean"), head=row.head)
    assert catalogue.parameters(row) == classifier.count_params()
