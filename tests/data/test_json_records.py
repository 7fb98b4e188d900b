"""JSON of every shape that pandas, web services and people write."""

import json

import pandas as pd
import pytest

from tests.data.news import write
from tfnews.data import streams, tables
from tfnews.data.decoding import Account
from tfnews.data.rows import Layout, UnreadableRestError
from tfnews.data.texts import read_texts
from tfnews.errors import DataError

ROWS = [
    {"title": "A", "text": 'b "c"\nd', "label": 1},
    {"title": "Ünder", "text": "x, [y] {z}", "label": 0},
    {"title": "", "text": "last", "label": 1},
]
VALUES = [["A", 'b "c"\nd', "1"], ["Ünder", "x, [y] {z}", "0"], ["", "last", "1"]]
FRAME = pd.DataFrame(ROWS)


def read(path):
    return list(tables.rows(path, tables.columns(path), Account()))


ORIENTS = ("split", "records", "index", "columns", "table")
SHAPES = {
    **{
        orient: FRAME.to_json(orient=orient)
        for orient in ["split", "records", "index", "columns", "table"]
    },
    "list": json.dumps(FRAME.to_dict("list")),
    "by names": FRAME.set_axis(["x", "y", "z"]).to_json(orient="columns"),
    "index by names": FRAME.set_axis(["x", "y", "z"]).to_json(orient="index"),
    "data": json.dumps({"data": ROWS, "count": 3}),
    "articles": json.dumps({"meta": {"version": [1, 2]}, "articles": ROWS}),
    "deep": json.dumps({"response": {"status": "ok", "docs": ROWS}}),
    "after another": "".join(map(json.dumps, ROWS)),
    "lines": "".join(json.dumps(row) + "\n" for row in ROWS),
    "blank lines": "\n\n".join(json.dumps(row) for row in ROWS),
    "commas after objects": ",\n".join(map(json.dumps, ROWS)) + ",\n",
    "comma at the end": json.dumps(ROWS)[:-1] + ",]",
}
SHAPES |= {
    f"{name}, indented": json.dumps(json.loads(text), indent=2)
    for name, text in SHAPES.items()
    if name
    not in ("after another", "lines", "blank lines", "commas after objects", "comma at the end")
}
SHAPES["objects, indented"] = "\n".join(json.dumps(row, indent=2) for row in ROWS)


@pytest.mark.parametrize("ending", ["json", "jsonl"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_is_read(tmp_path, shape, ending):
    path = write(tmp_path / f"a.{ending}", SHAPES[shape])
    names = tables.columns(path)
    places = [names.index(name) for name in ("title", "text", "label")]
    assert [[row.values[place] for place in places] for row in read(path)] == VALUES
    assert [item.text for item in read_texts(path)] == ['A b "c"\nd', "Ünder x, [y] {z}", "last"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [2, 7, 64])
def test_pieces_may_end_anywhere(tmp_path, monkeypatch, shape, size):
    monkeypatch.setattr(streams, "BLOCK", size)
    assert len(read(write(tmp_path / "a.json", SHAPES[shape]))) == 3


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("shape", ["records", "columns, indented", "data", "lines"])
def test_shapes_in_other_encodings(tmp_path, shape, encoding):
    content = SHAPES[shape].replace("\\u00dc", "Ü")
    rows = read(write(tmp_path / "a.json", content, encoding))
    assert rows[0].values[1] == 'b "c"\nd'
    assert "Ünder" in [value for row in rows for value in row.values]


@pytest.mark.parametrize(
    "record",
    [
        {"text": "a"},
        {"text": "a", "comments": [{"user": "x"}, {"user": "y"}]},
        {"title": "a", "meta": {"site": "x"}, "text": ""},
        {"url": "x", "text": "a", "images": ["y"], "meta": {"og": {"site": "x"}}},
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_one_article_is_one_record(tmp_path, record, indent):
    path = write(tmp_path / "a.json", json.dumps(record, indent=indent))
    assert [item.text for item in read_texts(path)] == ["a"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('"abc"', 'holds no JSON object: it begins with "abc"'),
        ("[1, 2]", "holds no JSON object: it begins with 1"),
        ('[["a", "b"], ["c", "d"]]', r"holds no JSON object: it begins with \[\"a\", \"b\"\]"),
        ("[]", "is empty"),
        ("[", "is empty|cut off"),
        ("{}", "an object without keys"),
        ('{\n"data": [{"text": "a"},\n{"text"', "is cut off or wrong"),
        (json.dumps({"fake": ROWS, "real": ROWS}), "several lists of objects: fake, real"),
        ('{"title": ["a"], "text": ["b", "c"]}', "columns of different lengths: title, text"),
        (json.dumps({"cells": [], "metadata": {}, "nbformat": 4}), "is a Jupyter notebook"),
        (json.dumps({"cells": [{"cell_type": "code"}]}, indent=1), "is a Jupyter notebook"),
    ],
)
def test_a_shape_without_records_is_named(tmp_path, content, message):
    with pytest.raises(DataError, match=message) as error:
        read(write(tmp_path / "a.json", content))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content", ['[{"text": "a"}, {"text": "b"', '[{"text": "a"} {"text": "b"}]']
)
def test_what_comes_before_a_broken_element_is_sound(tmp_path, content):
    path = write(tmp_path / "a.json", content)
    with pytest.raises(UnreadableRestError, match=r"record 2 of its JSON cannot be read"):
        read(path)
    first, broken = read_texts(path)
    assert (first.text, broken.id, broken.text) == ("a", "2", None)


def test_an_element_of_another_kind_is_one_broken_row(tmp_path):
    found = read(write(tmp_path / "a.json", '[{"text": "a"}, 3, [], null, {"text": "\\ud83d"}]'))
    assert [(row.line, row.fault) for row in found] == [
        (1, None),
        *((line, "not a JSON object") for line in (2, 3, 4)),
        (5, "half a Unicode pair"),
    ]


def test_no_more_than_one_element_is_held(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "BLOCK", 2**10)
    path = write(tmp_path / "a.json", json.dumps([{"text": "a" * 1000}] * 100))
    layout = Layout(longest=2**11)
    assert len(list(tables.rows(path, ["text"], Account(), layout=layout))) == 100
