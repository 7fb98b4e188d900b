"""Folders of .txt files, one article each."""

import gzip
import json
from collections import Counter

import pandas as pd
import pytest

from tests.data.news import write, write_table
from tfnews.data import articles
from tfnews.data.prepare import prepare
from tfnews.data.readers import read
from tfnews.data.rows import layout_of
from tfnews.data.splits import PARTS
from tfnews.data.texts import read_texts
from tfnews.errors import DataError

COUNT = 40


def news(number):
    return f"Headline {number}", " ".join(f"w{number}x{i}" for i in range(8)) + ".\nThe end."


def write_articles(folder, fake="Fake", real="Real"):
    for number in range(COUNT):
        title, text = news(number)
        path = folder / (real, fake)[number % 2] / f"{number:03}-the-real-story.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, f"{title}\n\n{text}\n")
    return folder


def test_hidden_files_and_other_endings_are_left_out(tmp_path):
    folder = write_articles(tmp_path)
    for name in (".DS_Store", ".a.txt", "Fake/._000.txt", "notes.md"):
        write(folder / name, "x")
    (folder / "__MACOSX").mkdir()
    write(folder / "__MACOSX" / "a.txt", "x")
    write(folder / "Real" / "zz.txt.gz", "Packed.")
    found = articles.files(folder)
    assert len(found) == COUNT + 1
    assert found[-1].name == "zz.txt.gz"
    assert next(reversed(list(articles.rows(folder, Counter())))).values[2] == "Packed."


@pytest.mark.parametrize(
    ("content", "title", "text"),
    [
        ("A title\n\nThe body.\n", "A title", "The body."),
        ("A title\r\n\r\nThe body.\r\nMore.", "A title", "The body.\nMore."),
        ("\ufeffA title\n \n\nThe body.", "A title", "The body."),
        ("One line", "", "One line"),
        ("A line\nand another\n\nand more", "", "A line\nand another\n\nand more"),
        ("A title\n\n", "", "A title\n"),
        ("x" * 201 + "\n\nThe body.", "", "x" * 201 + "\n\nThe body."),
        ("", "", ""),
    ],
)
def test_a_first_line_with_a_blank_one_after_it_is_the_title(tmp_path, content, title, text):
    write(tmp_path / "a.txt", content)
    (row,) = articles.rows(tmp_path, Counter())
    assert row.values == ["a.txt", title, text]


def test_rows_rejected_are_named_by_their_file(tmp_path):
    folder = write_articles(tmp_path / "fake_news")
    write(folder / "Fake" / "empty.txt", " \n")
    write(folder / "README.txt", "Of this set.")
    write(folder / "Real" / "torn.txt.gz", "x")
    torn = folder / "Real" / "torn.txt.gz"
    torn.write_bytes(gzip.compress(b"x" * 90)[:-9])
    reading = read(folder, label_from="name")
    frame = pd.concat(list(reading))
    assert frame["label"].sum() == COUNT / 2 == len(frame) - COUNT / 2
    assert frame["source_file"].iloc[0] == "Fake/001-the-real-story.txt"
    assert sorted(reading.rejects[["file", "reason"]].values.tolist()) == [
        ["Fake/empty.txt", "no title and no text"],
        ["README.txt", "no label"],
        ["Real/torn.txt.gz", "a file that cannot be read"],
    ]
    (summary,) = reading.summaries
    assert (summary["file"], summary["format"]) == ("fake_news", "texts")
    assert summary["rows"] == COUNT + 3
    assert summary["sha256"] == articles.digest(folder)


def test_a_change_of_one_article_changes_the_digest(tmp_path):
    folder = write_articles(tmp_path)
    before = articles.digest(folder)
    write(folder / "Fake" / "001-the-real-story.txt", "Other.")
    assert articles.digest(folder) != before


def test_a_folder_says_what_its_names_say_before_it_is_read(tmp_path):
    known = write_articles(tmp_path / "a")
    with pytest.raises(DataError, match=r"of 40 \.txt files.* 20 fake, 20 real.*--label-from"):
        read(known)
    other = write_articles(tmp_path / "b", "Made up", "Genuine")
    with pytest.raises(DataError, match=r"Found: Genuine \(20\), Made up \(20\).*--fake-value"):
        read(other)
    told = {"fake_values": ["made*"], "real_values": ["genuine"]}
    assert pd.concat(list(read(other, **told)))["label"].sum() == 20


def test_a_folder_inside_another_is_not_read_twice(tmp_path):
    folder = write_articles(tmp_path)
    with pytest.raises(DataError, match="would be read twice"):
        read([folder, folder / "Fake"], label_from="name")
    both = read([folder / "Fake", folder / "Real"], label_from="name")
    assert pd.concat(list(both))["label"].sum() == 20


def test_a_folder_of_articles_makes_the_splits_and_texts_of_a_table(tmp_path):
    folder = write_articles(tmp_path / "set")
    order = [*range(1, COUNT, 2), *range(0, COUNT, 2)]  # by folder
    rows = [(*news(number), ("real", "fake")[number % 2]) for number in order]
    table = write_table(tmp_path / "set.csv", ("title", "text", "label"), rows)
    made = [
        prepare([table], tmp_path / "a"),
        prepare([folder], tmp_path / "b", label_from="name"),
    ]
    for part in PARTS:
        one, two = (splits.frame(part).drop(columns=["source_file", "line"]) for splits in made)
        pd.testing.assert_frame_equal(one, two)
    assert made[0].manifest["counts"] == made[1].manifest["counts"]
    answers = [[item.text for item in read_texts(path)] for path in (table, folder)]
    assert answers[0] == answers[1]
    assert next(read_texts(folder)).id == "Fake/001-the-real-story.txt"


def test_what_fakenewsnets_own_program_writes_is_read(tmp_path):
    for number in range(4):
        folder = tmp_path / "gossipcop" / ("real", "fake")[number % 2] / f"gossipcop-{number}"
        (folder / "tweets").mkdir(parents=True)
        write(folder / "tweets" / "12.json", "{}")
        title, text = news(number)
        record = {"title": title, "text": text, "images": [], "publish date": None}
        write(folder / "news content.json", json.dumps(record))
    write(tmp_path / "gossipcop" / "fake" / "news content.json", "[1]")
    reading = read(tmp_path / "gossipcop", label_from="name")
    frame = pd.concat(list(reading))
    assert frame["label"].tolist() == [1, 1, 0, 0]
    assert frame[["title", "text"]].iloc[0].tolist() == list(news(1))
    assert reading.rejects["reason"].tolist() == ["a file that cannot be read"]
    assert reading.summaries[0]["notes"] == []


def test_the_encoding_of_articles_can_be_told(tmp_path):
    (tmp_path / "a.txt").write_bytes("Новые меры поддержки".encode("koi8-r"))
    found = list(read_texts(tmp_path, layout=layout_of("koi8-r", None, True)))
    assert [item.text for item in found] == ["Новые меры поддержки"]
