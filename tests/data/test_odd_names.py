"""Keys, headers and schemas that no person writes: read, or refused in a line to be shown."""

import io
import random

import pytest

from tests.data.news import write
from tfnews.data.readers import read
from tfnews.data.texts import read_texts
from tfnews.errors import DataError, TfnewsError

HALF = "\\ud800"
KEYS = [f"{HALF}x", f"te{HALF}xt", "k\\u0007\\n\\u202e", "k" * 9000]
HEADERS = [
    b"title,text,label,\xed\xa0\x80x",
    b"\xed\xa0\x80,label",
    b"title,text,label,a\0b",
    b'title,text,label,"a\nb\x07"',
    b"title,text,label," + b"k" * 9000,
]


def said(path, **options):
    """Learn from a file and score it; return what it is refused with, one entry an error."""

    def learn():
        reading = read(path, fake_values=["1"], real_values=["0"], **options)
        for frame in reading:
            frame.to_csv(io.StringIO())
        reading.rejects.to_csv(io.StringIO())

    messages = []
    for act in (learn, lambda: list(read_texts(path))):
        try:
            act()
        except TfnewsError as error:
            messages.append(str(error))
    return messages


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("form", ["{}{}", "[{},{}]"])
def test_odd_keys_of_json(tmp_path, key, form):
    rows = (
        f'{{"title":"a","text":"b","label":{label},"{key}":"c"}}' + "\n" * (form[0] != "[")
        for label in (1, 0)
    )
    path = write(tmp_path / "a.json", form.format(*rows))
    for message in [*said(path), *said(path, text_column="\ud800\n")]:
        assert message.isprintable()
        assert len(message) <= 500


@pytest.mark.parametrize("header", HEADERS)
def test_odd_headers(tmp_path, header):
    path = write(tmp_path / "a.csv", header + b"\na,b,1,c\nd,e,0,f\n")
    for message in [*said(path), *said(path, label_column="\udcff")]:
        assert message.isprintable()
        assert len(message) <= 500


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
@pytest.mark.parametrize("use_dictionary", [True, False])
def test_damaged_parquet_is_read_or_refused(tmp_path, compression, use_dictionary):
    import pyarrow as pa
    from pyarrow import parquet

    file, rng = io.BytesIO(), random.Random(0)
    rows = {"title": ["a", "b"] * 9, "text": [f"t{i} " * 9 for i in range(18)], "label": [1, 0] * 9}
    parquet.write_table(
        pa.table(rows), file, compression=compression, use_dictionary=use_dictionary
    )
    whole = file.getvalue()
    refused = 0
    for _ in range(20):
        data = bytearray(whole)
        for _ in range(3):
            data[rng.randrange(len(data))] = rng.randrange(256)
        messages = said(write(tmp_path / "a.parquet", bytes(data)))
        refused += bool(messages)
        assert all(message.isprintable() for message in messages)
    assert refused > 5


def test_a_workbook_of_another_zip_is_refused(tmp_path):
    """Python's zipfile says so with an error that is none of damage, but of what it cannot do."""
    import openpyxl

    file = io.BytesIO()
    openpyxl.Workbook().save(file)
    data = bytearray(file.getvalue())
    data[data.index(b"PK\x01\x02") + 6] = 255  # the version that is needed to unpack
    with pytest.raises(DataError, match="cannot be read as an Excel workbook"):
        list(read_texts(write(tmp_path / "a.xlsx", bytes(data))))


def test_texts_of_parquet_that_are_repeated_and_not_utf_8_are_read(tmp_path):
    """Checking that each is whole refused them all, of files that were read once."""
    import pyarrow as pa
    from pyarrow import parquet

    text = pa.array([b"caf\xe9", b"caf\xe9", b"tea"]).view(pa.string())
    parquet.write_table(pa.table({"text": text}), tmp_path / "a.parquet")
    assert [item.text for item in read_texts(tmp_path / "a.parquet")] == ["café", "café", "tea"]
