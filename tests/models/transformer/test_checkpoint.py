"""Hugging Face checkpoints: read as PyTorch's transformers reads them, or refused.

The fixtures are written by tools/record_transformers.py.
"""

import json
import math
import re
import shutil
from pathlib import Path

import keras
import keras_hub
import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
from safetensors.numpy import load_file, save_file

from tfnews.errors import WeightsError
from tfnews.files import sha256
from tfnews.models.transformer import checkpoint as checkpoint_module
from tfnews.models.transformer.activations import ACTIVATIONS
from tfnews.models.transformer.checkpoint import read_checkpoint
from tfnews.models.transformer.encoders import Encoder, build_encoder
from tfnews.models.transformer.layouts import LAYOUTS
from tfnews.models.transformer.mobilebert import MobileBertBackbone

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAMES = ["bert", "tinybert", "distilbert", "albert", "mobilebert"]
INPUTS = ("token_ids", "segment_ids", "padding_mask")

# Published sizes; the widths of the head that transformers puts on each; its count of parameters
# with two classes.
_BERT = {"vocabulary_size": 30522}
PUBLISHED = {
    "tinybert": (
        "bert",
        {**_BERT, "num_layers": 4, "num_heads": 12, "hidden_dim": 312, "intermediate_dim": 1200},
        [312, 2],
        14_350_874,
    ),
    "distilbert": (
        "distilbert",
        {**_BERT, "num_layers": 6, "num_heads": 12, "hidden_dim": 768, "intermediate_dim": 3072},
        [768, 768, 2],
        66_955_010,
    ),
    "albert": (
        "albert",
        {
            "vocabulary_size": 30000,
            "num_layers": 12,
            "num_heads": 12,
            "embedding_dim": 128,
            "hidden_dim": 768,
            "intermediate_dim": 3072,
        },
        [768, 2],
        11_685_122,
    ),
}


@pytest.fixture(scope="module", params=NAMES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def checkpoint(name):
    return read_checkpoint(FIXTURES / name)


@pytest.fixture
def folder(tmp_path):
    """Give a copy of the BERT fixture to change."""
    return Path(shutil.copytree(FIXTURES / "bert", tmp_path / "bert"))


def recorded(name):
    with np.load(FIXTURES / name / "reference.npz") as reference:
        return dict(reference)


def answers(encoder, reference):
    given = {key: reference[key] for key in INPUTS if key in encoder.input}
    return {key: value.numpy() for key, value in encoder(given).items()}


def difference(encoder, name):
    """Return the largest difference from PyTorch, at tokens; relative for MobileBERT."""
    reference = recorded(name)
    found = answers(encoder, reference)
    tokens = reference["padding_mask"] == 1
    scale = np.abs(reference["sequence_output"]).max() if name == "mobilebert" else 1
    apart = np.abs(found["sequence_output"] - reference["sequence_output"])[tokens].max()
    return max(apart, np.abs(found["pooled_output"] - reference["pooled_output"]).max()) / scale


def change(folder, **changes):
    """Set keys of config.json; `None` removes one."""
    path = folder / "config.json"
    config = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({k: v for k, v in config.items() if v is not None}))


def rename(folder, rule):
    """Rename the tensors; `None` removes one."""
    path = folder / "model.safetensors"
    named = {rule(name): value for name, value in load_file(path).items()}
    save_file({name: value for name, value in named.items() if name}, path)


def test_the_last_hidden_state_is_pytorchs(name, checkpoint):
    assert difference(checkpoint.encoder, name) <= 1e-5


def test_the_reference_is_ragged_and_has_both_segments(name):
    reference = recorded(name)
    lengths = reference["padding_mask"].sum(axis=1)
    assert lengths.max() == reference["token_ids"].shape[1]
    assert len(set(lengths.tolist())) > 2
    assert set(np.unique(reference["segment_ids"])) == {0, 1}


def test_what_is_recorded(name, checkpoint):
    folder = FIXTURES / name
    assert checkpoint.digest == sha256(folder / "model.safetensors")
    assert checkpoint.vocabulary == folder / "vocab.txt"


def test_a_preset_keeps_activation_and_weights(name, checkpoint, tmp_path):
    checkpoint.encoder.save_to_preset(str(tmp_path))
    opened = keras_hub.models.Backbone.from_preset(str(tmp_path))
    assert type(opened) is (MobileBertBackbone if name == "mobilebert" else Encoder)
    assert opened.get_config() == checkpoint.encoder.get_config()
    assert opened.count_params() == checkpoint.encoder.count_params()
    assert difference(opened, name) <= 1e-5


def test_reduced_precision_is_close(name, checkpoint):
    config = {**checkpoint.encoder.get_config(), "dtype": "mixed_bfloat16"}
    reduced = type(checkpoint.encoder).from_config(config)
    reduced.set_weights(checkpoint.encoder.get_weights())
    reference = recorded(name)
    tokens = reference["padding_mask"] == 1
    found = answers(reduced, reference)["sequence_output"].astype("float32")[tokens]
    expected = reference["sequence_output"][tokens]
    np.testing.assert_allclose(found, expected, atol=0.05 * np.abs(expected).max())


def test_the_activation_is_the_checkpoints(folder):
    """keras-hub's BERT computes the tanh GELU whatever the checkpoint says."""
    found = {}
    for activation in ("gelu", "gelu_new", "relu"):
        change(folder, hidden_act=activation)
        found[activation] = difference(read_checkpoint(folder).encoder, "bert")
    assert found["gelu"] <= 1e-5 < 1e-4 < found["gelu_new"] < found["relu"]


def test_the_gelus_differ():
    x = np.linspace(-3, 3, 7, dtype="float32")
    exact = 0.5 * x * (1 + tf.math.erf(x / np.sqrt(2)))
    tanh = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    np.testing.assert_allclose(ACTIVATIONS["gelu"](x), exact, atol=1e-6)
    np.testing.assert_allclose(ACTIVATIONS["gelu_new"](x), tanh, atol=1e-6)
    assert np.abs(exact - tanh).max() > 1e-5


def test_a_file_without_prefix(folder):
    """Sentence-transformers save the encoder alone, with positions that transformers dropped."""
    rename(folder, lambda name: name.removeprefix("bert.") if name.startswith("bert.") else None)
    tensors = load_file(folder / "model.safetensors")
    tensors["embeddings.position_ids"] = np.arange(20, dtype="int64")[None]
    save_file(tensors, folder / "model.safetensors")
    checkpoint = read_checkpoint(folder)
    assert difference(checkpoint.encoder, "bert") <= 1e-5


def test_old_names_of_layer_normalisation(folder):
    def old(name):
        name = name.replace("LayerNorm.weight", "LayerNorm.gamma")
        return name.replace("LayerNorm.bias", "LayerNorm.beta")

    rename(folder, old)
    assert difference(read_checkpoint(folder).encoder, "bert") <= 1e-5


def test_a_config_without_model_type(folder):
    change(folder, model_type=None)
    assert difference(read_checkpoint(folder).encoder, "bert") <= 1e-5


def test_half_precision_tensors_are_widened(folder):
    path = folder / "model.safetensors"
    save_file({k: v.astype("float16") for k, v in load_file(path).items()}, path)
    encoder = read_checkpoint(folder).encoder
    assert {variable.dtype for variable in encoder.trainable_variables} == {"float32"}
    assert difference(encoder, "bert") < 0.02


@pytest.mark.parametrize("name", ["bert", "albert"])
def test_without_a_pooler_the_first_token_stands_for_the_text(name, tmp_path):
    folder = Path(shutil.copytree(FIXTURES / name, tmp_path / name))
    rename(folder, lambda tensor: None if ".pooler." in tensor else tensor)
    encoder = read_checkpoint(folder).encoder
    found = answers(encoder, recorded(name))
    np.testing.assert_array_equal(found["pooled_output"], found["sequence_output"][:, 0])
    width = encoder.hidden_dim
    full = read_checkpoint(FIXTURES / name).encoder
    assert full.count_params() - encoder.count_params() == width * width + width
    encoder.save_to_preset(str(tmp_path / "preset"))
    opened = keras_hub.models.Backbone.from_preset(str(tmp_path / "preset"))
    np.testing.assert_array_equal(
        answers(opened, recorded(name))["pooled_output"], found["pooled_output"]
    )


def test_a_pooler_that_mobileberts_configuration_turns_off(tmp_path):
    """google/mobilebert-uncased holds one that nothing uses."""
    folder = Path(shutil.copytree(FIXTURES / "mobilebert", tmp_path / "mobilebert"))
    tensors = load_file(folder / "model.safetensors")
    draw = np.random.default_rng(0)
    kernel, bias = draw.normal(size=(24, 24)), draw.normal(size=24)
    pooler = {"mobilebert.pooler.dense.weight": kernel, "mobilebert.pooler.dense.bias": bias}
    tensors |= {name: value.astype("float32") for name, value in pooler.items()}
    save_file(tensors, folder / "model.safetensors")
    checkpoint = read_checkpoint(folder)
    assert difference(checkpoint.encoder, "mobilebert") <= 1e-5

    change(folder, classifier_activation=True)
    found = answers(read_checkpoint(folder).encoder, recorded("mobilebert"))
    expected = np.tanh(found["sequence_output"][:, 0] @ kernel.T + bias)
    np.testing.assert_allclose(found["pooled_output"], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("written", "words", "expected"),
    [
        ('{"do_lower_case": false}', "word", False),
        ('{"do_lower_case": true}', "Word", True),
        ("{}", "word", True),
        (None, "word\n[UNK]\n##s", True),
        (None, "word\nWord", False),
    ],
)
def test_case_is_told_by_the_configuration_or_by_the_vocabulary(folder, written, words, expected):
    (folder / "vocab.txt").write_text(words, encoding="utf-8")
    if written:
        (folder / "tokenizer_config.json").write_text(written, encoding="utf-8")
    assert read_checkpoint(folder).do_lower_case is expected


def test_a_sentencepiece_vocabulary(tmp_path):
    folder = Path(shutil.copytree(FIXTURES / "albert", tmp_path / "albert"))
    (folder / "vocab.txt").rename(folder / "spiece.model")
    checkpoint = read_checkpoint(folder)
    assert checkpoint.vocabulary == folder / "spiece.model"
    assert checkpoint.do_lower_case


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "vocab.txt"])
def test_a_missing_file_is_named_with_what_is_there(folder, file):
    (folder / file).unlink()
    with pytest.raises(WeightsError, match=rf"holds no {file}.* It has: .*reference\.npz"):
        read_checkpoint(folder)


def test_a_pickle_alone_is_told_how_to_be_converted(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(WeightsError, match=r"tfnews weights convert .* --out FOLDER"):
        read_checkpoint(folder)


def test_no_folder(tmp_path):
    with pytest.raises(WeightsError, match="is not a folder"):
        read_checkpoint(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "roberta"}, "Received: 'roberta'. Allowed: bert, distilbert, albert, mob"),
        ({"hidden_act": "quick_gelu"}, "hidden_act .* Received: 'quick_gelu'. Allowed: gelu, "),
        ({"hidden_act": None}, "Received: None"),
        ({"layer_norm_eps": 1e-5}, "layer_norm_eps .* Received: 1e-05. Allowed: 1e-12"),
        ({"position_embedding_type": "relative_key"}, "Received: 'relative_key'"),
        (
            {"hidden_size": None},
            "hidden_size must be a whole number from 1 .* Received: None",
        ),
        ({"num_hidden_layers": "two"}, "num_hidden_layers must be a whole .* Received: 'two'"),
        ({"num_hidden_layers": 1}, "states 1 different layers, and they are of 2"),
        ({"num_hidden_layers": 3}, "states 3 different layers, and they are of 2"),
        ({"intermediate_size": 41}, r"must be of shape \(41, 24\).*Received: of shape \(40, 24\)"),
        ({"vocab_size": 49}, "vocab.txt has 50 words, but config.json says vocab_size 49"),
        ({"vocab_size": 51}, r"must be of shape \(51, 24\)"),
    ],
)
def test_a_configuration_that_cannot_be_carried_out(folder, changes, message):
    change(folder, **changes)
    with pytest.raises(WeightsError, match=message):
        read_checkpoint(folder)


_ODD = [10**9, 10**23, 10**6 + 7, 0, -1, 2.5, True, "9" * 10**6, [2], {}, math.nan]


@pytest.mark.parametrize("name", ["bert", "distilbert", "albert", "mobilebert"])
def test_nothing_is_built_of_sizes_that_the_tensors_do_not_bear_out(name, tmp_path, monkeypatch):
    """A config.json of a few bytes once asked for layers without end, or for all memory."""
    folder = Path(shutil.copytree(FIXTURES / name, tmp_path / name))
    before = (folder / "config.json").read_text()
    monkeypatch.setattr(checkpoint_module, "build_encoder", None)
    for key in LAYOUTS[json.loads(before)["model_type"]].sizes.values():
        for value in _ODD:
            if value == 0 and "drop" in key:
                continue  # is a rate
            (folder / "config.json").write_text(before)
            change(folder, **{key: value})
            with pytest.raises(WeightsError) as raised:
                read_checkpoint(folder)
            assert len(str(raised.value)) < 500 + len(str(folder))


def test_tensors_that_would_show_a_size_cannot_be_left_out(folder, monkeypatch):
    monkeypatch.setattr(checkpoint_module, "build_encoder", None)
    for tensor in LAYOUTS["bert"].shapes:
        rename(folder, lambda name, gone=tensor: None if name.endswith(gone) else name)
        with pytest.raises(WeightsError, match=f"{re.escape(tensor)} must be .* Received: Missing"):
            read_checkpoint(folder)
        shutil.copy(FIXTURES / "bert" / "model.safetensors", folder)


@pytest.mark.parametrize("act", [["gelu"], {"gelu": 1}, 10**400, "g" * 10**6])
def test_an_activation_of_another_type(folder, act):
    change(folder, hidden_act=act)
    with pytest.raises(WeightsError, match="asks for a hidden_act") as raised:
        read_checkpoint(folder)
    assert len(str(raised.value)) < 500 + len(str(folder))


@pytest.mark.parametrize("key", ["normalization_type", "trigram_input", "num_feedforward_networks"])
def test_another_kind_of_mobilebert(key, tmp_path):
    folder = Path(shutil.copytree(FIXTURES / "mobilebert", tmp_path / "mobilebert"))
    change(folder, **{key: "other"})
    with pytest.raises(WeightsError, match=f"asks for a {key} that tfnews does not compute"):
        read_checkpoint(folder)


def test_damaged_files(folder):
    (folder / "model.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(WeightsError, match="not a whole safetensors file"):
        read_checkpoint(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(WeightsError, match="is not JSON"):
        read_checkpoint(folder)
    (folder / "config.json").write_text("[]")
    with pytest.raises(WeightsError, match=r"must hold a JSON object. Received: list"):
        read_checkpoint(folder)


def test_bfloat16_weights_are_read(tmp_path):
    """Newer checkpoints are stored so; bfloat16 keeps 8 bits of a number."""
    folder = Path(shutil.copytree(FIXTURES / "bert", tmp_path / "bert"))
    tensors = load_file(folder / "model.safetensors")
    halves = {name: value.astype(ml_dtypes.bfloat16) for name, value in tensors.items()}
    save_file(halves, folder / "model.safetensors")
    found = read_checkpoint(folder).encoder.get_weights()
    wanted = read_checkpoint(FIXTURES / "bert").encoder.get_weights()
    for mine, whole in zip(found, wanted, strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_array_equal(mine, whole.astype(ml_dtypes.bfloat16).astype("float32"))


@pytest.mark.parametrize("kind", ["roberta", "xlm-roberta", "deberta-v2", ["bert"], 3])
def test_another_kind_of_model_is_the_first_thing_that_is_said(tmp_path, kind):
    """Their folders once were said to miss a vocab.txt, which was then made in vain."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": kind}))
    (folder / "merges.txt").write_text("a b")
    with pytest.raises(WeightsError, match=re.escape(f"Received: {kind!r}. Allowed: bert, ")):
        read_checkpoint(folder)


def test_whole_numbers_are_no_weights(folder):
    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors["bert.pooler.dense.bias"] = np.zeros(24, "int32")
    save_file(tensors, path)
    with pytest.raises(WeightsError, match=r"of type F32, F16, BF16, F64. Received: .* I32"):
        read_checkpoint(folder)


@pytest.mark.usefixtures("zeros")
@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_at_the_published_sizes(name):
    architecture, sizes, head, expected = PUBLISHED[name]
    encoder = build_encoder(architecture, sizes, "gelu", pooler=architecture != "distilbert")
    layers = [keras.layers.Dense(units) for units in head[1:]]
    for layer, inputs in zip(layers, head, strict=False):
        layer.build((None, inputs))
    assert encoder.count_params() + sum(layer.count_params() for layer in layers) == expected
