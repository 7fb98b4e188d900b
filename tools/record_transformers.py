"""Record what PyTorch's `transformers` answers, and check that our encoders answer the same.

Runs in an environment of its own: `pip install torch transformers`. tfnews is not needed in it;
--ours names the Python of the environment that has tfnews.

    python tools/record_transformers.py --fixtures tests/models/fixtures
    python tools/record_transformers.py --full --ours PYTHON
    python tools/record_transformers.py --real FOLDER --ours PYTHON

--fixtures writes tiny random checkpoints with inputs and answers, which the tests read. --full
makes random checkpoints of the published sizes and prints a table. --real compares on a folder of
real weights.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers

# Every number is small, and no two sizes are equal, so that a mixed-up axis cannot go unseen.
TINY = {
    "bert": transformers.BertConfig(
        vocab_size=50,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=40,
        max_position_embeddings=20,
        initializer_range=0.2,
    ),
    "tinybert": transformers.BertConfig(
        vocab_size=50,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=12,
        intermediate_size=28,
        max_position_embeddings=20,
        initializer_range=0.2,
    ),
    "distilbert": transformers.DistilBertConfig(
        vocab_size=50,
        dim=24,
        n_layers=2,
        n_heads=3,
        hidden_dim=40,
        max_position_embeddings=20,
        initializer_range=0.2,
    ),
    "albert": transformers.AlbertConfig(
        vocab_size=50,
        embedding_size=16,
        hidden_size=24,
        num_hidden_layers=4,
        num_hidden_groups=2,
        num_attention_heads=3,
        intermediate_size=40,
        max_position_embeddings=20,
        hidden_act="gelu_new",
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.2,
    ),
    "mobilebert": transformers.MobileBertConfig(
        vocab_size=50,
        embedding_size=12,
        hidden_size=24,
        intra_bottleneck_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=20,
        max_position_embeddings=20,
        classifier_activation=False,
        initializer_range=0.2,
    ),
}

# The configurations of the published checkpoints.
PUBLISHED = {
    "tinybert": transformers.BertConfig(
        hidden_size=312, num_hidden_layers=4, num_attention_heads=12, intermediate_size=1200
    ),
    "mobilebert": transformers.MobileBertConfig(classifier_activation=False),
    "distilbert": transformers.DistilBertConfig(),
    "albert": transformers.AlbertConfig(
        hidden_size=768,
        num_attention_heads=12,
        intermediate_size=3072,
        hidden_act="gelu_new",
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    ),
}

# The classes whose files have the prefix, and the pooler where there is one.
SAVED_UNDER = {
    "bert": transformers.BertForPreTraining,
    "distilbert": transformers.DistilBertForMaskedLM,
    "albert": transformers.AlbertForPreTraining,
    "mobilebert": transformers.MobileBertForPreTraining,
}


def random_model(config: transformers.PreTrainedConfig) -> transformers.PreTrainedModel:
    """Return a model with every parameter random, biases, norms and padding's row included."""
    torch.manual_seed(0)
    model = SAVED_UNDER[config.model_type](config).eval()
    with torch.no_grad():
        for name, value in model.named_parameters():
            if value.ndim == 1:
                norm = "norm" in name.lower() and name.endswith("weight")
                value.normal_(1.0 if norm else 0.0, 0.1)
        model.get_input_embeddings().weight[0].normal_(0.0, config.initializer_range)
    return model


def inputs(lengths: tuple[int, ...], vocabulary_size: int) -> dict[str, np.ndarray]:
    """Return a ragged batch, padded with zeros; the second half of a text is segment 1."""
    draw = np.random.default_rng(0)
    shape = (len(lengths), max(lengths))
    position = np.arange(shape[1])[None, :]
    length = np.array(lengths)[:, None]
    mask = position < length
    return {
        "token_ids": np.where(mask, draw.integers(1, vocabulary_size, shape), 0).astype("int32"),
        "segment_ids": (mask & (position >= length / 2)).astype("int32"),
        "padding_mask": mask.astype("int32"),
    }


def answer(model: transformers.PreTrainedModel, given: dict) -> dict[str, np.ndarray]:
    """Return the last hidden state and what stands for the whole text."""
    arguments = {
        "input_ids": torch.from_numpy(given["token_ids"]).long(),
        "attention_mask": torch.from_numpy(given["padding_mask"]).long(),
    }
    if model.config.model_type != "distilbert":
        arguments["token_type_ids"] = torch.from_numpy(given["segment_ids"]).long()
    with torch.no_grad():
        outputs = model.base_model(**arguments)
    pooled = getattr(outputs, "pooler_output", None)
    sequence = outputs.last_hidden_state
    pooled = sequence[:, 0] if pooled is None else pooled
    return {"sequence_output": sequence.numpy(), "pooled_output": pooled.numpy()}


def write(folder: Path, model: transformers.PreTrainedModel, lengths: tuple[int, ...]) -> None:
    """Write a checkpoint, a made-up vocabulary and reference.npz."""
    model.save_pretrained(folder)
    words = "".join(f"word{number}\n" for number in range(model.config.vocab_size))
    (folder / "vocab.txt").write_text(words)
    reference(folder, model, lengths)


def reference(folder: Path, model: transformers.PreTrainedModel, lengths: tuple[int, ...]) -> None:
    """Write the inputs and the model's answers to reference.npz."""
    given = inputs(lengths, model.config.vocab_size)
    np.savez_compressed(folder / "reference.npz", **given, **answer(model, given))


def write_fixtures(folder: Path) -> None:
    """Write a tiny checkpoint of each architecture, and PyTorch's two formats of one of them."""
    for name, config in TINY.items():
        model = random_model(config)
        write(folder / name, model, (12, 7, 3, 2))
        if name == "tinybert":
            for zipped, file in ((True, "pytorch_model.bin"), (False, "legacy.bin")):
                torch.save(
                    model.state_dict(),
                    folder / name / file,
                    _use_new_zipfile_serialization=zipped,
                )


def print_table(ours: str) -> None:
    """Print parity and parameter counts at the published sizes."""
    print("| architecture | parameters, 2 classes: transformers | ours | absolute | relative |")
    print("| --- | --- | --- | --- | --- |")
    for name, config in PUBLISHED.items():
        classifier = transformers.AutoModelForSequenceClassification.from_config(config)
        theirs = classifier.num_parameters()
        head = sum(p.numel() for n, p in classifier.named_parameters() if "classifier" in n)
        del classifier
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), random_model(config), (512, 300, 31, 2))
            found = check(ours, Path(folder))
        total = found["parameters"] + head
        difference = found["sequence_output"]
        numbers = f"{difference['absolute']:.1e} | {difference['relative']:.1e}"
        print(f"| {name} | {theirs:,} | {total:,} | {numbers} |", flush=True)


def check(ours: str, folder: Path) -> dict:
    """Run tools/check_encoder.py on a folder in the environment that has tfnews."""
    program = Path(__file__).with_name("check_encoder.py")
    done = subprocess.run([ours, program, folder], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def print_real(folder: Path, ours: str) -> None:
    """Print the difference on real weights."""
    model = transformers.AutoModel.from_pretrained(folder).eval()
    with tempfile.TemporaryDirectory() as copy:
        for path in folder.iterdir():
            if path.is_file():
                Path(copy, path.name).symlink_to(path.resolve())
        reference(Path(copy), model, (256, 100, 31, 2))
        print(json.dumps(check(ours, Path(copy))))


def main() -> None:
    """Record or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fixtures", type=Path, help="folder for the tiny checkpoints")
    parser.add_argument("--full", action="store_true", help="check the published sizes")
    parser.add_argument("--real", type=Path, help="folder of real weights to compare on")
    parser.add_argument("--ours", help="the Python of the environment that has tfnews")
    arguments = parser.parse_args()
    if (arguments.full or arguments.real) and not arguments.ours:
        parser.error("--full and --real need --ours PYTHON")
    if arguments.fixtures:
        write_fixtures(arguments.fixtures)
    if arguments.full:
        print_table(arguments.ours)
    if arguments.real:
        print_real(arguments.real, arguments.ours)


if __name__ == "__main__":
    main()
