"""Embedding rows: a training step of a large table, and texts a second from memory."""

import functools
import time
from collections.abc import Callable
from pathlib import Path

from tools.benchmark_articles import sample
from tools.benchmark_race import Parity, Program, Race, Row

_HEAD = {"hidden": [256, 64], "dropout": [0.3, 0.2], "units": 1}
_TABLE = (970_000, 128)
_BATCH = 32
_COMPARED = 6  # steps whose loss must be equal
# Sides: what is trained, and by which optimizer of which module.
_STEPS = {
    "frozen": (False, "keras.optimizers", "Adam"),
    "lazy Adam": (True, "tfnews.training.optimizers", "LazyAdam"),
    "Keras' Adam": (True, "keras.optimizers", "Adam"),
}
_RULES = {"splits on spaces": "none", "normalises": "words"}

RACES = (
    Race(
        "table",
        (  # Keras' Adam apart: its sweeps of whole tables leave no memory as it was.
            Program("benchmark_embedding:steps", ("frozen", "lazy Adam")),
            Program("benchmark_embedding:steps", ("Keras' Adam",)),
        ),
        (
            Row(
                "A step of fine-tuning a 970,000 x 128 table, against a frozen step",
                "lazy Adam",
                "frozen",
                shows="of its time",
                at_most=1.6,
            ),
            Row(
                "The same step, against Keras' Adam",
                "lazy Adam",
                "Keras' Adam",
                at_least=50,
                parity=Parity("losses", 1e-3),
            ),
        ),
    ),
    Race(
        "rates",
        (
            Program("benchmark_embedding:rates", tuple(_RULES)),
            Program("benchmark_embedding:fasttext", ("fastText",), ("fasttext",)),
            Program("benchmark_embedding:model2vec", ("model2vec",), ("model2vec", "tokenizers")),
        ),
        (
            Row(
                "Articles from memory, 128 wide, splits on spaces",
                "splits on spaces",
                shows="texts/s",
                at_least=25_000,
            ),
            Row(
                "Articles from memory, 128 wide, normalises",
                "normalises",
                shows="texts/s",
                at_least=12_000,
            ),
            Row(
                "The same, splits on spaces, against model2vec's vectors of the same table",
                "splits on spaces",
                "model2vec",
                shows="of its rate",
            ),
            Row(
                "The same, against fastText's predict",
                "splits on spaces",
                "fastText",
                shows="of its rate",
            ),
        ),
    ),
)


def steps(job: dict) -> dict[str, Callable]:
    """Train on the same batches, through the same pipeline and Keras' own fit."""
    import numpy as np
    import tensorflow as tf

    from tfnews.models.batches import encode
    from tfnews.models.text.vocabulary import count_words
    from tfnews.models.text.words import WordTokenizer

    texts, labels = sample(job, 2_000)
    rows = 2_000 if job["quick"] else _TABLE[0]
    ids = encode(WordTokenizer(count_words(texts, "words", rows), normalise="words"), texts)
    # The words of these articles are spread over the whole table.
    spread = np.random.default_rng(0).permutation(rows).astype("int32")
    ids = ids.with_flat_values(tf.gather(spread, ids.flat_values % rows))
    data = ids, np.array(labels), rows
    return {side: functools.partial(_step, side, data, job["steps"]) for side in job["sides"]}


def _step(side: str, data: tuple, count: int) -> tuple[float, list[float]]:
    """Return the median step in seconds, and the mean loss of the first steps.

    Later the two go apart, as they should: lazy Adam leaves rows alone that a batch has not.
    """
    import importlib

    import keras

    from tfnews.training.accumulation import training_model
    from tfnews.training.losses import loss_for

    ids, labels, rows = data
    trainable, module, name = _STEPS[side]
    classifier = _classifier(rows, trainable)
    model = training_model(classifier)
    options = {"rows": classifier.rows_in_use(ids)} if name == "LazyAdam" else {}
    optimizer = getattr(importlib.import_module(module), name)(1e-4, **options)
    model.compile(optimizer, loss_for(classifier), jit_compile=False)
    noted: list[tuple[float, float]] = []  # when a step ended, and the mean loss until then
    note = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: noted.append((time.perf_counter(), logs["loss"]))
    )
    model.fit(
        _batches(ids, labels, count),
        steps_per_epoch=count,
        verbose=0,
        shuffle=False,
        callbacks=[note],
    )
    ends, losses = zip(*noted, strict=True)
    return _median_step(ends), [float(losses[_COMPARED - 1])]


def _median_step(ends: tuple[float, ...]) -> float:
    """Return the median of the steps, without the first ten where there are more."""
    import numpy as np

    took = np.diff(ends)
    return float(np.median(took[10:] if len(took) > 20 else took))


def _classifier(rows: int, trainable: bool) -> object:
    import keras
    import tensorflow as tf

    from tfnews.models.embedding.family import HubBackbone, HubClassifier

    keras.utils.set_random_seed(0)
    classifier = HubClassifier(HubBackbone(rows, _TABLE[1]), head=_HEAD)
    table = classifier.backbone.token_embedding.table
    table.assign(tf.random.stateless_uniform(table.shape, (0, 0), -0.05, 0.05))
    classifier.backbone.trainable = trainable
    return classifier


def _batches(ids: object, labels: object, count: int) -> object:
    from tfnews.models.batches import training_batches
    from tfnews.models.embedding.family import HubPreprocessor
    from tfnews.models.text.words import WordTokenizer

    epochs = -(-count * _BATCH // len(labels))
    order = {"batch_size": _BATCH, "epochs": epochs, "seed": 0, "padded": False}
    return training_batches(ids, labels, HubPreprocessor(WordTokenizer(["unused"])), **order)


def rates(job: dict) -> dict[str, Callable]:
    """Score texts that are in memory, each again in every round."""
    import keras

    from tfnews.models.embedding.family import HubBackbone, HubClassifier, HubPreprocessor
    from tfnews.models.text.vocabulary import count_words
    from tfnews.models.text.words import WordTokenizer

    texts, _ = sample(job, job["articles"])
    sides = {}
    for side in job["sides"]:
        keras.utils.set_random_seed(0)
        tokenizer = WordTokenizer(count_words(texts, _RULES[side], 20_000), normalise=_RULES[side])
        backbone = HubBackbone(tokenizer.vocabulary_size(), _TABLE[1])
        classifier = HubClassifier(backbone, HubPreprocessor(tokenizer), head=_HEAD)
        sides[side] = functools.partial(_rate, classifier.probabilities, texts, job)
    return sides


def _rate(work: Callable, texts: list[str], job: dict) -> tuple[float, list]:
    times = 1 if job["quick"] else 10
    began = time.perf_counter()
    for _ in range(times):
        work(texts)
    return times * len(texts) / (time.perf_counter() - began), []


def model2vec(job: dict) -> dict[str, Callable]:
    """Average the same table's vectors of the same words, without a head."""
    import numpy as np
    from model2vec import StaticModel
    from tokenizers import Tokenizer, models, pre_tokenizers

    from tfnews.models.text.vocabulary import count_words

    texts, _ = sample(job, job["articles"])
    words = ["[UNK]", "[PAD]", *count_words(texts, "none", 20_000)]
    tokenizer = Tokenizer(
        models.WordLevel({word: id for id, word in enumerate(words)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    vectors = np.random.default_rng(0).normal(0, 0.1, (len(words), _TABLE[1])).astype("float32")
    model = StaticModel(vectors, tokenizer)
    encode = functools.partial(model.encode, max_length=None)
    return {"model2vec": functools.partial(_rate, encode, texts, job)}


def fasttext(job: dict) -> dict[str, Callable]:
    """Score the texts by a supervised fastText model as wide, learnt from them in one epoch."""
    import fasttext

    texts, labels = sample(job, job["articles"])
    texts = [" ".join(text.split()) for text in texts]  # it takes one line a text
    lines = [f"__label__{label} {text}" for label, text in zip(labels, texts, strict=True)]
    path = Path(job["work"]) / "fasttext.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    options = {"dim": _TABLE[1], "epoch": 1, "minCount": 2, "thread": job["cores"], "verbose": 0}
    model = fasttext.train_supervised(str(path), **options)
    return {"fastText": functools.partial(_rate, model.predict, texts, job)}
