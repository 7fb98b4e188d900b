"""Measure TensorFlow Lite files: sizes, milliseconds and what quantization moves, in one run.

    python tools/measure_tflite.py [--rows 973771] [--words 50000] [--pieces 18000]

Two shapes with random weights: nnlm128's table, pruned to its most frequent words, and TinyBERT at
128 tokens, whole and with fewer pieces. Speeds are medians over rounds in which the files take
turns, on one thread.
"""

import statistics
import tempfile
import time
from pathlib import Path

import click
import keras
import numpy as np

from tfnews import catalogue
from tfnews.export import metadata, tflite
from tfnews.models.embedding.family import HubBackbone, HubClassifier, HubPreprocessor
from tfnews.models.text.wordpiece import WordPieceTokenizer
from tfnews.models.text.words import WordTokenizer
from tfnews.models.transformer.encoders import Encoder
from tfnews.models.transformer.family import (
    TransformerBackbone,
    TransformerClassifier,
    TransformerPreprocessor,
)
from tfnews.models.variables import fill

ROUNDS, TEXTS = 30, 16
HEAD = {"hidden": [64], "dropout": [0.0], "units": 1}


def letters(number: int) -> str:
    """Return a made-up word, about as long as one of a vocabulary."""
    word = ""
    while number or len(word) < 4:
        number, rest = divmod(number, 20)
        word += "bcdfghklmnprstvwyzaeiou"[rest] + "aeiou"[rest % 5]
    return word


def table_classifier(rows: int) -> HubClassifier:
    """Return a classifier over a random table of nnlm128's shape."""
    vectors = np.random.default_rng(0).normal(0, 0.1, (rows, 128)).astype("float32")
    backbone = HubBackbone(rows, 128)
    fill(backbone.token_embedding.table, vectors)
    words = [letters(number) for number in range(rows - 1)]
    tokenizer = WordTokenizer(words, normalise="words", oov_buckets=1)
    return HubClassifier(backbone, HubPreprocessor(tokenizer), head=HEAD)


def tinybert() -> TransformerClassifier:
    """Return a classifier of TinyBERT's shape: 4 layers of 312, 30,522 pieces."""
    sizes = {"num_layers": 4, "num_heads": 12, "hidden_dim": 312, "intermediate_dim": 1200}
    sizes |= {"vocabulary_size": 30522, "max_sequence_length": 512}
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    pieces += [letters(number) for number in range(30522 - len(pieces))]
    tokenizer = WordPieceTokenizer(pieces)
    backbone = TransformerBackbone(Encoder("bert", sizes, "gelu", pooler=True))
    preprocessor = TransformerPreprocessor(tokenizer, 128)
    return TransformerClassifier(backbone, preprocessor, head=catalogue.row("tinybert").head)


def texts_for(words: list[str], length: int) -> list[str]:
    """Draw texts, frequent words more often."""
    drawn = np.random.default_rng(1).zipf(1.3, (TEXTS, length)) % len(words)
    return [" ".join(words[word] for word in text) for text in drawn]


def measure(classifier: object, texts: list[str], title: str) -> dict[str, float]:
    """Print a line a quantization; return milliseconds a text by quantization."""
    ids = tflite.fixed_ids(classifier, texts)
    expected = classifier.probabilities(texts)
    devices, lines = {}, {}
    for quantize in tflite.QUANTIZATIONS:
        content = tflite.convert(classifier, tflite.default_length(classifier), quantize)
        about = metadata.describe(classifier, "benchmark", case_variants=False)
        size = len(metadata.attach(content, about))
        devices[quantize] = tflite.Device(content)
        moved = np.abs(devices[quantize].answers_ids(ids) - expected).max()
        lines[quantize] = f"{len(content) / 1e6:7.2f} MB, {size / 1e6:7.2f} MB with vocabulary"
        lines[quantize] += f", moved by {moved:.1e}"
    times = {quantize: [] for quantize in devices}
    for _ in range(ROUNDS):
        for quantize, device in devices.items():
            start = time.perf_counter()
            device.answers_ids(ids)
            times[quantize].append((time.perf_counter() - start) / len(ids) * 1e3)
    found = {quantize: statistics.median(taken) for quantize, taken in times.items()}
    print(title)
    for quantize, line in lines.items():
        faster = found["none"] / found[quantize]
        print(f"  {quantize:8} {line}, {found[quantize]:6.3f} ms, {faster:4.2f} times as fast")
    return found


@click.command()
@click.option("--rows", default=973_771, help="Rows of the table.")
@click.option("--words", default=50_000, help="Words kept of it.")
@click.option("--pieces", default=18_000, help="Pieces kept of TinyBERT's 30,522.")
def main(rows: int, words: int, pieces: int) -> None:
    """Measure both shapes."""
    keras.utils.set_random_seed(0)
    large = table_classifier(rows)
    texts = texts_for(large.preprocessor.tokenizer.get_vocabulary()[:words], 200)
    print(f"table of {rows:,} x 128: {rows * 512 / 1e6:.0f} MB in float32")
    start = time.perf_counter()
    few = tflite.for_device(large, 256, words, texts)
    print(f"pruned in {time.perf_counter() - start:.1f} s")
    measure(few, texts, f"{words:,} words of it, 256 words a text")
    with tempfile.TemporaryDirectory() as folder:
        for variants in (False, True):
            tflite.write(few, Path(folder), "dynamic", case_variants=variants)
            size = (Path(folder) / tflite.MODEL_FILE).stat().st_size
            print(f"  dynamic, vocabulary {'with' if variants else 'without'} case variants: "
                  f"{size / 1e6:.2f} MB")  # fmt: skip
    encoder = tinybert()
    texts = texts_for(encoder.preprocessor.tokenizer.get_vocabulary()[4:], 120)
    measure(tflite.for_device(encoder, 128), texts, "TinyBERT's shape, 128 tokens")
    few = tflite.for_device(encoder, 128, pieces)
    measure(few, texts, f"the same with {pieces:,} pieces")


if __name__ == "__main__":
    main()
