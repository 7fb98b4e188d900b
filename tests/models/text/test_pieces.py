import json
from random import Random

import keras
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models import subword_fixture as recorded
from tfnews.errors import DataError, WeightsError
from tfnews.models.text import pieces
from tfnews.models.text.piece_model import ModelProto
from tfnews.models.text.pieces import PieceTokenizer, learn_piece_model

LAYOUT = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]", "(", ")", '"', "-", ".", "–", "£", "€"]
TEXTS = ["Fake news, fake vote.", "The élan of the vote (1,000)", "votes and news…"] * 5
texts = st.lists(
    st.sampled_from(
        ["fake", "Élan", " ", "\u00a0", "``", "''", "…", "1,000", "\0", "中", "(", "\n"]
    )
    | st.text(max_size=3),
    max_size=10,
).map("".join)


@pytest.fixture(scope="module")
def recorded_model():
    return PieceTokenizer(recorded.piece_model())


def with_scores(scores):
    """Return a model of the given pieces and scores, in ALBERT's layout."""
    model = ModelProto.FromString(recorded.piece_model())
    del model.pieces[5:]
    for piece, score in scores.items():
        model.pieces.add(piece=piece, score=score)
    return model.SerializeToString()


def split(tokenizer, text):
    return [tokenizer.id_to_token(id) for id in tokenizer(text).numpy()]


def test_own_lines_have_the_recorded_ids(recorded_model):
    assert recorded.differing_lines(recorded_model, "pieces") == []


def test_real_texts_have_the_recorded_ids(recorded_model, real_data):
    differing, count = recorded.differing_rows(recorded_model, "pieces", real_data)
    assert differing == []
    assert count >= 2000


def test_a_number_and_its_comma_are_split():
    """The published tokenizer lowers the scores of such pieces by 100; the model does not say."""
    tokenizer = PieceTokenizer(with_scores({"▁": -3, "▁1": -4, "1,": -1, "▁1,": -1, ",": -5}))
    assert split(tokenizer, "1,") == ["▁1", ","]


def test_ways_of_equal_score_split_as_by_hugging_face():
    """Sums over a whole text are rounded: "ppp" once split otherwise after many other words."""
    model = with_scores({"▁": -3.1234567, "p": -6.7654321, "pp": -7.1234567, "a": -9.1})
    tokenizer = PieceTokenizer(model)
    ends = {tuple(split(tokenizer, "a " * words + "ppp")[-2:]) for words in (0, 1, 50, 500)}
    assert ends == {("p", "pp")}


@pytest.mark.parametrize(
    ("options", "pieces"),
    [
        ({}, ["▁e", "e"]),
        ({"keep_accents": True}, ["▁e", "é"]),
        ({"lowercase": False}, ["▁E", "e"]),
        ({"lowercase": False, "keep_accents": True}, ["▁E", "é"]),
    ],
)
def test_case_and_accents(options, pieces):
    model = with_scores(dict.fromkeys(["▁", "▁e", "▁E", "e", "é"], -2.0))
    assert split(PieceTokenizer(model, **options), "Eé") == pieces


def test_special_tokens_cannot_be_written_into_a_text(recorded_model):
    assert recorded_model.start_token_id not in recorded_model("[CLS] fake [SEP]").numpy()
    assert recorded_model.end_token_id not in recorded_model("[CLS] fake [SEP]").numpy()


@settings(max_examples=20, deadline=None)
@given(st.lists(texts, min_size=1, max_size=4))
def test_a_text_has_the_same_ids_in_any_batch(recorded_model, batch):
    ids = recorded_model(tf.constant(batch)).to_list()
    assert ids == [recorded_model(text).numpy().tolist() for text in batch]
    assert ids[::-1] == recorded_model(tf.constant(batch[::-1])).to_list()


def test_nothing_to_tokenise(recorded_model):
    assert recorded_model(tf.constant([], tf.string)).to_list() == []
    assert recorded_model(tf.constant(["", " \n", "\u200b"])).to_list() == [[], [], []]


def test_broken_utf8_does_not_stop(recorded_model):
    news = recorded_model("news").numpy().tolist()
    assert recorded_model(tf.constant([b"\xff\xc3( news", b"news"])).to_list()[1] == news


def test_words_and_ids(recorded_model):
    assert recorded_model.get_vocabulary()[:13] == LAYOUT
    assert (recorded_model.pad_token_id, recorded_model.unknown_token_id) == (0, 1)
    assert (recorded_model.start_token_id, recorded_model.end_token_id) == (2, 3)
    assert recorded_model.token_to_id("£") == 11
    assert recorded_model.token_to_id("not a piece") == 1
    assert recorded_model.vocabulary_size() == len(recorded_model.get_vocabulary())
    ids = recorded_model(tf.constant(["中"]))
    assert split(recorded_model, "中") == ["▁", "<unk>"]
    assert recorded_model.unknown(ids) == 0.5


def test_a_saved_tokenizer_opens_as_part_of_a_preset(tmp_path, recorded_model):
    saved = PieceTokenizer(recorded.piece_model(), lowercase=False, keep_accents=True)
    saved.save_to_preset(str(tmp_path))
    config = json.loads((tmp_path / "tokenizer.json").read_text())
    opened = keras.saving.deserialize_keras_object(config)
    opened.load_preset_assets(str(tmp_path))
    assert isinstance(opened, PieceTokenizer)
    assert (opened.lowercase, opened.keep_accents) == (False, True)
    assert opened.proto == saved.proto
    text = tf.constant(["the Élan of fake news"])
    assert opened(text).to_list() == saved(text).to_list() != recorded_model(text).to_list()


def test_it_runs_in_a_saved_graph(tmp_path, recorded_model):
    module = tf.Module()
    module.tokenizer = recorded_model
    module.flat = tf.function(
        lambda texts: recorded_model(texts).flat_values,
        input_signature=[tf.TensorSpec([None], tf.string)],
    )
    tf.saved_model.save(module, str(tmp_path))
    texts = tf.constant(["fake news…", "no\u00a0break"])
    ids = tf.saved_model.load(str(tmp_path)).flat(texts)
    assert ids.numpy().tolist() == recorded_model(texts).flat_values.numpy().tolist()


@pytest.mark.parametrize("proto", [b"not a model", b"\xff" * 50])
def test_bytes_that_are_no_model(proto):
    with pytest.raises(WeightsError, match=r"no SentencePiece model .* spiece.model"):
        PieceTokenizer(proto)


@pytest.mark.parametrize("kind", ["NORMAL", "BYTE"])
def test_pieces_that_are_not_utf_8_are_refused(kind):
    """One was taken, as bytes among the texts; a "byte" ended in an error of Python's."""
    model = ModelProto.FromString(recorded.piece_model())
    model.pieces.add(piece="ABCD", score=-2.0, type=kind)
    proto = model.SerializeToString().replace(b"ABCD", b"\xf0\xa7\xf8\xbf")
    with pytest.raises(WeightsError, match=r"no SentencePiece model .*not UTF-8"):
        PieceTokenizer(proto)


def test_what_the_library_says_may_be_any_bytes(monkeypatch):
    def refuse(**_: object) -> None:
        b"\xff".decode()

    monkeypatch.setattr(pieces.sentencepiece, "SentencePieceProcessor", refuse)
    with pytest.raises(WeightsError, match="no SentencePiece model"):
        PieceTokenizer(recorded.piece_model())


def test_an_empty_file_is_no_vocabulary():
    """It was taken, and every text then ended in an error of TensorFlow's."""
    with pytest.raises(WeightsError, match="0 pieces lacks <pad>, <unk>"):
        PieceTokenizer(b"")


def test_half_random_models_work_or_are_refused():
    """The library that tokenises could be given any bytes that have a model's outer form."""
    whole, draw = (
        ModelProto.FromString(with_scores({"\u2581a": -1})),
        Random(4),
    )
    for number in range(40):
        model = ModelProto()
        model.CopyFrom(whole)
        if number % 2:
            model.normalizer_spec.precompiled_charsmap = draw.randbytes(draw.choice([1, 4, 5, 99]))
        piece = draw.choice(model.pieces)
        piece.type = draw.choice(piece.DESCRIPTOR.fields_by_name["type"].enum_type.values).number
        piece.score = draw.choice([-1.0, 1e30, float("nan"), float("-inf")])
        model.pieces.add(piece=draw.choice(["", "a", "<0x0A>", "\u2581" * 200]), score=-2.0)
        try:
            tokenizer = PieceTokenizer(model.SerializeToString())
        except WeightsError:
            continue
        together = tokenizer(tf.constant(["a b", "", "\u6e2f a"])).to_list()
        assert all(0 <= id < len(model.pieces) for ids in together for id in ids)


@pytest.mark.parametrize("seed", range(3))
def test_a_map_of_characters_that_leads_out_of_itself_is_refused(seed):
    """TensorFlow's library follows its offsets unchecked, which ended the process.

    Versions of sentencepiece before 0.2.2 did so, too.
    """
    model = ModelProto.FromString(recorded.piece_model())
    units = Random(seed).randbytes(1024)
    model.normalizer_spec.precompiled_charsmap = len(units).to_bytes(4, "little") + units + b"a\0"
    with pytest.raises(WeightsError, match=r"no SentencePiece model .*precompiled_charsmap"):
        PieceTokenizer(model.SerializeToString())


def test_a_missing_special_token():
    model = ModelProto()
    model.pieces.add(piece="<unk>", score=0.0)
    with pytest.raises(WeightsError, match=r"1 pieces lacks <pad>, \[CLS\], \[SEP\]"):
        PieceTokenizer(model.SerializeToString())


def test_a_model_is_learnt_from_texts():
    model = learn_piece_model(TEXTS, 60)
    assert model == learn_piece_model(TEXTS, 60)
    tokenizer = PieceTokenizer(model)
    assert tokenizer.get_vocabulary()[:13] == LAYOUT
    assert tokenizer.vocabulary_size() <= 60
    assert tokenizer.unknown(tokenizer(tf.constant(TEXTS))) == 0.0
    assert "é" not in "".join(tokenizer.get_vocabulary())


@pytest.mark.parametrize(("batch", "size"), [([], 100), (["", " "], 100), (TEXTS, 15)])
def test_no_model_can_be_learnt(batch, size):
    with pytest.raises(DataError, match=r"No vocabulary of \d+ pieces .* Give more texts"):
        learn_piece_model(batch, size)


def test_setting_a_seed_leaves_a_tokenizer_whole():
    """TensorFlow then empties its cache of kernels, and a kernel owns its SentencePiece model."""
    tokenizer = PieceTokenizer(learn_piece_model(TEXTS, 60))
    traced = tf.function(tokenizer, input_signature=[tf.TensorSpec([None], tf.string)])
    expected = tokenizer(tf.constant(TEXTS)).to_list()
    assert traced(tf.constant(TEXTS)).to_list() == expected
    keras.utils.set_random_seed(0)
    assert tokenizer(tf.constant(TEXTS)).to_list() == expected
    assert traced(tf.constant(TEXTS)).to_list() == expected


def test_tokenizers_in_one_graph_keep_to_their_own_models():
    tokenizers = [PieceTokenizer(learn_piece_model(TEXTS, size)) for size in (30, 60)]
    both = tf.function(lambda texts: [tokenizer(texts) for tokenizer in tokenizers])
    texts = tf.constant(TEXTS)
    found = [ids.to_list() for ids in both(texts)]
    assert found == [tokenizer(texts).to_list() for tokenizer in tokenizers]
    assert found[0] != found[1]
