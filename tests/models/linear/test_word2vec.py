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


def test_words_past_a_texts_ten_thousandth_are_learnt_from():
    """Gensim leaves them out and says nothing: their vectors stayed as they were drawn."""
    tail = "shocking truth " * 200
    common = " ".join(f"w{number}" for number in range(10_000))
    tables = [
        made([f"{common} {tail}", common], [0, 1], vector_epochs=passes)[0].get_weights()[0]
        for passes in (1, 2)
    ]
    shocking = 0  # the most frequent word is the vocabulary's first
    assert np.abs(tables[0][shocking] - tables[1][shocking]).max() > 1e-4


def test_vectors_that_know_no_word_of_the_texts_are_refused(vectors):
    """All texts got the same answer, and nobody said so."""
    with pytest.raises(DataError, match=r"No word of the 2 training texts .* which knows 5\."):
        made(["unheard words", "others, too"], [0, 1], weights=str(vectors[0]))


def test_words_without_a_vector_are_counted(vectors):
    _, record = made(["vote unheard", "truth vote other words"], [0, 1], weights=str(vectors[0]))
    assert record.note == "50.0% of the training split's words have no vector: left out"


def test_what_is_left_out_of_a_file_of_vectors_is_said(vectors):
    file, _ = vectors
    with file.open("ab") as more:
        more.write(b"vote 1 2 3\nnew york 1 2 3\ncaf\xe9 1 2 3\n\n")
    _, record = made(["vote truth", "vote"], [0, 1], weights=str(file))
    assert record.note == (
        f"Left out of {file}: 1 empty lines, 1 repeated words, 1 words with a space, which no "
        "token can equal, 1 words that are not UTF-8; "
        "0.0% of the training split's words have no vector: left out"
    )
