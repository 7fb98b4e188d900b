import functools
import json
import warnings
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tests import tiny
from tests.models.reduced import PROBES, SIZES, TEXTS, small
from tfnews import catalogue
from tfnews.errors import UsageError
from tfnews.models import load
from tfnews.models.precision import under_policy
from tfnews.models.transformer.encoders import build_encoder
from tfnews.models.transformer.family import (
    MeanPooling,
    TransformerBackbone,
    TransformerClassifier,
    freeze,
)
from tfnews.training.accumulation import training_model
from tfnews.training.fit import fit

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "transformers.md"
ROWS = [name for name, row in catalogue.rows().items() if row.family == "transformer"]
SLOW = pytest.mark.slow  # of what one encoder shows for all


@functools.cache
def plain(name):
    """Build a row once, for tests that leave it as it is."""
    return small(name)


def trained_layers(classifier):
    """Return the names of the encoder's layers that training moves."""
    layers = classifier.backbone.encoder.layers
    return [layer.name for layer in layers if layer.trainable_weights]


def packed(classifier, texts):
    return classifier.preprocessor(tf.constant(texts))


# Freezing


@pytest.mark.parametrize("name", ROWS)
def test_frozen_trains_the_head_alone(name):
    classifier = small(name, trainable=False)
    assert classifier.backbone.trainable_weights == []
    layers = 2 if catalogue.row(name).head["hidden"] else 1
    assert len(classifier.trainable_weights) == 2 * layers


@pytest.mark.parametrize(
    ("name", "pooler"),
    [
        ("tinybert", ["pooled_dense"]),
        ("distilbert", []),
        pytest.param("mobilebert", [], marks=SLOW),
        ("minilm", []),
    ],
)
def test_the_top_layers_are_trained_alone(name, pooler):
    assert trained_layers(small(name, num_layers=3, trainable_layers=1)) == [
        "transformer_layer_2",
        *pooler,
    ]
    top = ["transformer_layer_1", "transformer_layer_2"]
    assert trained_layers(small(name, num_layers=3, trainable_layers=2)) == [*top, *pooler]


def test_all_layers_but_not_the_embedding_can_be_asked_for():
    found = trained_layers(small("bert-tiny", trainable_layers=2))
    assert found == ["transformer_layer_0", "transformer_layer_1", "pooled_dense"]


def test_frozen_wins_over_the_top_layers():
    assert trained_layers(small("bert-tiny", trainable=False, trainable_layers=1)) == []


def test_a_pooler_is_trained_where_it_is_used():
    assert "pooled_dense" in trained_layers(plain("bert-tiny"))
    assert "pooled_dense" not in trained_layers(small("bert-tiny", pooling="mean"))
    top = small("bert-tiny", pooling="mean", trainable_layers=1)
    assert trained_layers(top) == ["transformer_layer_1"]


@pytest.mark.parametrize(("name", "most"), [("bert-tiny", 2), ("albert", 1)])
def test_more_layers_than_there_are_is_an_error(name, most):
    """ALBERT's layers are one, used many times."""
    with pytest.raises(UsageError, match=f"at most the encoder's {most} layers. Received: 3"):
        small(name, trainable_layers=3)


def test_what_is_trained_can_be_chosen_anew():
    classifier = small("bert-tiny", trainable_layers=1)
    freeze(classifier.backbone, {"trainable": True, "trainable_layers": 0})
    assert trained_layers(classifier) == trained_layers(plain("bert-tiny"))


# Pooling


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_mean_pooling_leaves_padding_out(dtype):
    random = np.random.default_rng(0)
    vectors = random.normal(size=(3, 5, 4)).astype("float32")
    mask = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0]])
    expected = [vectors[0].mean(axis=0), vectors[1, :2].mean(axis=0), np.zeros(4)]
    found = MeanPooling(dtype=dtype)(vectors, mask)
    assert found.dtype == dtype
    np.testing.assert_allclose(
        tf.cast(found, "float32"), expected, atol=1e-6 if dtype == "float32" else 0.02
    )


def test_the_backbone_averages_the_tokens_of_its_encoder():
    classifier = small("bert-tiny", pooling="mean")
    inputs = packed(classifier, PROBES)
    sequence = classifier.backbone.encoder(inputs)["sequence_output"].numpy()
    lengths = inputs["padding_mask"].numpy().sum(axis=1)
    expected = [vectors[:n].mean(axis=0) for vectors, n in zip(sequence, lengths, strict=True)]
    np.testing.assert_allclose(classifier.backbone(inputs), expected, atol=1e-6)


@pytest.mark.parametrize("name", ["bert-tiny", "distilbert", "mobilebert"])
def test_the_pooled_output_is_taken_unless_told_otherwise(name):
    classifier = plain(name)
    inputs = packed(classifier, PROBES)
    expected = classifier.backbone.encoder(inputs)["pooled_output"]
    np.testing.assert_array_equal(classifier.backbone(inputs), expected)


@pytest.mark.parametrize(
    "name", ["bert-tiny", *(pytest.param(one, marks=SLOW) for one in ("albert", "mobilebert"))]
)
def test_the_logits_convert_to_tflite_with_its_own_operations(name):
    classifier = plain(name)
    inputs = packed(classifier, ["rain over the harbour", "council"])
    model = training_model(classifier)
    names = sorted(inputs)
    call = tf.function(lambda *tensors: model(dict(zip(names, tensors, strict=True))))
    concrete = call.get_concrete_function(*(inputs[name] for name in names))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tf.lite announces its successor
        interpreter = tf.lite.Interpreter(model_content=converter.convert())
    interpreter.allocate_tensors()
    details = interpreter.get_input_details()
    for detail, name in zip(sorted(details, key=lambda d: d["name"]), names, strict=True):
        interpreter.set_tensor(detail["index"], inputs[name].numpy())
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(found, model(inputs), atol=1e-5)


@pytest.mark.parametrize("name", ["bert-tiny", "albert"])
def test_an_encoder_can_be_cloned(name):
    """Keras writes each layer's configuration down for that, activation included."""
    encoder = plain(name).backbone.encoder
    copy = keras.models.clone_model(encoder)
    copy.set_weights(encoder.get_weights())
    inputs = packed(plain(name), ["rain over the harbour"])
    expected = encoder(inputs)["sequence_output"]
    np.testing.assert_allclose(copy(inputs)["sequence_output"], expected, atol=1e-6)


# Windows


@pytest.mark.parametrize("name", ["bert-tiny", "minilm", "distilbert", "albert", "mobilebert"])
def test_a_text_is_judged_by_the_mean_of_its_windows(name):
    classifier = small(name, long="windows", max_tokens=12)
    texts = ["harbour", " ".join(TEXTS[:4]), TEXTS[1]]
    inputs = packed(classifier, texts)
    counts = inputs["padding_mask"].numpy().max(axis=2).sum(axis=1)
    assert counts[0] == 1
    assert len(set(counts)) == 3
    whole = keras.Model(classifier.backbone.input, classifier.logits)(inputs).numpy()
    for number, count in enumerate(counts):
        alone = [
            logits_of_window(classifier, {k: v[number, w] for k, v in inputs.items()})
            for w in range(count)
        ]
        np.testing.assert_allclose(whole[number], np.mean(alone, axis=0), atol=1e-5)


def logits_of_window(classifier, window):
    """Judge one window as if it were a text, by encoder and head alone."""
    encoded = classifier.backbone.encoder({k: v[tf.newaxis] for k, v in window.items()})
    features = encoded["pooled_output"]
    if classifier.backbone.pooling == "mean":
        features = MeanPooling()(encoded["sequence_output"], window["padding_mask"][tf.newaxis])
    for layer in classifier.head_layers:
        features = layer(features)
    return features.numpy()[0]


def test_windows_of_other_texts_in_the_batch_change_nothing():
    classifier = small("mobilebert", long="windows", max_tokens=12)
    together = classifier(packed(classifier, [" ".join(TEXTS[:4]), *PROBES[:3]])).numpy()
    alone = [classifier(packed(classifier, [text])).numpy()[0] for text in PROBES[:3]]
    np.testing.assert_allclose(together[1:], alone, atol=1e-6)


def test_a_text_that_fits_is_judged_alike_with_windows_and_without():
    windowed, whole = small("minilm", long="windows"), plain("minilm")
    windowed.set_weights(whole.get_weights())
    np.testing.assert_allclose(
        windowed(packed(windowed, PROBES[:4])), whole(packed(whole, PROBES[:4])), atol=1e-6
    )


# Building


def test_more_tokens_than_the_encoder_has_positions_are_refused(monkeypatch):
    """Without this the first long text would end training in a shape error."""
    sizes = {"vocabulary_size": 9, "num_layers": 1, "num_heads": 1, "hidden_dim": 4}
    sizes |= {"intermediate_dim": 4, "max_sequence_length": 20}
    encoder = build_encoder("bert", sizes, "gelu", True)
    monkeypatch.setattr("tfnews.models.transformer.family._parts", lambda *_: (encoder, None, {}))
    with pytest.raises(UsageError, match=r"20 positions.*keep 21 tokens. Use --max-tokens 20"):
        small("bert-tiny", max_tokens=21)


@pytest.mark.usefixtures("zeros")
@pytest.mark.parametrize("name", ROWS)
def test_the_published_sizes_with_the_rows_head_have_the_published_parameters(name):
    row = catalogue.row(name)
    kept = ("num_layers", "num_heads", "hidden_dim", "intermediate_dim", "dropout")
    sizes = {key: row.settings[key] for key in kept}
    sizes["vocabulary_size"] = row.rows_published or 30_522
    if row.settings["embedding_dim"]:
        sizes["embedding_dim"] = row.settings["embedding_dim"]
    settings = [row.settings[key] for key in ("architecture", "activation", "pooler")]
    encoder = build_encoder(settings[0], sizes, *settings[1:])
    classifier = TransformerClassifier(
        TransformerBackbone(encoder, row.settings["pooling"]), head=row.head
    )
    assert classifier.count_params() == catalogue.parameters(row)


# Precision


def layers_of(classifier):
    """Return all layers of the encoder, the layers of its layers included."""
    return list(classifier.backbone.encoder._flatten_layers())


@pytest.mark.parametrize("name", ["bert-tiny", "albert", "mobilebert"])
@pytest.mark.parametrize("long", ["truncate", "windows"])
def test_the_encoder_computes_in_the_policys_type(name, long):
    classifier = small(name, long=long) if long == "windows" else plain(name)
    copy = under_policy(classifier, "mixed_bfloat16")
    inputs = packed(classifier, PROBES)
    if long == "windows":
        outputs = copy.backbone(inputs)["features"]
    else:
        outputs = copy.backbone(inputs)
        assert copy.backbone.encoder(inputs)["sequence_output"].dtype == tf.bfloat16
    assert outputs.dtype == tf.bfloat16
    computing = [layer for layer in layers_of(copy) if layer.weights]
    assert len(computing) > 10
    assert {layer.compute_dtype for layer in computing} == {"bfloat16"}
    assert {variable.dtype for layer in computing for variable in layer.weights} == {"float32"}
    assert {layer.compute_dtype for layer in layers_of(classifier)} == {"float32"}
    assert copy(inputs).dtype == tf.float32


def test_a_mean_is_pooled_in_the_policys_type():
    copy = under_policy(plain("minilm"), "mixed_bfloat16")
    assert copy.backbone.get_layer("mean_pooling").compute_dtype == "bfloat16"


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("tinybert", {"trainable": False}),
        ("tinybert", {"trainable_layers": 1}),
        ("tinybert", {"trainable_layers": 1, "pooling": "mean"}),
        ("tinybert", {"pooling": "mean"}),
        ("tinybert", {}),
        ("mobilebert", {"trainable_layers": 1}),
    ],
)
def test_another_precision_trains_the_same_layers(name, changes):
    classifier = small(name, **changes)
    copy = under_policy(classifier, "mixed_bfloat16")
    assert trained_layers(copy) == trained_layers(classifier)
    paths = [[v.path for v in model.trainable_weights] for model in (classifier, copy)]
    assert len(paths[0]) == len(paths[1])
    for original, copied in zip(layers_of(classifier), layers_of(copy), strict=True):
        assert (type(copied), copied.trainable) == (type(original), original.trainable)
    for mine, theirs in zip(classifier.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


# End to end


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("splits"), name="tiny")


# A fresh encoder this small learns the corpus within seconds, by heart rather than well.
SETTINGS = {
    **{name: value for name, value in SIZES.items() if name != "max_tokens"},
    "num_layers": 1,
    "vocabulary_size": 400,
    "dropout": 0.0,
    "warmup_steps": 0,
    "schedule": "constant",
    "patience": 9,
}


@pytest.mark.parametrize(
    ("arch", "more", "options"),
    [
        ("bert-tiny", {"accumulate": 2}, {"max_tokens": 128}),
        pytest.param(
            "albert",
            {"embedding_dim": 8, "pooling": "mean"},
            {"max_tokens": 64, "long": "windows"},
            marks=pytest.mark.slow,  # the contracts train it, and save and open its windows
        ),
    ],
)
def test_a_row_learns_offline_and_its_run_opens_again(splits, tmp_path, arch, more, options):
    run = fit(
        splits.path,
        arch=arch,
        weights="none",
        epochs=6,
        batch_size=8,
        learning_rate=0.01,
        precision="float32",
        assignments=[f"{name}={value}" for name, value in {**SETTINGS, **more}.items()],
        root=tmp_path,
        floor=False,
        **options,
    )
    assert run.config.weights.handle == "none"
    losses = [json.loads(line)["loss"] for line in run.history_path.read_text().splitlines()]
    assert min(losses) < 0.4
    opened, frame = load(run.path), splits.frame("validation")
    recorded = pd.read_csv(run.predictions_path("validation"))["fake_probability"]
    np.testing.assert_allclose(opened.probabilities(frame["combined_text"]), recorded, atol=1e-5)
    assert ((recorded >= 0.5) == frame["label"]).mean() > 0.7
    assert opened.preprocessor.long == options.get("long", "truncate")


# Documentation


def as_described(row):
    """Return a row's line in the table of architectures, and that in the table of recipes."""
    settings, recipe = row.settings, row.recipe
    units = " and ".join(str(width) for width in [*row.head["hidden"], row.head["units"]])
    total = row.published.get("parameters_total")
    batch = str(recipe["batch_size"])
    if recipe["accumulate"] > 1:
        batch += f" in {recipe['accumulate']} parts"
    numbers = [f"{recipe[name]:g}" for name in ("learning_rate", "epsilon", "weight_decay")]
    what = [
        f"`{row.name}`",
        f"{settings['num_layers']} layers of {settings['hidden_dim']}",
        settings["pooling"],
        units,
        f"{total:,}" if total else "",
        f"`{row.weights}`",
        row.source,
    ]
    how = [
        f"`{row.name}`",
        str(recipe["epochs"]),
        batch,
        recipe["optimizer"],
        *numbers,
        f"{recipe['warmup_steps']}, {recipe['schedule']}",
        f"{recipe['clip']:g}",
        f"{recipe['patience']}, {recipe['min_delta']:g}",
    ]
    return [f"| {' | '.join(line)} |" for line in (what, how)]


@pytest.mark.parametrize("name", ROWS)
def test_the_documentation_states_a_row_as_the_catalogue_does(name):
    row = catalogue.row(name)
    lines = DOCUMENTATION.read_text(encoding="utf-8").splitlines()
    assert all(line in lines for line in as_described(row))
    assert row.recipe["monitor"] == "val_weighted_f1"
