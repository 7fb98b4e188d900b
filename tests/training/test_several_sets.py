"""Fits on several data sets: what is joined, weighed and said of each."""

import numpy as np
import pytest

from tests import tiny
from tfnews.data.splits import open_splits
from tfnews.evaluation.evaluate import evaluate
from tfnews.models import load
from tfnews.models.family import Material
from tfnews.models.linear.tfidf import solve
from tfnews.report import card, html
from tfnews.statistics import balance
from tfnews.training.fit import closing_words, fit


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    sizes = {"large": 100, "small": 60}
    return [
        tiny.splits(folder / name, size, seed, name=name).path
        for seed, (name, size) in enumerate(sizes.items())
    ]


@pytest.fixture(scope="module")
def run(sets, tmp_path_factory):
    return fit(sets, root=tmp_path_factory.mktemp("runs"), balance="sets")


def test_the_sets_are_joined_and_each_weighs_the_same(run, sets):
    assert run.config.splits.name == "large+small"
    assert run.config.recipe["balance"] == "sets"
    train = open_splits(run.config.splits.path).frame("train")
    weights = balance.weights(run.config.recipe, train)
    material = Material(train["combined_text"].tolist(), train["label"].tolist(), weights)
    vectorizer, solution = solve(material, run.config.recipe)
    texts = open_splits(sets[1]).frame("test")["combined_text"].tolist()
    odds = load(run).log_odds(texts)
    expected = solution.decision_function(vectorizer.transform(texts))
    np.testing.assert_allclose(odds, expected, atol=1e-4)


def test_each_set_is_validated_apart(run):
    found = run.scores().by_set["validation"]
    assert list(found) == ["large", "small"]
    assert sum(one.rows for one in found.values()) == run.scores().validation.rows
    assert f"large, {found['large'].rows} texts: F1 of fake" in closing_words(run)


def test_each_set_is_tested_apart_on_page_card_and_terminal(run):
    report = evaluate(run.name, root=run.path.parent)
    found = run.scores().by_set["test"]
    assert list(found) == ["large", "small"]
    for said in (html.render(report), card.render(report)):
        assert "Set by set" in said
        assert f"{found['small'].scores['accuracy']:.3f}" in said


def test_an_embedding_row_weighs_the_texts_of_its_loss(sets, tmp_path, monkeypatch):
    seen = []
    from tfnews.training import train as training

    batches = training.training_batches
    monkeypatch.setattr(
        training,
        "training_batches",
        lambda *given, weights, **more: (
            seen.append(weights) or batches(*given, weights=weights, **more)
        ),
    )
    options = {**tiny.SWIVEL, "epochs": 1, "floor": False, "root": tmp_path}
    run = fit(sets, "swivel20", balance="sets", **options)
    train = open_splits(run.config.splits.path).frame("train")
    sums = [seen[0][train["data_set"] == name].sum() for name in ("large", "small")]
    np.testing.assert_allclose(sums, len(train) / 2)
