"""The encoder's peers: transformers on torch, and ONNX Runtime."""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
import transformers

from tools.benchmark_articles import sample
from tools.benchmark_encoder import BATCH, LENGTH, ONNX_8, RATE, checkpoint, head, timed

_POOL = 50  # batches among which `group_by_length` sorts
_PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class Texts:
    """Texts and labels, tokenised and cut into batches as transformers' recipes do it."""

    def __init__(self, job: dict, count: int):
        self.texts, labels = sample(job, count)
        self.labels = torch.tensor(labels)
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint(job))

    def batches(self, how: str, order: list[int]) -> Iterator[tuple[list[int], dict]]:
        """Tokenise all texts once and yield rows with their inputs.

        Args:
            how: "padded" to 512 in the order given; "group_by_length", sorted within pools, or
                "length-sorted" altogether, both padded to the longest of a batch.
            order: Rows.
        """
        encoded = self.tokenizer(self.texts, truncation=True, max_length=LENGTH)
        pool = {"padded": 0, "group_by_length": BATCH * _POOL}.get(how, len(order))
        if pool:
            lengths = [len(ids) for ids in encoded["input_ids"]]
            pools = [order[i : i + pool] for i in range(0, len(order), pool)]
            order = [row for rows in pools for row in sorted(rows, key=lambda row: -lengths[row])]
        for first in range(0, len(order), BATCH):
            rows = order[first : first + BATCH]
            yield (
                rows,
                dict(
                    self.tokenizer.pad(
                        {name: [values[row] for row in rows] for name, values in encoded.items()},
                        padding="max_length" if how == "padded" else "longest",
                        max_length=LENGTH,
                        return_tensors="pt",
                    )
                ),
            )

    def first(self) -> tuple[list[int], dict]:
        """Return the first batch."""
        return next(self.batches("group_by_length", list(range(len(self.texts)))[:BATCH]))


def _model(job: dict, attention: str = "sdpa") -> torch.nn.Module:
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(job["cores"])
    torch.manual_seed(0)
    model = transformers.BertForSequenceClassification.from_pretrained(
        checkpoint(job), num_labels=2, attn_implementation=attention, dtype=torch.float32
    )
    model.classifier.weight.data = torch.tensor(head(job)).T.contiguous()
    model.classifier.bias.data.zero_()
    return model


def training(job: dict) -> dict[str, Callable]:
    """Train an epoch; in bfloat16 as the Trainer's `bf16` does it, by autocast."""
    data = Texts(job, job["trained"])
    sides = {}
    for side in job["sides"]:
        _, how, precision = side.split(" ")
        model = _model(job)
        scores = _after_one_step(model, data, precision)
        optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
        epoch = functools.partial(_epoch, model, optimizer, data, how, precision)
        sides[side] = functools.partial(timed, epoch, scores)
    return sides


def _cast(precision: str) -> torch.autocast:
    return torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")


def _epoch(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    data: Texts,
    how: str,
    precision: str,
) -> None:
    model.train()
    for rows, inputs in data.batches(how, torch.randperm(len(data.labels)).tolist()):
        with _cast(precision):
            loss = model(**inputs, labels=data.labels[rows]).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def _after_one_step(model: torch.nn.Module, data: Texts, precision: str) -> list[float]:
    """Take a step on the first batch, without dropout, and return the scores of its texts."""
    model.eval()
    rows, inputs = data.first()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    with _cast(precision):
        model(**inputs, labels=data.labels[rows]).loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    with torch.inference_mode(), _cast(precision):
        logits = model(**inputs).logits
    scores = torch.zeros(len(rows))
    scores[rows] = logits.float().softmax(-1)[:, 1]
    return scores.tolist()


def prediction(job: dict) -> dict[str, Callable]:
    """Score raw texts; in bfloat16 the weights are bfloat16 too, which is faster than autocast."""
    data = Texts(job, job["texts"])
    models = {name: _model(job).eval().to(dtype) for name, dtype in _PRECISIONS.items()}
    sides = {}
    for side in job["sides"]:
        _, how, precision = side.split(" ")
        scored = functools.partial(_scored, models[precision], data, how)
        sides[side] = functools.partial(timed, scored)
    return sides


@torch.inference_mode()
def _scored(model: torch.nn.Module, data: Texts, how: str) -> list[float]:
    scores = torch.zeros(len(data.labels))
    for rows, inputs in data.batches(how, list(range(len(data.labels)))):
        scores[rows] = model(**inputs).logits.float().softmax(-1)[:, 1]
    return scores.tolist()


def onnx(job: dict) -> dict[str, Callable]:
    """Score raw texts, sorted by length, by the graph that ONNX Runtime fuses for BERT."""
    import onnxruntime

    data = Texts(job, job["texts"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = job["cores"]
    fused, sides = _fused(job, data), {}
    for side in job["sides"]:
        path = _in_8_bits(fused) if side == ONNX_8 else fused
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        scored = functools.partial(_scored_by_onnx, session, data)
        sides[side] = functools.partial(timed, scored)
    return sides


def _scored_by_onnx(session: object, data: Texts) -> list[float]:
    names = {given.name for given in session.get_inputs()}
    scores = torch.zeros(len(data.labels))
    for rows, inputs in data.batches("length-sorted", list(range(len(data.labels)))):
        logits = session.run(None, {name: inputs[name].numpy() for name in names})[0]
        scores[rows] = torch.tensor(logits).softmax(-1)[:, 1]
    return scores.tolist()


def _in_8_bits(fused: str) -> str:
    """Quantise a fused graph dynamically, each channel with a scale, and return its file."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    path = fused.replace(".fused.", ".quantised.")
    # Of what fused operators put out it would not know the type.
    known = {"DefaultTensorType": onnx.TensorProto.FLOAT}
    quantize_dynamic(
        fused, path, per_channel=True, weight_type=QuantType.QInt8, extra_options=known
    )
    return path


def _fused(job: dict, data: Texts) -> str:
    """Export the model and return the file of its fused graph."""
    from onnxruntime.transformers import optimizer

    model = _model(job, "eager").eval()
    _, encoded = data.first()
    # In the order of the model's arguments: the exporter gives names by position.
    inputs = {name: encoded[name] for name in ("input_ids", "attention_mask", "token_type_ids")}
    path = Path(job["work"]) / "model.onnx"
    axes = {name: {0: "batch", 1: "tokens"} for name in inputs}
    torch.onnx.export(
        model,
        tuple(inputs.values()),
        path,
        input_names=list(inputs),
        output_names=["logits"],
        dynamic_axes={**axes, "logits": {0: "batch"}},
        dynamo=False,
    )
    heads, width = model.config.num_attention_heads, model.config.hidden_size
    fused = optimizer.optimize_model(
        str(path), "bert", num_heads=heads, hidden_size=width, opt_level=1
    )
    if not fused.is_fully_optimized():  # it would not be the peer at its best
        raise SystemExit(f"Not fused for BERT: {fused.get_fused_operator_statistics()}")
    fused.save_model_to_file(str(path.with_suffix(".fused.onnx")))
    return str(path.with_suffix(".fused.onnx"))
