"""Modules that the native reader refuses: used as they are, fine-tuned for real, carried along."""

import json
import shutil
import subprocess
import sys

import keras
import keras_hub
import numpy as np
import pytest
import tensorflow as tf

from tests import tiny
from tests.models.modules import REFUSED, USABLE, Hashed, Projected, Words, save
from tfnews import catalogue
from tfnews.errors import RunError, UsageError, WeightsError
from tfnews.models import fake_probability, load
from tfnews.models.batches import training_batches
from tfnews.models.embedding import family as hub
from tfnews.models.embedding.alias import AliasClassifier
from tfnews.models.embedding.family import HubClassifier
from tfnews.models.embedding.module import build_module, open_saved_model
from tfnews.models.family import Material
from tfnews.models.precision import under_policy
from tfnews.runs import Run
from tfnews.training.accumulation import training_model
from tfnews.training.fit import fit
from tfnews.training.losses import loss_for
from tfnews.training.optimizers import OPTIMIZERS

ROW = catalogue.row("swivel20")
TEXTS = ["the vote, of the council", "fake news! élan", "vote! vote!", "the council of élan"]
LABELS = [0, 1, 1, 0]
WORDS = ["the", "vote", "of", "council", "news", "élan", "never", "unseen"]
SEEN = [0, 1, 2, 3, 4, 5, 8]  # the last row is that of unknown words: "fake"
TABLE = np.random.default_rng(3).normal(size=(len(WORDS) + 1, 6)).astype("float32")
PROBES = ["", " ", "The VOTE of  the council!", "unheard of words", "élan\nnews", *TEXTS]


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    root = tmp_path_factory.mktemp("modules")
    kinds = [*USABLE.values(), *REFUSED, Hashed]
    for kind in kinds:
        (root / kind.__name__).mkdir()
        save(kind, root / kind.__name__, WORDS, TABLE)
    return {kind: root / kind.__name__ / "module" for kind in kinds}


def build(folder, trainable=False, **changes):
    keras.utils.set_random_seed(0)
    options = {**ROW.recipe, **ROW.settings, "max_tokens": 0, "seed": 0, **changes}
    options |= {"weights": str(folder), "trainable": trainable}
    return hub.build(ROW, Material(TEXTS, []), options, {"threshold": 0.4})


def answers(classifier, texts=PROBES):
    return fake_probability(classifier.predict(texts, verbose=0))


def train(classifier, optimizer="lazy_adam"):
    model = training_model(classifier)
    optimizer = OPTIMIZERS[optimizer](0.01) if isinstance(optimizer, str) else optimizer
    model.compile(optimizer, loss_for(classifier), jit_compile=False)
    batches = training_batches(
        classifier.encode(TEXTS),
        LABELS,
        classifier.preprocessor,
        batch_size=2,
        epochs=2,
        seed=0,
        padded=False,
    )
    model.fit(batches, epochs=2, steps_per_epoch=2, verbose=0, shuffle=False)


def table(classifier):
    embedding = classifier.backbone.module_embedding
    return next(v for v in embedding.weights if "embeddings" in v.name)


# What is used as it is, and what is refused


@pytest.mark.parametrize("kind", [*USABLE.values(), Hashed])
def test_it_answers_as_the_module_does(modules, kind):
    classifier, record = build(modules[kind])
    assert isinstance(classifier, AliasClassifier)
    expected = open_saved_model(modules[kind])(tf.constant(PROBES)).numpy()
    vectors = classifier.backbone(classifier.preprocessor(tf.constant(PROBES)))
    assert vectors.dtype == tf.float32
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    assert len(record.digest) == 64
    assert record.precision == "float32"
    assert "used as it is, in float32; it exports to SavedModel only" in record.note


def test_the_note_says_why(modules):
    assert "answers otherwise than any normalisation rule" in build(modules[Words])[1].note
    assert "2 variables: module/embeddings:0 (9, 6)" in build(modules[Projected])[1].note


def test_what_can_be_read_natively_is(tmp_path):
    folder = build_module(WORDS, TABLE[:-1], tmp_path / "module")
    classifier, record = build(folder)
    assert isinstance(classifier, HubClassifier)
    assert record.note is None


@pytest.mark.parametrize("kind", REFUSED)
def test_another_structure_is_refused_by_name(modules, kind):
    with pytest.raises(WeightsError, match=REFUSED[kind]) as caught:
        build(modules[kind])
    assert "\n" not in str(caught.value)
    assert "--weights" in str(caught.value)


def test_without_variables_there_is_nothing_to_fine_tune(modules):
    with pytest.raises(UsageError, match=r"no variables to train .*Received: --trainable"):
        build(modules[Hashed], trainable=True)


# Training


@pytest.mark.parametrize("kind", USABLE.values())
@pytest.mark.parametrize("trainable", [False, True])
def test_training_moves_the_rows_of_seen_words_or_none(modules, kind, trainable):
    classifier, _ = build(modules[kind], trainable)
    before = classifier.get_weights()
    train(classifier)
    moved = (table(classifier).numpy() != TABLE).any(axis=1)
    assert np.flatnonzero(moved).tolist() == (SEEN if trainable else [])
    head = slice(len(classifier.backbone.weights), None)
    pairs = zip(before[head], classifier.get_weights()[head], strict=True)
    assert any((old != new).any() for old, new in pairs)


def test_every_variable_is_fine_tuned(modules):
    classifier, _ = build(modules[Projected], trainable=True)
    train(classifier)
    projection = next(v for v in classifier.backbone.weights if "projection" in v.name)
    assert (projection.numpy() != np.eye(6)[:, ::-1]).any()


def test_keras_holds_the_modules_own_variable(modules):
    classifier, _ = build(modules[Words])
    classifier.backbone.module_embedding.module.embeddings.assign(TABLE * 2)
    np.testing.assert_array_equal(table(classifier).numpy(), TABLE * 2)


@keras.saving.register_keras_serializable("tests")
class Spy(keras.optimizers.SGD):
    """Notes in which form the gradient of each variable arrives."""

    def update_step(self, gradient, variable, learning_rate):
        self.forms = {**getattr(self, "forms", {}), variable.name: type(gradient)}
        super().update_step(gradient, variable, learning_rate)


def test_the_tables_gradient_stays_sparse(modules):
    """A dense gradient would sweep a table of a million rows at every step."""
    classifier, _ = build(modules[Projected], trainable=True)
    spy = Spy(0.1)
    train(classifier, spy)
    assert spy.forms["module/embeddings:0"] is tf.IndexedSlices
    assert spy.forms["projection:0"] is not tf.IndexedSlices


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_float64_variables_are_trained_by_every_optimizer(modules, optimizer):
    classifier, _ = build(modules[USABLE["double"]], trainable=True)
    train(classifier, optimizer)
    assert table(classifier).dtype == "float64"
    assert np.isfinite(answers(classifier)).all()


def test_max_tokens_cuts_a_text(modules):
    whole, cut = (build(modules[Words], max_tokens=n)[0] for n in (0, 2))
    short = answers(whole, ["the vote", "", " of"])
    np.testing.assert_allclose(answers(cut, ["the vote of news", "", " of the"]), short, atol=1e-6)


# Saving


def test_a_run_survives_moving_and_the_modules_end(modules, tmp_path):
    """In a fresh process, with keras-hub alone, and with the values that were trained."""
    expected = {}
    for kind in (Words, Projected):
        for trainable in (False, True):
            name = f"{kind.__name__} {trainable}"
            original = shutil.copytree(modules[kind], tmp_path / "original")
            classifier, _ = build(original, trainable)
            train(classifier)
            expected[name] = answers(classifier)
            classifier.save_to_preset(str(tmp_path / "first" / name))
            shutil.rmtree(original)
    (tmp_path / "first").rename(tmp_path / "moved")
    program = (
        "import json, sys, tfnews, keras_hub\n"
        "folder, names, probes = json.loads(sys.stdin.read())\n"
        "found = {}\n"
        "for name in names:\n"
        "    opened = keras_hub.models.TextClassifier.from_preset(f'{folder}/{name}')\n"
        "    trained = [v.name for v in opened.trainable_variables]\n"
        "    found[name] = [opened.predict(probes, verbose=0)[:, -1].tolist(), trained]\n"
        "print(json.dumps(found))\n"
    )
    given = json.dumps([str(tmp_path / "moved"), list(expected), PROBES])
    done = subprocess.run(
        [sys.executable, "-c", program], input=given, capture_output=True, text=True, check=True
    )
    for name, (found, trained) in json.loads(done.stdout.splitlines()[-1]).items():
        np.testing.assert_array_equal(np.float32(found), expected.pop(name), err_msg=name)
        assert ("module_embeddings" in trained) is name.endswith("True")
    assert not expected


def test_without_variables_it_is_saved_and_opened_too(modules, tmp_path):
    classifier, _ = build(modules[Hashed])
    classifier.save_to_preset(str(tmp_path))
    np.testing.assert_array_equal(answers(load(tmp_path)), answers(classifier))


def test_what_was_opened_can_be_saved_again_over_itself_and_elsewhere(modules, tmp_path):
    build(modules[Words])[0].save_to_preset(str(tmp_path / "first"))
    opened = load(tmp_path / "first")
    for folder in ("first", "second"):
        opened.save_to_preset(str(tmp_path / folder))
        np.testing.assert_array_equal(answers(load(tmp_path / folder)), answers(opened))
    assert opened.get_config() == load(tmp_path / "second").get_config()


def test_only_the_modules_own_files_are_copied(modules, tmp_path):
    folder = shutil.copytree(modules[Words], tmp_path / "module")
    (folder / "notes.py").write_text("raise SystemExit")
    build(folder)[0].save_to_preset(str(tmp_path / "run"))
    assert not list((tmp_path / "run").rglob("*.py"))
    assert "Lambda" not in (tmp_path / "run" / "task.json").read_text()


def test_a_module_that_vanishes_before_it_is_saved_is_named(modules, tmp_path):
    folder = shutil.copytree(modules[Words], tmp_path / "module")
    classifier, _ = build(folder)
    shutil.rmtree(folder)
    with pytest.raises(WeightsError, match=r"module no longer holds saved_model\.pb"):
        classifier.save_to_preset(str(tmp_path / "run"))


@pytest.mark.filterwarnings("ignore:Skipping nested container")
def test_without_its_preprocessor_the_module_is_missed_by_name(modules, tmp_path):
    build(modules[Words])[0].save_to_preset(str(tmp_path))
    opened = keras_hub.models.TextClassifier.from_preset(str(tmp_path), preprocessor=None)
    with pytest.raises(WeightsError, match=r"not attached: .* with its preprocessor"):
        opened({"token_ids": tf.ragged.constant([[65]], tf.int32)})


def test_it_exports_what_was_trained(modules, tmp_path):
    classifier, _ = build(modules[Projected], trainable=True)
    train(classifier)
    classifier.export(tmp_path / "export")
    exported = tf.saved_model.load(str(tmp_path / "export"))
    found = exported.text(tf.constant(PROBES))["fake_probability"]
    np.testing.assert_allclose(found, answers(classifier), atol=1e-6)


# The same pipeline


def test_raw_strings_and_encoded_ones_agree(modules):
    classifier, _ = build(modules[Words])
    expected = answers(classifier)
    np.testing.assert_allclose(classifier.probabilities(PROBES), expected, atol=1e-6)
    ids = classifier.encode(PROBES)
    np.testing.assert_allclose(classifier.probabilities(ids, 4), expected, atol=1e-6)
    assert classifier.preprocessor.tokenizer.unknown(ids) is None


def test_it_is_computed_in_no_other_precision(modules):
    classifier, _ = build(next(iter(modules.values())))
    with pytest.raises(UsageError, match=r"not in mixed_bfloat16: .* Leave --precision out"):
        under_policy(classifier, "mixed_bfloat16")


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("data"), articles=60)


@pytest.mark.parametrize("trainable", [False, True])
def test_fit_trains_saves_and_scores_it(splits, tmp_path, trainable):
    words = sorted({w for text in splits.frame("train")["combined_text"] for w in text.split(" ")})
    words = ["unheard-of", *(word for word in words if word.isalpha())][:200]
    values = np.random.default_rng(0).normal(size=(len(words) + 1, 6)).astype("float32")
    module = save(Words, tmp_path, words, values)
    lines = []
    run = fit(
        splits.path,
        "swivel20",
        weights=str(module),
        trainable=trainable,
        epochs=1,
        learning_rate=0.01,
        precision="mixed_bfloat16",  # which a module used as it is overrides
        root=tmp_path / "runs",
        floor=False,
        say=lines.append,
    )
    assert any("used as it is" in line for line in lines)
    assert not any("words are unknown" in line for line in lines)
    assert run.config.precision == run.config.recipe["precision"] == "float32"
    assert run.config.parameters.trainable == (
        run.config.parameters.total - (0 if trainable else values.size)
    )
    shutil.rmtree(module)
    moved = (table(load(run.path)).numpy() != values).any(axis=1)
    assert moved.any() == trainable
    assert not moved[0]


class Allergic(Words):
    """NaN for texts with one word, which no probe has."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts):
        has = tf.strings.regex_full_match(texts, "(?s).*[Oo]ffice.*")[:, tf.newaxis]
        return tf.where(has, float("nan"), self.pool(texts))


def test_a_text_for_which_the_module_has_no_number_gets_none(tmp_path):
    classifier, _ = build(save(Allergic, tmp_path, WORDS, TABLE))
    found = classifier.probabilities(["the vote", "the office", "council", "Office of news"])
    assert np.isfinite(found).tolist() == [True, False, True, False]


def test_a_fit_with_such_a_module_ends_with_an_error_and_no_model(splits, tmp_path):
    """It ended as a complete run whose weights were NaN and whose score was the same for all."""
    module = save(Allergic, tmp_path, WORDS, TABLE)
    assert splits.frame("train")["combined_text"].str.contains("[Oo]ffice").any()
    options = {"weights": str(module), "epochs": 2, "floor": False, "root": tmp_path / "runs"}
    with pytest.raises(RunError, match=r"NaN or infinite|loss became nan"):
        fit(splits.path, "nnlm50", name="mine", **options)
    run = Run(tmp_path / "runs" / "mine")
    assert run.config.state == "training"
    assert not run.model_dir.exists()
    assert not list(run.checkpoints_dir.glob("*.npz"))
