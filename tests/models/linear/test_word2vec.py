"""Averaged word vectors under logistic regression: what the contracts do not know of them."""

import builtins
import dataclasses

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tfnews import catalogue
from tfnews.errors import DataError, UsageError
from tfnews.models.family import Material
from tfnews.models.linear.word2vec import build

ROW = dataclasses.replace(catalogue.row("word2vec"), width=6)
TEXTS = [
    "the vote of the council, the vote",
    "Shocking truth! share the truth",
    "council and vote and council",
    "truth they share, shocking",
] * 3
LABELS = [0, 1, 0, 1] * 3


def options(**changes):
    return {
        **ROW.settings,
        "weights": "none",
        "max_tokens": 0,
        "seed": 0,
        "min_count": 1,
        **changes,
    }


def made(texts=TEXTS, labels=LABELS, **changes):
    return build(ROW, Material(texts, labels), options(**changes), {})


@pytest.fixture
def vectors(tmp_path):
    file = tmp_path / "vectors.txt"
    random = np.random.default_rng(0)
    words = ["vote", "council", "truth", "share", "shocking"]
    table = random.normal(size=(len(words), 3)).round(3)
    lines = [f"{word} {' '.join(map(str, row))}" for word, row in zip(words, table, strict=True)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file, dict(zip(words, table, strict=True))


def test_answers_are_scikit_learns_over_the_mean_of_known_words(vectors):
    file, table = vectors
    classifier, record = made(weights=str(file), C=2.0)

    def mean(text):
        words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
        known = [table[word] for word in words if word in table]
        return np.mean(known, axis=0) if known else np.zeros(3)

    solved = LogisticRegression(C=2.0, max_iter=1000).fit([mean(t) for t in TEXTS], LABELS)
    probes = ["", "unheard", "VOTE vote truth", "share-the-vote", *TEXTS]
    expected = solved.predict_proba([mean(text) for text in probes])[:, 1]
    np.testing.assert_allclose(classifier.probabilities(probes), expected, atol=1e-5)
    assert record.oov_buckets == 0
    assert not classifier.backbone.trainable_variables


def test_vectors_learnt_from_the_texts_follow_the_seed():
    first, again, other = made(), made(), made(seed=1)
    answers = [classifier.probabilities(TEXTS) for classifier, _ in (first, again, other)]
    np.testing.assert_array_equal(answers[0], answers[1])
    assert (answers[0] != answers[2]).any()
    assert first[1].handle == "none"
    vocabulary = first[0].preprocessor.tokenizer.get_vocabulary()
    assert sorted(vocabulary) == sorted(
        ["the", "vote", "of", "council", "shocking", "truth", "share", "and", "they"]
    )


def test_texts_without_a_vocabulary_are_refused():
    with pytest.raises(DataError, match=r"No word occurs 99 times in the 12 .* --set min_count=1"):
        made(min_count=99)


def test_without_gensim_the_way_out_is_said(monkeypatch, vectors):
    imported = builtins.__import__

    def without(name, *arguments, **named):
        if name.startswith("gensim"):
            raise ImportError("No module named 'gensim'")
        return imported(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"needs gensim.*tfnews\[word2vec\].*--weights FILE"):
        made()
    made(weights=str(vectors[0]))
