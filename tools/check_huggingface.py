"""Hold Hugging Face folders against the classifiers they were written from.

    python tools/check_huggingface.py SPLITS --torch-python PYTHON [RUN...]

Without runs, each architecture is built small with fresh weights. PYTHON is an interpreter that has
torch and transformers, whose AutoModelForSequenceClassification and AutoTokenizer answer training
texts of SPLITS. Printed are how many have other token ids, and the largest difference of answers.
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import tfnews
from tfnews import catalogue
from tfnews.data.splits import open_splits
from tfnews.export.huggingface import write
from tfnews.export.request import Options
from tfnews.models import NewsClassifier, build

SMALL = {"num_layers": 2, "num_heads": 4, "hidden_dim": 64, "intermediate_dim": 128}
HEADS = {"distilbert": {"hidden": [64], "dropout": [0.2], "units": 2}}

ASK = """
import json, sys
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
folder, texts = json.load(sys.stdin)
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
ids, answers = [], []
for text in texts:
    given = tokenizer(text, truncation=True, return_tensors="pt")
    ids.append(given["input_ids"][0].tolist())
    with torch.no_grad():
        answers.append(model(**given).logits.softmax(-1)[0, 1].item())
print(json.dumps([ids, answers]))
"""


def small(name: str, texts: list[str], labels: list[int]) -> NewsClassifier:
    """Build a row with few layers and a vocabulary learnt from the texts."""
    row = catalogue.row(name)
    row = row.__class__(**{**vars(row), "head": HEADS.get(name, row.head)})
    options = {**row.recipe, **row.settings, "weights": "none", "trainable": True, "seed": 0}
    options |= {**SMALL, "max_tokens": 128, "vocabulary_size": 2000}
    options["embedding_dim"] = 32 if options["embedding_dim"] else 0
    return build(row, texts, labels, options, {})[0]


def classifiers(
    runs: list[str], texts: list[str], labels: list[int]
) -> Iterator[tuple[str, NewsClassifier]]:
    """Yield what to check, by name."""
    if runs:
        yield from ((run, tfnews.load(run)) for run in runs)
        return
    for name in ("distilbert", "albert", "tinybert", "mobilebert", "bert-tiny"):
        yield name, small(name, texts, labels)


def compared(classifier: NewsClassifier, texts: list[str], python: str) -> tuple[int, float]:
    """Return how many texts have other ids, and the largest difference of probabilities."""
    with tempfile.TemporaryDirectory() as folder:
        write(classifier, Path(folder), Options(), ())
        given = json.dumps([folder, texts])
        done = subprocess.run(
            [python, "-c", ASK], input=given, capture_output=True, text=True, check=True
        )
    ids, answers = json.loads(done.stdout.splitlines()[-1])
    own = classifier.preprocessor.pack(classifier.encode(texts))
    lengths = own["padding_mask"].numpy().sum(axis=1)
    rows = zip(own["token_ids"].numpy().tolist(), lengths, ids, strict=True)
    differing = sum(mine[:length] != theirs for mine, length, theirs in rows)
    return differing, float(np.abs(classifier.probabilities(texts) - answers).max())


def main() -> None:
    """Print one line a classifier."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("splits", type=Path)
    parser.add_argument("runs", nargs="*")
    parser.add_argument("--torch-python", required=True)
    parser.add_argument("--texts", type=int, default=100)
    arguments = parser.parse_args()
    frame = open_splits(arguments.splits).frame("train")
    frame = frame.sample(min(arguments.texts, len(frame)), random_state=0)
    texts = frame["combined_text"].tolist()
    texts += ["", "Élan à Brasília, “ça” — naïve", "新闻 标题", "مرحبا", "[MASK] 🙂 a\u00a0b"]
    labels = [*frame["label"].tolist(), 0, 1, 0, 1, 0]
    for name, classifier in classifiers(arguments.runs, texts, labels):
        differing, difference = compared(classifier, texts, arguments.torch_python)
        print(
            f"{name}: {differing} of {len(texts)} texts have other ids; largest difference "
            f"{difference:.2g}"
        )


if __name__ == "__main__":
    main()
