"""`tfnews weights`: make weights that fit can start from."""

import shlex
import time
from pathlib import Path

import click

from tfnews.catalogue.names import NORMALISATIONS, VECTOR_FORMATS
from tfnews.cli.numbers import Number
from tfnews.cli.say import next_step, say
from tfnews.files import sha256
from tfnews.weights.pickled import check_convertible
from tfnews.weights.vectors import read_vectors


@click.group()
def command() -> None:
    """Make weights that fit can start from."""


@command.command()
@click.argument("vectors", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder of the new module."
)
@click.option(
    "--format",
    type=click.Choice(VECTOR_FORMATS),
    help="Format of VECTORS; found from the file by default.",
)
@click.option(
    "--words",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Words of a .npy file's rows: text, one word a line, or a parquet table.",
)
@click.option(
    "--normalise",
    type=click.Choice(NORMALISATIONS),
    default="none",
    show_default=True,
    help="What is done to a text first: nothing, lower-casing, or that and punctuation to spaces.",
)
@click.option(
    "--oov-buckets",
    type=Number("--oov-buckets"),
    default=1,
    show_default=True,
    help="Rows for unknown words: one of zeros, or several small random ones.",
)
@click.option("--limit", type=Number("--limit"), help="Read the first LIMIT words only.")
@click.option("--licence", default="", help="Licence of the vectors, kept beside them.")
def build(
    vectors: Path,
    out: Path,
    format: str | None,
    words: Path | None,
    normalise: str,
    oov_buckets: int,
    limit: int | None,
    licence: str,
) -> None:
    """Make a TF-Hub text-embedding module from word vectors.

    VECTORS is a file of GloVe (text), word2vec (text or binary) or NumPy (.npy with --words).
    """
    start = time.perf_counter()
    read = read_vectors(vectors, format=format, words=words, limit=limit)

    from tfnews.models.embedding.module import build_module, unreachable

    build_module(
        read.words,
        read.vectors,
        out,
        normalise=normalise,
        oov_buckets=oov_buckets,
        licence=licence,
    )
    for reason, count in read.dropped.items():
        say(f"Left out: {count:,} {reason}.")
    never = unreachable(read.words, normalise)
    if never:
        say(f"{never:,} words can never be met in a text normalised by '{normalise}'.")
    megabytes = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6
    say(
        f"{out}: {len(read.words):,} words of {read.vectors.shape[1]} numbers, {oov_buckets:,} "
        f"for unknown words, {megabytes:.1f} MB in {time.perf_counter() - start:.0f} s."
    )
    next_step(f"tfnews fit --data SPLITS --arch nnlm50 --weights {shlex.quote(str(out))}")


@command.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder of the new checkpoint."
)
def convert(folder: Path, out: Path) -> None:
    """Turn a checkpoint's pytorch_model.bin into model.safetensors.

    FOLDER is a Hugging Face checkpoint: config.json, pytorch_model.bin, and vocab.txt or
    spiece.model. The .bin file is a pickle: only tensors are read from it, nothing is executed,
    and PyTorch is not needed.
    """
    check_convertible(folder, out)  # before TensorFlow starts, which takes seconds

    from tfnews.models.transformer.checkpoint import TENSORS
    from tfnews.models.transformer.convert import convert

    file = convert(folder, out) / TENSORS
    say(f"{file}: {file.stat().st_size / 1e6:.1f} MB, SHA-256 {sha256(file)}.")
    next_step(f"tfnews fit --data SPLITS --arch ARCH --weights {shlex.quote(str(out))}")
