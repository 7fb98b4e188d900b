"""Targets of the fuzzing that start TensorFlow: checkpoints, tokenizers, modules, models, texts."""

import functools
import gzip
import json
import os
import shutil
import tempfile
from pathlib import Path

from tfnews.errors import TfnewsError
from tools import fuzz_changes as changes
from tools.fuzz_tables import Target

FIXTURES = Path(__file__).parents[1] / "tests" / "models" / "fixtures"
TEXTS = (
    "",
    "the vote now",
    "council of arvel approves harbour budget after long debate",
    "SHOCKING truth about the brask water, share before it is deleted",
    "\u201cquoted\u201d caf\u00e9 \ufb01 \u00df \u0130 \u03a3",
    "\u6e2f\u53e3 \u0627\u0644 e\u0301\u200b\u2028x",
    "a\u0000b\t\r\u000b\u0085 \U0001f319",
)


def checkpoint(folder: Path, data: bytes, *, name: str) -> None:
    """Read a Hugging Face folder of which one file is the input."""
    from tfnews.models.transformer.checkpoint import read_checkpoint

    for file in ("config.json", "model.safetensors", "vocab.txt"):
        if file != name:
            os.symlink(FIXTURES / "bert" / file, folder / file)
    (folder / name).write_bytes(data)
    read_checkpoint(folder)


def fixture(name: str) -> list[bytes]:
    """Return a file of the recorded BERT."""
    return [(FIXTURES / "bert" / name).read_bytes()]


def tokenizer(folder: Path, data: bytes, *, name: str) -> None:
    """Read a vocabulary, and tokenise by it: texts alone as together."""
    from tfnews.models.transformer.vocabularies import lower_cases, read_tokenizer

    (folder / name).write_bytes(data)
    made = read_tokenizer(folder / name, lower_cases(folder / name))
    _alike(made, made.vocabulary_size(), TEXTS[1:3] + TEXTS[4:])


def _alike(tokenize: object, size: int, texts: list[str]) -> None:
    """Compare ids of texts alone with those of all together."""
    import tensorflow as tf

    together = tokenize(tf.constant(texts)).to_list()
    alone = [tokenize(tf.constant([text])).to_list()[0] for text in texts]
    if together != alone:
        raise AssertionError(f"together {together}, alone {alone}")
    if not all(0 <= id < size for ids in together for id in ids):
        raise AssertionError(f"an id beyond the {size} of the vocabulary")


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
    from tfnews.models.text.piece_model import ModelProto

    return ModelProto


def _saved_model() -> type:
    from tensorflow.core.protobuf import saved_model_pb2

    return saved_model_pb2.SavedModel


@functools.cache
def _module() -> Path:
    """Write a module in the published layout once; the process's end removes it."""
    from tests.models.hostile import Layout, save

    folder = tempfile.TemporaryDirectory()
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

    shutil.copytree(_module(), folder / "module")
    (folder / "module" / "saved_model.pb").write_bytes(data)
    read_module(folder / "module")


@functools.cache
def _model() -> Path:
    """Save a small classifier once; the process's end removes it."""
    from tests.models.reduced import small

    folder = tempfile.TemporaryDirectory()
    _model.kept = folder
    small("tfidf").save_to_preset(str(Path(folder.name, "model")))
    return Path(folder.name, "model")


def model(folder: Path, data: bytes, *, name: str) -> None:
    """Open a model of which one file is the input, and score a text."""
    import tfnews

    shutil.copytree(_model(), folder / "model")
    (folder / "model" / name).write_bytes(data)
    _check_probabilities(tfnews.load(folder / "model").probabilities(["the vote"]))


def model_file(name: str) -> list[bytes]:
    """Return a file of the model."""
    return [(_model() / name).read_bytes()]


def state(folder: Path, data: bytes) -> None:
    """Read the arrays of a fit's checkpoint into variables."""
    import keras

    from tfnews.training import arrays

    (folder / "step.npz").write_bytes(data)
    variables = {"variable/0": keras.Variable([[0.0] * 3] * 2), "variable/1": keras.Variable([0.0])}
    try:
        arrays.shapes(folder / "step.npz")
        arrays.load(folder / "step.npz", variables)
    except arrays.UNREADABLE as error:  # which a fit says and goes on
        raise TfnewsError(error) from error


def states() -> list[bytes]:
    """Write arrays as a fit does."""
    import numpy as np

    from tfnews.training import arrays

    values = {"variable/0": np.ones((2, 3), "f4"), "variable/1": np.ones(1, "f4")}
    with tempfile.TemporaryDirectory() as folder:
        arrays.write(Path(folder, "step.npz"), values)
        return [Path(folder, "step.npz").read_bytes()]


@functools.cache
def _classifier(arch: str) -> object:
    from tests.models.reduced import small

    return small(arch)


def _texts(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").split("\n")[:4]


def _check_probabilities(found: object) -> None:
    import numpy as np

    if not np.isfinite(found).all() or ((found < 0) | (found > 1)).any():
        raise AssertionError(f"no probability: {found}")


def scored(folder: Path, data: bytes) -> None:
    """Score texts: alone as together, all of them numbers."""
    import numpy as np

    classifier, texts = _classifier("swivel20"), _texts(data)
    together = classifier.probabilities(texts)
    _check_probabilities(together)
    alone = np.concatenate([classifier.probabilities([text]) for text in texts])
    if not np.allclose(together, alone, rtol=0, atol=1e-6):
        raise AssertionError(f"together {together}, alone {alone}")


def pooled(folder: Path, data: bytes) -> None:
    """Pool ids as NumPy does, in each of the ways that a bag has."""
    import numpy as np
    import tensorflow as tf

    bags, table = _bags()
    rows = [[byte % len(table) for byte in line] for line in data.split(b"\n")[-3:]]
    ids = tf.ragged.constant(rows, dtype=tf.int32, row_splits_dtype=tf.int64, ragged_rank=1)
    for bag in bags:
        root = 0.5 if bag.pooling == "sqrtn" else 1.0
        wanted = np.array([table[row].sum(axis=0) / max(1, len(row)) ** root for row in rows])
        for training in (False, True):
            if not np.allclose(bag(ids, training=training), wanted, atol=1e-4):
                raise AssertionError(f"{bag.pooling} of {rows}")
        longest = max(1, *map(len, rows))
        filled = tf.constant([row + [-1] * (longest - len(row)) for row in rows])
        alone = np.concatenate([bag.one_text(filled[n : n + 1]) for n in range(len(rows))])
        if not np.allclose(alone, wanted, atol=1e-4):
            raise AssertionError(f"{bag.pooling} of {rows}, alone")


@functools.cache
def _bags() -> tuple:
    import numpy as np

    from tfnews.models.embedding.bag import EmbeddingBag

    table = np.random.default_rng(0).normal(size=(200, 3)).astype("f4")
    bags = [EmbeddingBag(*table.shape, pooling=pooling) for pooling in ("sqrtn", "mean")]
    for bag in bags:
        bag.build((None, None))
        bag.table.assign(table)
    return bags, table


def guarded(folder: Path, data: bytes) -> None:
    """Hold the guards' graph against their reasons."""
    import tensorflow as tf

    texts = _texts(data)
    for guards, may_be_scored in _guards():
        allowed = may_be_scored(tf.constant(texts)).numpy().tolist()
        if allowed != [guards.reason(text) is None for text in texts]:
            raise AssertionError("the guards' graph and their reasons differ")


@functools.cache
def _guards() -> list:
    import tensorflow as tf

    from tests.models.reduced import TEXTS
    from tfnews.models.guard_ops import may_be_scored
    from tfnews.models.guards import Guards

    spaceless = ["\u6e2f\u53e3\u7684\u8239", "\u8239\u5728\u6e2f\u53e3"] * 9
    strings = [tf.TensorSpec([None], tf.string)]
    return [
        (guards, tf.function(functools.partial(may_be_scored, guards), input_signature=strings))
        for guards in (Guards.fit(TEXTS), Guards.fit(spaceless))
    ]


def tokenised(folder: Path, data: bytes) -> None:
    """Tokenise texts by each kind of tokenizer: alone as together."""
    for tokenize, size in _tokenizers():
        _alike(tokenize, size, _texts(data))


@functools.cache
def _tokenizers() -> list:
    import tensorflow as tf

    from tests.models.subword_fixture import piece_model, vocabulary
    from tfnews.models.text.pieces import PieceTokenizer
    from tfnews.models.text.wordpiece import WordPieceTokenizer

    made = [
        PieceTokenizer(piece_model()),
        WordPieceTokenizer(vocabulary()),
        WordPieceTokenizer(vocabulary(), lowercase=False, strip_accents=False),
    ]
    strings = [tf.TensorSpec([None], tf.string)]
    return [(tf.function(one, input_signature=strings), one.vocabulary_size()) for one in made]


def served(folder: Path, data: bytes) -> None:
    """Send a request to the REST server: its path in the first line, its body in the others."""
    import asyncio

    path, _, body = data.partition(b"\n")
    verb = "POST" if body else "GET"
    scope = {"type": "http", "method": verb, "raw_path": path, "path": "", "headers": []}
    sent: list[dict] = []

    unread = [{"type": "http.request", "body": body}]

    async def receive() -> dict:
        return unread.pop() if unread else await asyncio.Future()  # the client waits, and stays

    async def send(message: dict) -> None:
        sent.append(message)

    rest, loop = _server()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(rest(scope, receive, send))
    status, answer = sent[0]["status"], json.loads(sent[1]["body"])
    if status >= 500:
        raise AssertionError(f"{status}: {answer}")
    if status != 200:
        raise TfnewsError(answer["error"])


@functools.cache
def _server() -> tuple:
    import asyncio

    import tensorflow as tf

    from tests.serving import made
    from tfnews.serving.app import Rest

    loop = asyncio.new_event_loop()

    async def start() -> Rest:
        return Rest(
            made.models(
                half=made.half_plus_two(),
                upper=made.opened(lambda text: {"y": tf.strings.upper(text)}, "y"),
            )
        )

    return loop.run_until_complete(start()), loop


def requests() -> list[bytes]:
    """Write requests of a path and a body."""
    half, upper = b"/v1/models/half", b"/v1/models/upper"
    return [
        half + b':predict\n{"instances": [1.0, 2, -3.5]}',
        upper + b'/versions/1:predict\n{"inputs": ["a", {"b64": "YQ=="}]}',
        half + b':classify\n{"signature_name": "classify_x_to_y", "examples": [{"x": 1.5}]}',
        half + b"/metadata",
    ]


def _body(data: bytes, rng: object, change: changes.Blind) -> bytes:
    """Change the body of a request, its path seldom."""
    path, mark, body = data.partition(b"\n")
    if not mark or rng.random() < 0.1:
        return changes.anywhere(data, rng, change)
    return path + mark + changes.json_values(body, rng, change)


def _text_target(check: object) -> Target:
    return Target(check, lambda: ["\n".join(TEXTS).encode()], changes.anywhere)


TARGETS = {
    "config.json of a checkpoint": Target(
        functools.partial(checkpoint, name="config.json"),
        lambda: fixture("config.json"),
        changes.json_values,
    ),
    "safetensors": Target(
        functools.partial(checkpoint, name="model.safetensors"),
        lambda: fixture("model.safetensors"),
        changes.safetensors,
    ),
    "vocab.txt": Target(functools.partial(tokenizer, name="vocab.txt"), words, changes.lines),
    "tokenizer.json": Target(
        functools.partial(tokenizer, name="tokenizer.json"), tokenizer_json, changes.json_values
    ),
    "SentencePiece": Target(
        functools.partial(tokenizer, name="spiece.model"), pieces, changes.message(_piece_model)
    ),
    "graph of a module": Target(graph, modules, changes.message(_saved_model)),
    "module": Target(module, modules, changes.message(_saved_model)),
    "config.json of a model": Target(
        functools.partial(model, name="config.json"),
        lambda: model_file("config.json"),
        changes.json_values,
    ),
    "task.json": Target(
        functools.partial(model, name="task.json"),
        lambda: model_file("task.json"),
        changes.json_values,
    ),
    "weights of a model": Target(
        functools.partial(model, name="task.weights.h5"),
        lambda: model_file("task.weights.h5"),
        changes.anywhere,
    ),
    "state of a fit": Target(state, states, changes.zipped(".npy", changes.anywhere)),
    "texts": _text_target(scored),
    "pooling": _text_target(pooled),
    "guards": _text_target(guarded),
    "tokenizers": _text_target(tokenised),
    "REST server": Target(served, requests, _body),
}
