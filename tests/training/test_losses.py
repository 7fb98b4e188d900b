import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.training import classifiers
from tfnews import catalogue
from tfnews.catalogue.rows import defaults
from tfnews.models.precision import under_policy
from tfnews.training import optimizers
from tfnews.training.accumulation import training_model
from tfnews.training.losses import loss_for

POLICIES = ("mixed_bfloat16", "mixed_float16")


@pytest.mark.parametrize(
    ("units", "kind"),
    [(1, keras.losses.BinaryCrossentropy), (2, keras.losses.SparseCategoricalCrossentropy)],
)
def test_the_loss_is_the_cross_entropy_over_logits(units, kind):
    loss = loss_for(classifiers.hub(units=units))
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
    logits = training_model(trainee)(inputs, training=True)
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
