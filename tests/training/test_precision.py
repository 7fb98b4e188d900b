import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.training import classifiers
from tfnews.errors import UsageError
from tfnews.models import catalogue
from tfnews.models.hub import HubBackbone, HubClassifier, HubPreprocessor
from tfnews.models.words import WordTokenizer
from tfnews.training import optimizers, precision
from tfnews.training.precision import choose, loss_for, under_policy
from tfnews.training.settings import defaults

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
    ("capability", "flags", "name", "expected"),
    [
        (None, "avx2", "swivel20", "float32"),
        (None, "avx2 avx512_bf16", "swivel20", "float32"),
        (None, "avx2 avx512_bf16", "tinybert", "mixed_bfloat16"),
        (None, "avx2", "tinybert", "float32"),
        ((6, 1), "", "swivel20", "float32"),
        ((7, 0), "", "swivel20", "mixed_float16"),
        ((7, 5), "", "tinybert", "mixed_float16"),
        ((8, 0), "", "swivel20", "mixed_bfloat16"),
        ((9, 0), "", "tinybert", "mixed_bfloat16"),
        ((7, 0), "", "mobilebert", "float32"),  # its activations overflow in float16
        ((8, 0), "", "mobilebert", "mixed_bfloat16"),
        ((), "avx512_bf16", "tinybert", "float32"),  # a GPU that does not say what it is
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


@pytest.mark.parametrize("policy", ["float32", *POLICIES])
@pytest.mark.parametrize("units", [1, 2])
def test_logits_and_loss_are_float32(policy, units):
    """The sum over a batch and the exponentials of a cross-entropy overflow in float16."""
    trainee = under_policy(classifiers.hub(units=units), policy)
    inputs, labels = next(iter(classifiers.batches(classifiers.TEXTS, classifiers.LABELS, 3)))
    logits = trainee.logits_model()(inputs, training=True)
    assert logits.dtype == tf.float32
    assert loss_for(trainee)(labels, logits).dtype == tf.float32
    assert trainee.head_layers[0].compute_dtype == policy.removeprefix("mixed_")


@pytest.mark.parametrize("policy", POLICIES)
def test_steps_in_half_precision_are_finite_and_move_all_weights(policy):
    trainee = under_policy(classifiers.hub(), policy)
    before = [value.copy() for value in trainee.get_weights()]
    options = {**defaults(catalogue.row("swivel20")), "learning_rate": 0.01, "precision": policy}
    model = classifiers.compiled(trainee, optimizers.make(options, [], 3), run_eagerly=True)
    for batch in classifiers.batches(classifiers.TEXTS, classifiers.LABELS, 3):
        assert np.isfinite(model.train_on_batch(*batch))
    for value, old in zip(trainee.get_weights(), before, strict=True):
        assert np.isfinite(value).all()
        assert value.dtype == np.float32
        assert (value != old).any()
    assert int(model.optimizer.iterations) == 2  # no step was skipped for overflow
