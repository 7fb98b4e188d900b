"""Lines and records of any length, in bounded memory."""

import gzip
import io
import json
import tracemalloc
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.news import write
from tfnews.data import blocks, streams, tables
from tfnews.data.article import article
from tfnews.data.blocks import TooLong, TooLongBytes
from tfnews.data.readers import read
from tfnews.data.rows import Layout
from tfnews.data.texts import read_texts
from tfnews.errors import DataError

LIMIT = 100
FAULT = f"a record of more than --max-record-bytes {LIMIT}"
LONG = "x" * 150


def scored(path):
    return [item.text for item in read_texts(path, layout=Layout(longest=LIMIT))]


def rows(path, names):
    return list(tables.rows(path, names, Counter(), layout=Layout(longest=LIMIT)))


def blocks_of(data, size):
    return [data[start : start + size] for start in range(0, len(data), size)]


def expected(text, longest):
    lines = list(io.StringIO(text, newline=""))
    return [None if len(line.rstrip("\r\n")) > longest else line for line in lines]


@given(st.text(st.sampled_from('ab"é\r\n'), max_size=60), st.integers(1, 12), st.integers(1, 9))
def test_lines_are_those_of_the_text_and_the_long_ones_are_marked(text, size, longest):
    found = []
    for block in blocks.lines(blocks_of(text, size), "", longest):
        found += [block] if isinstance(block, TooLong) else blocks.split(block)
    wanted = list(io.StringIO(text, newline=""))
    assert [None if isinstance(one, TooLong) else one for one in found] == expected(text, longest)
    assert [one.count('"') % 2 for one in found] == [one.count('"') % 2 for one in wanted]
    as_bytes = blocks.lines(blocks_of(text.encode("latin-1"), size), b"", longest)
    marked = [isinstance(one, TooLongBytes) for one in as_bytes if isinstance(one, TooLongBytes)]
    assert len(marked) == expected(text, longest).count(None)


@given(st.text(st.sampled_from('aé“🜚",\n '), max_size=80), st.integers(1, 9))
def test_pieces_of_json_part_no_sign(text, size):
    whole = text.encode()
    assert b"".join(blocks.pieces(blocks_of(whole, size))) == whole
    assert "".join(map(bytes.decode, blocks.pieces(blocks_of(whole, size)))) == text


@pytest.mark.parametrize("block", [7, 64, 2**16])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", f'title,text\nA,b\nC,{LONG}\nD,"e\nf"\nG,"{"x" * 60}\n{"x" * 60}"\nH,i\n'),
        ("a.csv", f'title,text\nA,b\nC,"{LONG}\nno, row"\nD,"e\nf"\n"{LONG}",x\nH,i\n'),
        ("a.tsv", f'title\ttext\nA\tb\nC\t{LONG}\nD\t"e\nf"\n{LONG}\tx\nH\ti\n'),
        (
            "a.jsonl",
            f'{{"title":"A","text":"b"}}\n{{"text":"{LONG}"}}\n{{"title":"D","text":"e\\nf"}}\n'
            f'{{"text":"{LONG}"}}\n{{"title":"H","text":"i"}}\n',
        ),
        (
            "a.json",
            f'[{{"title":"A","text":"b"}},{{"text":"\\"]}}{LONG}"}},{{"title":"D","text":"e\\nf"}},'
            f'{{"text":[[{LONG.replace("x", "1,")}2]]}},{{"title":"H","text":"i"}}]',
        ),
    ],
)
def test_a_long_record_is_one_that_cannot_be_read_and_those_after_it_are(
    tmp_path, monkeypatch, name, content, encoding, block
):
    monkeypatch.setattr(streams, "BLOCK", block)
    path = write(tmp_path / name, content.encode(encoding))
    assert scored(path) == ["A b", None, "D e\nf", None, "H i"]
    faults = [row.fault for row in rows(path, ["title", "text"])]
    assert faults == [None, FAULT, None, FAULT, None]


def test_a_long_line_of_text_is_one_text_that_cannot_be_read(tmp_path):
    path = write(tmp_path / "a.txt", f"one\n{LONG}\nthree")
    found = list(read_texts(path, layout=Layout(longest=LIMIT)))
    assert [item.text for item in found] == ["one", None, "three"]
    assert found[1].problem.startswith(f"unreadable record: {FAULT} (line 2: xxx")


def test_prepare_counts_long_records_with_their_lines(tmp_path):
    path = write(tmp_path / "a.csv", f"text,label\nA b,1\n{LONG},1\nC d,0\n")
    reading = read(path, fake_values=["1"], real_values=["0"], max_record_bytes=LIMIT)
    assert [text for frame in reading for text in frame["text"]] == ["A b", "C d"]
    ((line, reason),) = reading.rejects[["line", "reason"]].itertuples(index=False)
    assert (line, reason) == (3, FAULT)
    assert reading.summaries[0]["rejected"] == {FAULT: 1}


def test_a_folder_s_long_article_is_left_out(tmp_path):
    for name, text in (("a", "short"), ("b", LONG), ("c", "line\n" * 30), ("d", "x" * LIMIT)):
        write(tmp_path / f"{name}.txt", text)
    assert scored(tmp_path) == ["short", None, None, "x" * LIMIT]
    assert article(str(tmp_path / "d.txt"), longest=LIMIT) == "x" * LIMIT
    for name in "bc":
        with pytest.raises(DataError, match="--max-record-bytes 100"):
            article(str(tmp_path / f"{name}.txt"), longest=LIMIT)


@pytest.mark.parametrize("ending", ["parquet", "xlsx"])
def test_a_long_cell_is_a_record_that_cannot_be_read(tmp_path, ending):
    import pandas as pd

    path = tmp_path / f"a.{ending}"
    frame = pd.DataFrame({"title": ["A", "C", "H"], "text": ["b", LONG, "i"]})
    frame.to_parquet(path) if ending == "parquet" else frame.to_excel(path, index=False)
    assert scored(path) == ["A b", None, "H i"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps({"title": {"0": "A"}, "text": {"0": LONG}})),
        ("a.json", json.dumps({"title": {"0": "A"}, "text": {"0": LONG}}, indent=1)),
        ("a.csv", f"{LONG},text\na,b\n"),
    ],
)
def test_what_cannot_be_passed_over_names_the_option(tmp_path, name, content):
    path = write(tmp_path / name, content)
    with pytest.raises(DataError, match="--max-record-bytes 100"):
        scored(path)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl"])
def test_blank_lines_without_end_are_refused(tmp_path, name, monkeypatch):
    monkeypatch.setattr("tfnews.data.rows._MOST_BLANK", 50)
    with pytest.raises(DataError, match="begins with more than 50 blank lines"):
        scored(write(tmp_path / name, "\n" * 60))


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.csv.gz", "title,text\nA,b\nC,", "\nH,i\n"),
        ("a.csv.gz", 'title,text\nA,b\nC,"', '"\nH,i\n'),
        ("a.jsonl.gz", '{"title":"A","text":"b"}\n{"text":"', '"}\n{"title":"H","text":"i"}\n'),
        ("a.json.gz", '[{"title":"A","text":"b"},{"text":"', '"},{"title":"H","text":"i"}]'),
    ],
)
def test_a_small_file_that_unpacks_to_a_long_line_takes_little_memory(
    tmp_path, name, before, after
):
    path = tmp_path / name
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(before.encode())
        for _ in range(24):
            file.write(b"x" * 2**20)
        file.write(after.encode())
    tracemalloc.start()
    try:
        found = list(read_texts(path, layout=Layout(longest=2**20)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [item.text for item in found] == ["A b", None, "H i"]
    assert peak < 12 * 2**20


def test_a_number_of_thousands_of_digits_is_one_record_that_cannot_be_read(tmp_path):
    """Python makes no number of it, and says so with an error that is none of JSON's."""
    path = write(tmp_path / "a.json", f'[{{"text":"a"}},{{"text":{"1" * 5000}}},{{"text":"b"}}]')
    assert [item.text for item in read_texts(path)] == ["a", None, "b"]
