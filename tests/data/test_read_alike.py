"""What is learnt from a file and what is scored of it are the same texts, however odd the file.

There were two readers once, and they differed over "nan", Latin-1, quotes left open and more.
"""

import functools
import gzip
import io
import json

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tfnews.data.readers import read
from tfnews.data.rows import UnreadableRestError
from tfnews.data.text import combine
from tfnews.data.texts import read_texts
from tfnews.errors import DataError

LABELS = {"fake_values": ["1"], "real_values": ["0"]}
WHOLE = [("Moon", "sold", "1"), ("Council", "met", "0")]
SOUND = ["Moon sold", "Council met"]


def learnt(path, **columns):
    """Return the text of each record; None for a broken one, whose place `prepare` tells."""
    reading = read(path, **LABELS, **columns, chunk_rows=3)
    found = {}
    for frame in reading:
        for row in frame.itertuples():
            found[row.line] = combine(row.title, row.text)
    for row in reading.rejects.itertuples():
        found[row.line] = "" if row.reason == "no title and no text" else None
    assert len(found) == reading.summaries[0]["rows"]
    return [found[line] for line in sorted(found)]


def scored(path, **columns):
    return [item.text for item in read_texts(path, **columns)]


def delimited(mark, *rows):
    lines = [("title", "text", "label"), *WHOLE, *rows, ("last", "one", "1")]
    return "".join(mark.join(row) + "\n" for row in lines).encode()


def json_lines(*rows):
    objects = [dict(zip(("title", "text", "label"), row, strict=True)) for row in WHOLE]
    objects += [row if isinstance(row, str) else {"label": 1, **row} for row in rows]
    lines = (row if isinstance(row, str) else json.dumps(row) for row in objects)
    return "".join(f"{line}\n" for line in lines).encode()


def table(**columns):
    count = len(next(iter(columns.values())))
    labels = pa.array([i % 2 for i in range(count)])
    file = io.BytesIO()
    parquet.write_table(pa.table({**columns, "label": labels}), file)
    return file.getvalue()


# Name -> content, and the text of each record.
ODD = {
    "marks.tsv": (delimited("\t", ('a, "b"', "c;|", "0")), [*SOUND, 'a, "b" c;|', "last one"]),
    "semicolons.csv": (delimited(";", ("a,b", "c", "0")), [*SOUND, "a,b c", "last one"]),
    "bars.csv": (delimited("|", ("a,b", "c", "0")), [*SOUND, "a,b c", "last one"]),
    "tabs.csv": (delimited("\t", ("a,b", "c", "0")), [*SOUND, "a,b c", "last one"]),
    "mark.csv": (b"\xef\xbb\xbf" + delimited(","), [*SOUND, "last one"]),
    "nan.csv": (
        delimited(",", *((name, "b", "0") for name in ("nan", "NaN", "NAN", "null", " nan", ""))),
        [*SOUND, "b", "b", "NAN b", "null b", "nan b", "b", "last one"],
    ),
    "nothing.csv": (
        delimited(",", ("nan", "NaN", "0"), ("", " ", "1")),
        [*SOUND, "", "", "last one"],
    ),
    "widths.csv": (
        delimited(",", ("a", "b"), ("a", "b", "0", "d"), ("a", "b,", "0"), (" ",)),
        [*SOUND, None, None, None, None, "last one"],
    ),
    "blank.csv": (
        b"\n\r\n" + delimited(";", (), ("a,b", "c", "0"), ()),
        [*SOUND, "a,b c", "last one"],
    ),
    "quotes.csv": (
        delimited(",", ('"a" b', "c", "0"), ('a "b"', '"c ""d"""', "0"), ('"x', 'y" z', "1")),
        [*SOUND, None, 'a "b" c "d"', None, "last one"],
    ),
    "run_together.csv": (
        delimited(",", ("a", '"open', "0"), ("b", '"shut" c', "1")),
        [*SOUND, None, "last one"],
    ),
    "zero.csv": (delimited(",", ("a\0b", "\0", "0")), [*SOUND, "a\0b \0", "last one"]),
    "cr.csv": (delimited(",").replace(b"\n", b"\r"), [*SOUND, "last one"]),
    "crlf.csv": (
        delimited(",", ('"a\nb"', "c", "0"), ()).replace(b"\n", b"\r\n"),
        [*SOUND, "a\r\nb c", "last one"],
    ),
    "mixed_ends.csv": (
        delimited(",", ("a\rb,c", "d", "0"), ("e", "f", "1\r")),
        [*SOUND, None, None, "e f", "last one"],
    ),
    "windows.csv": (
        delimited(",") + b"caf\xe9,\x93quoted\x94 \x80 \x81,0\n"
        b'\xc3\xa9,\xe2\x82\xac,1\n"a,\xff",b,1',
        [*SOUND, "last one", "café “quoted” € \x81", "é €", "a,ÿ b"],
    ),
    "windows_header.csv": (b"title,text,label,caf\xe9\nA,b,1,x\nC,d,0,y\n", ["A b", "C d"]),
    "long.csv": (
        delimited(",", ("a", "b" * 300_000, "0")),
        [*SOUND, "a " + "b" * 300_000, "last one"],
    ),
    "index.csv": (b",title,text,label,\n0,A,b,1,x\n1,C,d,0,y\n", ["A b", "C d"]),
    "spaced.csv": (b" title , text,label\t\nA,b,1\nC,d,0\n", ["A b", "C d"]),
    "two_cases.csv": (
        b"Text,text,Title,title,label\nx,b,y,A,1\nx,d,y,C,0\n",
        ["A b", "C d"],
    ),
    "values.jsonl": (
        json_lines(
            {"title": None, "text": "b"},
            {"title": float("nan"), "text": "b"},
            {"title": "nan", "text": "b"},
            {"title": 1.0, "text": 2},
            {"title": True, "text": "b"},
            {"text": "b"},
            {"title": "a"},
            {},
        ),
        [*SOUND, "b", "b", "b", "1.0 2", "true b", "b", "a", ""],
    ),
    "no_texts.jsonl": (
        json_lines(
            {"title": "a", "text": ["b"]},
            {"title": {"a": 1}, "text": "b"},
            {"title": [], "text": "b"},
            {"title": "a", "text": "b", "tags": ["c", {"d": "e"}]},
        ),
        [*SOUND, None, None, None, "a b"],
    ),
    "broken.jsonl": (
        json_lines("{cut", '"text"', "[1]", "null", "", "  ", "[" * 99_999, '{"text": "a\tb"}'),
        [*SOUND, *[None] * 6],
    ),
    "deep.jsonl": (
        json_lines(
            *(
                '{"label": 1, "text": "a", "deep": ' + '{"a":' * n + "3" + "}" * n + "}"
                for n in (3, 99_999)
            )
        ),
        [*SOUND, "a", None],
    ),
    "halves.jsonl": (
        json_lines(
            {"text": "\ud83d"},
            {"text": "\ud83d\ude00"},
            {"text": "a", "author": "\ude00"},
            {"text": "a", "\udc80": "b"},
            {"text": "a\\ud83d"},
        ),
        [*SOUND, None, "😀", None, None, "a\\ud83d"],
    ),
    "encodings.jsonl": (
        b"\xef\xbb\xbf" + json_lines() + b'{"text": "caf\xe9 \x85", "label": 1}\n',
        [*SOUND, "café …"],
    ),
    "later_keys.jsonl": (
        json_lines(*[{"text": str(i)} for i in range(1100)], {"text": "b", "mood": "c"}),
        [*SOUND, *map(str, range(1100)), "b"],
    ),
    "array.json": (
        b"[" + json_lines({"text": 1}).strip().replace(b"\n", b",\n") + b"]\n",
        [*SOUND, "1"],
    ),
    "spaced_array.json": (
        b'\n \n [\n{"text": "a", "label": 1}\n,{"text": "b", "label": 0}]\n',
        ["a", "b"],
    ),
    "objects_over_lines.json": (
        b'{\n"text": "a",\n"label": 1\n}\n{\n"text": "b",\n"label": 0}\n',
        ["a", "b"],
    ),
    "text_comes_later.jsonl": (
        b'{"title": "a", "label": 1}\n{"title": "c", "text": "d", "label": 0}\n',
        ["a", "c d"],
    ),
    "ends.jsonl": (json_lines({"text": "a"}).replace(b"\n", b"\r\n\r"), [*SOUND, "a"]),
    "values.parquet": (
        table(
            title=pa.array(["A", "C", None, "nan", "NaN", "e"]),
            text=pa.array(["b", "d", "x", None, "y", "null"]),
        ),
        ["A b", "C d", "x", "", "y", "e null"],
    ),
    "numbers.parquet": (
        table(
            title=pa.array([1.5, float("nan"), None, 2.0]),
            text=pa.array([1, 2, 3, None]),
        ),
        ["1.5 1", "2", "3", "2.0"],
    ),
    "lists.parquet": (
        table(title=pa.array([*"abcd"]), text=pa.array([None, None, [], ["d"]])),
        ["a", "b", None, None],
    ),
    "bytes.parquet": (
        table(title=pa.array([*"abcd"]), text=pa.array([None, None, b"c", b""])),
        ["a", "b", None, None],
    ),
    "encodings.parquet": (
        table(text=pa.array([b"a", b"b", b"caf\xe9", None]).cast("string", False)),
        ["a", "b", "café", ""],
    ),
    "other_columns.parquet": (
        table(
            text=pa.array(["a", "b"]),
            tags=pa.array([["x"], None]),
            raw=pa.array([b"\xff", None]),
            part=pa.array(["c", "d"]).dictionary_encode(),
        ),
        ["a", "b"],
    ),
    "classes.parquet": (
        table(text=pa.array(["a", "b", "nan"]).dictionary_encode()),
        ["a", "b", ""],
    ),
}


@pytest.fixture(params=[False, True], ids=["plain", "gzip"])
def place(request, tmp_path):
    """Write a file, compressed or not."""

    def _place(name, content):
        path = tmp_path / (f"{name}.gz" if request.param else name)
        path.write_bytes(gzip.compress(content) if request.param else content)
        return path

    return _place


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file(place, name):
    content, expected = ODD[name]
    path = place(name, content)
    assert learnt(path) == expected
    assert scored(path) == expected


def test_columns_named_in_another_case(place):
    path = place("a.csv", b"HEAD, Body ,label\nA,b,1\nC,nan,0\n")
    columns = {"title_column": "HEAD", "text_column": "Body"}
    assert scored(path, **columns) == learnt(path, **columns) == ["A b", "C"]


REFUSED = {
    "twice.csv": b"title,text,text,label\nA,b,c,1\nC,d,e,0\n",
    "twice_but_for_blanks.csv": b"title,text , text,label\nA,b,c,1\nC,d,e,0\n",
    "twice.tsv": b"title\ttext\ttitle\tlabel\nA\tb\tc\t1\n",
    "empty.csv": b"",
    "empty.tsv": b"",
    "empty.jsonl": b"",
    "empty.parquet": b"",
    "blank.csv": b"\n\n\r\n",
    "blank.jsonl": b"\n \n",
    "header.csv": b'"title" x,text,label\nA,b,1\n',
    "open_header.csv": b'title,"text,label\nA,b,1\nC,d,0\n',
    "no_object.jsonl": b'"a"\n3\n',
    "dates.parquet": table(
        title=pa.array([1, 2**62], pa.timestamp("us")), text=pa.array(["a", "b"])
    ),
    "other.parquet": b"title,text,label\n" * 10,
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_at_all(place, name):
    path = place(name, REFUSED[name])
    with pytest.raises(DataError) as one:
        learnt(path)
    with pytest.raises(DataError) as other:
        scored(path)
    assert str(one.value) == str(other.value)
    assert str(one.value).startswith((path.name, f"The header of {path.name}"))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
@pytest.mark.parametrize("kept", [30, 0.5, 0.99])
def test_a_cut_off_gzip(tmp_path, name, kept):
    texts = [str(number**9) for number in range(500)]
    content = {
        "a.csv": ("text,label\n" + "".join(f"{text},{text[-1]}\n" for text in texts)).encode(),
        "a.jsonl": json_lines(*({"text": text} for text in texts)),
        "a.parquet": table(text=pa.array(texts)),
    }
    packed = gzip.compress(content[name])
    path = tmp_path / f"{name}.gz"
    path.write_bytes(packed[: kept if kept > 1 else int(len(packed) * kept)])
    for reading in (learnt, scored):
        with pytest.raises(DataError, match=r"gz is a damaged or cut-off gzip file \(.*anew"):
            reading(path)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("limit", [40, 10**6])
def test_a_quote_that_is_never_closed_stops_one_and_is_one_record_of_the_other(
    place, monkeypatch, mark, limit
):
    """The rows after it were scored once as one text, or from the longest field on as rows."""
    monkeypatch.setattr("tfnews.data.delimited.LONGEST_FIELD", limit)
    path = place("a.csv", delimited(mark, ("B", '"open', "1"), *WHOLE * 9))
    with pytest.raises(DataError) as error:
        learnt(path)
    assert "on line 4 is never closed, so the file's last 20 lines run together" in str(error.value)
    *sound, broken = read_texts(path)
    assert [item.text for item in sound] == ["Moon sold", "Council met"]
    assert (broken.id, broken.text) == ("3", None)
    assert broken.problem == f"unreadable record: {error.value}"


def test_a_field_too_long_is_one_record_whatever_lines_it_has(place, monkeypatch):
    monkeypatch.setattr("tfnews.data.delimited.LONGEST_FIELD", 40)
    long = '"' + 'a line,"",1\n' * 20 + '"'
    path = place("a.csv", delimited(",", (long, "b", "1"), ("c" * 50, "d", "0"), ("e", long, "0")))
    found = learnt(path)
    assert found == ["Moon sold", "Council met", None, None, None, "last one"]
    assert scored(path) == found


_PIECES = [b"a", b" ", b'"', b'""', b",", b"\n", b"\r", b"\0", b"\xe9", b"\xc3\xa9"]
_TITLE = st.lists(st.sampled_from(_PIECES), max_size=6).map(b"".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(_TITLE.filter(lambda title: title.count(b",") < 2), max_size=5))
def test_any_titles(tmp_path, titles):
    path = tmp_path / "any.csv"
    rows = (
        b"%d,text,%s" % (number % 2, title) for number, title in enumerate([b"A", b"B", *titles])
    )
    path.write_bytes(b"label,text,title\n" + b"\n".join(rows))
    items = list(read_texts(path))
    if "never closed" in (items[-1].problem or ""):
        with pytest.raises(UnreadableRestError):
            learnt(path)
    else:
        assert learnt(path) == [item.text for item in items]


_VALUE = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda values: st.lists(values, max_size=2) | st.dictionaries(st.text(max_size=1), values),
    max_leaves=3,
)
_OBJECT = st.fixed_dictionaries({}, optional={"title": _VALUE, "text": _VALUE, "other": _VALUE})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(_OBJECT | st.sampled_from(["{", "[]", "", "\ufeff{}"]), max_size=5))
def test_any_values(tmp_path, objects):
    path = tmp_path / "any.jsonl"
    path.write_bytes(json_lines(*objects))
    assert learnt(path) == scored(path)


@pytest.mark.parametrize("shape", ["lines", "array", "object", "written out"])
@pytest.mark.parametrize("depth", [97, 101, 600, 970, 976, 982, 988])
def test_values_nested_deep_are_read_alike_at_every_depth(tmp_path, shape, depth):
    """Python's own limit depends on who reads: prepare learnt a record that predict refused."""
    rows = [{"title": title, "text": text, "label": label} for title, text, label in WHOLE]
    deep = json.dumps({"title": "a", "text": "b", "label": "@"})
    deep = deep.replace('"@"', '"1", "deep": ' + "[" * depth + "]" * depth)
    rows = [*map(json.dumps, rows), deep]
    content = {
        "lines": "\n".join(rows),
        "array": "[" + ", ".join(rows) + "]",
        "object": '{"data": [' + ", ".join(rows) + "]}",
        "written out": '{"data":\n[' + ",\n".join(rows) + "]}\n",
    }[shape]
    path = tmp_path / ("a.jsonl" if shape == "lines" else "a.json")
    path.write_text(content)
    columns = {"title_column": "title", "text_column": "text"}
    if shape in ("object", "written out") and depth > 98:
        for ask in (functools.partial(learnt, label_column="label"), scored):
            with pytest.raises(DataError):
                ask(path, **columns)
        return
    wanted = [*SOUND, "a b" if depth < 100 else None]
    assert scored(path, **columns) == learnt(path, label_column="label", **columns) == wanted
