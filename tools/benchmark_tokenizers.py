"""Compare our tokenizers with Hugging Face's: texts a second on two cores, and differing ids.

    python tools/benchmark_tokenizers.py --data DATA --bert FOLDER --albert FOLDER

FOLDER holds Hugging Face's tokenizer.json, and for ALBERT spiece.model beside it;
`tools/record_tokenizers.py --folders` writes such folders.
"""

import argparse
import functools
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import tensorflow as tf
import tokenizers

from tfnews.data.text import combine
from tfnews.models.text.pieces import PieceTokenizer
from tfnews.models.text.wordpiece import WordPieceTokenizer

SETS = {
    "isot_sample": "English",
    "fakebr": "Portuguese",
    "spanish_fakenews": "Spanish",
    "perez_rosas": "English",
    "constraint_covid": "English",
}
BATCH = 256
CORES = 2
ROUNDS = 3


def texts(folder: Path) -> list[str]:
    """Return the texts of a set; files in their source's own layout are left out."""
    found = []
    for path in sorted(folder.glob("*.csv.gz")):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        if {"title", "text", "label"} <= set(frame):
            found += map(combine, frame["title"], frame["text"])
    return found


def hugging_face(folder: Path) -> Callable:
    """Return what encodes a batch as published, without the truncation and padding it asks for."""
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return functools.partial(tokenizer.encode_batch, add_special_tokens=False)


def wordpiece(folder: Path) -> WordPieceTokenizer:
    """Make our tokenizer from the vocabulary of a tokenizer.json."""
    published = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    ids = published["model"]["vocab"]
    return WordPieceTokenizer(sorted(ids, key=ids.get))


def pieces(folder: Path) -> PieceTokenizer:
    """Make our tokenizer from spiece.model."""
    return PieceTokenizer((folder / "spiece.model").read_bytes())


def run_ours(tokenizer: Callable, batch: list[str]) -> None:
    """Tokenise as training does."""
    dataset = tf.data.Dataset.from_tensor_slices(batch).batch(BATCH)
    for _ in dataset.map(tokenizer, num_parallel_calls=CORES).prefetch(2):
        pass


def rates(run: Callable, batch: list[str]) -> tuple[float, float]:
    """Return texts a second, by the clock and by the processors' time for both cores.

    The second says more on a machine that has other work to do.
    """
    clock, used = time.perf_counter(), time.process_time()
    run(batch)
    used = (time.process_time() - used) / CORES
    return len(batch) / (time.perf_counter() - clock), len(batch) / used


def print_differing(name: str, ours: Callable, theirs: Callable, data: dict) -> None:
    """Print for every set how many texts have other ids."""
    for set_name, batch in data.items():
        pairs = zip(theirs(batch), ours(tf.constant(batch)).to_list(), strict=True)
        differing = sum(encoding.ids != ids for encoding, ids in pairs)
        print(f"| {name} | {set_name} | {SETS[set_name]} | {len(batch):,} | {differing} |")


def print_rates(name: str, ours: Callable, theirs: Callable, batch: list[str]) -> None:
    """Print the median rates of rounds in which the two take turns."""
    rounds = [
        (*rates(lambda texts: run_ours(ours, texts), batch), *rates(theirs, batch))
        for _ in range(ROUNDS)
    ]
    wall, used, their_wall, their_used = (
        statistics.median(row) for row in zip(*rounds, strict=True)
    )
    for kind, us, them in (("clock", wall, their_wall), ("processor", used, their_used)):
        print(f"| {name} | {kind} | {us:,.0f} | {them:,.0f} | {us / them:.1f} |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--bert", type=Path, help="a WordPiece tokenizer's folder")
    parser.add_argument("--albert", type=Path, help="an ALBERT tokenizer's folder")
    given = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    data = {name: texts(given.data / name) for name in SETS}
    pairs = {}
    if given.bert:
        pairs["WordPiece"] = wordpiece(given.bert), hugging_face(given.bert)
    if given.albert:
        pairs["SentencePiece"] = pieces(given.albert), hugging_face(given.albert)
    print("| tokenizer | set | language | texts | differing |\n| --- | --- | --- | --- | --- |")
    for name, (ours, theirs) in pairs.items():
        print_differing(name, ours, theirs, data)
    print("\n| tokenizer | time | tfnews, texts/s | Hugging Face, texts/s | times |")
    print("| --- | --- | --- | --- | --- |")
    for name, (ours, theirs) in pairs.items():
        print_rates(name, ours, theirs, [text for batch in data.values() for text in batch])


if __name__ == "__main__":
    main()
