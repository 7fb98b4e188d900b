"""What every architecture of the catalogue promises, checked on a small one of each."""

import functools
import json
import subprocess
import sys

import keras_hub
import numpy as np
import pytest
import tensorflow as tf

from tests import tiny
from tests.models.reduced import LABELS, PROBES, TEXTS, small
from tfnews import catalogue
from tfnews.errors import UsageError, WeightsError
from tfnews.models import FAMILIES, fake_probability
from tfnews.models.batches import encode, predict, training_batches
from tfnews.models.precision import under_policy
from tfnews.runs import Run
from tfnews.training import optimizers
from tfnews.training.accumulation import training_model
from tfnews.training.callbacks import BestWeights
from tfnews.training.checkpoints import SaveState
from tfnews.training.losses import loss_for

ROWS = list(catalogue.rows())
TRAINED = [name for name in ROWS if not FAMILIES[catalogue.row(name).family].SOLVED]
TRANSFORMERS = [name for name in ROWS if catalogue.row(name).family == "transformer"]

# Its activations exceed float16's largest number.
NOT_IN_FLOAT16 = ["mobilebert"]


@functools.cache
def made(name: str) -> keras_hub.models.TextClassifier:
    """Build a row once; the tests that train build their own."""
    return small(name)


@functools.cache
def answers_of(name: str) -> np.ndarray:
    return answers(made(name))


def answers(classifier: keras_hub.models.TextClassifier) -> np.ndarray:
    return fake_probability(classifier.predict(PROBES, verbose=0))


@pytest.fixture(params=ROWS)
def name(request):
    return request.param


@pytest.fixture
def classifier(name):
    return made(name)


@pytest.fixture
def expected(name):
    return answers_of(name)


def test_probabilities_are_in_range(expected):
    assert expected.shape == (len(PROBES),)
    assert expected.dtype == np.float32
    assert ((expected >= 0) & (expected <= 1)).all()


def test_raw_strings_tf_data_and_split_preprocessing_agree(classifier, expected):
    dataset = tf.data.Dataset.from_tensor_slices(PROBES).batch(7)
    np.testing.assert_allclose(
        fake_probability(classifier.predict(dataset, verbose=0)), expected, atol=1e-6
    )
    np.testing.assert_allclose(classifier.score(PROBES), expected, atol=1e-6)
    ids = encode(classifier.preprocessor, PROBES)
    outputs = predict(classifier.probabilities_model(), ids, classifier.preprocessor, 5)
    np.testing.assert_allclose(fake_probability(outputs), expected, atol=1e-6)


def test_answers_do_not_depend_on_the_batch(classifier, expected):
    one_by_one = [classifier.score([probe])[0] for probe in PROBES[:5]]
    np.testing.assert_allclose(one_by_one, expected[:5], atol=1e-6)


def test_saved_and_opened_again_it_is_the_same(classifier, expected, tmp_path):
    classifier.save_to_preset(str(tmp_path))
    opened = keras_hub.models.TextClassifier.from_preset(str(tmp_path))
    assert type(opened) is type(classifier)
    np.testing.assert_array_equal(answers(opened), expected)
    assert opened.get_config() == classifier.get_config()
    assert opened.guards.reason("") is not None
    assert opened.count_params() == classifier.count_params()


def test_nothing_in_a_preset_can_run_code(classifier, tmp_path):
    classifier.save_to_preset(str(tmp_path))
    kinds = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert kinds <= {".json", ".h5", ".txt", ".model"}  # the last: SentencePiece's pieces
    assert "Lambda" not in (tmp_path / "task.json").read_text()


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_another_precision_answers_nearly_the_same(name, policy):
    if policy == "mixed_float16" and name in NOT_IN_FLOAT16:
        with pytest.raises(UsageError, match=r"cannot compute in float16.*Allowed: float32, bf"):
            under_policy(made(name), policy)
        return
    found = under_policy(made(name), policy).score(PROBES)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, answers_of(name), atol=5e-3)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("name", TRAINED)
def test_steps_are_finite_and_move_the_weights(name, policy, tmp_path):
    if policy == "mixed_float16" and name in NOT_IN_FLOAT16:
        return  # refused, as above
    classifier = small(name, num_layers=1)
    trainee = under_policy(classifier, policy)
    model = training_model(trainee)
    recipe = {**catalogue.row(name).recipe, "precision": policy, "warmup_steps": 0}
    optimizer = optimizers.make(recipe, model.trainable_variables, 10)
    # As a graph, which takes ten times as long to make, every family is trained in tests/training.
    model.compile(optimizer, loss_for(trainee), run_eagerly=True)
    before = [value.copy() for value in trainee.get_weights()]
    ids = encode(classifier.preprocessor, TEXTS)
    batches = training_batches(
        ids, LABELS, classifier.preprocessor, batch_size=8, epochs=1, seed=0, padded=False
    )
    loss = model.fit(batches, steps_per_epoch=2, verbose=0, shuffle=False).history["loss"][0]
    assert np.isfinite(loss)
    after = trainee.get_weights()
    assert any((a != b).any() for a, b in zip(after, before, strict=True))
    assert all(np.isfinite(value).all() for value in after)
    if policy == "float32":
        return
    classifier.set_weights(after)
    classifier.save_to_preset(str(tmp_path))
    opened = keras_hub.models.TextClassifier.from_preset(str(tmp_path))
    assert opened.dtype_policy.name == "float32"
    np.testing.assert_array_equal(opened.score(PROBES), classifier.score(PROBES))


@pytest.mark.parametrize("long", ["head-tail", "windows"])
@pytest.mark.parametrize("name", TRANSFORMERS)
def test_every_way_with_long_texts_is_saved_and_opened_again(name, long, tmp_path):
    classifier = small(name, long=long, max_tokens=12, num_layers=1)
    inputs = classifier.preprocessor(tf.constant(PROBES))
    found = fake_probability(classifier(inputs))
    assert ((found >= 0) & (found <= 1)).all()
    classifier.save_to_preset(str(tmp_path))
    opened = keras_hub.models.TextClassifier.from_preset(str(tmp_path))
    again = opened.preprocessor(tf.constant(PROBES))
    for key, value in inputs.items():
        np.testing.assert_array_equal(again[key], value)
    np.testing.assert_array_equal(fake_probability(opened(again)), found)


@pytest.mark.parametrize("name", TRAINED)
def test_weights_that_are_nowhere_are_an_error_that_says_what_was_tried(name, tmp_path):
    handle = str(tmp_path / "nothing" / "here")
    with pytest.raises(WeightsError) as raised:
        small(name, weights=handle, **catalogue.row(name).settings)  # no sizes of our own
    said = str(raised.value)
    assert handle in said
    assert "tried" in said.lower()
    assert "--weights none" in said


@pytest.mark.parametrize("name", TRAINED)
def test_a_checkpoint_holds_all_that_a_step_depends_on(name, tmp_path):
    """So an interrupted fit goes on as it would have gone: same dropout, moments and rates."""
    classifier, recipe = small(name), {**catalogue.row(name).recipe, "precision": "float32"}
    model = training_model(classifier)
    optimizer = optimizers.make(recipe, model.trainable_variables, 10)
    model.compile(optimizer, loss_for(classifier), run_eagerly=True)
    batch = classifier.preprocessor(TEXTS[:6]), np.array(LABELS[:6])
    run = Run.create(tiny.config("mine"), tmp_path)
    best = BestWeights(run.checkpoints_dir, "val_loss", 0)
    checkpoint = SaveState(run, best, steps=9, every=0)
    checkpoint.set_model(model)
    model.train_on_batch(*batch)
    checkpoint.save(0, 1)
    found = []
    for _ in range(2):
        checkpoint.restore(model, pytest.fail)
        model.train_on_batch(*batch)
        found.append([v.numpy() for v in (*model.variables, *optimizer.variables)])
    for first, again in zip(*found, strict=True):
        np.testing.assert_allclose(again, first, atol=1e-6)


def test_keras_hub_alone_opens_every_row_in_a_fresh_process(tmp_path):
    expected = {}
    for name in ROWS:
        made(name).save_to_preset(str(tmp_path / "first" / name))
        expected[name] = answers_of(name).tolist()
    (tmp_path / "first").rename(tmp_path / "moved")
    program = (
        "import json, sys, tfnews, keras_hub\n"
        "folder, probes, rows = json.loads(sys.stdin.read())\n"
        "open_preset = keras_hub.models.TextClassifier.from_preset\n"
        "found = {row: open_preset(f'{folder}/{row}').predict(probes, verbose=0)[:, -1].tolist()\n"
        "         for row in rows}\n"
        "print(json.dumps(found))\n"
    )
    given = json.dumps([str(tmp_path / "moved"), PROBES, ROWS])
    done = subprocess.run(
        [sys.executable, "-c", program], input=given, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    for name in ROWS:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-6, err_msg=name)
