import gzip
import io
import json
import os
import subprocess
import sys
import threading

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tfnews.data.streams import is_readable
from tfnews.data.tables import FORMATS
from tfnews.data.texts import Item, items, read_texts
from tfnews.errors import DataError, UsageError

ROWS = [
    {"id": "a", "title": "Storm", "text": "It rained,\nall day."},
    {"id": "b", "title": "", "text": 'He said "no".'},
    {"id": "c", "title": "Nur ein Titel", "text": ""},
]
COMBINED = ["Storm It rained,\nall day.", 'He said "no".', "Nur ein Titel"]


def as_csv(delimiter=","):
    def quoted(value):
        return '"' + value.replace('"', '""') + '"'

    lines = [delimiter.join(ROWS[0])]
    lines += [delimiter.join(map(quoted, row.values())) for row in ROWS]
    return "\n".join(lines).encode() + b"\n"


def as_parquet():
    file = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), file)
    return file.getvalue()


CONTENTS = {
    "news.csv": as_csv(),
    "news.tsv": as_csv("\t"),
    "news.jsonl": "".join(json.dumps(row) + "\n" for row in ROWS).encode(),
    "news.parquet": as_parquet(),
}


@pytest.fixture
def write(tmp_path):
    def _write(name: str, content: bytes | str):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return _write


@pytest.fixture
def stdin(monkeypatch):
    def _stdin(content: bytes, seekable: bool = False):
        stream = io.BytesIO(content)
        stream.seekable = lambda: seekable
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(stream)))

    return _stdin


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", CONTENTS)
def test_every_format_from_a_file(write, name, compressed):
    content = CONTENTS[name]
    path = write(f"{name}.gz", gzip.compress(content)) if compressed else write(name, content)
    read = list(read_texts(path))
    assert [item.id for item in read] == ["a", "b", "c"]
    assert [item.text for item in read] == COMBINED


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_delimiter_is_taken_from_the_header_as_in_prepare(write, stdin, delimiter):
    content = as_csv(delimiter)
    stdin(content)
    for read in (read_texts(write("news.csv", content)), read_texts("-", format="csv")):
        assert [item.text for item in read] == COMBINED


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", CONTENTS)
def test_every_format_from_standard_input(stdin, name, compressed):
    content = CONTENTS[name]
    stdin(gzip.compress(content) if compressed else content)
    read = list(read_texts("-", format=name.removeprefix("news.")))
    assert [item.text for item in read] == COMBINED
    assert not sys.stdin.closed


def test_lines_keep_their_numbers_and_blanks(stdin):
    stdin("first\r\n\nthird — no newline".encode())
    assert list(read_texts("-")) == [
        Item("1", "first"),
        Item("2", ""),
        Item("3", "third — no newline"),
    ]


def test_byte_order_mark_is_no_part_of_the_first_column(write):
    assert next(read_texts(write("a.csv", b"\xef\xbb\xbftext\nhello\n"))).text == "hello"


@pytest.mark.parametrize(
    ("header", "options", "text"),
    [
        ("text,title", {}, "two one"),
        ("Title,Text", {}, "one two"),
        ("combined_text,text", {}, "one"),
        ("headline,text", {}, "two"),
        ("headline,text", {"title_column": "headline"}, "one two"),
        ("headline,body", {"title_column": "headline"}, "one"),
        ("title,body", {"text_column": "title"}, "one"),
        ("combined_text,body", {"text_column": "body"}, "two"),
        ("Text,text", {}, "two"),
        (" Title ,TEXT", {}, "one two"),
        (" head , body ", {"title_column": "head", "text_column": "body"}, "one two"),
    ],
)
def test_which_columns_are_read(write, header, options, text):
    path = write("a.csv", f"{header}\none,two\n")
    assert next(read_texts(path, **options)).text == text


def test_id_column(write):
    path = write("a.csv", "url,text\nhttp://a,one\n")
    assert next(read_texts(path)).id == "1"
    assert next(read_texts(path, id_column="url")).id == "http://a"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "Column 'text' is not in a.csv. It has: title, body. Name another with --text-column"),
        ({"text_column": "x"}, "Column 'x' is not in a.csv. It has: title, body."),
        ({"text_column": "body", "id_column": "y"}, "--id-column"),
    ],
)
def test_missing_column_lists_the_columns(write, options, message):
    path = write("a.csv", "title,body\none,two\n")
    with pytest.raises(DataError, match=message):
        list(read_texts(path, **options))


def test_bad_csv_records_keep_their_place(write):
    path = write("a.csv", b'id,text\na,good\nb,too,many\n\nc\nd,"x" y\ne,caf\xe9\n,no id\n')
    read = list(read_texts(path))
    assert [item.text for item in read] == ["good", None, None, None, "café", "no id"]
    assert [item.id for item in read] == ["a", "2", "3", "4", "e", "6"]
    assert [item.problem for item in read[1:4]] == [
        "unreadable record: wrong number of fields (line 3: 3 fields instead of 2: b | too | many)",
        "unreadable record: wrong number of fields (line 5: 1 fields instead of 2: c)",
        "unreadable record: quotes that do not pair (line 6: ',' expected after '\"')",
    ]


def test_field_beyond_the_limit_is_one_bad_record(write, monkeypatch):
    monkeypatch.setattr("tfnews.data.delimited.LONGEST_FIELD", 20)
    path = write("a.csv", f"text\nfirst\n{'x' * 30}\nlast\n")
    read = list(read_texts(path))
    assert [item.text for item in read] == ["first", None, "last"]
    assert read[1].problem.startswith("unreadable record: a field that is too long (line 3: ")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{broken", "unreadable record: not a JSON object (line 3: {broken)"),
        ('"only a string"', "unreadable record: not a JSON object"),
        ('{"text": ["a"]}', "unreadable record: column 'text' holds a list, not a text"),
        ('{"text": "\\ud800"}', "unreadable record: half a Unicode pair"),
        ("[" * 100_000, "unreadable record: values nested too deep"),
    ],
)
def test_bad_json_lines_keep_their_place(write, line, problem):
    path = write("a.jsonl", f'{{"text": "one"}}\n\n{line}\n{{"text": 3}}\n{{"text": null}}\n')
    first, bad, *rest = read_texts(path)
    assert first == Item("1", "one")
    assert (bad.id, bad.text) == ("2", None)
    assert bad.problem.startswith(problem)
    assert rest == [Item("3", "3"), Item("4", "")]


def test_one_json_array_is_told_from_json_lines(write):
    assert list(read_texts(write("a.json", '[{"text": "one"}]'))) == [Item("1", "one")]


def test_parquet_nulls_and_numbers(write):
    file = io.BytesIO()
    table = pyarrow.table({"id": [1, 2], "title": [None, "t"], "text": ["one", None]})
    parquet.write_table(table, file)
    assert list(read_texts(write("a.parquet", file.getvalue()))) == [
        Item("1", "one"),
        Item("2", "t"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is empty"),
        ("a.parquet", b"no parquet at all", "cannot be read as Parquet"),
        (
            "a.csv.gz",
            gzip.compress(b"text\n" + b"one two\n" * 999, mtime=0)[:-20],
            "damaged or cut-off gzip",
        ),
        ("a.csv.gz", b"\x1f\x8bnot gzip at all", "damaged or cut-off gzip"),
    ],
)
def test_broken_files(write, name, content, message):
    with pytest.raises(DataError, match=message):
        list(read_texts(write(name, content)))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_read_as_a_shell_makes_it(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=["one\ntwo\n"])
    writer.start()
    found = [item.text for item in read_texts(pipe, format="lines")]
    writer.join()
    assert found == ["one", "two"]


@pytest.mark.parametrize("name", ["", "x" * 5000, "nul\0", "."])
def test_what_is_no_file(name):
    assert not is_readable(name)


def test_missing_file_and_unknown_format(tmp_path, write):
    with pytest.raises(DataError, match="There is no file"):
        read_texts(tmp_path / "none.csv")
    with pytest.raises(UsageError, match=r"\.jsonl.*--input-format"):
        read_texts(write("a.doc", "x"))
    with pytest.raises(UsageError, match="Allowed: csv, tsv, jsonl, json, parquet, xlsx, lines"):
        read_texts("-", format="xml")


def test_reading_is_lazy(write):
    path = write("a.jsonl", '{"text": "one"}\n[' + "\n" + "x" * 100)
    reading = read_texts(path)
    assert next(reading).text == "one"
    reading.close()


def test_items_of_python_values():
    found = list(items(["a", None, float("nan"), "nan", 3, b"x", ("a", "b"), "\ud800x"]))
    assert [item.text for item in found] == ["a", "", "", "", "3", None, None, None]
    assert [item.id for item in found] == list("12345678")
    assert [item.problem for item in found[5:]] == [
        "unreadable record: column 'text' holds a bytes, not a text (record 6: b'x')",
        "unreadable record: column 'text' holds a tuple, not a text (record 7: ('a', 'b'))",
        "unreadable record: half a Unicode pair (record 8: ?x)",
    ]


def test_an_article_of_ten_megabytes(write):
    (item,) = read_texts(write("a.csv", "text\n" + "word " * 2_000_000 + "\n"))
    assert len(item.text) == 9_999_999


def test_keys_are_looked_for_beyond_the_first_record(write):
    path = write("a.jsonl", '{"title": "a"}\n{"id": "x", "text": "b"}\n{}\n')
    assert list(read_texts(path)) == [Item("1", "a"), Item("x", "b"), Item("3", "")]


def test_reading_csv_imports_nothing_heavy(write):
    path = write("a.csv", "text\none\n")
    code = (
        "import sys\n"
        "from tfnews.data.texts import read_texts\n"
        f"assert [item.text for item in read_texts({str(path)!r})] == ['one']\n"
        "print({'pandas', 'pyarrow', 'numpy', 'tensorflow'} & set(sys.modules))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=200), format=st.sampled_from(list(FORMATS)))
def test_any_bytes_give_items_or_our_error(tmp_path, content, format):
    path = tmp_path / "any"
    path.write_bytes(content)
    try:
        read = list(read_texts(path, format=format))
    except DataError:
        return
    assert all((item.text is None) == (item.problem is not None) for item in read)
    "".join(item.id + (item.text or "") for item in read).encode()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=8))
def test_json_lines_bring_any_text_back(tmp_path, texts):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    read = [text.strip() if text not in ("nan", "NaN") else "" for text in texts]
    assert [item.text for item in read_texts(path)] == read
