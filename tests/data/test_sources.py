"""From files and folders to what is read, and how."""

import json

import pytest

from tests.data.news import FAKE, HEADER, REAL, write, write_table
from tfnews.data.sources import find, resolve
from tfnews.errors import DataError, UsageError

ISOT = ("title", "text", "subject", "date")


def names(source):
    return [place.path.name for place in find(source)]


def test_of_a_folder_in_isot_layout_only_its_two_files_are_read(tmp_path):
    for name in ("Fake.csv.gz", "True.csv", "both.csv", "README.txt"):
        write(tmp_path / name, "x")
    found = find(tmp_path)
    assert [place.path.name for place in found] == ["Fake.csv.gz", "True.csv"]
    assert found[0].notes == ("not read, in the same folder: README.txt, both.csv",)
    assert found[1].notes == ()


def test_what_lies_in_folders_below_is_read_only_where_nothing_lies_above(tmp_path):
    (tmp_path / "Fake").mkdir()
    for name in ("Fake/a.csv", "Fake/1.txt", ".DS_Store", "Fake/._a.csv"):
        write(tmp_path / name, "x")
    assert names(tmp_path) == ["a.csv"]
    write(tmp_path / "b.csv", "x")
    (place,) = find(tmp_path)
    assert place.path.name == "b.csv"
    assert place.notes == ("not read, in the same folder: 2 in folders below",)


def test_of_another_folder_every_news_file_is_read_in_order(tmp_path):
    for name in ("b.jsonl", "a.csv", "c.parquet", "meta.json", "notes.md"):
        write(tmp_path / name, "x")
    assert names(tmp_path) == ["a.csv", "b.jsonl", "c.parquet"]
    assert names([tmp_path / "c.parquet", tmp_path / "a.csv"]) == ["c.parquet", "a.csv"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("absent.csv", "does not exist"),
        ("news.doc", r"no known kind. Allowed endings: \.csv, \.tsv"),
        (".", "holds no news file"),
    ],
)
def test_sources_that_cannot_be_read(tmp_path, source, message):
    write(tmp_path / "news.doc", "x")
    with pytest.raises(DataError, match=message):
        find(str(tmp_path / source))


def test_no_source_or_one_twice(tmp_path):
    with pytest.raises(DataError, match="No source"):
        find([])
    path = write(tmp_path / "a.csv", "x")
    with pytest.raises(DataError, match=r"a\.csv would be read twice"):
        find([path, tmp_path])
    write(tmp_path / "a.csv.gz", "x")
    with pytest.raises(DataError, match=r"a\.csv would be read twice"):
        find(tmp_path)


def test_files_that_share_a_name_carry_their_folder(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write_table(tmp_path / folder / "a.csv", HEADER, [FAKE, REAL])
    found = resolve([tmp_path / "one", tmp_path / "two"])
    assert [file.name for file in found] == ["one/a.csv", "two/a.csv"]


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (("headline", "body", "label"), {}, "Column 'text' .* headline, body, .*--text-column"),
        (("title", "text", "verdict"), {}, "Column 'label' .* --label-column"),
        (HEADER, {"title_column": "head"}, "Column 'head' .* title, text, .*--title-column"),
        (HEADER, {"format": "tfnews-combined"}, "Column 'combined_text'"),
        (HEADER, {"format": "isot"}, "the label of isot files is their name"),
        (ISOT, {"format": "isot", "label_from": "column"}, "Column 'label' is not in"),
    ],
)
def test_missing_columns(tmp_path, columns, options, message):
    rows = [(*row, "2017")[: len(columns)] for row in (FAKE, REAL)]
    path = write_table(tmp_path / "a.csv", columns, rows)
    with pytest.raises(DataError, match=message):
        resolve(path, **options)


def test_liar_has_fourteen_columns(tmp_path):
    path = write_table(tmp_path / "a.tsv", HEADER, [FAKE, REAL])
    with pytest.raises(DataError, match="has 3 tab-separated columns; liar files have 14"):
        resolve(path, format="liar")


def test_an_unknown_format(tmp_path):
    with pytest.raises(UsageError, match="Known: isot"):
        resolve(tmp_path, format="kaggle")


def test_headlines_alone(tmp_path):
    path = write_table(tmp_path / "a.csv", ("title", "label"), [("Moon sold", "FAKE")])
    (file,) = resolve(path, text_column="title")
    assert (file.format.title, file.format.text) == (None, "title")


def test_extra_columns_leave_out_what_is_used_and_what_has_no_name(tmp_path):
    columns = ("", "title", "text", "label", "author", "Unnamed: 5")
    path = write_table(tmp_path / "a.csv", columns, [("0", *FAKE, "Jane", "")])
    assert resolve(path)[0].extra_columns == ["author"]


def test_class_names_come_from_the_manifest_beside_splits(tmp_path):
    manifest = {"class_names": ["news", "clickbait"], "label_basis": "publisher"}
    manifest["digests"] = {"train.csv": ""}
    write(tmp_path / "manifest.json", json.dumps(manifest))
    columns = ("combined_text", "label", "title", "text")
    write_table(tmp_path / "train.csv", columns, [("A b", "1", "A", "b")])
    (file,) = resolve(tmp_path)
    assert file.format.name == "tfnews"
    assert (file.format.class_names, file.format.basis) == (("news", "clickbait"), "publisher")


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        '{"digests": {"train.csv": ""}, "class_names": [1, {}]}',
        '{"digests": {"train.csv": ""}, "class_names": ["a"]}',
        "[" * 200_000,
    ],
)
def test_a_manifest_that_is_none(tmp_path, content):
    write(tmp_path / "manifest.json", content)
    path = write_table(tmp_path / "train.csv", ("combined_text", "label"), [("A b", "1")])
    with pytest.raises(DataError, match=r"manifest\.json beside train\.csv is not a manifest"):
        resolve(path)
