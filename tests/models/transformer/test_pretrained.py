"""Pretrained transformers are found wherever they are; nothing here touches a network."""

import hashlib
import re
import shutil
from pathlib import Path

import huggingface_hub
import keras
import keras_hub
import numpy as np
import pytest
import tensorflow as tf

from tests.models.reduced import ANSWERS, LABELS
from tests.models.reduced import TEXTS as NEWS
from tfnews import catalogue
from tfnews.errors import WeightsError
from tfnews.files import sha256
from tfnews.models import build
from tfnews.models.text.pieces import PieceTokenizer, learn_piece_model
from tfnews.models.text.wordpiece import WordPieceTokenizer
from tfnews.models.transformer.encoders import Encoder
from tfnews.models.transformer.mobilebert import MobileBertBackbone
from tfnews.models.transformer.pretrained import open_pretrained
from tfnews.records import WeightsRecord
from tfnews.weights.digests import module_digest

# keras-hub leaves the file of a SentencePiece model open.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored.*vocabulary.spm")

FIXTURES = Path(__file__).parents[1] / "fixtures"
ROWS = {
    "bert": "bert-tiny",
    "tinybert": "tinybert",
    "distilbert": "distilbert",
    "albert": "albert",
    "mobilebert": "mobilebert",
}
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [*SPECIAL, "harbour", "office", "council", "##s", "a"]
TEXTS = ["Harbour councils", "unheard office", "", "a a harbour"]


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """Let everything fail that would ask a network, as it does without one."""

    def refuse(*args, **kwargs):
        raise OSError("no network in tests")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)


def checkpoint(folder, name, words=WORDS):
    """Copy a fixture and give it a vocabulary with which texts can be read."""
    shutil.copytree(FIXTURES / name, folder)
    (folder / "vocab.txt").unlink()
    if name == "albert":
        (folder / "spiece.model").write_bytes(learn_piece_model(NEWS, 50))
    else:
        (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in words))
    return folder


def inputs_of(tokenizer, texts, segments):
    ids = tokenizer(tf.constant(texts)).to_tensor(tokenizer.pad_token_id, shape=[None, 8])
    mask = tf.cast(ids != tokenizer.pad_token_id, tf.int32)
    inputs = {"token_ids": ids, "padding_mask": mask}
    return {**inputs, "segment_ids": tf.zeros_like(mask)} if segments else inputs


# Folders in Hugging Face's layout


@pytest.mark.parametrize("name", ROWS)
def test_a_hugging_face_folder_gives_encoder_tokenizer_and_digest(name, tmp_path):
    folder = checkpoint(tmp_path / name, name)
    found = open_pretrained(str(folder))
    assert type(found.encoder) is (MobileBertBackbone if name == "mobilebert" else Encoder)
    assert type(found.tokenizer) is (PieceTokenizer if name == "albert" else WordPieceTokenizer)
    assert found.digest == sha256(folder / "model.safetensors")
    with np.load(folder / "reference.npz") as reference:
        given = {key: reference[key] for key in found.encoder.input}
        tokens = reference["padding_mask"] == 1
        expected = reference["sequence_output"]
    answers = found.encoder(given)["sequence_output"].numpy()
    largest = np.abs(expected).max() if name == "mobilebert" else 1
    assert np.abs(answers - expected)[tokens].max() / largest <= 1e-5


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_built_of_a_folder(name, tmp_path):
    folder = checkpoint(tmp_path / name, name)
    row = catalogue.row(ROWS[name])
    options = {**row.recipe, **row.settings, "weights": str(folder), "trainable": True}
    options |= {"max_tokens": 20}
    classifier, record = build(row, NEWS, LABELS, options, ANSWERS)
    digest = sha256(folder / "model.safetensors")
    assert record == WeightsRecord(str(folder), digest, "as its maker states")
    answers = classifier(classifier.preprocessor(tf.constant(NEWS))).numpy()
    assert answers.shape == (len(NEWS), 2)
    assert np.isfinite(answers).all()
    pretrained = open_pretrained(str(folder)).encoder.get_weights()
    for mine, theirs in zip(classifier.backbone.encoder.get_weights(), pretrained, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_ids_are_those_of_the_vocabulary(tmp_path):
    tokenizer = open_pretrained(str(checkpoint(tmp_path / "bert", "bert"))).tokenizer
    assert tokenizer(tf.constant(TEXTS)).to_list() == [[5, 7, 8], [1, 6], [], [9, 9, 5]]
    assert tokenizer.get_vocabulary() == WORDS


def test_a_cased_checkpoint_keeps_case_and_accents(tmp_path):
    """Accents were once stripped of cased texts, whose vocabulary holds them."""
    folder = checkpoint(tmp_path / "bert", "bert", [*SPECIAL, "Été", "été", "ete"])
    tokenizer = open_pretrained(str(folder)).tokenizer
    assert tokenizer(tf.constant(["Été été ete"])).to_list() == [[5, 6, 7]]


def test_an_uncased_checkpoint_drops_both(tmp_path):
    folder = checkpoint(tmp_path / "bert", "bert", [*SPECIAL, "ete"])
    tokenizer = open_pretrained(str(folder)).tokenizer
    assert tokenizer(tf.constant(["Été été ete"])).to_list() == [[5, 5, 5]]


def test_a_pickle_alone_is_to_be_converted(tmp_path):
    folder = checkpoint(tmp_path / "tinybert", "tinybert")
    (folder / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match=f"tfnews weights convert {folder} --out FOLDER"):
        open_pretrained(str(folder))


@pytest.mark.parametrize("upper", [False, True])
def test_a_digest_can_be_pinned(tmp_path, upper):
    folder = checkpoint(tmp_path / "bert", "bert")
    digest = sha256(folder / "model.safetensors")
    pin = digest.upper() if upper else digest
    assert open_pretrained(f"{folder}#sha256={pin}").digest == digest


def test_other_weights_than_the_pinned_are_refused(tmp_path):
    folder = checkpoint(tmp_path / "bert", "bert")
    digest = sha256(folder / "model.safetensors")
    with pytest.raises(WeightsError, match=f"Pinned: sha256 {'0' * 64}. Found: {digest}"):
        open_pretrained(f"{folder}#sha256={'0' * 64}")


# Hugging Face repositories


def test_a_repository_is_downloaded_without_running_or_fetching_more_than_it_takes(
    tmp_path, monkeypatch
):
    asked = []

    def download(name, *, allow_patterns):
        asked.append((name, tuple(allow_patterns)))
        return str(tmp_path / "bert")

    checkpoint(tmp_path / "bert", "bert")
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    found = open_pretrained("hf://owner/name")
    assert found.digest == sha256(FIXTURES / "bert" / "model.safetensors")
    wanted = ("config.json", "tokenizer_config.json", "model.safetensors")
    assert asked == [("owner/name", (*wanted, "vocab.txt", "spiece.model", "tokenizer.json"))]


def test_of_a_repository_that_has_only_a_pickle_that_is_fetched_to_convert(tmp_path, monkeypatch):
    """Some rows' own repositories are so old that they may have nothing else."""
    whole = checkpoint(tmp_path / "whole", "tinybert")
    folder = tmp_path / "snapshot"
    folder.mkdir()

    def download(name, *, allow_patterns):
        for file in {*allow_patterns, "config.json", "vocab.txt"} - {"model.safetensors"}:
            if file in allow_patterns and (whole / file).is_file():
                shutil.copy(whole / file, folder)
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    with pytest.raises(WeightsError, match=f"tfnews weights convert {folder} --out FOLDER"):
        open_pretrained("hf://huawei-noah/TinyBERT_General_4L_312D")
    assert (folder / "pytorch_model.bin").is_file()


def test_the_rows_own_repository_has_the_rows_licence(tmp_path, monkeypatch):
    row = catalogue.row("bert-tiny")
    folder = checkpoint(tmp_path / "bert", "bert")
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: str(folder))
    options = {**row.recipe, **row.settings, "trainable": True, "max_tokens": 20}
    digest = sha256(folder / "model.safetensors")
    for weights in (row.weights, f"{row.weights}#sha256={digest}"):
        record = build(row, NEWS, LABELS, options | {"weights": weights}, ANSWERS)[1]
        assert record == WeightsRecord(weights, digest, row.licence)


# keras-hub's presets


SIZES = {"num_heads": 2, "hidden_dim": 8, "intermediate_dim": 12, "max_sequence_length": 16}
UNCASED = {"vocabulary": WORDS, "lowercase": True}


def bert():
    models = keras_hub.models
    backbone = models.BertBackbone(vocabulary_size=len(WORDS), num_layers=2, **SIZES)
    return backbone, models.BertTokenizer(**UNCASED)


def distilbert():
    models = keras_hub.models
    backbone = models.DistilBertBackbone(vocabulary_size=len(WORDS), num_layers=2, **SIZES)
    return backbone, models.DistilBertTokenizer(**UNCASED)


def albert():
    models = keras_hub.models
    backbone = models.AlbertBackbone(
        vocabulary_size=50, num_layers=2, embedding_dim=4, dropout=0.0, **SIZES
    )
    return backbone, models.AlbertTokenizer(learn_piece_model(NEWS, 50))


PRESETS = {"bert": bert, "distilbert": distilbert, "albert": albert}


@pytest.fixture(scope="module", params=PRESETS)
def preset(request, tmp_path_factory):
    """Give a preset's folder and the keras-hub backbone in it."""
    keras.utils.set_random_seed(0)
    backbone, tokenizer = PRESETS[request.param]()
    random = np.random.default_rng(0)
    backbone.set_weights([random.normal(0, 0.4, w.shape) for w in backbone.get_weights()])
    folder = tmp_path_factory.mktemp(request.param)
    backbone.save_to_preset(str(folder))
    tokenizer.save_to_preset(str(folder))
    return folder, backbone


def test_a_preset_answers_as_keras_hub_does(preset):
    folder, backbone = preset
    found = open_pretrained(str(folder))
    inputs = inputs_of(found.tokenizer, TEXTS, "segment_ids" in backbone.input)
    assert set(inputs) == set(found.encoder.input)
    # A text always has tokens, [CLS] at least: what attends to nothing has no answer to compare.
    texts = inputs["padding_mask"][:, 0] == 1
    inputs = {name: tf.boolean_mask(x, texts) for name, x in inputs.items()}
    expected, answers = backbone(inputs), found.encoder(inputs)
    if isinstance(expected, dict):
        pooled, expected = expected["pooled_output"], expected["sequence_output"]
        np.testing.assert_allclose(answers["pooled_output"], pooled, atol=1e-6)
    np.testing.assert_allclose(answers["sequence_output"], expected, atol=1e-6)


def test_a_preset_has_its_tokenizer_and_the_digest_of_its_folder(preset):
    folder, _ = preset
    found = open_pretrained(str(folder))
    assert found.digest == module_digest(folder)
    theirs = keras_hub.tokenizers.Tokenizer.from_preset(str(folder))
    assert found.tokenizer.get_vocabulary() == theirs.get_vocabulary()
    plain = ["harbour councils", "a office", ""]
    assert found.tokenizer(tf.constant(plain)).to_list() == theirs(plain)


def test_a_row_is_built_of_a_preset(preset):
    row = catalogue.row("bert-tiny")
    options = {**row.recipe, **row.settings, "weights": str(preset[0]), "trainable": True}
    classifier, _ = build(row, NEWS, LABELS, options | {"max_tokens": 16}, ANSWERS)
    answers = classifier(classifier.preprocessor(tf.constant(NEWS))).numpy()
    assert np.isfinite(answers).all()


def test_a_preset_by_name_has_the_digest_of_its_numbers(monkeypatch):
    """Its name was once given for it, which pins nothing."""
    backbone, tokenizer = bert()
    monkeypatch.setattr(keras_hub.models.Backbone, "from_preset", lambda _: backbone)
    monkeypatch.setattr(keras_hub.tokenizers.Tokenizer, "from_preset", lambda _: tokenizer)
    digest = open_pretrained("bert_tiny_en_uncased").digest
    numbers = b"".join(value.tobytes() for value in backbone.get_weights())
    assert digest == hashlib.sha256(numbers).hexdigest()
    assert open_pretrained(f"kaggle://x/bert/keras/y#sha256={digest}").digest == digest


def test_a_preset_of_another_backbone_is_refused_by_name(tmp_path):
    models = keras_hub.models
    backbone = models.RobertaBackbone(
        vocabulary_size=9, num_layers=1, num_heads=1, hidden_dim=4, intermediate_dim=4
    )
    backbone.save_to_preset(str(tmp_path))
    models.BertTokenizer(**UNCASED).save_to_preset(str(tmp_path))
    allowed = "BertBackbone, DistilBertBackbone, AlbertBackbone"
    with pytest.raises(WeightsError, match=f"holds a RobertaBackbone. Allowed: {allowed}"):
        open_pretrained(str(tmp_path))


# Nothing there


@pytest.mark.parametrize(
    ("handle", "tried"),
    [
        ("hf://owner/name", r"Hugging Face repository owner/name \(no network in tests\)"),
        ("no_such_preset", r"keras-hub preset no_such_preset \("),
        ("kaggle://owner/model/keras/x", r"keras-hub preset kaggle://owner/model/keras/x \("),
        ("no/such/folder", r"keras-hub preset no/such/folder \("),
    ],
)
def test_an_unreachable_handle_says_what_was_tried_and_what_works_without(handle, tried):
    with pytest.raises(WeightsError) as raised:
        open_pretrained(handle)
    said = str(raised.value)
    lines = said.splitlines()
    assert lines[0] == f"No pretrained weights under {handle!r}. Tried:"
    assert lines[1] == f"  a local folder {handle}"
    assert max(map(len, lines)) < 200
    assert re.search(tried, said)
    assert "--weights FOLDER" in said
    assert lines[-1] == "or start without a download: --weights none, or --arch tfidf"


def test_a_folder_without_a_checkpoint_says_what_is_needed(tmp_path):
    with pytest.raises(WeightsError, match=r"holds no config.json. It has: nothing. Needed: "):
        open_pretrained(str(tmp_path))


@pytest.mark.parametrize("content", ["{", "[" * 200_000, '{"a":' * 200_000])
def test_a_configuration_that_cannot_be_read_is_told_in_a_line(tmp_path, content):
    """Whether a folder is keras-hub's or Hugging Face's is read of it first."""
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(WeightsError, match=r"config.json is not JSON") as raised:
        open_pretrained(str(tmp_path))
    assert len(str(raised.value)) < 500
