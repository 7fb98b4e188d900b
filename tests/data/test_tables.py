"""Rows as strings: line ends, encodings, compression, broken rows and their line numbers."""

import csv
from collections import Counter

import pytest

from tests.data.news import write
from tfnews.data import delimited, streams, tables
from tfnews.data.decoding import NOT_UTF8
from tfnews.data.json_records import LATER_KEYS
from tfnews.data.rows import Layout
from tfnews.errors import DataError

NAMES = ["title", "text", "label"]


def rows_of(path, counts=None):
    return list(tables.rows(path, tables.columns(path), Counter() if counts is None else counts))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_line_numbers(tmp_path, end):
    content = end.join(["title,text,label", "A,b,1", '"C', 'c",d,0', "", "E,f,1", ""])
    found = rows_of(write(tmp_path / "a.csv", content))
    assert found == [
        (2, ["A", "b", "1"], None),
        (3, [f"C{end}c", "d", "0"], None),
        (6, ["E", "f", "1"], None),
    ]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.gz.csv"])
def test_compression_is_told_by_content_not_by_name(tmp_path, name):
    packed = write(tmp_path / "packed.csv.gz", "title,text,label\nA,b,1\n").read_bytes()
    (tmp_path / name).write_bytes(packed)
    assert rows_of(tmp_path / name) == [(2, ["A", "b", "1"], None)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_taken_from_the_header(tmp_path, delimiter):
    content = delimiter.join(NAMES) + "\n" + delimiter.join(["A", "b", "1"]) + "\n"
    assert rows_of(write(tmp_path / "a.csv", content)) == [(2, ["A", "b", "1"], None)]


def test_byte_order_mark_is_not_part_of_the_first_name(tmp_path):
    path = write(tmp_path / "a.csv", "title,text,label\nA,b,1\n", "utf-8-sig")
    assert tables.columns(path) == NAMES


def test_only_the_lines_that_are_not_utf8_are_read_as_windows_1252(tmp_path):
    content = b"title,text,label\n" + "café,ü,1\n".encode() + b"na\xefve,\x93\x81,0\n"
    counts = Counter()
    found = rows_of(write(tmp_path / "a.csv", content), counts)
    assert [row.values[:2] for row in found] == [["café", "ü"], ["naïve", "“\x81"]]
    assert counts[NOT_UTF8] == 1


def test_an_article_of_ten_megabytes(tmp_path):
    path = write(tmp_path / "a.csv.gz", "title,text,label\nA," + "word " * 2_000_000 + ",1\n")
    assert len(rows_of(path)[0].values[1]) == 10_000_000


def test_broken_rows_have_their_line_and_do_not_take_others_along(tmp_path):
    content = 'title,text,label\nA,b\nB,b,1\n"C" c,d,1\nD,d,0\nE,e,1,more\n'
    found = rows_of(write(tmp_path / "a.csv", content))
    assert [(row.line, row.fault) for row in found] == [
        (2, "wrong number of fields"),
        (3, None),
        (4, "quotes that do not pair"),
        (5, None),
        (6, "wrong number of fields"),
    ]
    assert found[0].values == ["2 fields instead of 3: A | b"]


def test_a_quote_that_is_never_closed_stops(tmp_path):
    path = write(tmp_path / "a.csv", 'title,text,label\nA,b,1\nB,"b,1\nC,c,0\n')
    with pytest.raises(DataError, match=r"a\.csv: a quote .* on line 3 .* last 2 lines"):
        rows_of(path)


def test_rows_that_run_together_are_told_by_their_lines(tmp_path):
    path = write(tmp_path / "a.csv", 'title,text,label\nA,"b,1\nC,"d" d,0\nE,f,1\n')
    broken, sound = rows_of(path)
    assert (broken.line, broken.fault) == (2, "quotes that do not pair")
    assert broken.values == ["lines 2 to 3 run together: ',' expected after '\"'"]
    assert sound == (4, ["E", "f", "1"], None)


def test_a_field_too_long_is_passed_over_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "LONGEST_FIELD", 20)
    content = 'title,text,label\nA,"' + 'b,"",1\n' * 9 + f'",1\nC,d,0\n{"e" * 21},f,1\nG,h,0\n'
    found = rows_of(write(tmp_path / "a.csv", content))
    assert [(row.line, row.fault) for row in found] == [
        (2, "a field that is too long"),
        (12, None),
        (13, "a field that is too long"),
        (14, None),
    ]


def test_lines_longer_than_a_piece_are_put_together(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "BLOCK", 7)
    content = 'title,text,label\r\nAAAAA,"bbbbbb\r\rccccc",1\rddddddddddd,ee\r\n,0\r'
    assert rows_of(write(tmp_path / "a.csv", content)) == [
        (2, ["AAAAA", "bbbbbb\r\rccccc", "1"], None),
        (5, ["2 fields instead of 3: ddddddddddd | ee"], "wrong number of fields"),
        (6, ["2 fields instead of 3: | 0"], "wrong number of fields"),
    ]


def test_quoting_can_be_off(tmp_path):
    path = write(tmp_path / "a.tsv", '"A\tb"\t1\nC\t"d\t0\n')
    found = tables.rows(path, NAMES, Counter(), layout=Layout(header=False, quoting=csv.QUOTE_NONE))
    assert [row.values for row in found] == [['"A', 'b"', "1"], ["C", '"d', "0"]]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.parquet", "a.csv.gz"])
def test_no_bytes_at_all(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(DataError, match=f"{name} is empty"):
        tables.columns(tmp_path / name)


def test_a_header_alone(tmp_path):
    path = write(tmp_path / "a.csv", "title,text,label\n\n")
    with pytest.raises(DataError, match=r"a\.csv is empty: it has no rows"):
        tables.first_row(path, NAMES)


@pytest.mark.parametrize("kept", [0.5, 0.99])
def test_a_cut_off_gzip(tmp_path, kept):
    lines = "".join(f"title {i * i},text {i**3},1\n" for i in range(5000))
    path = write(tmp_path / "a.csv.gz", "title,text,label\n" + lines)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(DataError, match=r"a\.csv\.gz is a damaged or cut-off gzip"):
        rows_of(path)


def test_a_name_used_twice(tmp_path):
    path = write(tmp_path / "a.csv", "title,text,text\nA,b,1\n")
    with pytest.raises(DataError, match="more than one column called 'text'"):
        tables.columns(path)


def test_a_broken_header(tmp_path):
    with pytest.raises(DataError, match=r"header of a\.csv has quotes that do not pair"):
        tables.columns(write(tmp_path / "a.csv", '"title" x,text,label\nA,b,1\n'))


def test_json_lines(tmp_path):
    content = (
        '{"title": null, "text": "a\\nb", "label": 1}\n'
        "\n"
        '{"label": 0.0, "text": ["x"], "flag": true}\n'
        "[1]\n"
        '{"text": "cut\n'
        '{"text": "\\ud83d"}\n'
    )
    path = write(tmp_path / "a.jsonl", content)
    assert tables.columns(path) == ["title", "text", "label", "flag"]
    found = rows_of(path)
    assert found[:2] == [(1, ["", "a\nb", "1", ""], None), (3, ["", '["x"]', "0.0", "true"], None)]
    assert [(row.line, row.fault) for row in found[2:]] == [
        (4, "not a JSON object"),
        (5, "not a JSON object"),
        (6, "half a Unicode pair"),
    ]


def test_keys_that_come_late_are_counted(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"text": "a"}\n{"text": "b", "mood": "c"}\n')
    counts = Counter()
    assert [row.values for row in tables.rows(path, ["text"], counts)] == [["a"], ["b"]]
    assert counts[LATER_KEYS] == 1


def test_values_nested_almost_too_deep_for_python(tmp_path):
    """Some depths can be parsed and not be written again, which stopped the whole file."""
    depths = range(900, 1010)
    deep = (f'{{"text": "a", "deep": {"[" * n}{"]" * n}}}\n' for n in depths)
    found = rows_of(write(tmp_path / "a.jsonl", '{"text": "a", "deep": 1}\n' + "".join(deep)))
    assert len(found) == len(depths) + 1
    assert [row.fault for row in found] == [None] + ["values nested too deep"] * len(depths)


@pytest.mark.parametrize(
    ("content", "message"), [("[\n3\n]", "no JSON object"), ("{}\n{}\n", "no JSON object")]
)
def test_json_of_another_shape(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        tables.columns(write(tmp_path / "a.json", content))


def test_a_file_that_is_not_parquet(tmp_path):
    with pytest.raises(DataError, match=r"a\.parquet cannot be read as Parquet"):
        tables.columns(write(tmp_path / "a.parquet", "title,text,label\n" * 10))
