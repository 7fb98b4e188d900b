import re

import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tfnews.models.text.words import WordPreprocessor, WordTokenizer

WORDS = ["the", "fake", "news", "élan", "U.S.", "vote", "fake news", "the vote now", "NEWS", "a"]

tokens = st.sampled_from(["the", "Fake", "news", "NEWS", "élan", "ÉLAN", "U.S.", "vote", "now"])
odd_tokens = st.sampled_from(["qx", "a", "", "a_b", "2016", "İ", "no\u00a0break"])
gaps = st.sampled_from([" ", " ", " ", "  ", "\n", ", ", "-"])
texts = st.lists(st.tuples(tokens | odd_tokens, gaps), max_size=10).map(
    lambda pairs: "".join(token + gap for token, gap in pairs)
)


def reference(text, normalise="none", oov_buckets=1, ngrams=1, min_letters=0, max_tokens=0):
    """Tokenise one text in pure Python, by the definition."""
    if normalise != "none":
        text = text.lower()
    if normalise == "words":
        text = re.sub(r"\W+", " ", text).strip(" ")
    words = [word for word in text.split(" ") if len(word) >= min_letters]
    words = words[:max_tokens] if max_tokens else words
    found = [
        " ".join(words[start : start + n])
        for n in range(1, ngrams + 1)
        for start in range(len(words) - n + 1)
    ]
    if not oov_buckets:
        found = [token for token in found if token in WORDS]
    return [WORDS.index(t) if t in WORDS else len(WORDS) + bucket(t, oov_buckets) for t in found]


def bucket(token, buckets):
    return int(tf.strings.to_hash_bucket_fast(tf.constant(token), buckets))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"normalise": "lower"},
        {"normalise": "words"},
        {"oov_buckets": 7},
        {"oov_buckets": 0},
        {"ngrams": 2},
        {"ngrams": 3, "normalise": "words", "oov_buckets": 0},
        {"min_letters": 2},
        {"max_tokens": 3},
        {"normalise": "words", "oov_buckets": 0, "ngrams": 2, "min_letters": 2, "max_tokens": 4},
    ],
    ids=str,
)
def test_tokens_equal_pure_python(options):
    tokenizer = WordTokenizer(WORDS, **options)

    @settings(max_examples=15, deadline=None)
    @given(st.lists(texts, max_size=6))
    @example(["", " ", "the vote now", "fake news\nfake news"])
    def check(batch):
        ids = tokenizer(tf.constant(batch, tf.string))
        assert ids.dtype == tf.int32
        assert ids.to_list() == [reference(text, **options) for text in batch]

    check()


def test_one_text_gives_one_row():
    assert WordTokenizer(WORDS)("the news").numpy().tolist() == [0, 2]


def test_a_word_is_always_in_the_same_bucket():
    tokenizer = WordTokenizer(WORDS, oov_buckets=50)
    first, second = tokenizer(tf.constant(["qx zz", "zz the qx"])).to_list()
    assert first == [second[2], second[0]]
    assert all(len(WORDS) <= id < len(WORDS) + 50 for id in first)


@pytest.mark.parametrize(
    ("text", "buckets", "share"),
    [
        ("the news", 1, 0.0),
        ("the qx zz vote", 3, 0.5),
        ("qx", 1, 1.0),
        ("qx", 0, None),
        ("the", 0, None),
    ],
)
def test_the_share_of_unknown_words(text, buckets, share):
    tokenizer = WordTokenizer(WORDS, oov_buckets=buckets)
    assert tokenizer.unknown(tokenizer(tf.constant([text]))) == share


def test_words_and_ids():
    tokenizer = WordTokenizer(WORDS, oov_buckets=2)
    assert tokenizer.vocabulary_size() == len(WORDS) + 2
    assert tokenizer.get_vocabulary() == WORDS
    assert tokenizer.id_to_token(3) == "élan"
    assert tokenizer.token_to_id("élan") == 3
    assert tokenizer.id_to_token(len(WORDS) + 1) == "[UNK]"
    assert tokenizer.token_to_id("qx") >= len(WORDS)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\\nr\n\r"), max_size=8),
        min_size=1,
        unique=True,
    )
)
@example(["\\n", "\n", "\\\n", "\\\\n", "\r", "\\r", "", "\u2028", "\x85", "\0", " "])
def test_any_word_survives_saving(tmp_path_factory, words):
    folder = tmp_path_factory.mktemp("assets")
    WordTokenizer(words).save_assets(folder)
    opened = WordTokenizer()
    opened.load_assets(folder)
    assert opened.get_vocabulary() == words
    assert [opened.token_to_id(word) for word in words] == list(range(len(words)))


def test_a_vocabulary_is_plain_lines(tmp_path):
    WordTokenizer(["vote", "élan"]).save_assets(tmp_path)
    assert (tmp_path / "vocabulary.txt").read_bytes() == "vote\nélan\n".encode()


def test_an_opened_tokenizer_needs_its_folder_no_longer(tmp_path):
    """A table that reads a file would break a model when its folder moves."""
    WordTokenizer(WORDS).save_assets(tmp_path)
    opened = WordTokenizer(None)
    opened.load_assets(tmp_path)
    (tmp_path / "vocabulary.txt").unlink()
    assert opened(tf.constant(["fake news"])).to_list() == [[1, 2]]


def test_configuration_makes_the_same_tokenizer():
    options = {
        "normalise": "words",
        "oov_buckets": 3,
        "ngrams": 2,
        "min_letters": 2,
        "max_tokens": 5,
    }
    config = WordTokenizer(WORDS, **options).get_config()
    assert "vocabulary" not in config
    assert options.items() <= WordTokenizer.from_config(config).get_config().items()


def test_the_preprocessor_passes_labels_and_weights_through():
    preprocessor = WordPreprocessor(WordTokenizer(WORDS))
    inputs, labels, weights = preprocessor(["the vote", "news"], [0, 1], [1.0, 0.5])
    assert inputs["token_ids"].to_list() == [[0, 5], [2]]
    assert (labels, weights) == ([0, 1], [1.0, 0.5])
    assert list(preprocessor(["the"])) == ["token_ids"]
