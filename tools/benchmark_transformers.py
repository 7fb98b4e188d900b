"""Time fine-tuning and prediction of a transformer side by side with transformers and torch.

    python tools/benchmark_transformers.py CHECKPOINT NEWS... --torch-python PYTHON

CHECKPOINT is a Hugging Face folder (BERT with vocab.txt), NEWS what `tfnews data prepare` reads,
PYTHON an interpreter that has torch and transformers. Both sides get the same weights, texts, batch
size, optimizer and number of threads, one after the other in one run.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LENGTH = 512
SIZES = (8, 16, 32)  # batches of predictions


def ours(job: dict) -> dict:
    """Return texts a second of this package, in each precision."""
    import keras
    import numpy as np
    import tensorflow as tf

    from tfnews import catalogue
    from tfnews.models import build
    from tfnews.models.batches import batches_per_epoch, training_batches
    from tfnews.models.precision import under_policy
    from tfnews.training.accumulation import AccumulatingModel
    from tfnews.training.losses import loss_for
    from tfnews.training.optimizers import AdamW

    tf.config.threading.set_intra_op_parallelism_threads(job["threads"])
    row, found = catalogue.row("minilm"), {}
    options = {**row.recipe, **row.settings, "weights": job["checkpoint"], "trainable": True}
    options |= {"max_tokens": LENGTH, "pooling": "pooled"}
    for policy in ("float32", "mixed_bfloat16"):
        keras.utils.set_random_seed(0)
        classifier, _ = build(row, job["texts"], job["labels"], options, {})
        classifier.head_layers[-1].set_weights([np.array(job["head"]), np.zeros(2)])
        trainee = under_policy(classifier, policy)
        found[policy] = {}
        for size in sorted(2 * SIZES):  # the first of two is not counted: it prepares the kernels
            started = time.perf_counter()
            ids = trainee.encode(job["texts"])
            outputs = trainee.probabilities(ids, size)
            found[policy][f"predict {size}"] = rate(job, started)
        found[policy]["fake"] = outputs.tolist()
        model = AccumulatingModel(trainee.backbone.input, trainee.logits)
        model.compile(AdamW(5e-5), loss_for(trainee), jit_compile=False)
        order = {"batch_size": job["batch"], "seed": 0, "padded": True}
        steps = batches_per_epoch(len(job["texts"]), job["batch"])
        labels = np.array(job["labels"])
        warm = training_batches(ids[:32], labels[:32], classifier.preprocessor, epochs=1, **order)
        model.fit(warm, verbose=0, shuffle=False)
        batches = training_batches(ids, labels, classifier.preprocessor, epochs=1, **order)
        started = time.perf_counter()
        model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)
        found[policy]["train"] = rate(job, started)
    return found


def rate(job: dict, started: float) -> float:
    """Return texts a second since `started`."""
    return len(job["texts"]) / (time.perf_counter() - started)


TORCH_SIDE = """
import json, sys, time
import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoTokenizer, BertForSequenceClassification
job = json.load(sys.stdin)
torch.manual_seed(0)
torch.set_num_threads(job["threads"])
tokenizer = AutoTokenizer.from_pretrained(job["checkpoint"])
model = BertForSequenceClassification.from_pretrained(job["checkpoint"], num_labels=2)
model.classifier.weight.data = torch.tensor(job["head"]).T.contiguous()
model.classifier.bias.data.zero_()
labels = torch.tensor(job["labels"])

def encode(texts, padding):
    return tokenizer(texts, truncation=True, max_length=512, padding=padding, return_tensors="pt")

def batches(how, size):
    order = torch.randperm(len(labels)).tolist()
    if how == "group_by_length":
        pool = size * 50
        encoded = tokenizer(job["texts"], truncation=True, max_length=512)["input_ids"]
        lengths = [len(ids) for ids in encoded]
        pools = [order[i:i + pool] for i in range(0, len(order), pool)]
        order = [row for rows in pools for row in sorted(rows, key=lambda row: -lengths[row])]
    return [order[i:i + size] for i in range(0, len(order), size)]

def train(how):
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5)
    padding = "max_length" if how == "padded to 512" else "longest"
    started = time.perf_counter()
    for rows in batches(how, job["batch"]):
        inputs = encode([job["texts"][row] for row in rows], padding)
        loss = model(**inputs, labels=labels[rows]).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return len(labels) / (time.perf_counter() - started)

def predict(how, size):
    model.eval()
    padding = "max_length" if how == "padded to 512" else "longest"
    fake = torch.zeros(len(labels))
    started = time.perf_counter()
    with torch.no_grad():
        for rows in batches(how, size):
            inputs = encode([job["texts"][row] for row in rows], padding)
            fake[rows] = model(**inputs).logits.softmax(-1)[:, 1]
    return len(labels) / (time.perf_counter() - started), fake.tolist()

found = {}
for how in ("padded to 512", "group_by_length"):
    found[how] = {}
    for size in sorted(2 * job["sizes"]):
        found[how][f"predict {size}"], found[how]["fake"] = predict(how, size)
for how in found:
    found[how]["train"] = train(how)
print(json.dumps(found))
"""


def run(command: list[str], job: dict) -> dict:
    """Run one side in a process of its own and return what its last line says."""
    threads = str(job["threads"])
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        command, input=json.dumps(job), capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def sample(news: list[str], count: int) -> tuple[list[str], list[int]]:
    """Return texts and labels drawn from news files."""
    from tfnews.data.readers import read
    from tfnews.data.text import combine

    rows = [row for chunk in read(news) for row in chunk.itertuples()]
    chosen = random.Random(0).sample(rows, count)
    return [combine(row.title, row.text) for row in chosen], [int(row.label) for row in chosen]


def show(mine: dict, theirs: dict) -> None:
    """Print texts a second, how far answers are apart before training, and ratios."""
    columns = ["train", *(f"predict {size}" for size in SIZES)]
    print(" " * 16, *(f"{column:>10}" for column in columns), " texts/s")
    for name, side in {**mine, **theirs}.items():
        print(f"{name:16}", *(f"{side[column]:10.2f}" for column in columns))
    reference = theirs["padded to 512"]["fake"]
    for name, side in mine.items():
        apart = max(abs(a - b) for a, b in zip(side["fake"], reference, strict=True))
        print(f"{name}: probabilities at most {apart:.1e} from torch's before training")
    for name, side in mine.items():
        for other, rates in theirs.items():
            ratios = (f"{side[column] / rates[column]:10.2f}" for column in columns)
            print(f"{name} over {other}:", *ratios)


def main() -> None:
    """Print both sides' texts a second and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path, nargs="?")
    parser.add_argument("news", nargs="*")
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--texts", type=int, default=256)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--ours", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ours:
        print(json.dumps(ours(json.load(sys.stdin))))
        return
    texts, labels = sample(arguments.news, arguments.texts)
    job = {"checkpoint": str(arguments.checkpoint.resolve()), "texts": texts, "labels": labels}
    job |= {"batch": arguments.batch, "threads": arguments.threads, "sizes": SIZES}
    width = json.loads((arguments.checkpoint / "config.json").read_text())["hidden_size"]
    drawn = random.Random(1)
    job["head"] = [[drawn.gauss(0, 0.5) for _ in range(2)] for _ in range(width)]
    mine = run([sys.executable, __file__, "--ours"], job)
    with tempfile.NamedTemporaryFile("w", suffix=".py") as program:
        program.write(TORCH_SIDE)
        program.flush()
        theirs = run([arguments.torch_python, program.name], job)
    print(f"{arguments.texts} texts, batches of {arguments.batch}, {arguments.threads} threads")
    show(mine, theirs)


if __name__ == "__main__":
    main()
