"""A BERT encoder of up to 512 tokens: fine-tuning and prediction, against its peers.

Both sides have the same weights, texts, batch size, optimizer and number of threads; tokenising is
counted on both. The peers are in benchmark_encoder_peers.py.
"""

import functools
import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path

from tools.benchmark_articles import sample
from tools.benchmark_race import Parity, Program, Race, Row

LENGTH, BATCH, RATE = 512, 16, 5e-5
_POLICIES = {"tfnews float32": "float32", "tfnews bfloat16": "mixed_bfloat16"}
_PEERS = "benchmark_encoder_peers"
_TORCH = ("torch", "transformers")
_FIXTURES = Path(__file__).resolve().parents[1] / "tests/models/fixtures"
_EXACT, _ROUGH = Parity("scores", 1e-4), Parity("scores", 5e-2)
_IN_8_BITS = Parity("scores", 0.5)  # answers move: what counts is what the column says

TRAINED = tuple(
    f"transformers {how} {precision}"
    for how in ("padded", "group_by_length")
    for precision in ("bfloat16", "float32")
)
PREDICTED = tuple(
    f"transformers {how} {precision}"
    for how in ("padded", "length-sorted")
    for precision in ("bfloat16", "float32")
)
ONNX, ONNX_8 = "ONNX Runtime float32", "ONNX Runtime 8-bit"
LITERT = "tfnews LiteRT"
_PREDICTION = "Prediction by MiniLM from raw text"


def _rows(what: str, peer: str, in_bfloat16: float | None, in_float32: float | None) -> list[Row]:
    """Return the rows of both our precisions against one peer, each with its target."""
    rows = []
    for ours, least in (("tfnews bfloat16", in_bfloat16), ("tfnews float32", in_float32)):
        exact = ours.endswith("float32") and peer.endswith("float32")
        parity = _EXACT if exact else _ROUGH
        rows.append(Row(what, ours, peer, at_least=least, parity=parity))
    return rows


def _against(what: str, peers: tuple[str, ...], least: tuple[float, float]) -> list[Row]:
    """Return the rows of padded and of length-sorted peers, whose targets are two."""
    return [
        row
        for number, peer in enumerate(peers)
        for row in _rows(what, peer, least[number // 2], None)
    ]


RACES = (
    Race(
        "training",
        (
            Program("benchmark_encoder:training", tuple(_POLICIES)),
            Program(f"{_PEERS}:training", TRAINED, _TORCH),
        ),
        tuple(_against("Fine-tuning MiniLM, 512 tokens", TRAINED, (6, 3.5))),
    ),
    Race(
        "prediction",
        (
            Program("benchmark_encoder:prediction", tuple(_POLICIES)),
            Program("benchmark_encoder:prediction", (LITERT,), ("ai_edge_litert",)),
            Program(f"{_PEERS}:prediction", PREDICTED, _TORCH),
            Program(f"{_PEERS}:onnx", (ONNX, ONNX_8), (*_TORCH, "onnx", "onnxruntime")),
        ),
        (
            *_against(_PREDICTION, PREDICTED, (4, 3)),
            *_rows(_PREDICTION, ONNX, 2.5, 1.5),
            Row(_PREDICTION, LITERT, ONNX, at_least=1.2, parity=_IN_8_BITS),
            Row(_PREDICTION, LITERT, ONNX_8, parity=_IN_8_BITS),
        ),
    ),
)


def checkpoint(job: dict) -> Path:
    """Return the folder of the published weights, else of small made ones in the same layout."""
    if job["minilm"]:
        return Path(job["minilm"])
    folder = Path(job["work"]) / "checkpoint"
    if not folder.exists():
        folder.mkdir()
        _make(folder)
    return folder


def _make(folder: Path) -> None:
    """Write a BERT of two layers of random weights, with the tests' vocabulary."""
    import numpy as np
    from safetensors.numpy import save_file

    words = gzip.decompress((_FIXTURES / "wordpiece_vocabulary.txt.gz").read_bytes())
    pieces, width, between, layers = len(words.split(b"\n")), 32, 64, 2
    dense = {"attention.self.query": (width, width), "attention.self.key": (width, width)}
    dense |= {"attention.self.value": (width, width), "attention.output.dense": (width, width)}
    dense |= {"intermediate.dense": (between, width), "output.dense": (width, between)}
    shapes = {f"embeddings.{name}_embeddings.weight": (rows, width) for name, rows in
              (("word", pieces), ("position", LENGTH), ("token_type", 2))}  # fmt: skip
    norms = ["embeddings.LayerNorm"]
    for number in range(layers):
        layer = f"encoder.layer.{number}"
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
        for name, shape in dense.items():
            shapes |= {f"{layer}.{name}.weight": shape, f"{layer}.{name}.bias": shape[:1]}
    shapes |= {"pooler.dense.weight": (width, width), "pooler.dense.bias": (width,)}
    rng = np.random.default_rng(0)
    made = {name: rng.normal(0, 0.2, shape).astype("float32") for name, shape in shapes.items()}
    for name in norms:
        made |= {f"{name}.weight": np.ones(width, "float32")}
        made |= {f"{name}.bias": np.zeros(width, "float32")}
    save_file(made, folder / "model.safetensors", {"format": "pt"})
    (folder / "vocab.txt").write_bytes(words + b"\n")
    sizes = {"vocab_size": pieces, "hidden_size": width, "intermediate_size": between}
    sizes |= {"num_hidden_layers": layers, "num_attention_heads": 2, "type_vocab_size": 2}
    sizes |= {"max_position_embeddings": LENGTH, "hidden_act": "gelu", "layer_norm_eps": 1e-12}
    sizes |= {"hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "pad_token_id": 0}
    told = {"architectures": ["BertModel"], "model_type": "bert", **sizes}
    (folder / "config.json").write_text(json.dumps(told), encoding="utf-8")
    told = {"do_lower_case": True, "tokenizer_class": "BertTokenizer", "model_max_length": LENGTH}
    (folder / "tokenizer_config.json").write_text(json.dumps(told), encoding="utf-8")


def head(job: dict):
    """Return the weights of the last layer (width, 2), the same on every side."""
    import numpy as np

    width = json.loads((checkpoint(job) / "config.json").read_text("utf-8"))["hidden_size"]
    return np.random.default_rng(1).normal(0, 0.5, (width, 2)).astype("float32")


def timed(work: Callable[[], object], outputs: list[float] | None = None) -> tuple[float, list]:
    """Run it; return its seconds with given outputs, or with its own."""
    began = time.perf_counter()
    found = work()
    took = time.perf_counter() - began
    return took, outputs if outputs is not None else [float(score) for score in found]


def _classifiers(job: dict, texts: list[str], labels: list[int]) -> dict[str, object]:
    import keras
    import numpy as np

    from tfnews import catalogue
    from tfnews.models import build
    from tfnews.models.precision import under_policy

    row = catalogue.row("minilm")
    options = {**row.recipe, **row.settings, "weights": str(checkpoint(job)), "trainable": True}
    options |= {"max_tokens": LENGTH, "pooling": "pooled"}
    found = {}
    for side in job["sides"]:
        keras.utils.set_random_seed(0)
        classifier, _ = build(row, texts, labels, options, {})
        classifier.head_layers[-1].set_weights([head(job), np.zeros(2)])
        found[side] = under_policy(classifier, _POLICIES.get(side, "float32"))
    return found


def _scorer(side: str, classifier: object) -> object:
    if side != LITERT:
        return classifier
    from tfnews.export.litert import LiteRT

    return LiteRT(classifier)


def prediction(job: dict) -> dict[str, Callable]:
    """Score raw texts."""
    texts, labels = sample(job, job["texts"])
    return {
        side: functools.partial(
            timed, functools.partial(_scorer(side, classifier).probabilities, texts, BATCH)
        )
        for side, classifier in _classifiers(job, texts, labels).items()
    }


def training(job: dict) -> dict[str, Callable]:
    """Train an epoch, as `fit` does it; what must be equal is a first step without dropout."""
    import numpy as np

    from tfnews.models.batches import batches_per_epoch, training_batches
    from tfnews.training.accumulation import AccumulatingModel
    from tfnews.training.losses import loss_for
    from tfnews.training.optimizers import AdamW

    texts, labels = sample(job, job["trained"])
    steps = batches_per_epoch(len(texts), BATCH)

    def epoch(classifier: object, model: object) -> None:
        order = {"batch_size": BATCH, "epochs": 1, "seed": 0, "padded": True}
        ids = classifier.encode(texts)
        batches = training_batches(ids, np.array(labels), classifier.preprocessor, **order)
        model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)

    sides = {}
    for side, classifier in _classifiers(job, texts, labels).items():
        scores = _after_one_step(classifier, texts, labels)
        model = AccumulatingModel(classifier.backbone.input, classifier.logits)
        model.compile(AdamW(RATE), loss_for(classifier), jit_compile=False)
        sides[side] = functools.partial(timed, functools.partial(epoch, classifier, model), scores)
    return sides


def _after_one_step(classifier: object, texts: list[str], labels: list[int]) -> list[float]:
    """Take a step on the first batch, without dropout, and return the scores of its texts."""
    import keras
    import tensorflow as tf

    from tfnews.training.losses import loss_for
    from tfnews.training.optimizers import AdamW

    model = keras.Model(classifier.backbone.input, classifier.logits)
    ids = classifier.encode(texts[:BATCH])
    with tf.GradientTape() as tape:
        logits = model(classifier.preprocessor.pack(ids), training=False)
        loss = loss_for(classifier)(tf.constant(labels[:BATCH]), logits)
    variables = model.trainable_variables
    # torch adds its 1e-8 to a root that is corrected for the first steps; Keras to one that is not.
    step = AdamW(RATE, weight_decay=0.01, epsilon=1e-8 * (1 - 0.999) ** 0.5)
    step.apply(tape.gradient(loss, variables), variables)
    return [float(score) for score in classifier.probabilities(ids)]
