"""Pieces by forward maximum matching, against the definition in Python and on devices."""

import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tfnews.export.snippets import classify
from tfnews.models.text.longest import MOST_UNITS
from tfnews.models.text.words import WordTokenizer

VOCABULARY = [
    "港湾",
    "事務所",
    "港湾事務所",
    "務所発",
    "発",
    "ภาษา",
    "ภาษาไทย",
    "ที่",
    "nba",
    "港" * MOST_UNITS,
]
TEXTS = st.text(st.sampled_from("港湾事務所発表、。 \nnbaNBA9_ภาษาไทยที่é\u0301Αß\0"), max_size=40)


@pytest.fixture(scope="module")
def tokenizer():
    return WordTokenizer(VOCABULARY, "pieces", 1)


@pytest.fixture(scope="module")
def words(tokenizer):
    """Give the words of a batch, as a graph finds them."""
    found = tf.function(tokenizer.words, input_signature=[tf.TensorSpec([None], tf.string)])
    return lambda texts: [
        [word.decode() for word in text] for text in found(tf.constant(texts)).to_list()
    ]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("港湾事務所発表", ["港湾事務所", "発", "表"]),
        ("事務所発", ["事務所", "発"]),
        ("港湾、事務所", ["港湾", "事務所"]),
        ("港、湾", ["港", "湾"]),
        ("NBA2019港湾nba", ["nba2019", "港湾", "nba"]),
        ("ภาษาไทยที่", ["ภาษาไทย", "ที่"]),
        ("ภาษาไ ทย", ["ภาษา", "ไ", "ท", "ย"]),
        ("港" * (MOST_UNITS + 2), ["港" * MOST_UNITS, "港", "港"]),
        ("", []),
        ("、。!", []),
    ],
)
def test_the_longest_known_piece_is_taken_from_left_to_right(words, text, pieces):
    assert words([text]) == [pieces]


@given(st.lists(TEXTS, min_size=1, max_size=4))
@example(["港湾事務所" * 200, "", "湾" * 300])
@settings(deadline=None)
def test_a_batch_is_read_as_the_code_beside_an_export_reads_each_text(tokenizer, words, texts):
    known = {word: number for number, word in enumerate(VOCABULARY)}
    expected = [classify.pieces(text, tokenizer.spec(), known) for text in texts]
    assert words(texts) == expected


def test_ids_of_pieces_and_of_one_that_is_forgotten():
    tokenizer = WordTokenizer(VOCABULARY, "pieces", 1)
    assert tokenizer(tf.constant(["港湾事務所発"])).to_list() == [[2, 4]]
    tokenizer.forget([2])
    assert tokenizer(tf.constant(["港湾事務所発"])).to_list() == [[0, 1, 4]]
