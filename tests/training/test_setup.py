import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests import tiny
from tfnews import catalogue
from tfnews.data.demo import write_corpus
from tfnews.data.prepare import prepare
from tfnews.data.splits import open_splits
from tfnews.errors import DataError, FitInterruptedError, RunError, UsageError, WeightsError
from tfnews.evaluation.evaluate import evaluate
from tfnews.models import fake_probability, load
from tfnews.records import WeightsRecord
from tfnews.runs import Run
from tfnews.training import setup
from tfnews.training import train as training
from tfnews.training.checkpoints import SaveState
from tfnews.training.fit import fit
from tfnews.training.settings import resolve

SMALL = ["num_layers=2", "hidden_dim=8", "intermediate_dim=8", "vocabulary_size=120"]


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    """Give the splits that the first generation is trained on."""
    return tiny.splits(tmp_path_factory.mktemp("first"), name="first", label_basis="publisher")


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """Give splits of other texts, with class names of their own."""
    folder = tmp_path_factory.mktemp("second")
    corpus = write_corpus(folder / "corpus", 60, 5)
    names = {"name": "second", "class_names": ("news", "rumour"), "label_basis": "crowd"}
    return prepare([corpus], folder / "splits", format="tfnews", **names)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


def untrained(root, name, splits, arch="swivel20", **given):
    """Return a complete run with the weights it would have started from."""
    row = catalogue.row(arch)
    assignments = given.pop("assignments", ())
    options = resolve(row, {"weights": "none", **given}, assignments=assignments)
    made = setup.from_row(row, splits, options)
    run = Run.create(setup.described(made, name), root)
    made.classifier.save_to_preset(str(run.model_dir))
    run.update(state="complete")
    return run


@pytest.mark.parametrize("arch", ["tfidf", "word2vec", "swivel20"])
def test_a_training_split_of_one_class_is_refused(arch, tmp_path):
    """A solver ended in scikit-learn's ValueError; what is trained learnt to say one thing."""
    rows = "combined_text,label\nthe vote the,1\nthe vote,1\n"
    for part in ("train", "validation", "test"):
        (tmp_path / f"{part}.csv").write_text(rows, encoding="utf-8")
    options = resolve(catalogue.row(arch), {"weights": "none"})
    with pytest.raises(DataError, match="holds fake texts only"):
        setup.from_row(catalogue.row(arch), open_splits(tmp_path), options)


@pytest.fixture(scope="module")
def parent(root, splits):
    return untrained(root, "parent", splits, learning_rate=0.01, epochs=1, batch_size=16)


def continued(parent, splits, **changes):
    return setup.from_run(parent, splits, {**parent.config.recipe, **changes})


def test_weights_and_vocabulary_stay(parent, others):
    old, found = load(parent.path), continued(parent, others).classifier
    words = [c.preprocessor.tokenizer.get_vocabulary() for c in (old, found)]
    assert words[0] == words[1]
    for mine, theirs in zip(found.get_weights(), old.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    texts = others.frame("train")["combined_text"].tolist()
    answers = [fake_probability(c.predict(texts, verbose=0)) for c in (found, old)]
    np.testing.assert_allclose(*answers, atol=1e-6)


def test_what_the_answers_mean_is_of_the_new_data(parent, others):
    old, found = load(parent.path), continued(parent, others).classifier
    assert (old.class_names, old.trained_on) == (("real", "fake"), "first")
    assert (found.class_names, found.trained_on) == (("news", "rumour"), "first, then second")
    assert found.label_basis == "crowd"
    assert found.guards.get_config() != old.guards.get_config()


@pytest.mark.parametrize("trainable", [False, True])
def test_the_table_is_trained_or_kept_as_asked(parent, others, trainable):
    found = continued(parent, others, trainable=trainable).classifier
    table = found.backbone.token_embedding.table
    assert any(variable is table for variable in found.trainable_variables) is trainable


@pytest.mark.parametrize("layers", [0, 1])
def test_the_top_layers_of_a_transformer_are_trained_as_asked(root, splits, others, layers):
    """All of them would be, if the encoder were made trainable as a whole."""
    name = f"bert-{layers}"
    given = {"arch": "bert-tiny", "max_tokens": 8, "assignments": SMALL}
    parent = untrained(root, name, splits, **given)
    encoder = continued(parent, others, trainable_layers=layers).classifier.backbone.encoder
    trained = {layer.name for layer in encoder.layers if layer.trainable_variables}
    assert "transformer_layer_1" in trained
    assert ("transformer_layer_0" in trained) is (layers == 0)


def test_a_module_used_as_it_is_stays_on_the_device_it_is_on(splits):
    row = catalogue.row("swivel20")
    options = resolve(row, {"devices": "cpu:2"})
    weights = WeightsRecord(handle="module", precision="float32")
    with pytest.raises(UsageError, match=r"module .*cannot be copied.*--devices cpu:2\. Leave it"):
        setup.settled(row, splits, options, weights)


# The line of descent


@pytest.fixture(scope="module")
def child(parent, others, root):
    return fit(others.path, from_run="parent", name="child", root=root, floor=False)


def test_the_lineage_grows_with_each_generation(parent, child, splits):
    assert parent.config.lineage == ()
    found = continued(child, splits)
    steps = found.lineage
    assert [(step.run, step.splits) for step in steps] == [
        ("parent", "first"),
        ("child", "second"),
    ]
    assert child.config.lineage == steps[:1]
    assert len({step.digest for step in steps}) == 2
    assert found.classifier.trained_on == "first, then second, then first"


def test_a_fit_goes_on_from_the_parents_weights_with_its_recipe(parent, child):
    recipe = child.config.recipe
    assert (recipe["epochs"], recipe["batch_size"]) == (1, 16)
    assert child.config.splits.class_names == ("news", "rumour")
    old, new = (load(run.path).get_weights()[0] for run in (parent, child))
    assert old.shape == new.shape
    assert (old != new).any()


def test_what_is_given_wins_over_the_parents_recipe(parent, others, root):
    said = []
    given = {"epochs": 7, "trainable": False, "dry_run": True, "say": said.append}
    assert fit(others.path, "swivel20", from_run="parent", root=root, **given) is None
    assert '"epochs": 7' in said[0]
    assert '"trainable": false' in said[0]
    assert '"batch_size": 16' in said[0]


def test_a_frozen_table_stays_frozen_in_the_next_generation(parent):
    base = {**parent.config.recipe, "trainable": False}
    assert resolve(catalogue.row("swivel20"), {}, base=base)["trainable"] is False


def test_a_resumed_fit_equals_the_uninterrupted_one(child, others, root, monkeypatch):
    class Interrupted(SaveState):
        def on_train_batch_end(self, batch, logs=None):
            self.interrupted = True
            super().on_train_batch_end(batch, logs)

    with monkeypatch.context() as patch:
        patch.setattr(training, "SaveState", Interrupted)
        with pytest.raises(FitInterruptedError, match="after batch 1 of 3"):
            fit(others.path, from_run="parent", name="cut", root=root, floor=False)
    run = fit(resume="cut", root=root, floor=False)
    for mine, theirs in zip(*(load(r.path).get_weights() for r in (run, child)), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    tables = [pd.read_csv(r.predictions_path("validation")) for r in (run, child)]
    pd.testing.assert_frame_equal(*tables, atol=1e-6, rtol=0)
    assert run.config.lineage == child.config.lineage


# Runs made before


def aged(run):
    """Return a run as it would be had it been made before kinds and the setting normalise."""
    recipe = {name: value for name, value in run.config.recipe.items() if name != "normalise"}
    run.update(family="hub", recipe=recipe)
    return run


def test_a_run_made_before_a_setting_is_gone_on_from(child, splits, tmp_path):
    old = aged(Run(shutil.copytree(child.path, tmp_path / "old")))
    run = fit(splits.path, from_run=old.path, root=tmp_path, floor=False)
    assert run.config.recipe["normalise"] == "words"
    assert run.config.family == "embedding"
    assert set(evaluate(old).parts) == {"train", "validation", "test"}


def test_a_run_made_before_a_setting_is_resumed(splits, tmp_path):
    options = resolve(catalogue.row("swivel20"), {"weights": "none", "epochs": 1})
    made = setup.from_row(catalogue.row("swivel20"), splits, options)
    aged(Run.create(setup.described(made, "old"), tmp_path))
    run = fit(resume="old", root=tmp_path, floor=False)
    assert run.config.state == "complete"
    assert load(run.path).preprocessor.tokenizer.normalise == "words"


# What is refused


def test_solved_weights_cannot_be_trained_further(root, splits, others):
    run = untrained(root, "solved", splits, "tfidf")
    with pytest.raises(UsageError, match=r"solved is a tfidf, .* cannot be trained further"):
        fit(others.path, from_run="solved", root=root)
    assert run.config.state == "complete"


@pytest.mark.parametrize("given", [{"arch": "nnlm50"}, {"weights": "none"}])
def test_another_architecture_or_weights(parent, others, root, given):
    with pytest.raises(UsageError, match=r"which is a swivel20\. Leave --arch and --weights out"):
        fit(others.path, from_run="parent", root=root, **given)


@pytest.mark.parametrize(
    ("given", "received"),
    [
        ({"max_tokens": 9}, "max_tokens=9"),
        ({"assignments": ["vocabulary_size=5", "min_count=3"]}, "vocabulary_size=5, min_count=3"),
    ],
)
def test_settings_that_would_have_no_effect(parent, others, root, given, received):
    """The vocabulary is the parent's: a setting that is recorded but not followed would lie."""
    with pytest.raises(UsageError, match=f"Received: {received}. Leave these out"):
        fit(others.path, from_run="parent", root=root, **given)


def test_a_parent_that_is_not_complete(others, root):
    Run.create(tiny.config("unfinished"), root)
    with pytest.raises(RunError, match="unfinished is not complete"):
        fit(others.path, from_run="unfinished", root=root)


def test_a_parent_that_changed_or_is_gone(child, parent, others, tmp_path):
    run = Run(shutil.copytree(child.path, tmp_path / "child"))
    moved = shutil.copytree(parent.path, tmp_path / "parent")
    run.update(lineage=(replace(child.config.lineage[0], path=str(moved)),))
    assert setup.again(run, others).weights == child.config.weights
    changed = load(moved)
    changed.head_layers[-1].bias.assign([1.0])
    shutil.rmtree(moved / "model")
    changed.save_to_preset(str(moved / "model"))
    with pytest.raises(WeightsError, match="What child started from has changed since"):
        setup.again(run, others)
    shutil.rmtree(moved)
    with pytest.raises(RunError, match="No run "):
        setup.again(run, others)
