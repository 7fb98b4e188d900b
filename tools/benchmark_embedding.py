"""Time a training step of an embedding row: frozen, with lazy Adam and with Keras' Adam.

    python tools/benchmark_embedding.py isot_sample/Fake.csv.gz isot_sample/True.csv.gz

Real articles give the token counts; their words are spread over a table of the published size.
All three train on the same batches, through the same pipeline and Keras' own fit.
"""

import argparse
import statistics
import time

import keras
import numpy as np
import tensorflow as tf

from tfnews.data.readers import read
from tfnews.data.text import combine
from tfnews.models.batches import encode, training_batches
from tfnews.models.embedding.family import HubBackbone, HubClassifier, HubPreprocessor
from tfnews.models.text.vocabulary import count_words
from tfnews.models.text.words import WordTokenizer
from tfnews.training.accumulation import training_model
from tfnews.training.losses import loss_for
from tfnews.training.optimizers import LazyAdam

HEAD = {"hidden": [256, 64], "dropout": [0.3, 0.2], "units": 1}
VARIANTS = {
    "frozen": (False, keras.optimizers.Adam),
    "lazy_adam": (True, LazyAdam),
    "adam": (True, keras.optimizers.Adam),
}


class StepTimes(keras.callbacks.Callback):
    """Notes when each batch ended."""

    def __init__(self):
        super().__init__()
        self.ends = []

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Note the time."""
        self.ends.append(time.perf_counter())

    def median(self) -> float:
        """Return the median step in milliseconds, without the first ten."""
        return 1000 * statistics.median(np.diff(self.ends)[10:])


def encoded(sources: list[str], rows: int) -> tuple[tf.RaggedTensor, np.ndarray]:
    """Return ids spread over a table of `rows` rows, and labels."""
    chunks = list(read(sources))
    texts = [combine(*pair) for c in chunks for pair in zip(c["title"], c["text"], strict=True)]
    tokenizer = WordTokenizer(count_words(texts, "words", rows), normalise="words")
    ids = encode(tokenizer, texts)
    spread = np.random.default_rng(0).permutation(rows).astype("int32")
    labels = np.concatenate([chunk["label"].to_numpy() for chunk in chunks])
    return ids.with_flat_values(tf.gather(spread, ids.flat_values)), labels


def step(variant: str, data: tuple, arguments: argparse.Namespace) -> tuple[float, float]:
    """Return the median step in milliseconds and the last loss."""
    trainable, optimizer = VARIANTS[variant]
    keras.utils.set_random_seed(0)
    classifier = HubClassifier(HubBackbone(arguments.rows, arguments.width), head=HEAD)
    table = classifier.backbone.token_embedding.table
    table.assign(tf.random.stateless_uniform(table.shape, (0, 0), -0.05, 0.05))
    classifier.backbone.trainable = trainable
    model = training_model(classifier)
    options = {"rows": classifier.rows_in_use(data[0])} if optimizer is LazyAdam else {}
    model.compile(optimizer(1e-4, **options), loss_for(classifier), jit_compile=False)
    epochs = -(-arguments.steps * arguments.batch // len(data[1]))
    batches = training_batches(
        *data,
        HubPreprocessor(WordTokenizer(["unused"])),
        batch_size=arguments.batch,
        epochs=epochs,
        seed=0,
        padded=False,
    )
    times = StepTimes()
    history = model.fit(
        batches, steps_per_epoch=arguments.steps, verbose=0, shuffle=False, callbacks=[times]
    )
    return times.median(), history.history["loss"][-1]


def main() -> None:
    """Print the steps side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--rows", type=int, default=970_000)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5, help="of frozen and lazy_adam")
    arguments = parser.parse_args()
    data = encoded(arguments.sources, arguments.rows)
    distinct = np.mean([len(np.unique(data[0][i : i + 32].flat_values)) for i in range(0, 640, 32)])
    print(f"table {arguments.rows:,} x {arguments.width}, batch {arguments.batch}")
    print(f"{float(tf.reduce_mean(data[0].row_lengths())):.0f} words a text on average, ", end="")
    print(f"{distinct:,.0f} distinct rows a batch of 32")
    # In turns, and Adam last: its sweeps of whole tables leave no memory as it was.
    order = ["frozen", "lazy_adam"] * arguments.rounds + ["adam"]
    found = [(variant, *step(variant, data, arguments)) for variant in order]
    steps = {v: statistics.median(ms for name, ms, _ in found if name == v) for v in VARIANTS}
    losses = {name: loss for name, _, loss in found}
    for variant, milliseconds in steps.items():
        ratio, loss = milliseconds / steps["frozen"], losses[variant]
        print(f"{variant:10} {milliseconds:8.1f} ms a step, {ratio:.2f} frozen steps, ", end="")
        print(f"loss {loss:.4f}")
    print(f"adam / lazy_adam: {steps['adam'] / steps['lazy_adam']:.1f}")


if __name__ == "__main__":
    main()
