"""A batch computed in parts moves the weights as the whole batch does."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import log_loss

from tests.models.reduced import LABELS, TEXTS, small
from tests.training import classifiers
from tfnews.training.accumulation import AccumulatingModel
from tfnews.training.losses import accuracy_for, loss_for
from tfnews.training.optimizers import AdamW, LazyAdam, SparseLossScaling

OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.5),
    # Not to be led by the sign of gradients that are all but 0.
    "adamw": lambda: AdamW(0.01, weight_decay=0.01, epsilon=1e-3, global_clipnorm=0.1),
}


class Watched(keras.optimizers.SGD):
    """Notes the kind of each gradient that arrives at its variable."""

    seen = ()

    def update_step(self, gradient, variable, learning_rate):
        self.seen = [*self.seen, (tuple(variable.shape), type(gradient))]
        super().update_step(gradient, variable, learning_rate)


def ragged(units=1):
    classifier = classifiers.hub(units=units)
    return classifier, classifier.preprocessor(classifiers.TEXTS), np.array(classifiers.LABELS)


def padded(**options):
    """Give a transformer without dropout, and a batch for it."""
    made = small("bert-tiny", num_layers=1, dropout=0.0, **options)
    head = {**made.head, "dropout": [0.0]}
    classifier = type(made)(made.backbone, made.preprocessor, head=head)
    return classifier, classifier.preprocessor(TEXTS[:5]), np.array(LABELS[:5])


def windows():
    return padded(long="windows", max_tokens=12)


MADE = {"ragged": ragged, "padded": padded, "windows": windows}


def compiled(classifier, parts, optimizer, **options):
    model = AccumulatingModel(classifier.backbone.input, classifier.logits, parts=parts)
    metrics = [accuracy_for(classifier)]
    model.compile(optimizer, loss_for(classifier), metrics=metrics, jit_compile=False, **options)
    return model


def step(made, parts, optimizer, steps=1, weights=()):
    """Return the weights after some steps on one batch of 5, and what was logged."""
    classifier, inputs, labels = made()
    model = compiled(classifier, parts, optimizer, run_eagerly=True)
    batches = tf.data.Dataset.from_tensors((inputs, labels, *weights)).repeat()
    logs = model.fit(batches, epochs=steps, steps_per_epoch=1, verbose=0, shuffle=False)
    return model.get_weights(), logs.history


@pytest.fixture(scope="module")
def whole():
    """Give the weights and logs after two steps of Keras' own."""
    cache = {}

    def get(made, optimizer):
        if (made, optimizer) not in cache:
            cache[made, optimizer] = step(MADE[made], 1, OPTIMIZERS[optimizer](), 2)
        return cache[made, optimizer]

    return get


@pytest.mark.parametrize("parts", [2, pytest.param(3, marks=pytest.mark.slow), 7])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("made", MADE)
def test_an_update_in_parts_is_that_of_the_whole_batch(whole, made, optimizer, parts):
    """Parts of unlike size count by their rows, and of 7 parts for 5 rows two are empty."""
    expected, logged = whole(made, optimizer)
    found, logs = step(MADE[made], parts, OPTIMIZERS[optimizer](), 2)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    assert set(logs) == {"loss", "accuracy"}
    for name, values in logs.items():
        assert values == pytest.approx(logged[name], abs=1e-6)


@pytest.mark.parametrize("made", ["ragged", "padded"])
def test_weights_of_classes_count_in_parts_as_in_the_whole(made):
    weights = [tf.constant([0.6, 3.0, 0.6, 3.0, 0.6])]
    expected, logged = step(MADE[made], 1, OPTIMIZERS["sgd"](), 2, weights)
    found, logs = step(MADE[made], 3, OPTIMIZERS["sgd"](), 2, weights)
    plain, _ = step(MADE[made], 3, OPTIMIZERS["sgd"](), 2)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    assert logs["loss"] == pytest.approx(logged["loss"], abs=1e-6)
    assert max(np.abs(a - b).max() for a, b in zip(found, plain, strict=True)) > 1e-4


def test_the_loss_of_a_balanced_batch_is_scikit_learns():
    classifier, inputs, labels = ragged()
    weights = np.array([5 / 6, 5 / 4], np.float32)[labels]
    model = compiled(classifier, 2, keras.optimizers.SGD(0.0), run_eagerly=True)
    logs = model.train_on_batch(inputs, labels, sample_weight=weights, return_dict=True)
    probabilities = classifier.probabilities(classifiers.TEXTS).astype("float64")
    assert logs["loss"] == pytest.approx(log_loss(labels, probabilities, sample_weight=weights))


def test_two_classes_are_counted_as_they_are_in_one_part():
    expected, logged = step(lambda: ragged(2), 1, OPTIMIZERS["sgd"]())
    found, logs = step(lambda: ragged(2), 3, OPTIMIZERS["sgd"]())
    assert logs["loss"] == pytest.approx(logged["loss"], abs=1e-6)
    assert logs["accuracy"] == logged["accuracy"]
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_the_weights_move_at_all():
    before = ragged()[0].get_weights()
    after, _ = step(ragged, 2, OPTIMIZERS["sgd"]())
    assert (after[0] != before[0]).any()


def test_a_fit_in_a_graph_with_a_short_last_batch_is_the_same():
    """The graph is traced once, for batches of any size: here 3, then 2 in two parts."""
    found = []
    for parts in (1, 2):
        model = compiled(classifiers.hub(), parts, LazyAdam(0.01, epsilon=1e-3))
        batches = classifiers.batches(classifiers.TEXTS, classifiers.LABELS, 3, epochs=2)
        history = model.fit(batches, epochs=2, steps_per_epoch=2, verbose=0, shuffle=False)
        found.append((model.get_weights(), history.history))
    for mine, theirs in zip(found[1][0], found[0][0], strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    for name, values in found[0][1].items():
        np.testing.assert_allclose(found[1][1][name], values, atol=1e-6)


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_sparse_gradients_stay_sparse(parts):
    optimizer = Watched(0.1)
    step(ragged, parts, optimizer)
    kinds = dict(optimizer.seen)
    assert kinds.pop((classifiers.ROWS, 3)) is tf.IndexedSlices
    assert tf.IndexedSlices not in kinds.values()


def test_what_is_frozen_has_no_gradient():
    def frozen():
        classifier, inputs, labels = ragged()
        classifier.backbone.trainable = False
        return classifier, inputs, labels

    before = frozen()[0].get_weights()
    after, _ = step(frozen, 2, OPTIMIZERS["sgd"]())
    moved = [(a != b).any() for a, b in zip(after, before, strict=True)]
    assert not moved[0]
    assert any(moved)


def test_loss_scaling_is_undone_once():
    expected, _ = step(ragged, 1, OPTIMIZERS["sgd"]())
    found, _ = step(ragged, 2, SparseLossScaling(OPTIMIZERS["sgd"](), initial_scale=8.0))
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_one_part_is_keras_own_step(monkeypatch):
    monkeypatch.setattr(keras.Model, "train_step", lambda model, data: ("Keras", data))
    model = compiled(ragged()[0], 1, OPTIMIZERS["sgd"]())
    assert model.train_step("batch") == ("Keras", "batch")
