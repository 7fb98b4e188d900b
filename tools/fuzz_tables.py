"""Targets of the fuzzing that read tables, archives, vectors, settings and requests.

None of them starts TensorFlow.
"""

import functools
import gzip
import io
import json
import random
import tarfile
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tfnews.errors import (
    DataError,
    ExportError,
    RunError,
    TfnewsError,
    UsageError,
    WeightsError,
)
from tools import fuzz_changes as changes

# Where files are written: a disk takes most of the time.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None

_COLUMNS = ("title", "text", "label")
_ROWS = [
    ("Moon", "sold, again", 1),
    ("Council", "met", 0),
    ('a "b"', "caf\xe9", 1),
    ("", "a text\nof two lines", 0),
    ("Roads", "", 1),
    ("\u6e2f\u53e3", "\u0627\u0644", 0),
    ("Tides", "nan", 1),
    (" Vote ", "it's = so; 1,5", 0),
] * 2


@dataclass(frozen=True)
class Target:
    """What is given inputs.

    Attributes:
        check: Takes an empty folder and the input; may raise a `TfnewsError`.
        seeds: Inputs to start from.
        change: How they are changed.
        refuses: What it raises of an input: its exit code tells a person where to look.
    """

    check: Callable[[Path, bytes], None]
    seeds: Callable[[], list[bytes]]
    change: changes.Change = changes.blind
    refuses: type[TfnewsError] | tuple[type[TfnewsError], ...] = TfnewsError


def read_alike(folder: Path, data: bytes, *, name: str) -> None:
    """Hold what prepare reads of a file against what predict reads of it, record by record.

    The frames that prepare makes of its records take ten times as long: one input in eight.
    """
    from tfnews.data.readers import LONGEST_RECORD, resolve
    from tfnews.data.rows import layout_of
    from tfnews.data.text import combine
    from tfnews.data.texts import read_texts

    path = folder / name
    path.write_bytes(data)
    texts = {"title_column": "title", "text_column": "text"}
    labels = {"label_column": "label", "fake_values": ["1"], "real_values": ["0"]}
    scored = [item.text for item in read_texts(path, **texts)]
    layout = layout_of(None, None, True, LONGEST_RECORD)
    (file,) = resolve(
        path, **texts, **labels, format=None, label_from=None, drop_values=(), layout=layout
    )
    title, text = (list(file.columns).index(one) for one in (file.format.title, file.format.text))
    learnt = [
        None if row.fault else combine(row.values[title], row.values[text])
        for row in file.rows(Counter())
    ]
    if learnt != scored:
        raise AssertionError(
            f"{len(learnt)} to learn from, {len(scored)} to score: {learnt!r} {scored!r}"[:2000]
        )
    if zlib.crc32(data) % 8 == 0:
        _prepared(path, {**texts, **labels}, scored)


def _prepared(path: Path, options: dict, scored: list[str | None]) -> None:
    """Look whether prepare counts all records, and keeps none that predict does not read."""
    from tfnews.data.readers import read
    from tfnews.data.text import combine

    reading = read(path, **options)
    learnt = [
        combine(title, text)
        for frame in reading
        for title, text in zip(frame["title"], frame["text"], strict=True)
    ]
    rows, rejected = reading.summaries[0]["rows"], len(reading.rejects)
    if not rows == len(learnt) + rejected == len(scored):
        raise AssertionError(
            f"{len(scored)} records, {rows} rows, {len(learnt)} read, {rejected} not"
        )
    if missing := Counter(learnt) - Counter(text for text in scored if text):
        raise AssertionError(f"learnt and not scored: {list(missing)[:3]!r}")


def csv_seeds(mark: str = ",") -> list[bytes]:
    """Write a table as CSV in several ways."""
    import csv

    file = io.StringIO(newline="")
    csv.writer(file, delimiter=mark, lineterminator="\n").writerows([_COLUMNS, *_ROWS])
    made = file.getvalue()
    western = made.replace("\u6e2f\u53e3", "Hafen").replace("\u0627\u0644", "Ebbe")
    return [
        made.encode(),
        made.replace("\n", "\r\n").encode("utf-8-sig"),
        made.encode("utf-16"),
        western.encode("latin-1"),
    ]


def objects() -> list[dict]:
    """Return the table as objects."""
    return [dict(zip(_COLUMNS, row, strict=True)) for row in _ROWS]


def json_lines_seeds() -> list[bytes]:
    """Write a table as an object a line."""
    return [
        "".join(json.dumps(one, ensure_ascii=a) + "\n" for one in objects()).encode()
        for a in (0, 1)
    ]


def json_seeds() -> list[bytes]:
    """Write a table as an array, by column, and in an object."""
    found = objects()
    by_column = {name: [one[name] for one in found] for name in _COLUMNS}
    shapes = [found, by_column, {"data": found}, {str(n): one for n, one in enumerate(found)}]
    return [json.dumps(shape, indent=indent).encode() for shape in shapes for indent in (None, 1)]


def parquet_seeds() -> list[bytes]:
    """Write a table as Parquet."""
    import pyarrow as pa
    from pyarrow import parquet

    file = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(objects()), file)
    return [file.getvalue()]


def workbook_seeds() -> list[bytes]:
    """Write a table as an Excel workbook."""
    import openpyxl

    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in (_COLUMNS, *_ROWS):
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
        if any(one.is_symlink() for one in (folder / "out").rglob("*")):
            raise AssertionError("a link was made")


def archives() -> list[bytes]:
    """Write an archive of two files and a folder, plain and compressed."""
    made = []
    for mode in ("w", "w:gz"):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode=mode) as tar:
            for name in ("saved_model.pb", "assets", "assets/tokens.txt"):
                member = tarfile.TarInfo(name)
                member.type = tarfile.REGTYPE if "." in name else tarfile.DIRTYPE
                member.size = 5 if "." in name else 0
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
        content = {"weight": tensor(), "bias": tensor(2, (3,), (2,))}
        return [write(Path(folder, "made"), content).read_bytes()]


def _described(data: bytes, rng: random.Random, change: changes.Blind) -> bytes:
    """Describe tensors in another way, or change the pickle that describes them."""
    from tests.weights.pickles import Name, pickled, tensor

    if rng.random() < 0.4:
        return changes.anywhere(data, rng, change)
    names = ["FloatStorage", "HalfStorage", "LongStorage", "BFloat16Storage", "BoolStorage", "nn"]
    few = [0, 1, 1, 2, 3, 4, 12, -1, 2**62]
    rank = rng.randrange(4)
    shape, strides = (tuple(rng.choice(few[:-1]) for _ in range(rank)) for _ in range(2))
    size = rng.choice([12, 12, 12, 24, 6, 48, 0])
    one = tensor(rng.choice(few), shape, strides, Name("torch", rng.choice(names)), size)
    return pickled({"weight": tensor(), rng.choice(["bias", "", "weight"]): one})


def vectors(folder: Path, data: bytes, *, name: str) -> None:
    """Read a file of word vectors, and look whether an entry is missing from the count."""
    import numpy as np

    from tfnews.weights.vectors import read_vectors

    (folder / name).write_bytes(data)
    words = folder / "words.txt"
    words.write_text("the\nvote\nmoon\n", encoding="utf-8")
    found = read_vectors(folder / name, words=words if name.endswith(".npy") else None)
    if len(found.words) != len(found.vectors) or len(set(found.words)) != len(found.words):
        raise AssertionError(f"{len(found.words)} words, {len(found.vectors)} vectors")
    if found.vectors.dtype != np.float32 or not np.isfinite(found.vectors).all():
        raise AssertionError("a vector is no number")


def vector_texts() -> list[bytes]:
    """Write word vectors as text: GloVe's form and word2vec's."""
    rows = b"".join(
        b"%s %d -.5 2e3\n" % (word, n)
        for n, word in enumerate(b"the vote now \xc3\xa9 a, b".split())
    )
    return [rows, b"6 3\n" + rows]


def vector_arrays() -> list[bytes]:
    """Write word vectors as NumPy does."""
    import numpy as np

    made = []
    for kind in ("<f4", "<f8", "<f2"):
        file = io.BytesIO()
        np.save(file, np.arange(6, dtype=kind).reshape(3, 2))
        made.append(file.getvalue())
    return made


def word_list(folder: Path, data: bytes) -> None:
    """Read a word list that is a Parquet table."""
    import numpy as np

    from tfnews.weights.vectors import read_vectors

    np.save(folder / "in.npy", np.ones((3, 2), np.float32))
    (folder / "words.parquet").write_bytes(data)
    read_vectors(folder / "in.npy", words=folder / "words.parquet")


def word_lists() -> list[bytes]:
    """Write a word list with row numbers as a Parquet table."""
    import pyarrow as pa
    from pyarrow import parquet

    file = io.BytesIO()
    parquet.write_table(pa.table({"word": ["the", "vote", "moon"], "row": [2, 0, 1]}), file)
    return [file.getvalue()]


def run_folder(folder: Path, data: bytes, *, name: str) -> None:
    """Open a run of which one file is the input, and read its scores and its history."""
    from tfnews.runs import Run

    (folder / "config.json").write_bytes(run_config()[0])
    (folder / name).write_bytes(data)
    run = Run(folder)
    run.scores().to_json()
    run.history()
    run.config.to_json()


@functools.cache
def run_config() -> list[bytes]:
    """Return what a run's config.json says."""
    from tests.tiny import config

    said = config("fuzzed").to_json()
    digests = {"config.json": "0" * 64, "task.json": "1" * 64}
    return [json.dumps(one).encode() for one in (said, {**said, "digests": digests})]


def metrics_seeds() -> list[bytes]:
    """Return a metrics.json in which much stands."""
    from tfnews import records

    judged = records.Judged({"f1": 0.5, "n": 3}, {"f1": [0.4, 0.6], "n": None})
    away = records.OtherSet(name="away", class_names=("real", "fake"), scores={"f1": 0.5})
    made = records.Scores(
        test=judged,
        other_sets={"away": away},
        refused={"short": 1},
        f1_of_scored=0.5,
        outdated=("train",),
    )
    return [json.dumps(made.to_json()).encode()]


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
        made = tiny.splits(Path(folder), 50).path
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


def recipes() -> list[bytes]:
    """Write recipes."""
    return [
        b'# first\nepochs = 3\nlearning_rate = 1e-3\nlong = "windows"\nbatch_size = 8\n',
        b'\nmonitor = "val_loss"\npatience = 2\nepochs = 0x10\nmax_tokens = 1_28\n',
    ]


def request(folder: Path, data: bytes) -> None:
    """Read a body of the REST server as each kind of signature does."""
    from tfnews.serving import bodies
    from tfnews.serving.refused import RefusedError

    said = []
    for specs in _specs():
        try:
            body = bodies.document(data)
            bodies.signature_name(body)
            found, _ = bodies.inputs(body, specs, 64, 10_000)
        except RefusedError as error:
            said.append(error.message)
            continue
        if found.keys() != specs.keys() or not all(specs[k].fits(found[k].shape) for k in found):
            raise AssertionError("tensors that the signature does not take")
    if len(said) == len(_specs()):
        raise TfnewsError(said[0])


@functools.cache
def _specs() -> list[dict]:
    from tfnews.serving.tensors import TYPES, Spec

    text, ids = Spec("DT_STRING", (None,)), Spec("DT_INT32", (None,))
    alone = [{"x": Spec(kind, None)} for kind in TYPES]
    return [{"text": text}, {"token_ids": ids, "row_lengths": ids}, *alone]


def bodies_seeds() -> list[bytes]:
    """Write bodies of requests."""
    rows = [{"token_ids": 1, "row_lengths": 1}] * 2
    return [
        json.dumps(one).encode()
        for one in (
            {"instances": ["a", "b", {"b64": "YQ=="}]},
            {"signature_name": "serving_default", "inputs": {"text": ["a", "caf\xe9"]}},
            {"inputs": {"token_ids": [1, 2, 3], "row_lengths": [1, 2]}},
            {"instances": rows},
            {"instances": [[1, 2.5], [3, 4]]},
            {"inputs": True},
        )
    ]


def repository(folder: Path, data: bytes) -> None:
    """Ask for a repository whose models.config is the input."""
    from tfnews.serving.asked import check

    for version in ("1", "2"):
        (folder / "exports" / "swivel" / version).mkdir(parents=True)
        (folder / "exports" / "swivel" / version / "saved_model.pb").touch()
    (folder / "exports" / "models.config").write_bytes(data)
    check([folder / "exports"])


def repositories() -> list[bytes]:
    """Write a models.config as an export does."""
    from tfnews.export.serving import models_config

    said = models_config([("swivel", [1, 2], {"stable": 1, "canary": 2})])
    policy = "model_version_policy { latest { num_versions: 1 } }"
    plain = f'config {{\n  name: "swivel"\n  base_path: "swivel"\n  {policy}\n }}'
    return [said.encode(), f"model_config_list {{\n {plain}\n}}\n".encode()]


def _table(name: str, seeds: Callable[[], list[bytes]], change: changes.Change) -> Target:
    return Target(functools.partial(read_alike, name=name), seeds, change, DataError)


def _zipped(seeds: list[bytes]) -> list[bytes]:
    return [gzip.compress(seed, mtime=0) for seed in seeds]


TARGETS = {
    "csv": _table("in.csv", csv_seeds, changes.lines),
    "tsv": _table("in.tsv", lambda: csv_seeds("\t"), changes.lines),
    "csv, compressed": _table(
        "in.csv.gz", lambda: _zipped(csv_seeds()), changes.gzipped(changes.lines)
    ),
    "JSON lines": _table("in.jsonl", json_lines_seeds, changes.json_lines),
    "JSON": _table("in.json", json_seeds, changes.json_values),
    "Parquet": _table("in.parquet", parquet_seeds, changes.parquet),
    "Excel": _table("in.xlsx", workbook_seeds, changes.zipped("worksheets/", changes.markup)),
    "archive": Target(unpacked, archives, changes.tarred, WeightsError),
    "pickle": Target(pickled, pickles, changes.zipped("data.pkl", _described), WeightsError),
    "vectors, text": Target(
        functools.partial(vectors, name="in.txt"), vector_texts, changes.lines, WeightsError
    ),
    "vectors, binary": Target(
        functools.partial(vectors, name="in.bin"),
        lambda: [b"2 1\nthe \x00\x00\x80\x3f\nvote \x00\x00\x00\x40"],
        changes.anywhere,
        WeightsError,
    ),
    "vectors, NumPy": Target(
        functools.partial(vectors, name="in.npy"), vector_arrays, changes.anywhere, WeightsError
    ),
    "word list": Target(word_list, word_lists, changes.parquet, WeightsError),
    "config.json of a run": Target(
        functools.partial(run_folder, name="config.json"), run_config, changes.json_values, RunError
    ),
    "metrics.json": Target(
        functools.partial(run_folder, name="metrics.json"),
        metrics_seeds,
        changes.json_values,
        RunError,
    ),
    "history": Target(
        functools.partial(run_folder, name="history.jsonl"),
        lambda: [b'{"epoch": 1, "loss": 0.5}\n{"epoch": 2, "loss": NaN}\n'],
        changes.json_lines,
        RunError,
    ),
    "manifest": Target(manifest, manifests, changes.json_values, DataError),
    "recipe": Target(recipe, recipes, changes.lines, UsageError),
    "request": Target(request, bodies_seeds, changes.json_values),
    "models.config": Target(repository, repositories, changes.lines, ExportError),
}  # fmt: skip
