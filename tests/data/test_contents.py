"""Files that are something else than their names say are called what they are."""

import bz2
import gzip
import io
import json
import os
import pickle
import zipfile

import pytest

from tests.data.news import write
from tfnews.data.readers import read
from tfnews.data.texts import read_texts
from tfnews.errors import DataError

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 116\n"
PAGE = b"\n\n<!DOCTYPE html>\n<html lang=en><head><title>News</title></head></html>"
NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": "x"}], "nbformat": 4}, indent=1)


def zipped(**parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return file.getvalue()


FILES = {
    "a.csv": (POINTER, "a Git LFS pointer, not the file itself. Fetch the file with: git lfs pull"),
    "b.parquet": (POINTER, "a Git LFS pointer"),
    "c.xlsx": (POINTER, "a Git LFS pointer"),
    "d.jsonl": (POINTER, "a Git LFS pointer"),
    "e.csv": (b"/annex/objects/SHA256E-s1--2.csv\n", "a git-annex pointer"),
    "f.csv": (zipped(a="x" * 99), "a zip archive"),
    "g.csv": (zipped(xl__workbook="x"), "an Excel workbook. Give its name the ending .xlsx"),
    "h.json": (zipped(word__document="x"), "a Word document"),
    "i.csv": (PAGE, "a web page"),
    "j.jsonl": (PAGE, "a web page"),
    "k.json": (NOTEBOOK.encode(), "a Jupyter notebook"),
    "l.csv": (b"%PDF-1.7\n%\xe2\xe3", "a PDF"),
    "m.csv": (b"PAR1\x15\x04\x15", r"a Parquet file. Give its name the ending .parquet"),
    "n.csv": (pickle.dumps([{"text": "a"}]), "a Python pickle, which is never opened"),
    "o.csv": (b"SQLite format 3\0", "an SQLite database"),
    "p.csv": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel"),
    "q.tsv": (b"\x89PNG\r\n\x1a\n", "a picture"),
    "r.csv": (b"\xfd7zXZ\0", "an xz archive"),
    "s.csv": (bytes(range(256)) * 20, "a binary file"),
    "t.csv": (b"<?xml version='1.0'?><rows/>", "XML"),
    "v.csv": (bz2.compress(b"text"), "a bzip2 archive"),
    "u.csv": (b"a.csv".ljust(257, b"\0") + b"ustar\x0000", "a tar archive"),
}


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", FILES)
def test_a_file_is_called_what_it_is(tmp_path, name, compressed):
    content, what = FILES[name]
    name = f"{name}.gz" if compressed else name
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if compressed else content)
    for reading in (lambda: list(read(path)), lambda: list(read_texts(path))):
        with pytest.raises(DataError, match=f"^{name} is {what}") as error:
            reading()
        assert len(str(error.value)) < 200


def test_gzip_under_another_name_is_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(gzip.compress(b"text\nA b\n"))
    assert [item.text for item in read_texts(path)] == ["A b"]


@pytest.mark.parametrize("name", ["ORCID", "PAR1", "BZh9", "Rar!", "GIF89", "PKs", "MZ", "%P"])
def test_a_header_that_begins_like_such_a_file(tmp_path, name):
    path = write(tmp_path / "a.csv", f"{name},text\n1,a\n")
    assert [item.text for item in read_texts(path)] == ["a"]


@pytest.mark.parametrize(
    "text",
    ["<b>Bold</b> claims", "version 2 of https://git-lfs", "PK is a brand", "BZ", '{"cells"'],
)
def test_texts_about_such_files_are_texts(tmp_path, text):
    path = write(tmp_path / "a.csv", f'text\n"{text.replace(chr(34), chr(34) * 2)}"\n')
    assert [item.text for item in read_texts(path)] == [text]


def test_a_folder_with_a_files_name(tmp_path):
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(DataError, match="folder"):
        list(read(tmp_path / "a.csv"))


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no rights of this kind here")
def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = write(tmp_path / "a.csv", "text\nA\n")

    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("tfnews.data.streams.open", refuse, raising=False)
    with pytest.raises(DataError, match=r"a\.csv cannot be read: Permission denied. Check"):
        list(read_texts(path))


LONG = "z" * 5000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", f"title,{LONG}\na,b\n"),
        ("b.csv", ",".join(f"column{n}" for n in range(2000)) + "\na\n"),
        ("c.csv", f"text,{LONG},{LONG}\na,b,c\n"),
        ("d.csv", f'"{LONG}" x,text\na,b\n'),
        ("e.json", json.dumps(LONG)),
        ("f.json", json.dumps({name + LONG: [{}] for name in "ab"})),
        ("g.json", json.dumps({name + LONG: ["x"] * n for n, name in enumerate("ab", 1)})),
        ("h.json", json.dumps([[LONG]])),
        ("i.csv", f"title,text\n{LONG}\n{LONG},b,c\n"),
        ("j.jsonl", f'{{"text": "a"}}\n{LONG}\n'),
        ("k.csv", f"text,label\na,b,{LONG},{LONG}\nb,c\n"),
        ("l.parquet", LONG),
        ("m.xlsx", LONG),
    ],
)
def test_no_message_quotes_more_than_200_characters(tmp_path, name, content):
    path = write(tmp_path / name, content)
    said = []
    for reading in (
        lambda: list(read(path, fake_values=["1"], real_values=["0"])),
        lambda: [item.problem for item in read_texts(path) if item.problem],
        lambda: list(read_texts(path, text_column="y" * 5000)),
    ):
        try:
            said += [one for one in reading() if isinstance(one, str)]
        except DataError as error:
            said.append(str(error))
    assert said
    assert all(max(one.count(sign) for sign in "yz") <= 200 for one in said)
    assert all(len(one) < 600 and "\n" not in one for one in said)
