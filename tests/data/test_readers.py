"""Reading end to end: every format, every row accounted for, and every refusal."""

import os
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.news import FAKE, HEADER, REAL, delimited, write, write_table
from tfnews.data.readers import read
from tfnews.errors import DataError
from tfnews.files import sha256

ISOT = ("title", "text", "subject", "date")
LIAR = (
    '1.json\tpants-fire\tSays "the moon is sold.\tspace\tjane-doe\tmayor\tOhio\tnone'
    "\t0\t1\t0\t0\t0\ta speech\n"
    "2.json\thalf-true\tTaxes rose.\ttaxes\tjohn-roe\t\t\tnone\t0\t1\t0\t0\t0\ta debate\n"
)


def frame_of(reading):
    return pd.concat(list(reading), ignore_index=True)


def write_isot(folder, suffix=".csv", swapped=False):
    names = ("True", "Fake") if swapped else ("Fake", "True")
    for name, (title, text, _), city in zip(names, (FAKE, REAL), ("", "LONDON"), strict=True):
        opening = f"{city} (Reuters) - " if city else ""
        rows = [(f"{title} {i}", opening + text, "News", "2017") for i in range(25)]
        write_table(folder / f"{name}{suffix}", ISOT, rows)
    return folder


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_isot_folder(tmp_path, suffix):
    reading = read(write_isot(tmp_path, suffix))
    frame = frame_of(reading)
    assert frame.groupby("source_file")["label"].unique().map(list).to_dict() == {
        f"Fake{suffix}": [1],
        f"True{suffix}": [0],
    }
    assert list(frame.columns) == [
        *("title", "text", "label", "source_file", "line"),
        *("subject", "date"),
    ]
    assert frame["label"].dtype == "int8"
    assert (reading.label_basis, reading.class_names) == ("publisher", ("real", "fake"))
    assert reading.mapping == {"isot": {"fake": "fake", "true": "real"}}
    assert "0 = fake, 1 = real" in str(reading.summaries[0]["notes"])


def test_swapped_isot_stops_and_flips_as_told(tmp_path):
    write_isot(tmp_path, swapped=True)
    with pytest.raises(DataError, match=r"wrong way round.*--real-value fake"):
        list(read(tmp_path))
    frame = frame_of(read(tmp_path, fake_values=["true"], real_values=["fake"]))
    assert set(frame.loc[frame["text"].str.contains("Reuters"), "label"]) == {0}


@pytest.mark.parametrize("index", ["", "Unnamed: 0"])
def test_welfake(tmp_path, index):
    rows = [("0", "A", "a", "1"), ("1", "", "b", "0"), ("2", "C", "", "0")]
    path = write_table(tmp_path / "WELFake_Dataset.csv", (index, *HEADER), rows)
    reading = read(path, format="welfake")
    assert frame_of(reading)["label"].tolist() == [1, 0, 0]
    (summary,) = reading.summaries
    assert summary["format"] == "welfake"
    assert "published description says 0 = fake" in summary["notes"][0]
    assert summary["notes"][1:] == [
        "rows with a title and no text, kept: 1",
        "rows with a text and no title, kept: 1",
    ]


def write_welfake(folder, real, datelines=25):
    opening = "LINZ (Reuters) - "
    rows = [(i, f"A {i}", f"{opening}a {i}", real) for i in range(datelines)]
    rows += [(i, f"B {i}", f"b {i}", "10"[int(real)]) for i in range(30)]
    return write_table(folder / "WELFake_Dataset.csv", ("", *HEADER), rows)


def test_welfake_is_believed_when_datelines_confirm_it(tmp_path):
    """Whatever its name: 1 = fake was taken from the look of columns, with one Note."""
    frame = frame_of(read(write_welfake(tmp_path, real="0")))
    assert frame.groupby("label").size().tolist() == [25, 30]
    with pytest.raises(DataError, match=r"wrong way round: it has 25 texts that open with a Reut"):
        frame_of(read(write_welfake(tmp_path, real="1")))
    with pytest.raises(DataError) as error:
        frame_of(read(write_welfake(tmp_path, real="0", datelines=19)))
    message = str(error.value)
    assert "looks like welfake, where 1 is fake, 0 is real, but nothing in the file" in message
    assert "'0' in 19 rows (such as 'A 0' / 'A 1')" in message
    assert "'1' in 30 rows (such as 'B 0' / 'B 1')" in message
    assert "--format welfake" in message
    assert "--fake-value 1 --real-value 0 or --fake-value 0 --real-value 1" in message


@pytest.mark.parametrize("header", [("", *HEADER), (*HEADER, "", ""), ("Unnamed: 0", *HEADER)])
def test_what_pandas_and_excel_write_is_nobodys(tmp_path, header):
    """Regression: these were taken for WELFake or McIntire's set, basis and polarity included."""
    first, last = (header.index("title"), len(header) - header.index("label") - 1)
    pad = [("0",) * first, ("",) * last]
    rows = [(*pad[0], f"T{i}", "a", str(i % 2), *pad[1]) for i in range(4)]
    with pytest.raises(DataError, match=r"never guessed.*'T0' / 'T2'.*'T1' / 'T3'"):
        frame_of(read(write_table(tmp_path / "a.csv", header, rows)))
    words = [(*row[: first + 2], ("REAL", "FAKE")[i % 2], *pad[1]) for i, row in enumerate(rows)]
    reading = read(write_table(tmp_path / "a.csv", header, words))
    assert frame_of(reading)["label"].tolist() == [0, 1, 0, 1]
    assert (reading.label_basis, reading.summaries[0]["format"]) == (None, "csv")


@pytest.mark.parametrize("value", ["nan", "NaN", "None", "", " ", "null", "N/A", "<NA>"])
def test_a_value_that_stands_for_none_is_no_label(tmp_path, value):
    """Regression: "nan" was an unknown value and stopped everything."""
    path = write_table(tmp_path / "a.csv", HEADER, [FAKE, ("A", "a", value), REAL])
    reading = read(path)
    assert frame_of(reading)["label"].tolist() == [1, 0]
    assert reading.summaries[0]["rejected"] == {"no label": 1}
    if value.strip():
        told = {"fake_values": ["fake"], "real_values": [value, "real"]}
        assert frame_of(read(path, **told))["label"].tolist() == [1, 0, 0]


def test_mcintire(tmp_path):
    path = tmp_path / "fake_or_real_news.csv"
    write_table(path, ("", *HEADER), [("7", *FAKE), ("8", *REAL)])
    reading = read([path])
    assert frame_of(reading)["label"].tolist() == [1, 0]
    assert reading.summaries[0]["format"] == "mcintire"
    assert reading.samples == {1: [FAKE[0]], 0: [REAL[0]]}


def test_liar_has_no_header_no_quoting_and_named_extra_columns(tmp_path):
    reading = read(write(tmp_path / "train.tsv", LIAR))
    frame = frame_of(reading)
    assert frame["label"].tolist() == [1, 0]
    assert frame["text"].tolist() == ['Says "the moon is sold.', "Taxes rose."]
    assert frame["title"].tolist() == ["", ""]
    assert "rating" not in frame
    assert frame.loc[0, ["speaker", "subject", "context"]].tolist() == [
        *("jane-doe", "space", "a speech")
    ]
    assert reading.label_basis == "factcheck"
    assert reading.mapping["liar"]["barely-true"] == "fake"


def test_liar_ratings_can_be_moved_and_dropped(tmp_path):
    more = LIAR.replace("1.json", "3.json").replace("pants-fire", "true")
    path = write(tmp_path / "train.tsv", LIAR + more)
    reading = read(
        path, real_values=["pants-fire"], fake_values=["true"], drop_values=["half-true"]
    )
    assert frame_of(reading)["label"].tolist() == [0, 1]
    assert reading.mapping["liar"]["half-true"] == "dropped"
    assert reading.summaries[0]["rejected"] == {"label left out: half-true": 2}


def test_tfnews_splits_are_read_without_their_derived_columns(tmp_path):
    more = ("author", "source_file", "line")
    columns = ("combined_text", "label", "title", "text", "cluster", *more)
    for part in ("train", "validation", "test"):
        rows = [("A a", "1", "A", "a", "0", "x", "", ""), ("b", "0", "", "b", "1", "y", "", "")]
        write_table(tmp_path / f"{part}.csv", columns, rows)
    frame = frame_of(read(tmp_path))
    assert frame["label"].tolist() == [1, 0] * 3
    assert list(frame.columns[5:]) == ["author", "source_file_in_source", "line_in_source"]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.tsv", "a.jsonl", "a.jsonl.gz"])
def test_our_own_layout_by_name_in_any_form(tmp_path, name):
    path = write_table(tmp_path / name, HEADER, [("A", "a", 1), ("B", "b", 0)])
    assert frame_of(read(path, format="tfnews"))["label"].tolist() == [1, 0]


@pytest.mark.parametrize("values", [[1, 0], [1.0, 0.0], ["fake", "REAL"], [True, False]])
def test_parquet_values_of_any_type(tmp_path, values):
    path = write_table(
        tmp_path / "a.parquet", HEADER, [("A", "a", values[0]), (None, "b", values[1])]
    )
    told = {"fake_values": [values[0]], "real_values": [values[1]]}
    frame = frame_of(read(path, **told))
    assert frame["label"].tolist() == [1, 0]
    assert frame["title"].tolist() == ["A", ""]


def test_columns_named_by_the_user(tmp_path):
    columns = ("head", "body", "verdict", "text", "line")
    rows = [("A", "a", "bad", "x", "y"), ("B", "b", "good", "x", "y"), ("C", "c", "joke", "x", "y")]
    reading = read(
        write_table(tmp_path / "a.csv", columns, rows),
        title_column="head",
        text_column="body",
        label_column="verdict",
        fake_values=["bad"],
        real_values=["GOOD"],
        drop_values=["joke"],
    )
    frame = frame_of(reading)
    assert frame[["title", "text", "label"]].values.tolist() == [["A", "a", 1], ["B", "b", 0]]
    assert frame.loc[0, ["text_in_source", "line_in_source"]].tolist() == ["x", "y"]
    assert not {"head", "body", "verdict"} & set(frame)  # kept, the label would be a leak
    assert reading.rejects.values.tolist() == [["a.csv", 4, "label left out: joke", "C"]]


NUMBERS = [(f"Title {i}", "text", str(i % 2)) for i in range(6)]


def test_numbers_are_never_guessed(tmp_path):
    path = write_table(tmp_path / "a.csv", HEADER, NUMBERS)
    with pytest.raises(DataError) as error:
        list(read(path))
    message = str(error.value)
    assert "'0' in 3 rows (such as 'Title 0' / 'Title 2')" in message
    assert "'1' in 3 rows (such as 'Title 1' / 'Title 3')" in message
    assert "--fake-value 1 --real-value 0" in message
    assert "--format tfnews" in message
    told = frame_of(read(path, fake_values=["1"], real_values=["0"]))
    assert told["label"].tolist() == frame_of(read(path, format="tfnews"))["label"].tolist()


def test_our_own_layout_is_not_offered_to_other_columns(tmp_path):
    path = write_table(tmp_path / "a.csv", ("text", "label"), [("a", "0"), ("b", "1")])
    with pytest.raises(DataError, match="never guessed") as error:
        list(read(path))
    assert "--format tfnews" not in str(error.value)


@pytest.mark.parametrize("extra", [{}, {"format": "mcintire"}, {"fake_values": ["fake"]}])
def test_a_label_outside_the_known_values(tmp_path, extra):
    path = write_table(
        tmp_path / "a.csv", HEADER, [FAKE, ("A", "two\nlines", "FAKE"), REAL, NUMBERS[0]]
    )
    known = extra.get("fake_values") or ["fake"]
    found = "'real' in 1 rows; '0' in 1 rows; the first is on line 5"
    if "fake_values" not in extra:
        found = "'0' in 1 rows; the first is on line 6"
    with pytest.raises(DataError, match=f"of a.csv holds .*{found}.*{known[0]}.*--drop-value 0$"):
        list(read(path, **extra))


def test_true_and_false_are_not_guessed(tmp_path):
    rows = [("A", "a", "True"), ("B", "b", "False")]
    with pytest.raises(DataError, match=r"never guessed.*'true' in 1 rows.*'false' in 1 rows"):
        list(read(write_table(tmp_path / "a.csv", HEADER, rows)))


def test_rows_that_cannot_be_used_are_rejected_with_line_and_reason(tmp_path):
    rows = [FAKE, ("", " ", "FAKE"), ("nan", "NaN", "REAL"), ("A", "a", ""), REAL, ("short",)]
    reading = read(write(tmp_path / "a.csv", delimited([HEADER, *rows])), chunk_rows=2)
    frame = frame_of(reading)
    assert frame["line"].tolist() == [2, 6]
    assert reading.rejects[["line", "reason"]].values.tolist() == [
        [3, "no title and no text"],
        [4, "no title and no text"],
        [5, "no label"],
        [7, "wrong number of fields"],
    ]
    (summary,) = reading.summaries
    assert (summary["rows"], summary["kept"]) == (6, 2)
    assert summary["rejected"] == {
        "no title and no text": 2,
        "no label": 1,
        "wrong number of fields": 1,
    }
    assert summary["sha256"] == sha256(tmp_path / "a.csv")


def test_a_list_or_bytes_is_no_text_but_another_column_may_hold_one(tmp_path):
    rows = [(*FAKE, ["a", "b"]), ("A", {"b": 1}, "FAKE", None), (["A"], "b", "FAKE", 1), (*REAL, 2)]
    reading = read(write_table(tmp_path / "a.jsonl", (*HEADER, "tags"), rows))
    assert frame_of(reading)["tags"].tolist() == ['["a", "b"]', "2"]
    assert reading.rejects.values.tolist() == [
        ["a.jsonl", 2, "column 'text' holds a dict, not a text", '{"b": 1}'],
        ["a.jsonl", 3, "column 'title' holds a list, not a text", '["A"]'],
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_as_it_can_be_read_only_once(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(DataError, match="Write it to a file first"):
        read(tmp_path / "a.csv")


@pytest.mark.parametrize("rows", [[FAKE, FAKE], [REAL], [("", "", "FAKE")], [("short",)]])
def test_one_class_or_none(tmp_path, rows):
    path = write(tmp_path / "a.csv", delimited([HEADER, *rows]))
    with pytest.raises(DataError, match=r"a set needs rows of both classes.*a\.csv"):
        list(read(path))


def test_one_class_a_file_is_fine_over_several_sources(tmp_path):
    fake = write_table(tmp_path / "a.csv", HEADER, [FAKE])
    real = write_table(tmp_path / "b.jsonl", HEADER, [REAL])
    reading = read([fake, real])
    assert frame_of(reading)["source_file"].tolist() == ["a.csv", "b.jsonl"]
    assert [summary["format"] for summary in reading.summaries] == ["csv", "jsonl"]


def test_label_basis_of_a_mixture_is_unknown(tmp_path):
    liar = write(tmp_path / "train.tsv", LIAR)
    other = write_table(tmp_path / "fake_or_real_news.csv", HEADER, [FAKE])
    assert read([liar, other]).label_basis is None


def test_different_classes_do_not_mix(tmp_path):
    manifest = '{"class_names": ["news", "satire"], "digests": {"train.csv": ""}}'
    write(tmp_path / "manifest.json", manifest)
    splits = write_table(tmp_path / "train.csv", ("combined_text", "label"), [("A b", "1")])
    with pytest.raises(DataError, match="different classes: news/satire, real/fake"):
        read([splits, write(tmp_path / "train.tsv", LIAR)])


def test_windows_1252_is_counted(tmp_path):
    path = write(tmp_path / "a.csv", delimited([HEADER, ("Café", "é", "FAKE"), REAL]), "latin-1")
    reading = read(path)
    assert frame_of(reading).loc[0, "title"] == "Café"
    assert reading.summaries[0]["notes"] == ["lines that are not UTF-8, read as Windows-1252: 1"]


def test_chunks_are_as_small_as_asked_and_read_lazily(tmp_path):
    rows = [FAKE, REAL] * 4 + [("C", "c", "spam")]
    chunks = iter(read(write_table(tmp_path / "a.csv", HEADER, rows), chunk_rows=4))
    assert [len(next(chunks)), len(next(chunks))] == [4, 4]
    with pytest.raises(DataError, match="'spam' in 1 rows; the first is on line 10"):
        next(chunks)


def test_a_reading_is_iterated_once(tmp_path):
    reading = read(write_table(tmp_path / "a.csv", HEADER, [FAKE, REAL]))
    list(reading)
    with pytest.raises(RuntimeError, match="once"):
        next(iter(reading))


ANY = st.text(st.characters(codec="utf-8"), max_size=30).filter(lambda s: s not in ("nan", "NaN"))
NEWS = st.lists(st.tuples(ANY, ANY, st.sampled_from(["fake", "real", " "])), max_size=12)


@settings(max_examples=40, deadline=None)
@given(NEWS, st.sampled_from(["a.csv", "a.tsv.gz", "a.jsonl", "a.parquet"]), st.integers(1, 5))
def test_any_text_comes_back_as_written_and_every_row_is_accounted_for(rows, name, chunk_rows):
    rows = [FAKE, *rows, REAL]
    with tempfile.TemporaryDirectory() as folder:
        path = write_table(Path(folder) / name, HEADER, rows)
        reading = read(path, chunk_rows=chunk_rows)
        frame = frame_of(reading)
    sound = [(a, b) for a, b, label in rows if (a.strip() or b.strip()) and label.strip()]
    assert list(zip(frame["title"], frame["text"], strict=True)) == sound
    (summary,) = reading.summaries
    assert summary["rows"] == len(rows) == summary["kept"] + len(reading.rejects)
    assert summary["kept"] == len(frame)
    assert sum(summary["rejected"].values()) == len(reading.rejects)


@pytest.mark.parametrize(
    ("source", "fake", "real"),
    [
        ("isot_sample", 1174, 1071),
        ("liar/train.tsv", 4497, 5772),
        ("mcintire_head/fake_or_real_news.csv.gz", 81, 87),
    ],
)
def test_real_sets_have_the_counts_known_of_them(real_data, source, fake, real):
    reading = read(real_data / source)
    labels = frame_of(reading)["label"]
    assert (labels.eq(1).sum(), labels.eq(0).sum()) == (fake, real)
    assert all(not summary["rejected"] for summary in reading.summaries)


def test_real_isot_has_26_empty_bodies(real_data):
    reading = read(real_data / "isot_sample")
    frame = frame_of(reading)
    assert frame["text"].str.strip().eq("").sum() == 26
    assert "rows with a title and no text, kept: 26" in reading.summaries[0]["notes"]


def test_real_isot_the_wrong_way_round_stops(real_data):
    path = real_data / "isot_sample" / "isot_sample.csv.gz"
    with pytest.raises(DataError, match=r"--fake-value 1 --real-value 0$"):
        list(read(path, fake_values=["0"], real_values=["1"]))
