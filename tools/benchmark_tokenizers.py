"""Tokenising, against Hugging Face's tokenizers: the same texts and cores, every id equal."""

import functools
import gzip
import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path

from tools.benchmark_articles import real
from tools.benchmark_race import Parity, Program, Race, Row

SETS = ("isot_sample", "fakebr", "spanish_fakenews", "perez_rosas", "constraint_covid")
LISTED = ", ".join(SETS)
_FIXTURES = Path(__file__).resolve().parents[1] / "tests/models/fixtures"

RACES = (
    Race(
        "tokenising",
        (
            Program("benchmark_tokenizers:tfnews", ("tfnews WordPiece", "tfnews SentencePiece")),
            Program("benchmark_tokenizers:wordpiece", ("tokenizers WordPiece",), ("tokenizers",)),
            Program(
                "benchmark_tokenizers:sentencepiece",
                ("tokenizers SentencePiece",),
                ("tokenizers", "transformers"),
            ),
        ),
        tuple(
            Row(
                f"Tokenising, {kind}",
                f"tfnews {kind}",
                f"tokenizers {kind}",
                at_least=5,
                parity=Parity("ids"),
            )
            for kind in ("WordPiece", "SentencePiece")
        ),
    ),
)


def texts(job: dict) -> list[str]:
    """Return the texts of the sets that hold titles, texts and labels; of a quick run a few."""
    import pandas as pd

    from tfnews.data.text import combine

    folders = [Path(job["data"]) / name for name in SETS] if job["data"] else []
    found = []
    for path in [path for folder in folders for path in sorted(folder.glob("*.csv.gz"))] or [
        real(job)
    ]:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        if {"title", "text", "label"} <= set(frame):
            found += map(combine, frame["title"], frame["text"])
    return found[:: len(found) // 300] if job["quick"] else found


def vocabulary(job: dict) -> list[str]:
    """Return the published vocabulary, else the part of it that the tests have."""
    if job["minilm"]:
        return (Path(job["minilm"]) / "vocab.txt").read_text("utf-8").rstrip("\n").split("\n")
    return (
        gzip.decompress((_FIXTURES / "wordpiece_vocabulary.txt.gz").read_bytes())
        .decode()
        .split("\n")
    )


def piece_model() -> bytes:
    """Return the tests' SentencePiece model, with the character map that all models share."""
    from tfnews.models.text.piece_model import ModelProto
    from tfnews.models.text.pieces import learn_piece_model

    model = ModelProto.FromString(gzip.decompress((_FIXTURES / "spiece.model.gz").read_bytes()))
    learnt = ModelProto.FromString(learn_piece_model(["a b"], 20))
    model.normalizer_spec.CopyFrom(learnt.normalizer_spec)
    return model.SerializeToString()


def tfnews(job: dict) -> dict[str, Callable]:
    """Tokenise as training does."""
    from tfnews.models.text.pieces import PieceTokenizer
    from tfnews.models.text.wordpiece import WordPieceTokenizer

    made = {
        "tfnews WordPiece": lambda: WordPieceTokenizer(vocabulary(job)),
        "tfnews SentencePiece": lambda: PieceTokenizer(piece_model()),
    }
    given = texts(job)
    return {side: functools.partial(_ours, made[side](), given) for side in job["sides"]}


def _ours(tokenizer: Callable, given: list[str]) -> tuple[float, list[str]]:
    from tfnews.models.batches import encode

    began = time.perf_counter()
    found = encode(tokenizer, given)
    took = time.perf_counter() - began
    return took, _digests(found.to_list())


def wordpiece(job: dict) -> dict[str, Callable]:
    """Make BERT's lower-casing tokenizer of the same vocabulary."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    ids = {piece: id for id, piece in enumerate(vocabulary(job))}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return {"tokenizers WordPiece": functools.partial(_theirs, tokenizer, texts(job))}


def sentencepiece(job: dict) -> dict[str, Callable]:
    """Make ALBERT's tokenizer of the same model."""
    from tools.record_tokenizers import albert

    tokenizer = albert(piece_model()).backend_tokenizer
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return {"tokenizers SentencePiece": functools.partial(_theirs, tokenizer, texts(job))}


def _theirs(tokenizer: object, given: list[str]) -> tuple[float, list[str]]:
    began = time.perf_counter()
    found = tokenizer.encode_batch(given, add_special_tokens=False)
    took = time.perf_counter() - began
    return took, _digests([encoding.ids for encoding in found])


def _digests(found: list[list[int]]) -> list[str]:
    return [hashlib.sha256(json.dumps(ids).encode()).hexdigest()[:16] for ids in found]
