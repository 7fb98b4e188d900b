"""Tokenizers are made of whatever file a checkpoint's folder holds."""

import functools
import json
import shutil
from pathlib import Path

import pytest
import tensorflow as tf
from tokenizers import Tokenizer

from tests.models import subword_fixture
from tfnews.errors import WeightsError
from tfnews.export.tokenizer_files import huggingface
from tfnews.models.text.pieces import PieceTokenizer
from tfnews.models.text.wordpiece import WordPieceTokenizer
from tfnews.models.transformer.checkpoint import read_checkpoint
from tfnews.models.transformer.pretrained import open_pretrained
from tfnews.models.transformer.vocabularies import find_vocabulary, lower_cases, read_tokenizer

FIXTURES = Path(__file__).parents[1] / "fixtures"
TEXTS = [line["text"] for line in subword_fixture.RECORDED["lines"]]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def made(kind, **options):
    """Return a tokenizer, and the tokenizer.json that libraries read as the same one."""
    if kind == "WordPiece":
        tokenizer = WordPieceTokenizer(subword_fixture.vocabulary(), **options)
    else:
        tokenizer = PieceTokenizer(subword_fixture.piece_model(), **options)
    return tokenizer, huggingface(tokenizer)


def written(folder, content):
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("WordPiece", {}),
        ("WordPiece", {"lowercase": False, "strip_accents": None}),
        ("WordPiece", {"lowercase": True, "strip_accents": False}),
        ("Unigram", {}),
        ("Unigram", {"lowercase": False}),
        ("Unigram", {"lowercase": False, "keep_accents": True}),
    ],
)
def test_a_tokenizer_json_alone_gives_the_ids_that_its_library_gives(tmp_path, kind, options):
    own, content = made(kind, **options)
    path = written(tmp_path, content)
    found = read_tokenizer(path, lower_cases(path))
    assert type(found) is type(own)
    ids = found(tf.constant(TEXTS)).to_list()
    assert ids == own(tf.constant(TEXTS)).to_list()
    library = Tokenizer.from_file(str(path))
    theirs = [library.encode(text, add_special_tokens=False).ids for text in TEXTS]
    assert sum(mine != other for mine, other in zip(ids, theirs, strict=True)) <= 1


def test_special_tokens_are_no_words_of_a_text(tmp_path):
    own, content = made("Unigram")
    names = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]
    content["added_tokens"] = [{"content": name, "special": True} for name in names]
    found = read_tokenizer(written(tmp_path, content), True)
    assert found(tf.constant(TEXTS)).to_list() == own(tf.constant(TEXTS)).to_list()
    assert found.special_ids == own.special_ids


def test_one_without_a_type_is_an_old_wordpiece(tmp_path):
    _, content = made("WordPiece")
    del content["model"]["type"]
    assert isinstance(read_tokenizer(written(tmp_path, content), True), WordPieceTokenizer)


def test_the_tokenizers_configuration_decides_on_case(tmp_path):
    path = written(tmp_path, made("WordPiece")[1])
    assert lower_cases(path)
    (tmp_path / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    assert not lower_cases(path)


def test_a_checkpoint_with_a_tokenizer_json_alone_is_opened(tmp_path):
    folder = Path(shutil.copytree(FIXTURES / "bert", tmp_path / "bert"))
    (folder / "vocab.txt").unlink()
    words = [*SPECIAL, "harbour", "office"]
    written(folder, huggingface(WordPieceTokenizer(words)))
    assert find_vocabulary(folder).name == "tokenizer.json"
    tokenizer = open_pretrained(str(folder)).tokenizer
    assert tokenizer(tf.constant(["Harbour office"])).to_list() == [[5, 6]]
    written(folder, huggingface(WordPieceTokenizer([*SPECIAL, *map(str, range(46))])))
    with pytest.raises(WeightsError, match=r"has 51 words, but config\.json says vocab_size 50"):
        read_checkpoint(folder)


def bpe(content):
    content["model"]["type"] = "BPE"


def gap(content):
    content["model"]["vocab"]["[MASK]"] = 10**6


def words_as_ids(content):
    content["model"]["vocab"] = {word: word for word in content["model"]["vocab"]}


def other_normaliser(content):
    content["normalizer"] = {"type": "NFC"}


def no_scores(content):
    content["model"]["vocab"] = [["a", "b"], ["c"]]


def no_characters(content):
    content["normalizer"] = {"type": "Precompiled", "precompiled_charsmap": "no base 64"}


def no_tokens(content):
    content["added_tokens"] = [3]


def added(content):
    content["added_tokens"] = [{"content": "(", "special": False, "id": 5}]


def no_object_as_normaliser(content):
    content["normalizer"] = "../../x"


def a_list_for_a_type(content):
    content["model"]["type"] = ["WordPiece"]


def a_list_for_a_step(content):
    content["normalizer"] = {"type": "Sequence", "normalizers": [{"type": {"": None}}]}


def accents_of_no_kind(content):
    content["normalizer"]["strip_accents"] = [[0]]


def accents_nested_deep(content):
    """Python read them, and Keras, which looks into its attributes, had no room left."""
    nested = functools.reduce(lambda inner, _: [inner], range(600), 0)
    content["normalizer"]["strip_accents"] = nested


def case_of_no_kind(content):
    content["normalizer"]["lowercase"] = "no"


def no_vocabulary(content):
    content["model"]["vocab"] = 3


@pytest.mark.parametrize(
    ("kind", "spoil", "message"),
    [
        ("WordPiece", bpe, "of type WordPiece or Unigram .* Received: 'BPE'"),
        ("WordPiece", no_vocabulary, "with its vocabulary"),
        ("WordPiece", gap, "must number its 6,967 words from 0 without a gap"),
        ("WordPiece", words_as_ids, "from 0 without a gap"),
        ("WordPiece", other_normaliser, "as BERT does.* Received: NFC, BertPreTokenizer"),
        ("WordPiece", added, r"takes added tokens out of texts first.* Received: \(\."),
        (
            "WordPiece",
            accents_of_no_kind,
            r"strip_accents true, false or null. Received: \[\[0\]\]",
        ),
        ("WordPiece", accents_nested_deep, "is not JSON: values nested too deep"),
        ("WordPiece", case_of_no_kind, "lowercase true, false or null. Received: 'no'"),
        ("Unigram", added, "takes added tokens out of texts first"),
        ("WordPiece", no_tokens, "is damaged"),
        ("Unigram", no_scores, "is damaged"),
        ("Unigram", no_characters, "is damaged"),
        ("Unigram", no_tokens, "is damaged"),
        ("Unigram", other_normaliser, "normalises by NFC, which tfnews does not compute"),
    ],
)
def test_a_tokenizer_that_is_not_computed_is_refused(tmp_path, kind, spoil, message):
    _, content = made(kind)
    spoil(content)
    with pytest.raises(WeightsError, match=message):
        read_tokenizer(written(tmp_path, content), True)


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [
        ("WordPiece", no_object_as_normaliser),
        ("WordPiece", a_list_for_a_type),
        ("Unigram", a_list_for_a_step),
    ],
)
def test_what_asks_a_damaged_file_first_says_so(tmp_path, kind, spoil):
    """The case of texts was asked of it before what makes its tokenizer said that it is damaged."""
    _, content = made(kind)
    spoil(content)
    for ask in (lower_cases, functools.partial(read_tokenizer, lowercase=True)):
        with pytest.raises(WeightsError, match=r"tokenizer\.json (is damaged|must hold)"):
            ask(written(tmp_path, content))


@pytest.mark.parametrize(
    "content", ["{", "[]", "3", '{"model": []}', '{"model": null}', "[" * 9999]
)
def test_what_is_no_tokenizer_json_is_one_line(tmp_path, content):
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    with pytest.raises(WeightsError, match=r"tokenizer\.json"):
        read_tokenizer(path, True)
