"""What every architecture of the catalogue promises, checked on a small one of each."""

import json
import subprocess
import sys

import keras
import keras_hub
import numpy as np
import pytest
import tensorflow as tf

from tfnews.data import pipeline
from tfnews.models import FAMILIES, build, catalogue, fake_probability
from tfnews.models.guards import Guards
from tfnews.training.precision import loss_for, under_policy

TEXTS = [
    "council of arvel approves harbour budget after long debate",
    "you will not believe what the mayor of brask did next !!!",
    "ministry of roads reports fewer accidents in the second quarter",
    "SHOCKING truth about the brask water, share before it is deleted",
    "harbour office publishes the tide tables for the coming year",
    "they do not want you to know this one trick of the harbour office",
] * 4
LABELS = [0, 1] * 12
PROBES = ["", "  harbour  office ", "unheard words", "SHOCKING\ntruth\t!", "été à brask…", *TEXTS]
ANSWERS = {
    "class_names": ("news", "rumour"),
    "trained_on": "contracts",
    "label_basis": "crowd",
    "threshold": 0.4,
    "guards": Guards.fit(TEXTS).get_config(),
}
REDUCED = {
    "num_layers": 2,
    "num_heads": 2,
    "hidden_dim": 16,
    "intermediate_dim": 32,
    "vocabulary_size": 120,
    "max_tokens": 24,
}
ROWS = list(catalogue.rows())
TRAINED = [name for name in ROWS if not FAMILIES[catalogue.row(name).family].SOLVED]


def small(name: str, **more) -> keras_hub.models.TextClassifier:
    """Build a row with fresh weights and a vocabulary learnt from the texts above."""
    row = catalogue.row(name)
    options = {**row.recipe, **row.settings, "weights": "none", "trainable": True}
    options |= {"max_tokens": row.max_tokens, "seed": 0, "precision": "float32"}
    if row.family == "transformer":
        options |= REDUCED | more
        options["embedding_dim"] = 8 if options["embedding_dim"] else 0
    keras.utils.set_random_seed(0)
    return build(row, TEXTS, LABELS, options, ANSWERS)[0]


def answers(classifier: keras_hub.models.TextClassifier) -> np.ndarray:
    return fake_probability(classifier.predict(PROBES, verbose=0))


@pytest.fixture(scope="module", params=ROWS)
def classifier(request):
    return small(request.param)


def test_probabilities_are_in_range(classifier):
    found = answers(classifier)
    assert found.shape == (len(PROBES),)
    assert found.dtype == np.float32
    assert ((found >= 0) & (found <= 1)).all()


def test_raw_strings_tf_data_and_split_preprocessing_agree(classifier):
    expected = answers(classifier)
    dataset = tf.data.Dataset.from_tensor_slices(PROBES).batch(7)
    np.testing.assert_allclose(
        fake_probability(classifier.predict(dataset, verbose=0)), expected, atol=1e-6
    )
    np.testing.assert_allclose(classifier.score(PROBES), expected, atol=1e-6)
    ids = pipeline.encode(classifier.preprocessor, PROBES)
    outputs = pipeline.predict(classifier.probabilities_model(), ids, classifier.preprocessor, 5)
    np.testing.assert_allclose(fake_probability(outputs), expected, atol=1e-6)


def test_answers_do_not_depend_on_the_batch(classifier):
    one_by_one = [fake_probability(classifier.predict([p], verbose=0))[0] for p in PROBES[:5]]
    np.testing.assert_allclose(one_by_one, answers(classifier)[:5], atol=1e-6)


def test_saved_and_opened_again_it_is_the_same(classifier, tmp_path):
    classifier.save_to_preset(str(tmp_path))
    opened = keras_hub.models.TextClassifier.from_preset(str(tmp_path))
    assert type(opened) is type(classifier)
    np.testing.assert_array_equal(answers(opened), answers(classifier))
    assert opened.get_config() == classifier.get_config()
    assert opened.guards.reason("") is not None
    assert opened.count_params() == classifier.count_params()


def test_nothing_in_a_preset_can_run_code(classifier, tmp_path):
    classifier.save_to_preset(str(tmp_path))
    kinds = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert kinds <= {".json", ".h5", ".txt", ".model"}  # the last: SentencePiece's pieces
    assert "Lambda" not in (tmp_path / "task.json").read_text()


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("name", TRAINED)
def test_one_step_is_finite_and_moves_the_weights(name, policy, tmp_path):
    classifier = small(name)
    trainee = under_policy(classifier, policy)
    model = trainee.logits_model()
    model.compile("adam", loss_for(trainee), jit_compile=False)
    before = [value.copy() for value in trainee.get_weights()]
    ids = pipeline.encode(classifier.preprocessor, TEXTS)
    batches = pipeline.training_batches(
        ids, LABELS, classifier.preprocessor, batch_size=8, epochs=1, seed=0, padded=False
    )
    loss = model.fit(batches, steps_per_epoch=3, verbose=0, shuffle=False).history["loss"][0]
    assert np.isfinite(loss)
    after = trainee.get_weights()
    assert any((a != b).any() for a, b in zip(after, before, strict=True))
    assert all(np.isfinite(value).all() for value in after)
    classifier.set_weights(after)
    classifier.save_to_preset(str(tmp_path))
    opened = keras_hub.models.TextClassifier.from_preset(str(tmp_path))
    assert opened.dtype_policy.name == "float32"
    np.testing.assert_array_equal(answers(opened), answers(classifier))


def test_keras_hub_alone_opens_every_row_in_a_fresh_process(tmp_path):
    expected = {}
    for name in ROWS:
        made = small(name)
        made.save_to_preset(str(tmp_path / "first" / name))
        expected[name] = answers(made).tolist()
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
