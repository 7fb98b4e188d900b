"""Targets of the fuzzing that start TensorFlow: checkpoints, tokenizers, modules, models, texts."""

import functools
import gzip
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from tfnews.errors import RunError, TfnewsError, WeightsError
from tools import fuzz_changes as changes
from tools.fuzz_tables import MEMORY, Target
from tools.fuzz_texts import TEXTS, alike, check_probabilities

FIXTURES = Path(__file__).parents[1] / "tests" / "models" / "fixtures"


def hugging_face(folder: Path, data: bytes, *, name: str) -> None:
    """Read a Hugging Face folder of which one file is the input.

    An encoder is built once for each way that configurations ask for one: building takes 140 ms,
    and reading into one that has been read into before is all that the input has a part in.
    """
    from tfnews.models.transformer import checkpoint

    for file in ("config.json", "model.safetensors", "vocab.txt"):
        if file != name:
            os.symlink(FIXTURES / "bert" / file, folder / file)
    (folder / name).write_bytes(data)
    with mock.patch.object(checkpoint, "build_encoder", _encoder):
        checkpoint.read_checkpoint(folder)


def _encoder(kind: str, sizes: dict, *others: object) -> object:
    return _built(kind, tuple(sizes.items()), *others)


@functools.lru_cache(maxsize=50)
def _built(kind: str, sizes: tuple, *others: object) -> object:
    from tfnews.models.transformer.encoders import build_encoder

    return build_encoder(kind, dict(sizes), *others)


def fixture(name: str) -> list[bytes]:
    """Return a file of the recorded BERT."""
    return [(FIXTURES / "bert" / name).read_bytes()]


def tokenizer(folder: Path, data: bytes, *, name: str) -> None:
    """Read a vocabulary, and tokenise by it: one text alone as all together."""
    from tfnews.models.transformer.vocabularies import lower_cases, read_tokenizer

    (folder / name).write_bytes(data)
    made = read_tokenizer(folder / name, lower_cases(folder / name))
    alike(made, made.vocabulary_size(), TEXTS[1:3] + TEXTS[4:], data)


def vocabulary(folder: Path, data: bytes, *, name: str) -> None:
    """Read a vocabulary; tensorflow-text makes nothing of its words, which takes 60 ms."""
    from tfnews.models.text import wordpiece
    from tfnews.models.transformer.vocabularies import lower_cases, read_tokenizer, size

    (folder / name).write_bytes(data)
    with mock.patch.object(wordpiece, "_tokenizer"):
        made = read_tokenizer(folder / name, lower_cases(folder / name))
    if made.vocabulary_size() != size(folder / name):
        raise AssertionError(f"{made.vocabulary_size()} entries of {size(folder / name)}")


def words() -> list[bytes]:
    """Return a WordPiece vocabulary, a word a line."""
    found = gzip.decompress((FIXTURES / "wordpiece_vocabulary.txt.gz").read_bytes()).split(b"\n")
    special = [b"[PAD]", b"[UNK]", b"[CLS]", b"[SEP]"]
    return [b"\n".join(special + [one for one in found if one not in special][:200])]


def tokenizer_json() -> list[bytes]:
    """Write vocabularies of both kinds as the tokenizers library does."""
    ids = {word: number for number, word in enumerate(words()[0].decode().splitlines())}
    bert = {
        "normalizer": {"type": "BertNormalizer", "lowercase": True, "strip_accents": None},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": ids},
    }
    names = ["<pad>", "<unk>", "[CLS]", "[SEP]"]
    pieces = [[name, 0.0] for name in names] + [["\u2581the", -2.0], ["\u2581", -3.0], ["e", -4.5]]
    unigram = {
        "added_tokens": [{"content": name, "special": True} for name in names],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [{"type": "NFKD"}, {"type": "Lowercase"}],
        },
        "model": {"type": "Unigram", "unk_id": 1, "vocab": pieces},
    }
    return [json.dumps(one).encode() for one in (bert, unigram)]


@functools.cache
def pieces() -> list[bytes]:
    """Learn a small SentencePiece model, whose map of characters is the published one."""
    from tfnews.models.text.pieces import learn_piece_model

    return [learn_piece_model(["the vote now, the moon then", "a b c"], 40)]


def _piece_model() -> type:
    try:  # names all the fields, and runs beside a new protobuf alone
        from sentencepiece.sentencepiece_model_pb2 import ModelProto
    except Exception:
        from tfnews.models.text.piece_model import ModelProto
    return ModelProto


def _saved_model() -> type:
    from tensorflow.core.protobuf import saved_model_pb2

    return saved_model_pb2.SavedModel


@functools.cache
def _module() -> Path:
    """Write a module in the published layout once; the process's end removes it."""
    from tests.models.hostile import Layout, save

    folder = tempfile.TemporaryDirectory(dir=MEMORY)
    _module.kept = folder
    return save(Layout, Path(folder.name))


def modules() -> list[bytes]:
    """Return the graph of a module."""
    return [(_module() / "saved_model.pb").read_bytes()]


def graph(folder: Path, data: bytes) -> None:
    """Read a graph, and look in another way whether what has no fault can reach out."""
    from tfnews.models.graph import check_graph

    (folder / "saved_model.pb").write_bytes(data)
    check_graph(folder)
    _only_allowed(data)


def _only_allowed(data: bytes) -> None:
    from tfnews.models.graph_ops import ALLOWED, SAVING

    (meta,) = _saved_model().FromString(data).meta_graphs
    functions = {one.signature.name for one in meta.graph_def.library.function}
    nodes = [*meta.graph_def.node]
    for function in meta.graph_def.library.function:
        nodes += function.node_def
    if beyond := {node.op for node in nodes} - ALLOWED - SAVING - functions:
        raise AssertionError(f"let through: {sorted(beyond)}")
    if any(".." in asset.filename or "/" in asset.filename[:1] for asset in meta.asset_file_def):
        raise AssertionError("an asset from elsewhere was let through")


def module(folder: Path, data: bytes) -> None:
    """Open a module whose graph is the input."""
    from tfnews.models.embedding.module import read_module

    _beside(_module(), folder / "module", "saved_model.pb", data)
    read_module(folder / "module")


def _beside(made: Path, folder: Path, name: str, data: bytes) -> None:
    """Make a folder of links to the files of another, of which one is the input instead."""
    shutil.copytree(made, folder, ignore=shutil.ignore_patterns(name), copy_function=os.link)
    (folder / name).write_bytes(data)


@functools.cache
def _model() -> Path:
    """Save a small classifier once; the process's end removes it."""
    from tests.models.reduced import small

    folder = tempfile.TemporaryDirectory(dir=MEMORY)
    _model.kept = folder
    small("tfidf").save_to_preset(str(Path(folder.name, "model")))
    return Path(folder.name, "model")


def model(folder: Path, data: bytes, *, name: str) -> None:
    """Open a model of which one file is the input, and score a text, by operations untraced.

    Tracing, which a model is spared that answers one text, takes five times as long as the rest.
    """
    import tensorflow as tf

    import tfnews

    _beside(_model(), folder / "model", name, data)
    classifier = tfnews.load(folder / "model")
    tf.config.run_functions_eagerly(True)
    try:
        check_probabilities(classifier.probabilities(["the vote"]))
    finally:
        tf.config.run_functions_eagerly(False)


def model_read(folder: Path, data: bytes, *, name: str) -> None:
    """Open a model of which one file is the input, where Keras makes the same of any: 90 ms."""
    import keras_hub

    import tfnews

    _beside(_model(), folder / "model", name, data)
    kinds, made = keras_hub.models.TextClassifier, _opened()
    with mock.patch.object(kinds, "from_preset", return_value=made):
        tfnews.load(folder / "model")


@functools.cache
def _opened() -> object:
    import tfnews

    return tfnews.load(_model())


def model_file(name: str) -> list[bytes]:
    """Return a file of the model."""
    return [(_model() / name).read_bytes()]


def reported(folder: Path, data: bytes) -> None:
    """Write report and card of a run whose metrics.json is the input; figures take a second."""
    from tfnews.evaluation.publish import publish
    from tfnews.report import figures, screen
    from tfnews.runs import Run

    run, splits = _evaluated()
    _beside(run.path, folder / "run", "metrics.json", data)
    with mock.patch.object(figures, "draw_all", return_value={}):
        screen.summary(publish(Run(folder / "run"), splits, (0.05,)))


@functools.cache
def _evaluated() -> tuple:
    """Fit and evaluate a run once, on its own texts and on others; the process's end removes it."""
    from tests import tiny
    from tests.report.drift.test_drift import made as drifted
    from tests.report.sample import sliced
    from tests.report.stress.made import made as stressed
    from tests.report.trial.test_trial import trial
    from tfnews.evaluation.evaluate import evaluate
    from tfnews.training.fit import fit

    folder = tempfile.TemporaryDirectory(dir=MEMORY)
    _evaluated.kept = folder
    home, away = (tiny.splits(Path(folder.name, name), seed=seed) for seed, name in enumerate("ab"))
    run = fit(home.path, "tfidf", root=Path(folder.name, "runs"))
    evaluate(run, [away.path])
    evaluate(run)
    facts = {"slices": sliced(), "drift": drifted(), "stress": stressed()}
    run.update_scores(**facts, trials=(trial().without_articles(),))
    return run, home


def measured() -> list[bytes]:
    """Return the metrics.json of an evaluated run."""
    return [_evaluated()[0].metrics_path.read_bytes()]


def state(folder: Path, data: bytes) -> None:
    """Read the arrays of a fit's checkpoint into variables."""
    from tfnews.training import arrays

    (folder / "step.npz").write_bytes(data)
    try:
        arrays.shapes(folder / "step.npz")
        arrays.load(folder / "step.npz", _variables())
    except arrays.UNREADABLE as error:  # which a fit says and goes on
        raise TfnewsError(error) from error


@functools.cache
def _variables() -> dict:
    import keras

    return {"variable/0": keras.Variable([[0.0] * 3] * 2), "variable/1": keras.Variable([0.0])}


def states() -> list[bytes]:
    """Write arrays as a fit does."""
    import numpy as np

    from tfnews.training import arrays

    values = {"variable/0": np.ones((2, 3), "f4"), "variable/1": np.ones(1, "f4")}
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        arrays.write(Path(folder, "step.npz"), values)
        return [Path(folder, "step.npz").read_bytes()]


def _vocabularies(name: str, seeds: Callable, change: changes.Change) -> dict[str, Target]:
    """Return a target of what reads a vocabulary, and one of what tokenises by it too."""
    checks = {name: vocabulary, f"{name}, tokenised": tokenizer}
    return {
        called: Target(functools.partial(check, name=name), seeds, change, WeightsError)
        for called, check in checks.items()
    }


def _models(name: str, file: str, change: changes.Change) -> dict[str, Target]:
    """Return a target of what reads a file of a model, and one of what makes the model too."""
    seeds = functools.partial(model_file, file)
    return {
        called: Target(functools.partial(check, name=file), seeds, change, RunError)
        for called, check in {name: model_read, f"{name}, scored": model}.items()
    }


TARGETS = {
    "config.json of a checkpoint": Target(
        functools.partial(hugging_face, name="config.json"),
        lambda: fixture("config.json"),
        changes.json_values,
        WeightsError,
    ),
    "safetensors": Target(
        functools.partial(hugging_face, name="model.safetensors"),
        lambda: fixture("model.safetensors"),
        changes.safetensors,
        WeightsError,
    ),
    **_vocabularies("vocab.txt", words, changes.lines),
    **_vocabularies("tokenizer.json", tokenizer_json, changes.json_values),
    "SentencePiece": Target(
        functools.partial(tokenizer, name="spiece.model"),
        pieces,
        changes.message(_piece_model),
        WeightsError,
    ),
    "graph of a module": Target(graph, modules, changes.message(_saved_model), WeightsError),
    "module": Target(module, modules, changes.message(_saved_model), WeightsError),
    **_models("config.json of a model", "config.json", changes.json_values),
    **_models("task.json", "task.json", changes.json_values),
    **_models("weights of a model", "task.weights.h5", changes.anywhere),
    "metrics.json, reported": Target(reported, measured, changes.json_values, RunError),
    "state of a fit": Target(state, states, changes.zipped(".npy", changes.anywhere)),
}
