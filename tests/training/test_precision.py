import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnews.models.hub import HubBackbone, HubClassifier, HubPreprocessor
from tfnews.models.words import WordTokenizer
from tfnews.training import precision
from tfnews.training.precision import choose, loss_for, under_policy

POLICIES = ("mixed_bfloat16", "mixed_float16")


@pytest.fixture
def machine(monkeypatch):
    """Pretend a machine: the compute capability of its GPU, the flags of its CPU."""

    def pretend(capability=None, flags=""):
        gpus = [] if capability is None else ["GPU:0"]
        details = {"compute_capability": capability} if capability else {}
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
        monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: details)
        monkeypatch.setattr(precision, "_cpu_flags", lambda: flags)

    return pretend


@pytest.mark.parametrize(
    ("capability", "flags", "family", "expected"),
    [
        (None, "avx2", "hub", "float32"),
        (None, "avx2 avx512_bf16", "hub", "float32"),
        (None, "avx2 avx512_bf16", "transformer", "mixed_bfloat16"),
        (None, "avx2", "transformer", "float32"),
        ((6, 1), "", "hub", "float32"),
        ((7, 0), "", "hub", "mixed_float16"),
        ((7, 5), "", "transformer", "mixed_float16"),
        ((8, 0), "", "hub", "mixed_bfloat16"),
        ((9, 0), "", "transformer", "mixed_bfloat16"),
        ((), "avx512_bf16", "transformer", "float32"),  # a GPU that does not say what it is
    ],
)
def test_auto_follows_the_machine(machine, capability, flags, family, expected):
    machine(capability, flags)
    assert choose("auto", family) == expected


@pytest.mark.parametrize("asked", ["float32", *POLICIES])
def test_a_named_precision_stands(machine, asked):
    machine((8, 0))
    assert choose(asked, "hub") == asked


def build(units=1):
    keras.utils.set_random_seed(0)
    tokenizer = WordTokenizer(["the", "fake", "vote"])
    head = {"hidden": [4], "dropout": [0.2], "units": units}
    return HubClassifier(HubBackbone(4, 3), HubPreprocessor(tokenizer), head=head, threshold=0.3)


def test_float32_is_the_classifier_itself():
    classifier = build()
    assert under_policy(classifier, "float32") is classifier


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("trainable", [False, True])
def test_another_policy_is_a_copy_with_the_same_float32_values(policy, trainable):
    classifier = build()
    classifier.backbone.trainable = trainable
    copy = under_policy(classifier, policy)
    assert copy is not classifier
    assert copy.threshold == 0.3
    assert copy.backbone.trainable is trainable
    assert copy.backbone.dtype_policy.name == copy.head_layers[0].dtype_policy.name == policy
    assert copy.head_layers[-1].dtype_policy.name == "float32"
    assert {variable.dtype for variable in copy.variables if "seed" not in variable.path} == {
        "float32"
    }
    for mine, theirs in zip(classifier.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    copy.set_weights([value + 1 for value in copy.get_weights()])
    assert not np.array_equal(copy.get_weights()[0], classifier.get_weights()[0])
    assert classifier.dtype_policy.name == "float32"


@pytest.mark.parametrize("policy", POLICIES)
def test_a_copy_answers_nearly_the_same_in_float32(policy):
    classifier = build()
    inputs = classifier.preprocessor(["the fake vote", "vote", ""])
    expected = classifier.probabilities_model()(inputs).numpy()
    found = under_policy(classifier, policy).probabilities_model()(inputs).numpy()
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=5e-3)


@pytest.mark.parametrize(
    ("units", "kind"),
    [(1, keras.losses.BinaryCrossentropy), (2, keras.losses.SparseCategoricalCrossentropy)],
)
def test_the_loss_is_the_cross_entropy_over_logits(units, kind):
    loss = loss_for(build(units))
    assert type(loss) is kind
    logits = np.array([[2.0]] if units == 1 else [[0.0, 2.0]], "float32")
    expected = np.log1p(np.exp(-2.0))  # of a text labelled fake
    assert float(loss(np.array([1]), logits)) == pytest.approx(expected, abs=1e-6)
