"""Exports of small runs, read back by TensorFlow's own loader in processes without tfnews."""

import errno
import getpass
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import tfnews
from tests import tiny
from tfnews.cli import INTERRUPTED, main
from tfnews.data.splits import open_splits
from tfnews.errors import ExportError
from tfnews.export import parity, warmup
from tfnews.export.repository import Labels, Model
from tfnews.export.snippets import classify
from tfnews.runs import Run
from tfnews.training.fit import fit

READ = """
import json, sys
import tensorflow as tf
folders, texts = json.loads(sys.stdin.read())
answers = []
for folder in folders:
    found = tf.saved_model.load(folder).signatures["serving_default"](text=tf.constant(texts))
    answers.append([found["fake_probability"].numpy().tolist(),
                    [word.decode() for word in found["outcome"].numpy()]])
assert "tfnews" not in sys.modules and "tensorflow_text" not in sys.modules
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Give two runs on the same splits: TF-IDF, and an embedding with a vocabulary it learnt."""
    splits = tiny.splits(tmp_path_factory.mktemp("splits"), label_basis="crowd")
    root = tmp_path_factory.mktemp("runs")
    tfidf = fit(splits.path, root=root)
    fit(splits.path, arch="swivel20", root=root, name="scratch", **tiny_swivel())
    return tfidf.path.parent


@pytest.fixture(scope="module")
def news(runs, tmp_path_factory):
    """Give a repository with both runs under one name, and what was said of the first."""
    place, said = tmp_path_factory.mktemp("exports"), []
    (first,) = tfnews.export("tfidf-1", to=place, name="news", root=runs, say=said.append)
    (second,) = tfnews.export("scratch", to=place, name="news", root=runs)
    return place, first, second, said


def tiny_swivel():
    options = dict(tiny.SWIVEL, epochs=1)
    rate = options.pop("learning_rate")
    return {**options, "learning_rate": rate, "floor": False}


def read(folders, texts):
    done = subprocess.run(
        [sys.executable, "-c", READ],
        input=json.dumps([list(map(str, folders)), texts]),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def texts_of(runs, part):
    return open_splits(Run.open("tfidf-1", runs).config.splits.path).frame(part)["combined_text"]


def test_a_second_run_is_the_next_version_and_both_answer_as_their_runs(runs, news):
    place, first, second, said = news
    assert (first.path, second.path) == (place / "news" / "1", place / "news" / "2")
    assert first.bytes == sum(p.stat().st_size for p in first.path.rglob("*") if p.is_file())
    texts = ["", *texts_of(runs, "validation")]
    run = tfnews.load("tfidf-1", runs)
    model = Model(place, "news")
    assert model.roll_back().loaded == [1]
    back = model.path / str(model.labels().stable)
    (probabilities, outcomes), others, again = read([first.path, second.path, back], texts)
    np.testing.assert_allclose(probabilities, run.probabilities(texts), atol=1e-6)
    assert outcomes[0] == "not_scored"
    expected = ["not_scored" if run.guards.reason(text) else "scored" for text in texts]
    assert outcomes == expected
    assert others[0] != probabilities
    assert again[0] == probabilities
    assert model.versions() == [1, 2]
    assert any("Conversion: " in line for line in said)
    assert any("Device: 0 of" in line for line in said)


def test_what_was_measured_stands_beside_the_model(news):
    done = news[1]
    found = json.loads((done.path / "parity.json").read_text())
    assert found == done.parity
    assert found["conversion"]["largest"] <= found["conversion"]["limit"] == 1e-5
    assert found["device"]["f1"]["before"] == found["device"]["f1"]["after"]
    assert found["guards"]["otherwise_than_the_run"] == []
    assert found["operations_beyond_the_runtime"] == []
    assert any("for which reason" in one for one in found["runtime_leaves_out"])
    card = (done.path / "README.md").read_text()
    for words in (
        "not a verdict",
        "Licences",
        "serving\\_default",
        "not run in TensorFlow Serving",
    ):
        assert words in card
    assert "labels/stable:predict" in card


def test_no_training_text_leaves(runs, tmp_path):
    """Neither whole, nor as a word of few texts."""
    (done,) = tfnews.export("scratch", to=tmp_path, root=runs, min_document_frequency=5, max_drop=1)
    dropped = done.parity["rare_words"]
    assert dropped["learnt"]
    training = [text.lower() for text in texts_of(runs, "train")]
    words = [set(re.findall(r"\w+", text)) for text in training]
    run = tfnews.load("scratch", runs)
    vocabulary = run.preprocessor.tokenizer.get_vocabulary()
    rare = [word for word in vocabulary if sum(word in found for found in words) < 5]
    assert dropped["dropped"] == len(rare) > 0
    files = [path for path in done.path.rglob("*") if path.is_file()]
    content = b"".join(path.read_bytes() for path in files if path.name != warmup.FILE.name)
    assert not [text for text in training if text[:60].encode() in content.lower()]
    kept = " ".join(set(vocabulary) - set(rare))
    telling = [word for word in rare if len(word) > 6 and word not in kept]
    assert telling
    assert not [word for word in telling if word.encode() in content]
    (whole,) = tfnews.export("scratch", to=tmp_path, root=runs, min_document_frequency=1)
    assert whole.parity["rare_words"]["dropped"] == 0
    assert whole.parity["device"]["largest"] <= 1e-5


def test_splits_that_are_gone_are_said_or_needed(runs, tmp_path):
    shutil.copytree(runs / "tfidf-1", tmp_path / "tfidf-1")
    run = Run.open("tfidf-1", tmp_path)
    run.update(splits=tiny.config().splits)
    with pytest.raises(ExportError, match=r"training texts cannot be read.*frequency 1"):
        tfnews.export(run, to=tmp_path / "exports")
    said = []
    (done,) = tfnews.export(run, to=tmp_path / "exports", min_document_frequency=1, say=said.append)
    assert any("was not measured" in line for line in said)
    assert done.parity["asked"]["validation_rows"] == 0
    assert done.parity["device"]["f1"] is None


def test_warm_up_is_made_of_made_up_texts(news):
    logs = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    done = news[1]
    serve = tf.saved_model.load(str(done.path)).signatures["serving_default"]
    sizes = []
    for record in tf.data.TFRecordDataset(str(done.path / warmup.FILE)):
        request = logs.PredictionLog.FromString(record.numpy()).predict_log.request
        assert (request.model_spec.name, request.model_spec.signature_name) == (
            "news",
            "serving_default",
        )
        texts = tf.make_ndarray(request.inputs["text"])
        assert all(b"Arvel" in text for text in texts)
        sizes.append(len(serve(text=tf.constant(texts))["label"]))
    assert sizes == [1, 8, 64]


def test_without_the_message_classes_it_is_said_how_to_get_them(runs, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    said = []
    (done,) = tfnews.export("tfidf-1", to=tmp_path, root=runs, say=said.append)
    assert warmup.MISSING in said
    assert not (done.path / warmup.FILE).exists()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (
            tf.errors.ResourceExhaustedError(None, None, "/x/part; disk is full [Op:SaveV2]\nat"),
            ": disk is full. ",
        ),
    ],
)
def test_a_full_disk_is_one_line_and_leaves_nothing(runs, tmp_path, monkeypatch, error, said):
    def full(module, folder, signatures):
        tf.io.gfile.makedirs(folder)
        raise error

    monkeypatch.setattr(tf.saved_model, "save", full)
    with pytest.raises(ExportError) as raised:
        tfnews.export("tfidf-1", to=tmp_path / "exports", root=runs)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "exports").exists()


def test_a_file_that_answers_otherwise_is_not_kept(runs, tmp_path, monkeypatch):
    from tfnews.export import savedmodel

    monkeypatch.setattr(
        savedmodel.SavedModel, "answers_ids", lambda self, ids: np.zeros(ids.nrows())
    )
    with pytest.raises(ExportError, match="answers otherwise than the model it was made from"):
        tfnews.export("tfidf-1", to=tmp_path / "exports", root=runs)
    assert not (tmp_path / "exports").exists()


# All targets, or none


def refuse(target):
    def check(found, quantize, max_drop, of, remedy):
        if of == target:
            raise ExportError("No.")

    return check


def test_where_one_target_is_refused_none_is_written(runs, tmp_path, monkeypatch):
    """The served one was written first, and stayed."""
    monkeypatch.setattr(parity, "check", refuse("tflite"))
    with pytest.raises(ExportError, match=r"No\. Of savedmodel, tflite none was written"):
        tfnews.export("tfidf-1", "all", to=tmp_path / "exports", root=runs)
    assert not (tmp_path / "exports").exists()


def test_what_was_moved_is_taken_back_where_the_server_cannot_be_told(runs, tmp_path, monkeypatch):
    def full(self, labels):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Model, "_label", full)
    with pytest.raises(ExportError, match=r"Nothing was written to .*: No space left"):
        tfnews.export("tfidf-1", "all", to=tmp_path / "exports", root=runs)
    assert not list((tmp_path / "exports").glob("*/*"))


def test_a_file_that_is_off_by_too_much_is_refused_with_what_works(runs, tmp_path, monkeypatch):
    """Try the finer ones, and say what came of each: a user must not guess."""
    monkeypatch.setattr(parity, "LIMITS", {"none": 1e-5, "float16": -1.0, "dynamic": -1.0})
    with pytest.raises(ExportError) as raised:
        tfnews.export("scratch", "tflite", quantize="dynamic", to=tmp_path / "exports", root=runs)
    said = str(raised.value)
    assert re.search(r"--quantize float16 does not: \S+ off, where -1 is allowed", said)
    assert re.search(r"--quantize none works: \S+ off, where 1e-05 is allowed, 0\.\d MB\.", said)
    assert not (tmp_path / "exports").exists()


# The command


def run_command(*arguments):
    from click.testing import CliRunner

    return CliRunner().invoke(main, ["export", *map(str, arguments)])


@pytest.fixture
def root(runs, monkeypatch):
    monkeypatch.setenv("TFNEWS_SAVED_MODELS", str(runs))


def test_the_command_writes_lists_promotes_and_rolls_back(root, news, tmp_path):
    shutil.copytree(news[1].path, tmp_path / "news" / "1")
    Model(tmp_path, "news")._label(Labels(1, 1))
    result = run_command("tfidf-1", "--to", tmp_path, "--name", "news")
    assert result.exit_code == 0, result.output
    assert f"{tmp_path}/news/2: " in result.stdout
    assert "curl -d" in result.stdout
    assert "labels/canary:predict" in result.stdout  # labels/stable would ask version 1
    assert result.stdout.splitlines()[-1] == f"Next: cd {tmp_path} && docker compose up"
    listed = run_command("--list", "--to", tmp_path).stdout.splitlines()
    assert listed[0] == f"news in {tmp_path}:"
    assert re.fullmatch(r"  1: run tfidf-1, \S+, \d+\.\d\d MB, stable", listed[1])
    assert listed[2].endswith(" MB, canary")
    assert "version 2 is stable." in run_command("news", "--promote", "--to", tmp_path).stdout
    result = run_command("--rollback", "--name", "news", "--to", tmp_path)
    assert "news: version 1 is stable." in result.stdout
    assert result.exit_code == 0


def test_sigterm_leaves_nothing_of_a_model_that_is_written(root, tmp_path, monkeypatch, terminable):
    save = tf.saved_model.save

    def ended(*given, **options):
        save(*given, **options)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(tf.saved_model, "save", ended)
    result = run_command("tfidf-1", "--to", tmp_path / "exports")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (130, INTERRUPTED)
    assert not (tmp_path / "exports").exists()


def test_where_no_server_is_meant_no_server_is_asked(root, tmp_path):
    result = run_command("tfidf-1", "--target", "tflite", "--to", tmp_path)
    assert result.exit_code == 0, result.output
    assert "curl" not in result.stdout
    program = tmp_path / "tfidf-1-tflite" / "1" / "classify.py"
    assert result.stdout.splitlines()[-1].startswith(f"Next: python {program} ")


def test_what_cannot_be_had_is_said_before_the_run_is_asked(root, tmp_path):
    """A transformer's answers to a split take minutes, and then the length was refused."""
    result = run_command("tfidf-1", "--target", "tflite", "--vocabulary", 5, "--to", tmp_path / "x")
    assert result.exit_code == 6
    assert "this run has neither" in result.stderr
    assert result.stdout == ""
    assert not (tmp_path / "x").exists()


def test_a_models_name_is_no_path(tmp_path):
    result = run_command("../b/news", "--promote", "--to", tmp_path)
    assert result.exit_code == 2
    assert "Received: '../b/news'" in result.stderr


def test_nothing_to_list_is_said(tmp_path):
    result = run_command("--list", "--to", tmp_path / "none")
    assert (result.exit_code, result.stdout) == (0, f"No exports in {tmp_path / 'none'}.\n")


def test_nothing_that_is_passed_on_names_this_machine_or_its_folders(runs, news, tmp_path_factory):
    """Cards, configurations and event files once told where they were made, and by whom."""
    for name in ("tfidf-1", "scratch"):
        tfnews.evaluate(name, root=runs)
    private = [str(tmp_path_factory.getbasetemp()), str(Path(tfnews.__file__).parent)]
    private += [str(Path.home())] * (Path.home() != Path.home().parent)
    private += [one for one in (socket.gethostname(), getpass.getuser()) if len(one) > 7]
    files = [path for place in (runs, news[0]) for path in place.rglob("*") if path.is_file()]
    assert any("tfevents" in path.name for path in files)
    for path in files:
        assert f".{socket.gethostname()}." not in path.name
        content = path.read_bytes()
        assert [one for one in private if one.encode() in content] == [], path.name


def test_a_calibrated_run_answers_so_wherever_it_is_exported(runs, tmp_path):
    """A line with bends, a threshold and a band: in the graph, in the file, and beside both."""
    shutil.copytree(runs / "tfidf-1", tmp_path / "bent")
    run = Run.open(tmp_path / "bent")
    knots = [[-0.4, 3.0], [0.0, -4.5], [0.5, 2.0]]
    chosen = {"temperature": 0.4, "bias": 0.3, "knots": knots, "threshold": 0.6}
    band = {"low": 0.3, "high": 0.7, "coverage": 0.9}
    run.configure_classifier(**chosen, band=band)
    served, device = (
        tfnews.export(run, target, to=tmp_path / "exports", min_document_frequency=1)[0]
        for target in ("savedmodel", "tflite")
    )
    for one in (served, device):
        assert one.parity["conversion"]["largest"] <= 1e-5
        assert (one.parity["page"]["threshold"], one.parity["page"]["band"]) == (0.6, [0.3, 0.7])
        assert "From 0.300 to 0.700 no class is called" in (one.path / "README.md").read_text()
    texts = texts_of(runs, "train").tolist()
    answers = list(tfnews.predict(run, texts))
    outcomes = [answer.outcome for answer in answers]
    assert set(outcomes) == {"scored", "unsure"}
    graph = tf.saved_model.load(str(served.path)).signatures["serving_default"]
    told = graph(text=tf.constant(texts))
    assert [outcome.decode() for outcome in told["outcome"].numpy()] == outcomes
    reference = classify.Classifier(device.path)
    for text, answer in list(zip(texts, answers, strict=True))[:20]:
        found = reference.answer(text)
        assert found["fake_probability"] == pytest.approx(answer.fake_probability, abs=1e-5)
        assert found["reason"] == answer.reason
        assert (found["label"] is None) == (answer.label is None)
