"""Tokens that are made unknown, in every kind of vocabulary."""

import numpy as np
import pytest
import tensorflow as tf

from tests.models.reduced import PROBES, TEXTS, small
from tfnews.models.text.words import WordTokenizer


@pytest.mark.parametrize("name", ["tfidf", "word2vec", "cnn", "bert-tiny", "albert"])
def test_a_forgotten_token_is_met_no_more_and_the_others_keep_their_ids(name):
    classifier = small(name)
    tokenizer = classifier.preprocessor.tokenizer
    vocabulary = tokenizer.get_vocabulary()
    before = classifier.encode(TEXTS)
    known = before.flat_values.numpy()[before.flat_values.numpy() < len(vocabulary)]
    special = getattr(tokenizer, "special_ids", set())
    gone = [int(id) for id in np.unique(known) if int(id) not in special][::3]
    words = [vocabulary[id] for id in gone]
    classifier.forget(gone)
    left = tokenizer.get_vocabulary()
    assert len(left) == len(vocabulary)
    assert not set(words) & set(left)
    assert [left[id] for id in range(len(left)) if id not in gone] == [
        vocabulary[id] for id in range(len(left)) if id not in gone
    ]
    after = classifier.encode([*TEXTS, *left])
    assert not set(gone) & set(after.flat_values.numpy().tolist())
    assert np.isfinite(classifier.probabilities(PROBES)).all()


def test_forgotten_words_share_the_buckets_of_the_unknown():
    tokenizer = WordTokenizer(["arvel", "brask"], oov_buckets=1)
    tokenizer.forget([0])
    assert tokenizer(tf.constant(["arvel brask", " 0 arvel"])).to_list() == [[2, 1], [2, 2, 2]]


def test_special_pieces_stay():
    classifier = small("bert-tiny")
    tokenizer = classifier.preprocessor.tokenizer
    vocabulary = tokenizer.get_vocabulary()
    tokenizer.forget([id for id, piece in enumerate(vocabulary) if "e" not in piece])
    assert {"[PAD]", "[UNK]", "[CLS]", "[SEP]"} <= set(tokenizer.get_vocabulary())
    assert tokenizer(tf.constant(["harbour"])).to_list() == [[tokenizer.unknown_token_id]]
