import keras
import numpy as np
import pytest
import tensorflow as tf

from tfnews import catalogue
from tfnews.errors import UsageError
from tfnews.models import precision
from tfnews.models.embedding.family import HubBackbone, HubClassifier, HubPreprocessor
from tfnews.models.precision import choose, under_policy
from tfnews.models.text.words import WordTokenizer

POLICIES = ("mixed_bfloat16", "mixed_float16")


@pytest.fixture
def machine(monkeypatch):
    """Pretend a machine: the compute capability of its GPU, the flags of its CPU."""

    def pretend(capability=None, flags=""):
        gpus = [] if capability is None else ["GPU:0"]
        details = {"compute_capability": capability} if capability else {}
        monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: gpus)
        monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: details)
        monkeypatch.setattr(precision, "_cpu_flags", lambda: flags)

    return pretend


@pytest.mark.parametrize(
    ("capability", "flags", "name", "expected"),
    [
        (None, "avx2", "swivel20", "float32"),
        (None, "avx512_bf16 amx_bf16", "swivel20", "float32"),
        (None, "avx512_bf16 amx_bf16", "tinybert", "mixed_bfloat16"),
        (None, "avx2 avx512_bf16", "tinybert", "float32"),
        (None, "avx2", "tinybert", "float32"),
        ((6, 1), "", "swivel20", "float32"),
        ((7, 0), "", "swivel20", "mixed_float16"),
        ((7, 5), "", "tinybert", "mixed_float16"),
        ((8, 0), "", "swivel20", "mixed_bfloat16"),
        ((9, 0), "", "tinybert", "mixed_bfloat16"),
        ((7, 0), "", "mobilebert", "float32"),  # its activations overflow in float16
        ((8, 0), "", "mobilebert", "mixed_bfloat16"),
        ((), "amx_bf16", "tinybert", "float32"),  # a GPU that does not say what it is
    ],
)
def test_auto_follows_the_machine_and_the_architecture(machine, capability, flags, name, expected):
    machine(capability, flags)
    assert choose("auto", catalogue.row(name)) == expected


@pytest.mark.parametrize("asked", ["float32", *POLICIES])
def test_a_named_precision_stands(machine, asked):
    machine((8, 0))
    assert choose(asked, catalogue.row("swivel20")) == asked


def test_float16_is_refused_where_it_overflows():
    with pytest.raises(UsageError, match="mobilebert cannot be trained in float16"):
        choose("mixed_float16", catalogue.row("mobilebert"))


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
    expected = classifier(inputs).numpy()
    found = under_policy(classifier, policy)(inputs).numpy()
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=5e-3)


def test_a_quantised_classifier_is_refused():
    classifier = build()
    classifier.head_layers[0].quantize("int8")
    with pytest.raises(UsageError, match=r"not in mixed_bfloat16: it is quantised.*--precision"):
        under_policy(classifier, "mixed_bfloat16")


def test_a_copy_reads_texts_as_the_classifier_does():
    classifier, texts = build(), ["the fake vote", "vote", ""]
    found = under_policy(classifier, "mixed_bfloat16").probabilities(texts)
    np.testing.assert_allclose(found, classifier.probabilities(texts), atol=5e-3)
