import gzip
import json

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tfnews.data import splits
from tfnews.data.splits import PARTS, check_destination, open_splits, write_splits
from tfnews.errors import DataError, UsageError
from tfnews.records import ColumnsRecord

_NO_REJECTS = pd.DataFrame(columns=["file", "line", "reason", "excerpt"])


def _foreign(folder, header="combined_text,label", rows=("one,1", "two,0")):
    folder.mkdir(exist_ok=True)
    for part in PARTS:
        (folder / f"{part}.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return folder


def _frame(texts):
    count = len(texts)
    return pd.DataFrame(
        {
            "combined_text": texts,
            "label": [i % 2 for i in range(count)],
            "title": "",
            "text": texts,
            "cluster": range(count),
        }
    )


def _write(out, texts=("one", "two"), force=False):
    frames = dict.fromkeys(PARTS, _frame(list(texts)))
    manifest = {
        "format": splits.FORMAT,
        "name": "made up",
        "class_names": ["news", "satire"],
        "label_basis": "satire",
    }
    return write_splits(out, frames, _NO_REJECTS, manifest, force)


def test_of_two_columns_of_one_name_none_is_taken_for_the_other(tmp_path):
    """The first was read and the second passed on as "combined_text.1", unsaid."""
    for part in PARTS:
        rows = "combined_text,label,combined_text\none,1,two\nthree,0,four\n"
        (tmp_path / f"{part}.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(DataError, match="more than one column called 'combined_text'"):
        open_splits(tmp_path).frame("train")


def test_a_folder_made_by_anyone_opens(tmp_path):
    found = open_splits(_foreign(tmp_path / "theirs", rows=("one,1", "NA,0")))
    assert (found.name, found.class_names, found.label_basis) == (
        "theirs",
        ("real", "fake"),
        "unstated",
    )
    frame = found.frame("test")
    assert frame.to_dict("list") == {
        "combined_text": ["one", "NA"],
        "label": [1, 0],
        "title": ["", ""],
        "text": ["one", "NA"],
        "cluster": [0, 1],
    }
    assert frame["label"].dtype == "int8"
    assert len(found.digest("test")) == 64


def test_gzip_a_byte_order_mark_and_named_clusters_are_read(tmp_path):
    folder = _foreign(tmp_path / "s", "label,cluster,combined_text", ("1,b,one", "0,a,", "0,b,x"))
    text = (folder / "train.csv").read_bytes()
    (folder / "train.csv").unlink()
    (folder / "train.csv.gz").write_bytes(gzip.compress(b"\xef\xbb\xbf" + text))
    frame = open_splits(folder).frame("train")
    assert frame["cluster"].tolist() == [0, 1, 0]
    assert frame["combined_text"].tolist() == ["one", "", "x"]


@settings(deadline=None)
@example(["000\x1f\x08\x00\x80\U00010000\U00010000"])  # its zero was taken for UTF-16's
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_any_text_comes_back_as_it_was_written(tmp_path_factory, texts):
    out = tmp_path_factory.mktemp("round") / "s"
    assert _write(out, texts).frame("train")["combined_text"].tolist() == texts


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        ("text,label", ("one,1",), "no column 'combined_text'. It has: text, label"),
        ("combined_text,fake", ("one,1",), "no column 'label'"),
        (
            "combined_text,label",
            ("one,1", "two,true"),
            "label 'true' in 1 rows, first in data row 2",
        ),
        ("combined_text,label", ("one,",), "label ''"),
        ("combined_text,label", (), "no rows"),
    ],
)
def test_parts_that_cannot_be_used(tmp_path, header, rows, message):
    with pytest.raises(DataError, match=message):
        open_splits(_foreign(tmp_path / "s", header, rows)).frame("validation")


def test_a_file_is_no_folder_of_splits_and_what_makes_one_of_it_is_said(tmp_path):
    (tmp_path / "news.csv").write_text("title,text,label\n")
    with pytest.raises(UsageError, match=r"tfnews data prepare .*news.csv --out FOLDER$"):
        open_splits(tmp_path / "news.csv")
    trained = [ColumnsRecord(text="Body", title="Head line", label="label")]
    with pytest.raises(UsageError, match=r"--title-column 'Head line' --text-column Body --out"):
        open_splits(tmp_path / "news.csv", trained)


def test_a_missing_column_is_told_as_the_folder_is_opened(tmp_path):
    with pytest.raises(DataError, match="no column 'label'"):
        open_splits(_foreign(tmp_path / "s", "combined_text,fake", ("one,1",)))


def test_the_case_of_a_header_is_no_difference(tmp_path):
    found = open_splits(_foreign(tmp_path / "s", "Combined_Text,LABEL,Author", ("one,1,a",)))
    frame = found.frame("train")
    assert frame[["combined_text", "label", "text"]].values.tolist() == [["one", 1, "one"]]
    assert "Author" in frame


def test_texts_are_made_of_the_columns_trained_on_where_nobody_made_them(tmp_path):
    folder = _foreign(tmp_path / "s", "Headline,body,text,label", ("A,b,c,1",))
    trained = (ColumnsRecord("body", "headline", "verdict"),)
    assert open_splits(folder, trained).frame("train")["combined_text"].tolist() == ["A b"]
    with pytest.raises(DataError, match="no column 'combined_text'"):
        open_splits(folder).frame("train")


def test_how_the_news_was_read_is_remembered_and_a_damaged_memory_said(tmp_path):
    splits = _write(tmp_path / "s")
    assert splits.columns == ()
    splits.manifest["columns"] = [{"text": "body", "title": None, "encoding": "cp1252"}]
    assert splits.columns == (ColumnsRecord("body", encoding="cp1252"),)
    splits.manifest["columns"] = [{"title": "body"}]
    with pytest.raises(DataError, match=r"is damaged: .*text is missing.*prepare again"):
        _ = splits.columns


@pytest.mark.parametrize("content", [b"", b"combined_text,label\n\xff\xfe,1\n", b'a,b\n1,2\n"'])
def test_a_part_that_is_not_csv(tmp_path, content):
    folder = _foreign(tmp_path / "s")
    (folder / "train.csv").write_bytes(content)
    with pytest.raises(DataError, match=r"train\.csv"):
        open_splits(folder).frame("train")


def test_a_missing_part_is_named(tmp_path):
    folder = _foreign(tmp_path / "s")
    (folder / "validation.csv").unlink()
    with pytest.raises(DataError, match=r"validation\.csv not found.*tfnews data prepare"):
        open_splits(folder)


def test_a_part_changed_after_prepare_is_refused(tmp_path):
    out = tmp_path / "s"
    _write(out)
    with open(out / "test.csv", "a") as file:
        file.write('"three",1,"","three",9\n')
    with pytest.raises(DataError, match=r"test\.csv was changed after prepare.*remove"):
        open_splits(out)
    (out / "manifest.json").unlink()
    assert len(open_splits(out).frame("test")) == 3


@pytest.mark.parametrize("content", ["{", "[]", '{"format": "another"}'])
def test_a_manifest_that_is_not_ours(tmp_path, content):
    folder = _foreign(tmp_path / "s")
    (folder / "manifest.json").write_text(content)
    with pytest.raises(DataError, match="tfnews data prepare again"):
        open_splits(folder)


_ODD = [None, [], {}, "", 0, -1, 1e308, True, [[[]]], {"a": {"b": []}}, "\ud800", [None], [1, 2]]


@pytest.mark.parametrize("value", [*_ODD, ["a", "b", "c"], {"\ud800" * 900: 1}, "x" * 9000])
def test_a_manifest_of_any_types_opens_or_is_refused_in_a_line(tmp_path, value):
    """Lists where texts belong came out as tracebacks of Python's own, here or in a report."""
    path = _write(tmp_path / "s").path / "manifest.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    whole |= dict.fromkeys(("columns", "sources", "counts", "licence", "warnings", "seed"))
    for key in whole:
        path.write_text(json.dumps({**whole, key: value}), encoding="utf-8")
        said = _opened(path.parent)
        assert len(said) - len(str(path)) < 400
        assert said.isprintable()


def _opened(folder):
    """Open splits and take what their manifest says; return what they are refused with."""
    try:
        found = open_splits(folder)
    except DataError as error:
        return str(error)
    said = [found.name, *found.class_names, found.label_basis, found.licence or ""]
    assert all(isinstance(one, str) for one in said)
    assert all(isinstance(one, ColumnsRecord) for one in found.columns)
    return ""


@pytest.mark.parametrize("content", ["[" * 10**5, '{"a":' * 10**5, "\0", "NaN", "1" * 5000])
def test_a_manifest_that_no_parser_takes_is_refused(tmp_path, content):
    path = _write(tmp_path / "s").path / "manifest.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match="tfnews data prepare again"):
        open_splits(path.parent)


def test_what_is_written_is_described_by_its_manifest(tmp_path):
    found = _write(tmp_path / "new" / "s")
    assert (found.name, found.class_names, found.label_basis) == (
        "made up",
        ("news", "satire"),
        "satire",
    )
    manifest = json.loads((found.path / "manifest.json").read_text())
    assert manifest["digests"] == {f"{part}.csv": found.digest(part) for part in PARTS}
    assert sorted(path.name for path in found.path.parent.iterdir()) == ["s"]


def test_force_replaces_splits_and_nothing_else_does(tmp_path):
    _write(tmp_path / "s")
    with pytest.raises(DataError, match="--force"):
        _write(tmp_path / "s", ["new", "rows"])
    replaced = _write(tmp_path / "s", ["new", "rows"], force=True)
    assert replaced.frame("train")["combined_text"].tolist() == ["new", "rows"]
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_an_empty_folder_may_be_written_to(tmp_path):
    (tmp_path / "s").mkdir()
    assert len(_write(tmp_path / "s").frame("train")) == 2


def test_a_folder_with_anything_else_is_never_replaced(tmp_path):
    out = _write(tmp_path / "s").path
    (out / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match=r"also holds notes\.txt"):
        check_destination(out, force=True)
    with pytest.raises(DataError, match=r"no manifest\.json"):
        check_destination(_foreign(tmp_path / "theirs"), force=True)
    with pytest.raises(DataError, match="is a file"):
        check_destination(out / "notes.txt", force=True)
    assert (out / "notes.txt").read_text() == "mine"


def test_a_failure_while_writing_leaves_the_old_splits(tmp_path, monkeypatch):
    _write(tmp_path / "s")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(splits, "write_json", fail)
    with pytest.raises(OSError, match="disk full"):
        _write(tmp_path / "s", ["new", "rows"], force=True)
    assert open_splits(tmp_path / "s").frame("train")["combined_text"].tolist() == ["one", "two"]
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


@pytest.mark.parametrize("function", ["write_json", "_swap"])
def test_what_another_process_wrote_meanwhile_stays(tmp_path, monkeypatch, function):
    """Of two at once in one place, the second replaced what the first had just written."""
    does = getattr(splits, function)

    def other_is_faster(*given):
        monkeypatch.setattr(splits, function, does)
        _write(tmp_path / "s")
        does(*given)

    monkeypatch.setattr(splits, function, other_is_faster)
    if function == "_swap":  # in the moment between looking and renaming
        monkeypatch.setattr(splits.Path, "exists", lambda path: path.name != "s" and path.is_dir())
    with pytest.raises(DataError, match=r"s is not empty\. Name a new folder"):
        _write(tmp_path / "s", ["new", "rows"])
    monkeypatch.undo()
    assert open_splits(tmp_path / "s").frame("train")["combined_text"].tolist() == ["one", "two"]
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_a_failure_while_swapping_puts_the_old_splits_back(tmp_path, monkeypatch):
    _write(tmp_path / "s")
    rename = splits.os.rename

    def fail_once(source, target):
        if str(source).endswith("new"):
            raise OSError("no")
        rename(source, target)

    monkeypatch.setattr(splits.os, "rename", fail_once)
    with pytest.raises(OSError, match="no"):
        _write(tmp_path / "s", ["new", "rows"], force=True)
    assert open_splits(tmp_path / "s").frame("train")["combined_text"].tolist() == ["one", "two"]


def test_openings_are_the_first_titles_or_texts_of_each_label(tmp_path, monkeypatch):
    """Regression: `data prepare` read the whole training split to show four titles of it."""
    monkeypatch.setattr(splits, "_OPENING_ROWS", 2)
    frame = _frame(["zero", "one", "two", "three", "four", "five"]).assign(title=["A", "", *"CDEF"])
    folder = write_splits(
        tmp_path / "out", dict.fromkeys(PARTS, frame), _NO_REJECTS, {"format": splits.FORMAT}
    )
    monkeypatch.setattr(splits.Splits, "frame", None)
    assert folder.openings("train", 2) == {1: ["one", "D"], 0: ["A", "C"]}
    assert folder.openings("test", 9) == {1: ["one", "D", "F"], 0: ["A", "C", "E"]}


def test_rows_written_some_at_a_time_are_those_written_at_once(tmp_path):
    whole = _frame(["a\r", 'b "c"', "d\n", "e, f"])
    some = {part: iter([whole[:1], whole[1:]]) for part in PARTS}
    found = [
        write_splits(tmp_path / name, frames, _NO_REJECTS, {"format": splits.FORMAT})
        for name, frames in {"whole": dict.fromkeys(PARTS, whole), "some": some}.items()
    ]
    for part in PARTS:
        first, second = (one.files[part].read_bytes() for one in found)
        assert first == second
