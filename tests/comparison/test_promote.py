"""A new model against the one in use, whatever each is: run, SavedModel or .tflite."""

import csv
import json
import shutil

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tests import tiny
from tests.models.hostile import TARGET, Initialises, save
from tfnews.comparison.compare import compare
from tfnews.comparison.opened import open_model
from tfnews.comparison.promote import promote
from tfnews.errors import DataError, ExportError, RunError, UsageError, WeightsError
from tfnews.export import page, phone, savedmodel
from tfnews.export.request import Options
from tfnews.files import write_json
from tfnews.models import load
from tfnews.records import Promotion
from tfnews.report.promotion import screen
from tfnews.runs import Run
from tfnews.training.fit import fit


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("home"), 200)


@pytest.fixture(scope="module")
def root(splits, tmp_path_factory):
    """Give a good run, one of three words, and each export of the good one."""
    root = tmp_path_factory.mktemp("runs")
    good = fit(splits.path, name="good", root=root)
    fit(splits.path, name="bad", root=root, assignments=["max_features=1", "ngrams=1"])
    classifier = load(good)
    for target, folder in ((savedmodel, root / "saved" / "1"), (phone, root / "phone")):
        folder.mkdir(parents=True)
        target.write(classifier, folder, Options(), [])
        write_json(folder / "parity.json", {"page": page.facts(classifier)})
    write_json(root / "saved" / "labels.json", {"stable": 1, "canary": 1})
    return root


@pytest.fixture(scope="module")
def golden(tmp_path_factory):
    """Write texts that no run has seen, with ids."""
    made = tiny.splits(tmp_path_factory.mktemp("golden"), 120, seed=8)
    frame = pd.concat([made.frame(part) for part in ("train", "validation", "test")])
    frame = frame.assign(id=[f"story-{n}" for n in range(len(frame))])
    path = tmp_path_factory.mktemp("file") / "golden.csv"
    frame[["id", "title", "text", "label"]].to_csv(path, index=False)
    return path


READING = {"fake_values": ("1",), "real_values": ("0",)}


def asked(root, old, new, data, **options):
    return promote(old, new, data, root=root, **READING, **options)


@pytest.fixture(scope="module")
def worse(root, golden):
    return asked(root, "good", "bad", golden)


def test_a_worse_model_is_not_promoted_and_what_flipped_is_told(worse):
    assert not worse.promoted
    assert worse.difference == pytest.approx(
        worse.new.judged.scores["f1"] - worse.old.judged.scores["f1"]
    )
    assert worse.difference < -0.01
    assert worse.flips
    assert [flip.better for flip in worse.flips] == sorted(flip.better for flip in worse.flips)
    for flip in worse.flips:
        assert flip.text.startswith("story-")
        assert (flip.old >= 0.5) != (flip.new >= 0.5)
        assert flip.better == ((flip.new >= 0.5) == (flip.label == 1))


def test_a_model_that_only_guesses_is_named(worse):
    assert worse.new.judged.scores["macro_recall"] == 0.5
    assert any(note.startswith("bad: This model is not shown") for note in worse.notes)
    assert not any(note.startswith("good:") for note in worse.notes)


def test_flips_are_what_the_scores_differ_by(worse):
    old, new = (np.trace(side.judged.scores["confusion"]) for side in (worse.old, worse.new))
    better = sum(flip.better for flip in worse.flips)
    assert new - old == 2 * better - len(worse.flips)


def test_the_other_way_round_it_is_promoted(root, golden, worse):
    found = asked(root, "bad", "good", golden)
    assert found.promoted
    assert found.difference == pytest.approx(-worse.difference)
    assert found.mcnemar_p == pytest.approx(worse.mcnemar_p)


def test_the_point_decides_and_a_fall_of_the_tolerance_is_accepted(root, golden, worse):
    fall = -worse.difference
    assert asked(root, "good", "bad", golden, tolerance=fall).promoted
    assert not asked(root, "good", "bad", golden, tolerance=fall - 1e-6).promoted


@pytest.mark.parametrize("tolerance", [-0.1, 1.1, float("nan")])
def test_a_tolerance_is_a_share(root, golden, tolerance):
    with pytest.raises(UsageError, match="--tolerance"):
        asked(root, "good", "bad", golden, tolerance=tolerance)


def test_the_same_model_twice_is_said(root, golden):
    shutil.copytree(root / "good", root / "twin", dirs_exist_ok=True)
    found = asked(root, "good", "twin", golden)
    assert found.promoted
    assert found.flips == ()
    assert found.bootstrap_p == found.mcnemar_p == 1.0
    assert any("have the same weights" in note for note in found.notes)
    assert "No text is called otherwise" in screen.render(found)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("saved/1", "SavedModel"),
        ("saved", "SavedModel"),
        ("phone", "TensorFlow Lite"),
        ("phone/model.tflite", "TensorFlow Lite"),
    ],
)
def test_exports_are_asked_as_runs_are(root, name, kind):
    opened = open_model(root / name, root)
    run = open_model("good", root)
    assert opened.kind == kind
    assert (opened.threshold, opened.class_names) == (run.threshold, run.class_names)
    texts = ["The harbour office of Arvel has put the repair off until spring.", "Shocking news!"]
    assert opened.probabilities(texts) == pytest.approx(run.probabilities(texts), abs=1e-5)


def test_an_export_in_place_of_its_run_is_promoted(root, golden):
    found = asked(root, "good", root / "saved", golden)
    assert found.promoted
    assert found.flips == ()
    assert any("could not be read" in note for note in found.notes)


def test_texts_that_a_run_was_trained_on_are_left_out(root, golden, splits, tmp_path):
    frame = pd.read_csv(golden, dtype=str, keep_default_na=False)
    known = splits.frame("train")[["title", "text", "label"]].head(7).astype(str)
    both = tmp_path / "both.csv"
    pd.concat([frame, known.assign(id=[f"known-{n}" for n in range(7)])]).to_csv(both, index=False)
    before, found = (asked(root, "bad", "good", path) for path in (golden, both))
    assert found.left_out == before.left_out + 7
    assert found.rows == before.rows
    assert "Left out" in screen.render(found)


def test_a_runs_own_test_split_is_counted_before_it_is_read(root, splits):
    before = Run.open("good", root).config.test_reads
    promote("good", root / "phone", splits.path, root=root)
    assert Run.open("good", root).config.test_reads == before + 1


def test_files_hold_all_flips_and_the_screen_some(root, golden, tmp_path, worse):
    found = asked(root, "good", "bad", golden, to=tmp_path / "out")
    content = json.loads((tmp_path / "out" / "gate.json").read_text())
    assert Promotion.from_json(content) == found
    with (tmp_path / "out" / "flips.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(found.flips) == len(worse.flips)
    shown = screen.render(found, 2)
    assert shown.count("story-") == 2
    assert f"{len(found.flips) - 2:,} more" in shown
    assert "story-" not in screen.render(found, 0)


def test_all_runs_are_asked_the_same_file(root, golden):
    found = compare(["good", "bad"], golden, root=root, **READING)
    assert (found.decided_on, found.shown_on) == ("data", "data")
    assert found.best == "good"
    assert found.named("bad").against_best["data"].worse
    assert any("are too good" in note for note in found.notes)


# Faults


def few(golden, tmp_path, labels):
    frame = pd.read_csv(golden, dtype=str, keep_default_na=False)
    kept = pd.concat([frame[frame["label"] == label].head(n) for label, n in labels.items()])
    path = tmp_path / "few.csv"
    kept.to_csv(path, index=False)
    return path


def test_one_class(root, golden, tmp_path):
    with pytest.raises(DataError, match="both classes"):
        asked(root, "good", "bad", few(golden, tmp_path, {"0": 30}))


def test_too_few_texts(root, golden, tmp_path):
    with pytest.raises(DataError, match="10 or more of each class") as refused:
        asked(root, "good", "bad", few(golden, tmp_path, {"0": 30, "1": 9}), to=tmp_path / "out")
    assert "9 fake" in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_no_file(root):
    with pytest.raises(DataError, match="not there"):
        asked(root, "good", "bad", "nowhere.csv")


def test_different_classes(root, golden, tmp_path):
    shutil.copytree(root / "phone", tmp_path / "phone")
    spec = json.loads((tmp_path / "phone" / "spec.json").read_text())
    write_json(tmp_path / "phone" / "spec.json", {**spec, "labels": ["news", "satire"]})
    with pytest.raises(RunError, match="news/satire"):
        asked(root, "good", tmp_path / "phone", golden)


def test_what_is_no_model(root, golden, tmp_path):
    (tmp_path / "empty").mkdir()
    for name in (tmp_path / "empty", tmp_path / "none", golden):
        with pytest.raises(RunError, match="is no run, no SavedModel"):
            asked(root, "good", name, golden)


@pytest.mark.parametrize(
    ("folder", "file", "content"),
    [
        ("saved/1", "parity.json", b"{}"),
        ("saved/1", "saved_model.pb", b"what is this"),
        ("phone", "spec.json", b"["),
        ("phone", "model.tflite", b"what is this"),
    ],
)
def test_a_damaged_export(root, golden, tmp_path, folder, file, content):
    shutil.copytree(root / folder, tmp_path / "one")
    (tmp_path / "one" / file).write_bytes(content)
    with pytest.raises((ExportError, WeightsError), match=r"Export the run again|is damaged"):
        asked(root, "good", tmp_path / "one", golden)


# Exports of strangers


def a_sine(folder):
    """Put a TensorFlow Lite file in its place of an operation that no export has."""
    module = tf.Module()
    module.run = tf.function(tf.sin, input_signature=[tf.TensorSpec([1], tf.float32)])
    concrete = [module.run.get_concrete_function()]
    content = tf.lite.TFLiteConverter.from_concrete_functions(concrete, module).convert()
    (folder / "model.tflite").write_bytes(content)


def a_link(folder):
    (folder / "notes").symlink_to("/etc/hostname")


def stating(**changes):
    def change(folder):
        spec = json.loads((folder / "spec.json").read_text())
        for name, value in changes.items():
            inner = isinstance(value, dict) and isinstance(spec.get(name), dict)
            spec[name] = spec[name] | value if inner else value
        write_json(folder / "spec.json", spec)

    return change


STRANGERS = {
    "an operation that no export has": (a_sine, "holds operations that no export of tfnews .* SIN"),
    "a link": (a_link, "is a link that leads out"),
    "a model elsewhere": (stating(model="../other.tflite"), "does not say"),
    "a vocabulary elsewhere": (stating(tokenizer_file="../../etc/passwd"), "does not say"),
    "n-grams without end": (stating(tokenizer={"ngrams": 10**9}), "does not say"),
    "a text without end": (stating(shape=[1, 10**12]), "does not say"),
    "windows that do not move": (stating(long={"rule": "windows", "stride": 0}), "does not say"),
    "no threshold": (stating(threshold=float("nan")), "does not say"),
    "a threshold in words": (stating(threshold="0.5"), "does not say"),
    "classes without names": (stating(labels=[1, []]), "does not say"),
    "a list": (lambda folder: (folder / "spec.json").write_text("[1]"), "does not say"),
    "nested without end": (
        lambda folder: (folder / "spec.json").write_text("[" * 200_000),
        "does not say",
    ),
    "another input": (stating(inputs=["x"]), "cannot be opened|did not answer"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_strangers_tflite(root, tmp_path, name):
    """Its spec.json could name any file, and ask for any amount of time and memory."""
    change, said = STRANGERS[name]
    folder = shutil.copytree(root / "phone", tmp_path / "one")
    change(folder)
    with pytest.raises((ExportError, WeightsError), match=said) as caught:
        open_model(folder).probabilities(["the vote"])
    assert len(str(caught.value)) <= 500


def test_a_strangers_savedmodel(root, tmp_path):
    """Its graph is held against the list before it is opened."""
    folder = save(Initialises, tmp_path)
    shutil.copy(root / "saved" / "1" / "parity.json", folder)
    with pytest.raises(WeightsError, match="WriteFile"):
        open_model(folder)
    assert not (tmp_path / TARGET).exists()


@pytest.mark.parametrize("answer", [np.nan, 2.0, [0.5]])
def test_an_export_whose_answers_are_no_probabilities(root, tmp_path, answer):
    class Odd(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
        def text(self, text):
            rows = tf.zeros(tf.shape(text)) if answer != [0.5] else tf.zeros(1)
            return {"fake_probability": rows + answer}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, name="token_ids")])
        def ids(self, token_ids):
            return {"fake_probability": token_ids}

    module, folder = Odd(), tmp_path / "one"
    given = {"serving_default": module.text, "token_ids": module.ids}
    tf.saved_model.save(module, str(folder), signatures=given)
    shutil.copy(root / "saved" / "1" / "parity.json", folder)
    with pytest.raises(ExportError, match=r"not as many probabilities|did not answer"):
        open_model(folder).probabilities(["the vote", "news"])


def test_what_is_written_tells_of_no_machine(root, golden, tmp_path):
    """The names of exports were the paths that were typed."""
    asked(root, root / "good", root / "phone", golden, to=tmp_path / "out")
    for name in ("gate.json", "flips.csv"):
        assert str(root) not in (tmp_path / "out" / name).read_text(encoding="utf-8")
    written = json.loads((tmp_path / "out" / "gate.json").read_text(encoding="utf-8"))
    assert written["new"]["name"] == "…/phone"
