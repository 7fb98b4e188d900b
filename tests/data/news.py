"""Made-up news, and files of it."""

import csv
import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

HEADER = ("title", "text", "label")
FAKE = ("Moon sold to Mars", "The moon was sold. Mars paid in dust.", "FAKE")
REAL = ("Council meets", "The council met on Monday and adjourned.", "REAL")


def delimited(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    """Return rows as the csv module writes them."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    """Write a file, compressed when its name ends in .gz."""
    data = content.encode(encoding) if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_table(path: Path, columns: Sequence[str], rows: Sequence[Sequence]) -> Path:
    """Write rows in the form that the file's ending names."""
    name = path.name.removesuffix(".gz")
    if name.endswith(".parquet"):
        pd.DataFrame(rows, columns=list(columns)).to_parquet(path, index=False)
        return path
    if name.endswith("l"):
        objects = (dict(zip(columns, row, strict=True)) for row in rows)
        return write(path, "".join(json.dumps(record) + "\n" for record in objects))
    return write(path, delimited([columns, *rows], "\t" if ".tsv" in name else ","))
