"""Which words of the raw text a token stands for, whatever normalisation has made of them."""

import numpy as np
import pytest
from hypothesis import given, settings

from tests.evaluation.explaining.test_pieces import TEXTS
from tests.models.reduced import ALIASED, small
from tfnews.evaluation.explaining import pieces, reading
from tfnews.models.embedding.family import HubPreprocessor
from tfnews.models.text.packing import PiecePreprocessor
from tfnews.models.text.pieces import PieceTokenizer, learn_piece_model
from tfnews.models.text.wordpiece import WordPieceTokenizer, learn_vocabulary
from tfnews.models.text.words import WordTokenizer

CORPUS = ["Über die Brücke, sagte er — don’t stop!", "新闻标题很长。", "été à brask… 😀", "a b c d"]
CORPUS *= 5


class Reader:
    """As much of a classifier as reading asks for."""

    def __init__(self, preprocessor):
        self.preprocessor = preprocessor


def words(rule="words", **options):
    vocabulary = ["die", "brücke", "sagte", "don", "t", "stop", "stop!", "新闻标题很长"]
    return Reader(HubPreprocessor(WordTokenizer(vocabulary, rule, **options)))


def wordpieces(length=64, **options):
    tokenizer = WordPieceTokenizer(learn_vocabulary(CORPUS, 90))
    return Reader(PiecePreprocessor(tokenizer, length, **options))


def sentencepieces(length=64):
    return Reader(PiecePreprocessor(PieceTokenizer(learn_piece_model(CORPUS, 90)), length))


READERS = {
    "words": words(),
    "lower": words("lower"),
    "none": words("none"),
    "known words alone": words(oov_buckets=0),
    "pairs of words": words(oov_buckets=0, ngrams=2, min_letters=2),
    "WordPiece": wordpieces(),
    "SentencePiece": sentencepieces(),
}


def read(reader, text):
    """Return the reading, and the tokens' words as texts."""
    spans = pieces.words(text)
    found = reading.read(reader, text, spans)
    return found, [" ".join(text[slice(*spans[word])] for word in own) for own in found.owners]


@pytest.mark.parametrize("name", READERS)
@given(text=TEXTS)
@settings(max_examples=15, deadline=None)
def test_nothing_that_tokens_contribute_is_lost(name, text):
    text = text.strip()
    if not text:
        return
    found, owners = read(READERS[name], text)
    ids = READERS[name].preprocessor.tokenizer([text])
    assert len(owners) == int(ids.row_lengths()[0])
    contributions = np.arange(1.0, len(owners) + 1)
    assert found.on_words(contributions).sum() == pytest.approx(contributions.sum())
    assert all(own and own == sorted(set(own)) for own in found.owners)
    assert all(own[-1] < len(found.read) for own in found.owners)


def test_punctuation_accents_and_spaces_that_normalisation_removes():
    text = "Über\u00a0die  Brücke, — sagte er: don’t stop!"
    _, owners = read(READERS["words"], text)
    assert owners == ["Über", "die", "Brücke,", "sagte", "er:", "don’t", "don’t", "stop!"]


def test_the_rule_that_splits_at_single_spaces_alone():
    """Two spaces in a row make an empty word there, which has its place; a line end makes none."""
    _, owners = read(READERS["none"], "die  Brücke\nsagte stop!")
    assert owners == ["die", "die", "Brücke sagte", "stop!"]


def test_repeated_words_are_told_apart():
    found, _ = read(READERS["words"], "stop die stop stop")
    assert found.on_words(np.array([1.0, 2.0, 3.0, 4.0])).tolist() == [1, 2, 3, 4]


def test_a_word_without_spaces_is_shared_among_its_characters():
    found, owners = read(READERS["words"], "die 新闻标题很长 stop")
    assert owners == ["die", "新 闻 标 题 很 长", "stop"]
    assert found.on_words(np.array([1.0, 6.0, 1.0])).tolist() == [1] * 8


def test_a_pair_of_words_is_shared_by_both():
    tokenizer = WordTokenizer(["die brücke", "sagte"], "words", oov_buckets=0, ngrams=2)
    found, owners = read(Reader(HubPreprocessor(tokenizer)), "die Brücke, sagte er")
    assert owners == ["sagte", "die Brücke,"]
    assert found.on_words(np.array([3.0, 1.0])).tolist() == [0.5, 0.5, 3, 0]


def test_pieces_of_words_and_chinese_characters():
    _, owners = read(READERS["WordPiece"], "Über 新闻 don’t 😀")
    assert set(owners) == {"Über", "新", "闻", "don’t", "😀"}
    assert owners == sorted(owners, key="Über新闻don’t😀".index)
    assert owners.count("新") == 1


@pytest.mark.parametrize("name", ["words", "lower", "none", "WordPiece", "SentencePiece"])
def test_all_of_a_short_text_is_read(name):
    found, _ = read(READERS[name], "Über die Brücke — sagte er, 新闻 😀")
    assert found.read.all()


def test_words_beyond_the_limit_are_not_read():
    found, owners = read(words(max_tokens=3), "die Brücke — sagte er: don’t stop")
    assert owners == ["die", "Brücke", "sagte"]
    assert found.read.tolist() == [True, True, True, True, False, False, False]


@pytest.mark.parametrize(
    ("long", "read_words"),
    [
        ("truncate", "abcdef"),
        ("head-tail", "abwxyz"),
        ("windows", "abcdefghij"),  # two of six pieces; two of them are repeated
    ],
)
def test_what_each_way_with_long_texts_leaves_out(long, read_words):
    letters = "a b c d e f g h i j k l m n o p q r s t u v w x y z"
    reader = Reader(
        PiecePreprocessor(
            WordPieceTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters.split()]),
            8,
            long,
            max_windows=2,
        )
    )
    found, _ = read(reader, letters)
    assert "".join(np.array(letters.split())[found.read]) == read_words


def test_a_piece_in_two_windows_adds_up():
    reader = wordpieces(8, long="windows", max_windows=2)
    found, _ = read(reader, "a b c d a b c d")
    twice = np.isin(np.arange(8), found.places) & (
        np.bincount(found.places[found.places >= 0], minlength=8) == 2
    )
    assert twice.any()
    summed = found.on_tokens(np.ones(found.places.shape))
    assert summed.tolist() == (1.0 + twice).tolist()


def test_a_module_that_is_used_as_it_is_reads_words_up_to_its_limit():
    found, _ = read(small(ALIASED, max_tokens=2), "harbour office publishes")
    assert found.read.tolist() == [True, True, False]
