"""Give readers, openers and tokenizers inputs that nobody would write, and count what comes of it.

    pip install atheris
    python tools/fuzz.py FOLDER [--only TARGET]... [--inputs N]

A target is a function of bytes that may refuse them with an error of tfnews and with nothing else,
that must end within 20 seconds and 4 GB, and that checks its own answers: what `data prepare` reads
of a file, `predict` reads the same. Inputs come from libFuzzer, which grows them from the seeds of
the target by what code they reach. FOLDER receives the corpus of each target, and what broke one.
Prints a Markdown table, and ends with exit code 1 where a target broke.
"""

import argparse
import functools
import gzip
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tfnews.errors import TfnewsError

SECONDS = 20  # that an input may take
MEGABYTES = 4096  # that a process may hold, TensorFlow included
LONGEST = 65_536  # bytes of an input
CSV = b'title,text,label\nMoon,"sold, again",1\nCouncil,met,0\n"a ""b""",c\xc3\xa9,1\n'
LINES = (
    b'{"title": "Moon", "text": "sold", "label": 1}\n{"title": null, "text": "met", "label": 0}\n'
)
TEXTS = (
    "",
    "the vote now",
    "\u201cquoted\u201d caf\u00e9",
    "\u6e2f\u53e3 \u0627\u0644",
    "a\u0000b",
)
FIXTURES = Path(__file__).parents[1] / "tests" / "models" / "fixtures"


@dataclass(frozen=True)
class Target:
    """What is given inputs.

    Attributes:
        check: Takes an empty folder and the input; may raise a `TfnewsError`.
        seeds: Inputs to start from.
    """

    check: Callable[[Path, bytes], None]
    seeds: Callable[[], list[bytes]]


def read_alike(folder: Path, data: bytes, *, name: str) -> None:
    """Hold what prepare reads of a file against what predict reads of it."""
    from tfnews.data.readers import read
    from tfnews.data.text import combine
    from tfnews.data.texts import read_texts

    path = folder / name
    path.write_bytes(data)
    columns = {"title_column": "title", "text_column": "text"}
    scored = [item.text for item in read_texts(path, **columns)]
    reading = read(path, label_column="label", fake_values=["1"], real_values=["0"], **columns)
    learnt = [combine(row.title, row.text) for frame in reading for row in frame.itertuples()]
    rows = reading.summaries[0]["rows"]
    if rows != len(learnt) + len(reading.rejects):
        raise AssertionError(f"of {rows} rows {len(learnt)} were read, {len(reading.rejects)} not")
    if missing := Counter(learnt) - Counter(text for text in scored if text):
        raise AssertionError(f"learnt and not scored: {list(missing)[:3]!r}")


def parquet() -> list[bytes]:
    """Write the table of `CSV` as Parquet."""
    import pyarrow as pa
    from pyarrow import parquet

    file = io.BytesIO()
    table = pa.table({"title": ["Moon", None], "text": ["sold", "met"], "label": [1, 0]})
    parquet.write_table(table, file)
    return [file.getvalue()]


def workbook() -> list[bytes]:
    """Write the table of `CSV` as an Excel workbook."""
    import openpyxl

    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in (("title", "text", "label"), ("Moon", "sold", 1), ("Council", "met", 0)):
        book.active.append(row)
    book.save(file)
    return [file.getvalue()]


def unpacked(folder: Path, data: bytes) -> None:
    """Unpack an archive, and look whether it left its folder."""
    from tfnews.weights.archive import unpack

    path = folder / "in.tar.gz"
    path.write_bytes(data)
    try:
        unpack(path, folder / "out")
    finally:
        if {one.name for one in folder.iterdir()} - {"in.tar.gz", "out"}:
            raise AssertionError(f"written outside: {sorted(folder.iterdir())}")


def archives() -> list[bytes]:
    """Write an archive of two files, plain and compressed."""
    made = []
    for mode in ("w", "w:gz"):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode=mode) as tar:
            for name in ("saved_model.pb", "assets/tokens.txt"):
                member = tarfile.TarInfo(name)
                member.size = 5
                tar.addfile(member, io.BytesIO(b"words"))
        made.append(file.getvalue())
    return made


def pickled(folder: Path, data: bytes) -> None:
    """Read what claims to be a file of torch.save."""
    from tfnews.weights.pickled import read_pickled

    (folder / "pytorch_model.bin").write_bytes(data)
    read_pickled(folder / "pytorch_model.bin")


def pickles() -> list[bytes]:
    """Write a file as torch.save does."""
    from tests.weights.pickles import tensor, write

    with tempfile.TemporaryDirectory() as folder:
        return [write(Path(folder, "made"), {"weight": tensor()}).read_bytes()]


def vectors(folder: Path, data: bytes, *, name: str) -> None:
    """Read a file of word vectors."""
    from tfnews.weights.vectors import read_vectors

    (folder / name).write_bytes(data)
    read_vectors(folder / name)


def checkpoint(folder: Path, data: bytes, *, name: str) -> None:
    """Read a Hugging Face folder of which one file is the input."""
    from tfnews.models.transformer.checkpoint import read_checkpoint

    for file in ("config.json", "model.safetensors", "vocab.txt"):
        shutil.copyfile(FIXTURES / "bert" / file, folder / file)
    (folder / name).write_bytes(data)
    read_checkpoint(folder)


def fixture(name: str) -> list[bytes]:
    """Return a file of the recorded BERT."""
    return [(FIXTURES / "bert" / name).read_bytes()]


def tokenizer(folder: Path, data: bytes, *, name: str) -> None:
    """Read a vocabulary, and tokenise by it."""
    from tfnews.models.transformer.vocabularies import read_tokenizer

    (folder / name).write_bytes(data)
    read_tokenizer(folder / name, True)(list(TEXTS))


def words() -> list[bytes]:
    """Return a WordPiece vocabulary, a word a line."""
    return [gzip.decompress((FIXTURES / "wordpiece_vocabulary.txt.gz").read_bytes())]


def tokenizer_json() -> list[bytes]:
    """Write the same vocabulary as the tokenizers library does."""
    ids = {word: number for number, word in enumerate(words()[0].decode().splitlines()[:300])}
    model = {"type": "WordPiece", "unk_token": "[UNK]", "vocab": ids}
    normalizer = {"type": "BertNormalizer", "lowercase": True, "strip_accents": None}
    content = {
        "normalizer": normalizer,
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": model,
    }
    return [json.dumps(content).encode()]


def pieces() -> list[bytes]:
    """Return a SentencePiece model."""
    return [gzip.decompress((FIXTURES / "spiece.model.gz").read_bytes())]


def run_folder(folder: Path, data: bytes, *, name: str) -> None:
    """Open a run of which one file is the input, and read its scores."""
    from tests.tiny import config
    from tfnews.files import write_json
    from tfnews.runs import Run

    write_json(folder / "config.json", config("fuzzed").to_json())
    (folder / name).write_bytes(data)
    Run(folder).scores()


def run_config() -> list[bytes]:
    """Return what a run's config.json says."""
    from tests.tiny import config

    return [json.dumps(config("fuzzed").to_json()).encode()]


def manifest(folder: Path, data: bytes) -> None:
    """Open splits whose manifest is the input."""
    from tfnews.data.splits import open_splits

    for name, content in _splits().items():
        (folder / name).write_bytes(content)
    (folder / "manifest.json").write_bytes(data)
    splits = open_splits(folder)
    _ = [splits.name, splits.class_names, splits.label_basis, splits.frame("train")]


@functools.cache
def _splits() -> dict[str, bytes]:
    from tests import tiny

    with tempfile.TemporaryDirectory() as folder:
        made = tiny.splits(Path(folder)).path
        return {path.name: path.read_bytes() for path in made.iterdir()}


def manifests() -> list[bytes]:
    """Return the manifest of splits that were prepared."""
    return [_splits()["manifest.json"]]


def recipe(folder: Path, data: bytes) -> None:
    """Resolve the settings of a fit by a recipe."""
    from tfnews import catalogue
    from tfnews.training.settings import resolve

    (folder / "recipe.toml").write_bytes(data)
    resolve(catalogue.row("bert-tiny"), {}, folder / "recipe.toml")


def request(folder: Path, data: bytes) -> None:
    """Read a body of the REST server."""
    from tfnews.serving import bodies
    from tfnews.serving.refused import RefusedError
    from tfnews.serving.tensors import Spec

    try:
        body = bodies.document(data)
        bodies.signature_name(body)
        bodies.inputs(body, {"text": Spec("DT_STRING", (None,))}, 64, 10_000)
    except RefusedError as error:
        raise TfnewsError(error.message) from None


@functools.cache
def _classifier() -> object:
    from tests.models.reduced import small

    return small("swivel20")


def scored(folder: Path, data: bytes) -> None:
    """Score texts: alone as together, pooling as NumPy does it, guards as their graph."""
    import numpy as np
    import tensorflow as tf

    from tfnews.models.guard_ops import may_be_scored

    classifier = _classifier()
    texts = data.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode().split("\n")
    texts = texts[:8]
    together = classifier.probabilities(texts)
    if not np.isfinite(together).all() or ((together < 0) | (together > 1)).any():
        raise AssertionError(f"no probability: {together}")
    alone = np.concatenate([classifier.probabilities([text]) for text in texts])
    if not np.allclose(together, alone, rtol=0, atol=1e-6):
        raise AssertionError(f"together {together}, alone {alone}")
    allowed = may_be_scored(classifier.guards, tf.constant(texts)).numpy().tolist()
    if allowed != [classifier.guards.reason(text) is None for text in texts]:
        raise AssertionError("the guards' graph and their reasons differ")


TARGETS = {
    "csv": Target(functools.partial(read_alike, name="in.csv"), lambda: [CSV]),
    "tsv": Target(functools.partial(read_alike, name="in.tsv"), lambda: [CSV.replace(b",", b"\t")]),
    "csv, compressed": Target(
        functools.partial(read_alike, name="in.csv.gz"), lambda: [gzip.compress(CSV)]
    ),
    "JSON lines": Target(functools.partial(read_alike, name="in.jsonl"), lambda: [LINES]),
    "JSON": Target(
        functools.partial(read_alike, name="in.json"),
        lambda: [b"[" + LINES.strip().replace(b"\n", b",") + b"]"],
    ),
    "Parquet": Target(functools.partial(read_alike, name="in.parquet"), parquet),
    "Excel": Target(functools.partial(read_alike, name="in.xlsx"), workbook),
    "archive": Target(unpacked, archives),
    "pickle": Target(pickled, pickles),
    "vectors, text": Target(
        functools.partial(vectors, name="in.txt"), lambda: [b"2 3\nthe 1 2 3\nvote .5 -1 2e3\n"]
    ),
    "vectors, binary": Target(
        functools.partial(vectors, name="in.bin"),
        lambda: [b"2 1\nthe \x00\x00\x80\x3f\nvote \x00\x00\x00\x40"],
    ),
    "config.json of a checkpoint": Target(
        functools.partial(checkpoint, name="config.json"), lambda: fixture("config.json")
    ),
    "safetensors": Target(
        functools.partial(checkpoint, name="model.safetensors"),
        lambda: fixture("model.safetensors"),
    ),
    "vocab.txt": Target(functools.partial(tokenizer, name="vocab.txt"), words),
    "tokenizer.json": Target(functools.partial(tokenizer, name="tokenizer.json"), tokenizer_json),
    "SentencePiece": Target(functools.partial(tokenizer, name="spiece.model"), pieces),
    "config.json of a run": Target(functools.partial(run_folder, name="config.json"), run_config),
    "metrics.json": Target(
        functools.partial(run_folder, name="metrics.json"),
        lambda: [b'{"test": {"scores": {"f1": 0.5}, "intervals": {"f1": [0.4, 0.6]}}}'],
    ),
    "manifest": Target(manifest, manifests),
    "recipe": Target(recipe, lambda: [b'epochs = 3\nlearning_rate = 1e-3\nlong = "windows"\n']),
    "request": Target(
        request, lambda: [b'{"instances": ["a", "b"]}', b'{"inputs": {"text": ["a"]}}']
    ),
    "texts": Target(scored, lambda: ["\n".join(TEXTS).encode()]),
}


def outcome(target: Target, data: bytes) -> bool:
    """Give a target an input; tell whether it was taken (`True`) or refused (`False`)."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            target.check(Path(folder), data)
        except TfnewsError as error:
            said = str(error)
            if len(said) > 500 or any(ord(char) < 32 and char != "\n" for char in said):
                raise AssertionError(f"not a message to show: {said[:600]!r}") from error
            return False
        return True


def child(name: str, folder: Path, inputs: int) -> None:
    """Fuzz one target in this process, which libFuzzer ends."""
    import atheris

    target, counts = TARGETS[name], Counter()

    def one(data: bytes) -> None:
        counts["taken" if outcome(target, data) else "refused"] += 1
        if sum(counts.values()) % 100 == 0:
            (folder / "counts.json").write_text(json.dumps(counts), "utf-8")

    with atheris.instrument_imports(include=["tfnews"]):  # made when first called
        for data in target.seeds():
            one(data)
    arguments = [
        sys.argv[0],
        f"-runs={inputs}",
        f"-timeout={SECONDS}",
        f"-rss_limit_mb={MEGABYTES}",
        f"-max_len={max(LONGEST, *(len(data) for data in target.seeds()))}",
        f"-artifact_prefix={folder}/broke-",
        "-print_final_stats=1",
        "-seed=1",
        str(folder / "corpus"),
    ]
    atheris.Setup(arguments, one)
    atheris.Fuzz()


def fuzzed(name: str, folder: Path, inputs: int) -> tuple[str, bool]:
    """Fuzz one target in a process of its own.

    Returns:
        A row of the Markdown table, and whether the target held.
    """
    place = folder / re.sub(r"\W+", "-", name)
    (place / "corpus").mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(TARGETS[name].seeds()):
        (place / "corpus" / f"seed-{number}").write_bytes(data)
    command = [sys.executable, __file__, str(place), "--child", name, "--inputs", str(inputs)]
    end = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    (place / "said.txt").write_text(end.stderr + end.stdout, "utf-8")
    done = re.search(r"number_of_executed_units: *(\d+)", end.stderr)
    kept = place / "counts.json"
    counts = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    held = end.returncode == 0 and done is not None
    words = "held" if held else f"broke: see {place / 'said.txt'}"
    ran = int(done[1]) if done else sum(counts.values())
    refused = counts.get("refused", 0) / max(1, sum(counts.values()))
    return f"| {name} | {ran:,} | {refused:.0%} | {words} |", held


def chosen(names: list[str] | None) -> Iterator[str]:
    """Give the names of targets that are asked for, or all."""
    yield from names or TARGETS


def main() -> int:
    """Fuzz each target and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", action="append", choices=TARGETS)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--child", choices=TARGETS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.folder, given.inputs)
    print("| target | inputs | refused | outcome |\n| --- | --- | --- | --- |")
    broke = 0
    for name in chosen(given.only):
        row, held = fuzzed(name, given.folder, given.inputs)
        broke += not held
        print(row, flush=True)
    return int(broke > 0)


if __name__ == "__main__":
    sys.exit(main())
