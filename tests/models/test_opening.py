"""Runs that others made or changed: what is not as it was saved is refused, in one line."""

import functools
import json
import logging
import os
import shutil

import h5py
import keras
import keras_hub
import numpy as np
import pytest

from tests import tiny
from tests.models.hostile import Layout, Writes, save
from tfnews import catalogue
from tfnews.errors import RunError, WeightsError
from tfnews.files import write_json
from tfnews.models import build, load
from tfnews.models.embedding import family as embedding
from tfnews.models.graph import trusting
from tfnews.models.guards import Guards
from tfnews.models.opening import check_finite, digests
from tfnews.models.verifying import verify
from tfnews.runs import Run

TEXTS, LABELS = ["the vote", "fake news", "the fake vote", "news"], [0, 1, 1, 0]


def run_of(root, name, classifier):
    """Save a classifier as `fit` does."""
    run = Run.create(tiny.config(name, state="complete"), root)
    classifier.save_to_preset(str(run.model_dir))
    run.update(digests=digests(run.model_dir))
    return run


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    row = catalogue.row("tfidf")
    classifier, _ = build(row, TEXTS, LABELS, {**row.settings, "min_df": 1}, {})
    return run_of(tmp_path_factory.mktemp("runs"), "mine", classifier)


@pytest.fixture
def run(saved, tmp_path):
    return Run(shutil.copytree(saved.path, tmp_path / "mine"))


@pytest.fixture(scope="module")
def swivel(tmp_path_factory):
    """Give the preset of another class."""
    row = catalogue.row("swivel20")
    options = {**row.recipe, **row.settings, "weights": "none", "min_count": 1}
    options |= {"max_tokens": 0, "seed": 0, "trainable": True, "analyzer": "word"}
    classifier, _ = build(row, TEXTS, LABELS, options, {})
    folder = tmp_path_factory.mktemp("swivel")
    classifier.save_to_preset(str(folder))
    return folder


def without_digests(run):
    """Make a run one of an older tfnews, so that only what comes after the digests is met."""
    run.update(digests=None)
    return run


def refused(run, match):
    with pytest.raises(RunError, match=match) as caught:
        load(run)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    assert caught.value.exit_code == 5


def test_a_run_as_it_was_saved_is_opened(run, caplog):
    assert set(run.config.digests) == {
        path.relative_to(run.model_dir).as_posix()
        for path in run.model_dir.rglob("*")
        if path.is_file()
    }
    load(run)
    assert not caplog.records


def test_a_run_without_digests_is_opened_with_a_note(run, caplog):
    with caplog.at_level(logging.WARNING, "tfnews"):
        load(without_digests(run))
    assert "carries no digests" in caplog.text


# Digests


def cut_vocabulary(folder):
    path = next((folder / "assets").rglob("*.txt"))
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), encoding="utf-8")


def one_byte(folder):
    path = folder / "task.weights.h5"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


CHANGED = {
    "a vocabulary cut short": (cut_vocabulary, r"\.txt is another"),
    "a byte of the weights": (one_byte, r"task\.weights\.h5 is another"),
    "a file too many": (lambda f: (f / "x.json").write_text("{}"), r"x\.json was added"),
    "a file too few": (lambda f: (f / "metadata.json").unlink(), r"metadata\.json is missing"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_was_changed_is_named(run, name):
    """A vocabulary shorter than its table once scored in silence."""
    change, said = CHANGED[name]
    change(run.model_dir)
    refused(run.path, said)
    refused(run, said)
    refused(run.model_dir, said)


def test_hidden_files_are_not_the_models(run):
    (run.model_dir / ".DS_Store").write_text("x")
    load(run)


def test_another_runs_model_in_its_place(run, swivel):
    shutil.rmtree(run.model_dir)
    shutil.copytree(swivel, run.model_dir)
    refused(run, "is another")


def test_digests_are_those_of_the_files(run):
    from tfnews.files import sha256

    found = digests(run.model_dir)
    assert found["task.json"] == sha256(run.model_dir / "task.json")
    assert list(found) == sorted(found)


# Links


@pytest.mark.parametrize("with_digests", [True, False])
def test_another_runs_model_behind_a_link(run, saved, with_digests):
    run = run if with_digests else without_digests(run)
    shutil.rmtree(run.model_dir)
    run.model_dir.symlink_to(saved.model_dir)
    refused(run.path, "'model' in .* is a link that leads out")


def test_a_file_behind_a_link(run, saved):
    (run.model_dir / "task.json").unlink()
    (run.model_dir / "task.json").symlink_to(saved.model_dir / "task.json")
    refused(run, "task.json' in .* is a link that leads out")
    refused(run.model_dir, "task.json' in .* is a link that leads out")


def test_a_run_may_itself_be_reached_by_a_link(run, tmp_path):
    (tmp_path / "link").symlink_to(run.path)
    load(tmp_path / "link")


# Classes


def edit(folder, name, change):
    content = json.loads((folder / name).read_text(encoding="utf-8"))
    change(content)
    write_json(folder / name, content)


def of_class(name, registered, module="builtins"):
    def change(content):
        content.update(class_name=name, registered_name=registered, module=module)

    return change


def nested(part, **changes):
    def change(content):
        content["config"][part].update(changes)

    return change


def inside(*parts, **changes):
    """Change the configuration of a part of a part, which is what keras-hub makes."""

    def change(content):
        for part in parts:
            content = content["config"][part]
        content["config"].update(changes)

    return change


def answering(**changes):
    return lambda content: content["config"].update(changes)


def planted(value):
    def change(content):
        content["config"]["planted"] = value

    return change


GUARDS = Guards.fit(TEXTS).get_config()


def deep(content):
    """Nest a class where Python parses it, and may have no room left to look into it."""
    content["config"]["planted"] = functools.reduce(lambda inner, _: [inner], range(600), LAMBDA)


LAMBDA = {"class_name": "__lambda__", "config": {"value": "4wAAAA=="}}
SYSTEM = {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
LAYER = {
    "module": "keras.layers",
    "class_name": "TFSMLayer",
    "config": {"filepath": "/tmp/x"},
    "registered_name": None,
}

HOSTILE = {
    "another family": (
        "task.json", of_class("HubClassifier", "tfnews>HubClassifier"), "do not belong"),
    "another backbone": (
        "config.json", of_class("HubBackbone", "tfnews>HubBackbone"), "do not belong"),
    "a class of ours that classifies nothing": (
        "task.json", of_class("TfidfBackbone", "tfnews>TfidfBackbone"), "do not belong"),
    "keras-hub's own": (
        "task.json",
        of_class("BertTextClassifier", "keras_hub>BertTextClassifier", "keras_hub"),
        "keras_hub>BertTextClassifier",
    ),
    "keras' own": ("task.json", of_class("Functional", "Functional", "keras"), "'Functional'"),
    "one that is not there": ("task.json", of_class("Nothing", "tfnews>Nothing"), "tfnews>Nothing"),
    "two names": ("task.json", of_class("system", "tfnews>TfidfClassifier", "os"), "which no run"),
    "no name": ("task.json", lambda c: c.clear(), "names None"),
    "no registered name": ("task.json", lambda c: c.pop("registered_name"), "which no run"),
    "os.system as a preprocessor": (
        "task.json", nested("preprocessor", module="os", class_name="system",
                            registered_name="system"), "'system'"),
    "os.system as a tokenizer": ("tokenizer.json", of_class("system", "system", "os"), "'system'"),
    "subprocess in the backbone": (
        "config.json", of_class("Popen", "Popen", "subprocess"), "'Popen'"),
    "a lambda": ("task.json", planted(LAMBDA), "__lambda__"),
    "a lambda in a list": ("task.json", planted([[LAMBDA]]), "__lambda__"),
    "a function": ("task.json", planted(SYSTEM), "'system'"),
    "a Lambda layer": (
        "preprocessor.json", planted({**LAYER, "class_name": "Lambda"}), "'Lambda'"),
    "a SavedModel layer": ("task.json", planted(LAYER), "'TFSMLayer'"),
    "a compiled loss": (
        "task.json", lambda c: c.update(compile_config={"loss": SYSTEM}), "'system'"),
    "a list": ("task.json", [], "names None"),
    "a number": ("config.json", 3, r"config\.json None"),
    "no JSON": ("task.json", b"{", "cannot be read: JSONDecodeError"),
    "no UTF-8": ("config.json", b"\xff\xfe\x00", "cannot be read: UnicodeDecodeError"),
    "nested without end": ("task.json", b"[" * 200_000, "cannot be read: RecursionError"),
    "nested deep": ("task.json", deep, "cannot be read: RecursionError"),
    "half a character": ("task.json", rb'{"a": "\ud800"}', "cannot be read: UnicodeError"),
    "nothing": ("tokenizer.json", None, "cannot be read: FileNotFoundError"),
    "another's configuration": ("config.json", {"model_type": "bert"}, r"config\.json None"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_run_of_other_classes_is_refused_before_any_is_made(run, name, monkeypatch):
    """A task.json of another class once opened with a random head and scored."""

    def never(*args, **kwargs):
        raise AssertionError("something was made")

    file, change, said = HOSTILE[name]
    path = without_digests(run).model_dir / file
    if callable(change):
        edit(run.model_dir, file, change)
    elif isinstance(change, bytes):
        path.write_bytes(change)
    elif change is None:
        path.unlink()
    else:
        write_json(path, change)
    monkeypatch.setattr(keras.saving, "deserialize_keras_object", never)
    monkeypatch.setattr(keras_hub.models.TextClassifier, "from_preset", never)
    refused(run, said)


# Weights


def h5(name, change):
    def changed(folder):
        with h5py.File(folder / name, "a") as file:
            change(file)

    return changed


def fill(value):
    def change(file):
        file["layers/dense/vars/0"][0] = value

    return change


def external(file):
    shape = file["layers/dense/vars/1"].shape
    del file["layers/dense/vars/1"]
    file["layers/dense/vars"].create_dataset(
        "1", shape, "float32", external=[("/etc/hostname", 0, 4)]
    )


def linked(file):
    del file["layers/dense/vars/1"]
    file["layers/dense/vars/1"] = h5py.ExternalLink("/etc/hostname", "/x")


def unwritten(file):
    """States 4 TB in a few bytes."""
    del file["layers/dense/vars/1"]
    file["layers/dense/vars"].create_dataset("1", (10**12,), "float32", chunks=(10**6,))


def compressed(file):
    name = next(name for name in _names(file) if isinstance(file[name], h5py.Dataset))
    shape = file[name].shape
    del file[name]
    file.create_dataset(name, shape, "float32", compression="gzip", data=np.zeros(shape))


def _names(file):
    found = []
    file.visit(found.append)
    return found


BROKEN = {
    "no head": (lambda f: (f / "task.weights.h5").unlink(), "has lost its task.weights.h5"),
    "no backbone": (lambda f: (f / "model.weights.h5").unlink(), "has lost its model.weights.h5"),
    "NaN": (h5("task.weights.h5", fill(np.nan)), "1 weights that are NaN or infinite"),
    "infinity": (h5("task.weights.h5", fill(-np.inf)), "1 weights that are NaN or infinite"),
    "a weight too few": (
        h5("task.weights.h5", lambda f: f.__delitem__("layers/dense/vars/1")), "cannot be opened"),
    "all of a layer": (
        h5("task.weights.h5", lambda f: f.__delitem__("layers/dense")), "cannot be opened"),
    "a weight too many": (
        h5("task.weights.h5", lambda f: f.create_dataset("x/vars/0", data=np.ones(3))),
        "did not open as",
    ),
    "a file's bytes as weights": (h5("task.weights.h5", external), "cannot be opened"),
    "a link to a file": (h5("task.weights.h5", linked), "cannot be opened"),
    "cut short": (lambda f: os.truncate(f / "task.weights.h5", 900), "cannot be opened"),
    "empty": (lambda f: os.truncate(f / "task.weights.h5", 0), "cannot be opened"),
    "no HDF5": (lambda f: (f / "model.weights.h5").write_bytes(b"PK" * 500), "cannot be opened"),
    "a setting of another type": (
        lambda f: edit(f, "task.json", lambda c: c["config"].update(threshold="high")),
        "cannot be opened",
    ),
    "a table too large for any memory": (
        lambda f: edit(f, "task.json", inside("backbone", terms=10**11)),
        r"asks for weights of shape \(100000000000,\), of which 0 are stored",
    ),
    "hidden layers without end": (
        lambda f: edit(
            f,
            "task.json",
            lambda c: c["config"]["head"].update(hidden=[1] * 10**5, dropout=[0.1] * 10**5),
        ),
        "asks for weights of shape .* of which 0 are stored",
    ),
    "n-grams without end": (
        lambda f: edit(f, "task.json", inside("preprocessor", "tokenizer", ngrams=10**6)),
        "states ngrams as 1000000. Allowed: a whole number from 1 up to 10",
    ),
    "buckets that have no rows": (
        lambda f: edit(f, "task.json", inside("preprocessor", "tokenizer", oov_buckets=10**11)),
        "states oov_buckets as 100000000000",
    ),
    "a rule for words that there is not": (  # once told as an option's error, at the first text
        lambda f: edit(f, "task.json", inside("preprocessor", "tokenizer", normalise=["x"])),
        r"It normalises by \['x'\]. Allowed: none, lower",
    ),
    "a bucket that has no row": (
        lambda f: edit(f, "task.json", inside("preprocessor", "tokenizer", oov_buckets=1)),
        "Its vocabulary has 9 entries, and its table 8 rows",
    ),
    "a vocabulary shorter than its table": (cut_vocabulary, "has 7 entries, and its table 8 rows"),
    "three classes": (
        lambda f: edit(f, "task.json", answering(class_names=["a", "b", "c"])), "two names"),
    "classes that are numbers": (
        lambda f: edit(f, "task.json", answering(class_names=[1, {}])), "two names"),
    "two classes of one name": (
        lambda f: edit(f, "task.json", answering(class_names=["a", "a"])), "the same name, 'a'"),
    "a set that has no name": (
        lambda f: edit(f, "task.json", answering(trained_on=[1])), "which is no text"),
    "guards of no unit": (
        lambda f: edit(f, "task.json", answering(guards={**GUARDS, "unit": "none"})),
        "its guards hold"),
    "guards that refuse all": (
        lambda f: edit(f, "task.json", answering(guards={**GUARDS, "usual_length": 10**400})),
        "its guards hold"),
    "guards of no number": (
        lambda f: edit(f, "task.json", answering(guards={**GUARDS, "common_share": np.nan})),
        "its guards hold"),
    "weights that were never written": (h5("task.weights.h5", unwritten), "is not stored as it is"),
    "compressed weights": (h5("model.weights.h5", compressed), "is not stored as it is"),
    "a head of another width": (
        lambda f: edit(f, "task.json", lambda c: c["config"]["head"].update(units=2)),
        "cannot be opened",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.filterwarnings("ignore")  # Keras warns of some of what is refused then
def test_weights_that_were_not_saved_so_are_refused(run, name):
    change, said = BROKEN[name]
    change(without_digests(run).model_dir)
    refused(run, said)


def test_weights_that_are_no_numbers_are_counted():
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(3, name="one")])
    check_finite(model, "The model")
    model.layers[0].bias.assign([np.nan, np.inf, 0.0])
    with pytest.raises(RunError, match=r"^The model holds 2 weights .* in .*one/bias"):
        check_finite(model, "The model")


# A module that the run carries


@pytest.fixture(scope="module")
def carrying(tmp_path_factory):
    """Give a run that carries a module of one variable, used as it is, which writes no file."""
    folder = tmp_path_factory.mktemp("module")
    row = catalogue.row("swivel20")
    options = {**row.recipe, **row.settings, "max_tokens": 0, "seed": 0, "trainable": False}
    options["weights"] = str(save(Layout, folder))
    reason = embedding.UnknownStructureError("not read natively")
    classifier, _ = embedding.alias.build(row, options["weights"], reason, options, {})
    return run_of(tmp_path_factory.mktemp("runs"), "carrying", classifier)


@pytest.mark.parametrize("with_digests", [True, False])
def test_a_hostile_module_in_a_clean_run(carrying, tmp_path, with_digests):
    """Such a run wrote files as it was opened; a user of another's run gave only its name."""
    run = Run(shutil.copytree(carrying.path, tmp_path / "run"))
    module = run.model_dir / "assets/tokenizer"
    shutil.rmtree(module)
    shutil.copytree(save(Writes, tmp_path), module)
    if with_digests:
        refused(run, "is not the one that was saved")
        return
    with pytest.raises(WeightsError, match=r"WriteFile.*--trust-graph"):
        load(without_digests(run))
    with pytest.raises(WeightsError, match="WriteFile"):
        keras_hub.models.TextClassifier.from_preset(str(run.model_dir))
    assert not (tmp_path / "written.txt").exists()
    load(run, trust_graph=True).probabilities(["the vote"])
    assert (tmp_path / "written.txt").read_text() == "x"


# All of it at once


def test_verify_says_what_it_saw(run):
    found = {one.check: one for one in verify(run.path)}
    assert list(found) == ["record", "digests", "classes", "graph", "weights", "splits"]
    assert all(one.sound for one in found.values())
    assert found["digests"].said == f"{len(run.config.digests)} files are those that were saved"
    assert found["graph"].said == "none is carried"
    assert found["splits"].said == "not there, so not compared"


@pytest.mark.parametrize(
    ("change", "unsound"),
    [
        (cut_vocabulary, {"digests", "weights"}),
        (one_byte, {"digests"}),
        (h5("task.weights.h5", fill(np.nan)), {"digests", "weights"}),
        (lambda f: edit(f, "task.json", of_class("system", "system", "os")),
         {"digests", "classes", "weights"}),
        (lambda f: (f.parent / "config.json").write_text("{"), {"record"}),
        (lambda f: (f / "out").symlink_to("/etc"), {"record"}),
    ],
)  # fmt: skip
def test_verify_names_each_check_that_fails(run, change, unsound):
    change(run.model_dir)
    assert {one.check for one in verify(run.path) if not one.sound} == unsound


def test_verify_looks_at_the_graph(carrying, tmp_path):
    graph = {one.check: one for one in verify(carrying.path)}["graph"]
    assert graph.said == "it computes, and nothing else"
    run = Run(shutil.copytree(carrying.path, tmp_path / "run"))
    module = save(Writes, tmp_path)
    shutil.copy(module / "saved_model.pb", run.model_dir / "assets/tokenizer/saved_model.pb")
    assert "WriteFile" in {one.check: one for one in verify(run)}["graph"].said
    with trusting(False):
        assert not {one.check: one for one in verify(run)}["graph"].sound
