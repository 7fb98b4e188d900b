import numpy as np
import pytest

from tests.models.reduced import TEXTS, small
from tfnews.errors import ExportError, UsageError
from tfnews.export.pruning import check, pruned
from tfnews.models.embedding.bag import table_of
from tfnews.models.embedding.family import HubBackbone, HubClassifier, HubPreprocessor
from tfnews.models.text.words import WordTokenizer


def table(words, vectors, buckets=1):
    """Make a classifier over a table."""
    backbone = HubBackbone(len(vectors), 2)
    backbone.token_embedding.table.assign(vectors)
    tokenizer = WordTokenizer(words, oov_buckets=buckets)
    return HubClassifier(backbone, HubPreprocessor(tokenizer))


@pytest.mark.parametrize("name", ["swivel20", "cnn", "word2vec"])
def test_texts_of_kept_words_answer_as_before(name):
    classifier = small(name)
    words = classifier.preprocessor.tokenizer.get_vocabulary()
    few = pruned(classifier, 5)
    assert few.preprocessor.tokenizer.get_vocabulary() == words[:5]
    texts = [" ".join(words[:5]), words[3], ""]
    np.testing.assert_allclose(few.probabilities(texts), classifier.probabilities(texts), atol=1e-6)
    assert few.class_names == classifier.class_names
    assert few.guards.get_config() == classifier.guards.get_config()


def test_the_others_share_a_row_the_mean_by_their_use():
    vectors = np.array([[1, 0], [2, 0], [4, 0], [8, 0], [0, 3], [0, 6]], "float32")
    classifier = table(["a", "b", "c", "d"], vectors, buckets=2)
    few = pruned(classifier, 2, ["b b b", "d d d c", "b c d", "d"])
    assert few.preprocessor.tokenizer.get_vocabulary() == ["d", "b"]
    expected = [[8, 0], [2, 0], [4, 0]]  # "c" is the only other one that the texts hold
    np.testing.assert_array_equal(table_of(few).table.numpy(), expected)
    assert few.preprocessor.tokenizer.oov_buckets == 1
    in_order = pruned(classifier, 3)
    np.testing.assert_array_equal(table_of(in_order).table.numpy()[-1], [0, 4.5])  # the buckets'


def test_a_row_that_leaves_unknown_words_out_goes_on_doing_so():
    few = pruned(small("word2vec"), 3)
    assert few.preprocessor.tokenizer.oov_buckets == 0
    assert table_of(few).rows == 3


def test_nothing_to_do():
    classifier = small("swivel20")
    assert pruned(classifier, 10_000) is classifier


@pytest.mark.parametrize("name", ["bert-tiny", pytest.param("mobilebert", marks=pytest.mark.slow)])
def test_words_without_their_piece_are_split_smaller(name):
    classifier = small(name, num_layers=1)
    pieces = classifier.preprocessor.tokenizer.get_vocabulary()
    few = pruned(classifier, 60, TEXTS)
    kept = few.preprocessor.tokenizer.get_vocabulary()
    assert len(kept) == 60
    assert [piece for piece in pieces if piece in kept] == kept
    ids = few.encode(TEXTS)
    assert few.preprocessor.tokenizer.unknown(ids) == 0
    assert classifier.backbone.encoder.token_embedding.input_dim == len(pieces)
    # Texts of kept pieces alone answer as before.
    texts = ["", " ".join(piece for piece in kept[4:] if "#" not in piece)]
    assert classifier.preprocessor.tokenizer.unknown(classifier.encode(texts)) == 0
    np.testing.assert_allclose(few.probabilities(texts), classifier.probabilities(texts), atol=1e-6)


def test_characters_must_stay():
    with pytest.raises(UsageError, match=r"special tokens and single characters.*Received: 9"):
        pruned(small("bert-tiny", num_layers=1), 9)


@pytest.mark.parametrize("name", ["tfidf", "albert"])
def test_a_run_with_neither_is_refused(name):
    with pytest.raises(ExportError, match="this run has neither"):
        pruned(small(name, **({"num_layers": 1} if name == "albert" else {})), 5)


def test_no_words():
    with pytest.raises(UsageError, match=r"1 word or more\. Received: 0"):
        pruned(small("swivel20"), 0)


@pytest.mark.parametrize(
    ("name", "length", "said"),
    [("word2vec", 10**14, "takes 1 to 20000"), ("bert-tiny", 7, "8 to 24"), ("tfidf", 0, "1 to")],
)
def test_lengths_that_no_file_has_are_refused(name, length, said):
    """10**14 words let the converter fail with a page of its own messages."""
    with pytest.raises(UsageError, match=said):
        check(small(name, **({"num_layers": 1} if name == "bert-tiny" else {})), length=length)
