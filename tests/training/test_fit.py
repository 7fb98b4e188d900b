import json
import shutil

import h5py
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from sklearn.metrics import accuracy_score, f1_score, log_loss

from tests import tiny
from tfnews.data.splits import Splits
from tfnews.errors import RunError, UsageError
from tfnews.files import write_json
from tfnews.models import load
from tfnews.models.embedding.module import build_module
from tfnews.models.family import Material
from tfnews.models.linear.tfidf import solve
from tfnews.models.opening import digests
from tfnews.records import ColumnsRecord, Comparison, Parameters, SplitsRecord
from tfnews.report import wording
from tfnews.runs import Run
from tfnews.training import fit as module
from tfnews.training import keeping, optimizers, setup
from tfnews.training.accumulation import AccumulatingModel
from tfnews.training.fit import closing_words, fit

SWIVEL = {"arch": "swivel20", **tiny.SWIVEL}


@pytest.fixture(scope="module", autouse=True)
def the_test_split_is_never_read():
    """Let every fit of this file fail that looks at the test split."""
    read = Splits.frame

    def frame(splits, part):
        assert part != "test", "fit has read the test split"
        return read(splits, part)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Splits, "frame", frame)
        yield


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("splits"), name="tiny", label_basis="crowd")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def solved(splits, root):
    return fit(splits.path, root=root)


@pytest.fixture(scope="module")
def trained(splits, root):
    """Give a trained run and the lines it said."""
    said = []
    return fit(splits.path, **SWIVEL, root=root, say=said.append), said


def predictions(run):
    return pd.read_csv(run.predictions_path("validation"))


def names(run):
    """Return what a run's folder holds, its locks aside."""
    return {path.name for path in run.path.iterdir()} - {".lock", ".writing"}


# The run


def test_names_are_given_by_row_and_number(solved, trained):
    assert solved.name == "tfidf-1"
    assert trained[0].name == "swivel20-ft-1"


def test_what_a_run_holds(solved, trained):
    held = {"config.json", "model", "metrics.json", "predictions", "logs"}
    assert names(solved) == held
    assert names(trained[0]) == {*held, "history.jsonl"}
    for run in (solved, trained[0]):
        assert [path.name for path in run.path.joinpath("predictions").iterdir()] == [
            "validation.csv"
        ]
        assert (run.model_dir / "task.json").is_file()
        assert list(run.logs_dir.glob("hparams/events*"))


def test_the_configuration_says_all(trained, splits):
    config = Run.open(trained[0].path).config
    assert config.state == "complete"
    assert (config.arch, config.family, config.trainable) == ("swivel20", "embedding", True)
    assert config.weights.handle == "none"
    assert config.splits == SplitsRecord(
        path=str(splits.path),
        name="tiny",
        digests={part: splits.digest(part) for part in ("train", "validation", "test")},
        class_names=("real", "fake"),
        label_basis="crowd",
        columns=(ColumnsRecord("text", "title", "label"),),
    )
    assert SWIVEL.items() - {("arch", "swivel20")} <= config.recipe.items()
    assert (config.seed, config.precision, config.test_reads) == (0, "float32", 0)
    assert {"python", "tensorflow", "keras", "keras-hub", "tfnews"} <= config.versions.keys()
    words = len(load(trained[0].path).preprocessor.tokenizer.get_vocabulary())
    counted = (words + 1) * 20 + 21 * 256 + 257 * 64 + 65
    assert config.parameters == Parameters(total=counted, trainable=counted)
    assert config.megabytes > 0
    assert config.digests == digests(trained[0].model_dir)
    assert config.fit_seconds > 0
    assert 0 < config.unknown_tokens < 0.2


def test_a_run_made_from_python_tells_the_call(solved, trained, splits):
    place = f"…/{splits.path.name}"  # whose machine it was is nobody's business
    assert solved.config.command == f"tfnews.fit(data={place!r})"
    given = "arch='swivel20', weights='none', epochs=3, learning_rate=0.01"
    assert trained[0].config.command == f"tfnews.fit(data={place!r}, {given})"


def test_answers_carry_what_they_mean(trained):
    classifier = load(trained[0].path)
    assert classifier.class_names == ("real", "fake")
    assert (classifier.trained_on, classifier.label_basis) == ("tiny", "crowd")
    assert classifier.guards.reason("") is not None


@pytest.mark.parametrize("which", ["solved", "trained"])
def test_the_saved_model_gives_the_recorded_predictions_and_scores(request, splits, which):
    run = request.getfixturevalue(which)
    run = run[0] if which == "trained" else run
    frame, found = splits.frame("validation"), predictions(run)
    assert found["label"].tolist() == frame["label"].tolist()
    scored = load(run.path).predict(frame["combined_text"].tolist(), verbose=0)[:, -1]
    np.testing.assert_allclose(found["fake_probability"], scored, atol=1e-6)
    scores = json.loads(run.metrics_path.read_text())["validation"]["scores"]
    assert scores["f1"] == pytest.approx(f1_score(frame["label"], scored >= 0.5))
    assert scores["accuracy"] == pytest.approx(accuracy_score(frame["label"], scored >= 0.5))


def test_history_has_the_best_epochs_loss_of_what_was_saved(trained, splits):
    history = trained[0].history()
    assert [line["epoch"] for line in history] == [1, 2, 3]
    expected = {"epoch", "loss", "accuracy", "seconds"} | {
        f"val_{name}" for name in ("loss", "accuracy", "f1", "weighted_f1")
    }
    assert all(line.keys() == expected for line in history)
    found = predictions(trained[0])
    loss = log_loss(found["label"], found["fake_probability"])
    assert loss == pytest.approx(min(line["val_loss"] for line in history), abs=1e-5)


def test_the_best_epoch_is_kept_though_the_epochs_end_before_the_patience(splits, tmp_path):
    """Keras' EarlyStopping leaves the last epoch's weights then."""
    nothing_counts = ["min_delta=100.0", "patience=9"]
    run = fit(splits.path, **SWIVEL, assignments=nothing_counts, root=tmp_path, floor=False)
    losses = [line["val_loss"] for line in run.history()]
    assert len(losses) == 3
    assert losses[0] != pytest.approx(losses[-1], abs=0.01)
    found = predictions(run)
    loss = log_loss(found["label"], found["fake_probability"])
    assert loss == pytest.approx(losses[0], abs=1e-5)


def test_a_gain_over_the_floor_is_said_or_denied(trained, splits):
    run, said = trained
    floor = run.config.floor
    assert (floor.arch, floor.part) == ("tfidf", "validation")
    assert said[-1] == wording.floor(floor)
    labels = splits.frame("validation")["label"]
    own = f1_score(labels, predictions(run)["fake_probability"] >= 0.5)
    assert floor.f1 + floor.difference == pytest.approx(own)


def test_the_floor_is_compared_at_the_classifiers_threshold(splits, tmp_path, monkeypatch):
    """As at evaluate; it was once taken to be one half."""
    given = []

    def compare(splits, part, scored, threshold, root):
        given.append((part, threshold, root))
        return Comparison(arch="tfidf", part=part, f1=0.5, difference=0.0, gain_shown=False)

    answers = setup._answers
    monkeypatch.setattr(setup, "_answers", lambda *given: {**answers(*given), "threshold": 0.25})
    monkeypatch.setattr(module.floors, "compare", compare)
    monkeypatch.setattr(module.wording, "floor", lambda compared: "compared")
    fit(splits.path, **SWIVEL | {"epochs": 1}, root=tmp_path)
    assert given == [("validation", 0.25, tmp_path)]


def test_what_is_said(trained):
    run, said = trained
    counted = f"{run.config.parameters.total:,}"
    assert said[0] == (f"Training swivel20-ft-1 on tiny: {counted} parameters, {counted} trainable")
    assert said[1].endswith("of the validation split's words are unknown to the model")
    assert [line[:11] for line in said[2:5]] == [f"epoch   {n}/3" for n in (1, 2, 3)]
    closing = closing_words(run)
    assert (
        "F1 of the fake class, 'fake', 7 of 14 texts of the validation split of tiny (label "
        "basis: crowd): 0."
    ) in closing
    assert "Always giving fake, the commoner class, would score F1 0.6667" in closing
    assert said[5].startswith("Stopped after epoch 3: all 3 are done (epochs=3). Kept: the weights")
    assert "The test split was not read." in closing


def test_a_fit_without_an_interval_says_so(trained, tmp_path):
    """A validation split of one group has none; the run is complete all the same."""
    run = Run(shutil.copytree(trained[0].path, tmp_path / "copy"))
    found = json.loads(run.metrics_path.read_text(encoding="utf-8"))
    found["validation"]["intervals"]["f1"] = None
    write_json(run.metrics_path, found)
    assert "(no interval: too few clusters of texts), accuracy" in closing_words(run)


@pytest.fixture(scope="module")
def warned(splits, tmp_path_factory):
    """Give the lines of a fit in float16 whose warm-up is longer than it."""
    said, assignments = [], ["optimizer=adam", "warmup_steps=500"]
    settings = {**SWIVEL, "epochs": 1, "precision": "mixed_float16", "assignments": assignments}
    root = tmp_path_factory.mktemp("warned")
    fit(splits.path, **settings, root=root, floor=False, say=said.append)
    return said


@pytest.fixture(scope="module")
def mixed(splits, tmp_path_factory):
    """Give a run trained in bfloat16, the lines it said, and how often its step was traced."""
    said, traced, root = [], [], tmp_path_factory.mktemp("mixed")
    changes = {"precision": "mixed_bfloat16", "epochs": 1}
    step = AccumulatingModel.train_step

    def noted(model, data):
        traced.append(data)
        return step(model, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AccumulatingModel, "train_step", noted)
        run = fit(splits.path, **SWIVEL | changes, root=root, floor=False, say=said.append)
    return run, said, len(traced)


def test_a_step_is_traced_once(mixed):
    """It was traced twice, as the optimizer's variables were made in the first step."""
    assert mixed[2] == 1


def test_float16_without_a_gpu_is_said_to_be_slow(warned, mixed):
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("a GPU computes float16")
    assert any("float16 in software" in line for line in warned)
    assert not any("float16 in software" in line for line in mixed[1])


def test_a_warm_up_longer_than_the_fit_is_said(warned):
    (line,) = [line for line in warned if line.startswith("Warm-up")]
    assert line.startswith("Warm-up takes 500 updates and the whole fit at most ")
    assert "set warmup_steps=N" in line


# Seeds and precision


def test_a_seed_gives_the_same_predictions_again_and_another_does_not(trained, splits, tmp_path):
    again, other = (
        fit(splits.path, **SWIVEL, seed=seed, root=tmp_path, floor=False) for seed in (0, 1)
    )
    assert (again.name, other.name) == ("swivel20-ft-1", "swivel20-ft-2")
    assert again.config.floor is None
    expected = predictions(trained[0])["fake_probability"]
    np.testing.assert_allclose(predictions(again)["fake_probability"], expected, atol=1e-6)
    assert np.abs(predictions(other)["fake_probability"] - expected).max() > 1e-3


def test_a_run_trained_in_mixed_precision_is_saved_in_float32(mixed):
    run = mixed[0]
    assert run.config.precision == "mixed_bfloat16"
    assert load(run.path).dtype_policy.name == "float32"
    assert "bfloat16" not in (run.model_dir / "task.json").read_text()
    kinds = set()
    for path in run.model_dir.glob("*.weights.h5"):
        with h5py.File(path) as file:
            file.visititems(lambda _, item: kinds.add(str(getattr(item, "dtype", "float32"))))
    assert kinds <= {"float32", "int64", "uint32"}  # whole numbers are dropout's seeds


def test_a_frozen_module_stays_as_it_was(splits, tmp_path):
    words, vectors = ["the", "town", "council"], np.eye(3, dtype="float32")
    folder = build_module(words, vectors, tmp_path / "module", normalise="words")
    changes = {"weights": str(folder), "epochs": 1}
    run = fit(splits.path, **SWIVEL | changes, root=tmp_path / "runs", floor=False)
    assert run.name == "swivel20-frozen-1"
    table = load(run.path).backbone.token_embedding.table.numpy()
    np.testing.assert_array_equal(table[:3], vectors)
    counted = run.config.parameters
    assert counted.total - counted.trainable == table.size == 12
    assert run.config.weights.handle == str(folder)
    assert len(run.config.weights.digest) == 64


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_fine_tuned_table_has_moments_for_the_training_words_alone(
    splits, tmp_path, monkeypatch, precision
):
    made, make = [], optimizers.make
    monkeypatch.setattr(optimizers, "make", lambda *given: made.append(make(*given)) or made[0])
    words = ["the", *(f"unheard{number}" for number in range(50))]
    vectors = np.random.default_rng(0).normal(size=(len(words), 3))
    folder = build_module(words, vectors, tmp_path / "module", normalise="words")
    changes = {"weights": str(folder), "trainable": True, "epochs": 1, "precision": precision}
    fit(splits.path, **SWIVEL | changes, root=tmp_path / "runs", floor=False)
    assert made[0]._momentums[0].shape == (2, 3)  # "the" and the row of unknown words


# What is refused


def test_a_dry_run_says_all_and_writes_nothing(splits, tmp_path):
    said = []
    answer = fit(splits.path, **SWIVEL, root=tmp_path / "runs", dry_run=True, say=said.append)
    assert answer is None
    (text,) = said
    shown = json.loads(text)
    assert shown["recipe"]["learning_rate"] == SWIVEL["learning_rate"]
    assert shown["parameters"]["total"] > 0
    assert list(tmp_path.iterdir()) == []


def test_a_taken_name_is_refused(solved, splits, root):
    before = (solved.path / "metrics.json").read_bytes()
    with pytest.raises(RunError, match="'tfidf-1' exists"):
        fit(splits.path, name="tfidf-1", root=root)
    assert (solved.path / "metrics.json").read_bytes() == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"arch": "swivel"}, r"No architecture 'swivel'\. Did you mean 'swivel20'\?"),
        ({"assignments": ["epoch=1"]}, "Unknown setting 'epoch'"),
        ({"name": "a/b"}, "A run's name may hold"),
        ({"data": None}, "fit needs a folder of splits"),
        ({"resume": "tfidf-1"}, r"goes on with the configuration .* Received besides: data\."),
        ({"resume": "tfidf-1", "data": None, "dry_run": True}, "besides: dry_run"),
        ({"resume": "tfidf-1", "data": None, "arch": "swivel20"}, "besides: arch"),
        ({"resume": "tfidf-1", "data": None, "assignments": ["epochs=1"]}, "besides: epochs=1"),
    ],
)
def test_what_cannot_be_carried_out_leaves_nothing(splits, tmp_path, given, message):
    with pytest.raises(UsageError, match=message):
        fit(**{"data": splits.path, **given}, root=tmp_path / "runs")
    assert not any(tmp_path.rglob("config.json"))


def test_a_fit_that_fails_leaves_a_run_that_is_not_complete(splits, tmp_path, monkeypatch):
    def fail(*arguments):
        raise OSError("disk full")

    monkeypatch.setattr(keeping, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        fit(splits.path, root=tmp_path)
    with pytest.raises(RunError, match="its state is 'training'"):
        Run.open("tfidf-1", tmp_path)


# Once more on train and validation


def test_a_solved_row_is_solved_again_on_both_splits(splits, solved, root):
    said = []
    run = fit(splits.path, root=root, refit=True, say=said.append)
    assert run.config.refit_epochs == 0
    assert any("Training once more on the 84 texts of train and validation;" in s for s in said)
    frames = [splits.frame(part) for part in ("train", "validation")]
    both = pd.concat(frames)
    vectorizer, solution = solve(Material(both["combined_text"], both["label"]), run.config.recipe)
    expected = solution.predict_proba(vectorizer.transform(both["combined_text"]))[:, 1]
    found = load(run.path).probabilities(both["combined_text"].tolist())
    np.testing.assert_allclose(found, expected, atol=1e-5)
    # The scores are of the model that validation has judged.
    assert run.scores().validation == solved.scores().validation
    assert "before it was trained once more" in closing_words(run)


def test_a_trained_row_is_trained_again_for_its_best_epochs(splits, trained, root):
    said = []
    run = fit(splits.path, **SWIVEL, root=root, refit=True, say=said.append)
    first, _ = trained
    assert run.config.refit_epochs == 3
    assert run.config.digests == digests(run.model_dir)
    assert any("of train and validation for 3 epochs;" in line for line in said)
    assert run.scores().validation.scores == first.scores().validation.scores
    texts = splits.frame("validation")["combined_text"].tolist()
    assert not np.allclose(
        load(run.path).probabilities(texts), predictions(run)["fake_probability"]
    )
    assert load(run.path).threshold == load(first.path).threshold
