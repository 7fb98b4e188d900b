"""MobileBERT as a keras-hub backbone: counts, precision, serialisation, export."""

import keras
import keras_hub
import numpy as np
import pytest
import tensorflow as tf

from tfnews.errors import UsageError
from tfnews.models.transformer.mobilebert import MobileBertBackbone

TINY = {
    "vocabulary_size": 50,
    "num_layers": 2,
    "num_heads": 2,
    "embedding_dim": 12,
    "hidden_dim": 24,
    "bottleneck_dim": 16,
    "intermediate_dim": 20,
    "max_sequence_length": 20,
}
LENGTHS = np.array([[9], [6], [2]])
MASK = (np.arange(9) < LENGTHS).astype("int32")
INPUTS = {
    "token_ids": np.random.default_rng(0).integers(1, 50, MASK.shape).astype("int32") * MASK,
    "segment_ids": (np.arange(9) >= 4).astype("int32") * MASK,
    "padding_mask": MASK,
}


def tiny(**options):
    """Build a small one whose activations are not all alike."""
    keras.utils.set_random_seed(0)
    backbone = MobileBertBackbone(**{**TINY, **options})
    draw = np.random.default_rng(1)
    backbone.set_weights([v + draw.normal(0, 0.2, v.shape) for v in backbone.get_weights()])
    return backbone


@pytest.fixture(scope="module")
def backbone():
    return tiny()


@pytest.fixture(scope="module")
def answers(backbone):
    return backbone.predict(INPUTS, verbose=0)


def assert_close(found, expected, tolerance):
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=tolerance * np.abs(value).max())


@pytest.mark.slow  # that of all rows counts its parameters
@pytest.mark.usefixtures("zeros")
def test_the_published_sizes_are_the_defaults():
    published = MobileBertBackbone()
    assert published.count_params() == 24_581_888
    assert published.count_params() + 512 * 2 + 2 == 24_582_914  # with two classes
    shapes = [tuple(variable.shape) for variable in published.layers[-2].weights]
    assert shapes.count((512, 128)) == 2 + 4  # bottlenecks of input and attention; contractions
    assert shapes.count((128, 512)) == 4 + 1  # expansions; output bottleneck
    assert shapes.count((128, 4, 32)) == 2  # queries and keys
    assert shapes.count((512, 4, 32)) == 1  # values
    assert published.get_layer("embeddings_projection").kernel.shape == (384, 512)


def test_outputs(backbone, answers):
    assert answers["sequence_output"].shape == (3, 9, 24)
    np.testing.assert_array_equal(answers["pooled_output"], answers["sequence_output"][:, 0])
    assert backbone.token_embedding.input_dim == 50


def test_a_pooler_when_asked():
    pooled = tiny(pooler=True)
    assert pooled.count_params() == tiny().count_params() + 24 * 24 + 24
    answers = pooled.predict(INPUTS, verbose=0)
    first = answers["sequence_output"][:, 0]
    dense = pooled.pooled_dense
    expected = np.tanh(first @ dense.kernel.numpy() + dense.bias.numpy())
    np.testing.assert_allclose(answers["pooled_output"], expected, atol=1e-6)


def test_padding_changes_nothing_beyond_its_first_token(backbone, answers):
    """The trigram of the last token sees one token of padding; attention sees none."""
    longer = {name: np.pad(value, ((0, 0), (0, 5))) for name, value in INPUTS.items()}
    found = backbone.predict(longer, verbose=0)["sequence_output"]
    for row, length in enumerate(LENGTHS[:, 0].tolist()):
        if length < MASK.shape[1]:
            expected = answers["sequence_output"][row, :length]
            np.testing.assert_allclose(found[row, :length], expected, atol=1e-5)


def test_segments_and_positions_are_seen(backbone, answers):
    swapped = backbone.predict({**INPUTS, "segment_ids": 1 - INPUTS["segment_ids"]}, verbose=0)
    assert np.abs(swapped["pooled_output"] - answers["pooled_output"]).max() > 1e-3
    turned = {**INPUTS, "token_ids": np.flip(INPUTS["token_ids"], 1).copy()}
    turned["padding_mask"] = np.ones_like(MASK)
    found = backbone.predict(turned, verbose=0)["sequence_output"]
    assert np.abs(np.flip(found, 1)[0] - answers["sequence_output"][0]).max() > 1e-3


def test_every_variable_gets_a_gradient(backbone):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(backbone(INPUTS, training=True)["sequence_output"]))
    gradients = tape.gradient(loss, [v.value for v in backbone.trainable_variables])
    assert all(gradient is not None for gradient in gradients)


@pytest.mark.parametrize("options", [{}, {"pooler": True, "activation": "gelu_new"}])
def test_saved_and_opened_again_it_is_the_same(options, tmp_path):
    backbone = tiny(**options)
    backbone.save_to_preset(str(tmp_path))
    opened = keras_hub.models.Backbone.from_preset(str(tmp_path))
    assert type(opened) is MobileBertBackbone
    assert opened.get_config() == backbone.get_config()
    assert_close(opened(INPUTS), {n: v.numpy() for n, v in backbone(INPUTS).items()}, 0)


@pytest.mark.parametrize("dtype", ["float16", "mixed_float16"])
def test_float16_is_refused_with_the_reason(dtype):
    with pytest.raises(UsageError, match=f"activations exceed 65,504.*Received: {dtype}"):
        tiny(dtype=dtype)


def test_float16_is_refused_when_it_is_the_global_policy():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        with pytest.raises(UsageError, match="Allowed: float32, bfloat16, mixed_bfloat16"):
            tiny()
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("dtype", ["bfloat16", "mixed_bfloat16"])
def test_bfloat16_is_finite_and_close(dtype, backbone, answers):
    reduced = tiny(dtype=dtype)
    reduced.set_weights(backbone.get_weights())
    assert reduced.compute_dtype == "bfloat16"
    found = reduced.predict(INPUTS, verbose=0)
    assert found["sequence_output"].dtype == "bfloat16"
    found = {name: value.astype("float32") for name, value in found.items()}
    assert all(np.isfinite(value).all() for value in found.values())
    assert_close(found, answers, 0.05)


@pytest.fixture(scope="module")
def saved_model(backbone, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("export") / "saved_model")
    archive = keras.export.ExportArchive()
    archive.track(backbone)
    for name, shape in {"serve": [None, None], "one": [1, 9]}.items():
        signature = {key: tf.TensorSpec(shape, tf.int32, name=key) for key in INPUTS}
        archive.add_endpoint(name, backbone.__call__, input_signature=[signature])
    archive.write_out(folder, verbose=False)
    return folder


@pytest.mark.slow  # the contracts export every architecture; this is keras-hub's own way
def test_savedmodel_answers_as_predict_does(saved_model, answers):
    served = tf.saved_model.load(saved_model)
    assert_close(served.serve(INPUTS), answers, 1e-6)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning")
def test_tflite_with_builtin_operations_answers_as_predict_does(saved_model, answers):
    converter = tf.lite.TFLiteConverter.from_saved_model(saved_model, signature_keys=["one"])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    content = converter.convert()
    assert len(content) > 4 * tiny().count_params()  # the weights are in it
    run = tf.lite.Interpreter(model_content=content).get_signature_runner("one")
    for row in range(len(MASK)):
        found = run(**{name: value[row : row + 1] for name, value in INPUTS.items()})
        assert_close(found, {name: value[row : row + 1] for name, value in answers.items()}, 1e-5)
