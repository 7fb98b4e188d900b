"""What Hugging Face's tokenizers gave: see tools/record_tokenizers.py."""

import functools
import gzip
import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf

from tfnews.models.text.piece_model import ModelProto
from tfnews.models.text.pieces import learn_piece_model

FOLDER = Path(__file__).parent / "fixtures"
RECORDED = json.loads((FOLDER / "tokenizers.json").read_text(encoding="utf-8"))


def vocabulary():
    """Return 7,000 pieces of the published bert-base-uncased vocabulary."""
    return (
        gzip.decompress((FOLDER / "wordpiece_vocabulary.txt.gz").read_bytes()).decode().split("\n")
    )


@functools.cache
def piece_model():
    """Return the SentencePiece model, completed by the character map that all models share."""
    model = ModelProto.FromString(gzip.decompress((FOLDER / "spiece.model.gz").read_bytes()))
    any_model = ModelProto.FromString(learn_piece_model(["a b"], 20))
    model.normalizer_spec.CopyFrom(any_model.normalizer_spec)
    return model.SerializeToString()


def differing_lines(tokenizer, name):
    """Return the recorded lines whose ids differ, each with what was wanted and what was given."""
    lines = RECORDED["lines"]
    given = tokenizer(tf.constant([line["text"] for line in lines])).to_list()
    return [
        (line["text"], line[name], ids)
        for line, ids in zip(lines, given, strict=True)
        if line[name] != ids
    ]


def differing_rows(tokenizer, name, data):
    """Return the recorded (set, row) pairs whose ids differ, and how many there are in all."""
    differing, count = [], 0
    for file, found in RECORDED["sets"].items():
        frame = pd.read_csv(data / file, dtype=str, keep_default_na=False).iloc[found["rows"]]
        texts = [f"{title} {text}" for title, text in zip(frame.title, frame.text, strict=True)]
        ids = tokenizer(tf.constant(texts))
        digests = map(digest, np.split(ids.flat_values.numpy(), ids.row_splits.numpy()[1:-1]))
        differing += [
            (file, row)
            for row, wanted, got in zip(found["rows"], found[name], digests, strict=True)
            if wanted != got
        ]
        count += len(texts)
    return differing, count


def digest(ids):
    return hashlib.sha256(ids.astype("<i4").tobytes()).hexdigest()[:16]
