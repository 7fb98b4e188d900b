"""Labels in the names of files and folders."""

from pathlib import Path

import pandas as pd
import pytest

from tests.data.news import FAKE, REAL, write_table
from tfnews.data import naming
from tfnews.data.formats import NAME_WORDS
from tfnews.data.readers import read
from tfnews.errors import DataError, UsageError

ROOT = Path("corpus")


def label(path, meanings=NAME_WORDS, article=False):
    return naming.label(ROOT / path, ROOT, meanings, article=article)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("politifact_fake.csv", "fake"),
        ("FakeNews.csv", "fake"),
        ("fakenews-2017.csv.gz", "fakenews"),
        ("REAL.CSV", "real"),
        ("001fake.txt", "fake"),
        ("Real/politics_fake.csv", "fake"),
        ("Real/politics.csv", "real"),
        ("fake/deep/down/a.csv", "fake"),
        ("really_faked.csv", ""),
        ("news.csv", ""),
    ],
)
def test_a_files_own_name_goes_before_its_folders(path, found):
    assert label(path) == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Fake/the-real-story.txt", "fake"),
        ("Real/a/fake moon.txt", "real"),
        ("a/001fake.txt", "fake"),
        ("fake_or_real/Real/1.txt", "real"),
        ("fake_or_real/001fake.txt", "fake"),
    ],
)
def test_an_articles_folder_goes_before_its_own_name(path, found):
    assert label(path, article=True) == found


def test_the_folder_that_was_named_counts_last():
    assert naming.label(Path("x/Fake/a.csv"), Path("x/Fake"), NAME_WORDS, article=False) == "fake"
    assert naming.label(Path("x/Fake/a.csv"), None, NAME_WORDS, article=False) == "fake"


def test_a_name_with_both_words_is_refused():
    with pytest.raises(
        DataError, match=r"'fake_or_real\.csv' speaks of both classes: fake and real"
    ):
        label("fake_or_real.csv")


def test_patterns_meet_a_word_a_stem_or_a_path():
    meanings = {"hoax*": 1, "checked/*": 0, "*draft*": None}
    assert label("a_hoaxes.csv", meanings) == "hoax*"
    assert label("checked/1.txt", meanings, article=True) == "checked/*"
    assert label("hoax_draft_2.csv", meanings) == "*draft*"


def test_the_name_of_the_only_source_labels_nothing():
    """Of fake_news/{Real,Fake} a README on top was read as a fake article."""
    path, root = Path("fake_news/README.txt"), Path("fake_news")
    assert naming.label(path, root, NAME_WORDS, article=True, outer=False) == ""


def write_pair(folder, names=("politics_fake.csv", "politics_real.csv")):
    for name, (title, text, _) in zip(names, (FAKE, REAL), strict=True):
        (folder / name).parent.mkdir(exist_ok=True)
        write_table(folder / name, ("title", "text"), [(title, text)])
    return folder


@pytest.mark.parametrize(
    "names",
    [
        ("politics_fake.csv", "politics_real.csv"),
        ("Fake/news.csv", "Real/news.csv"),
        ("a/gossip-FAKE.csv", "a/gossip-TRUE.csv"),
    ],
)
def test_files_of_rows_are_labelled_by_name(tmp_path, names):
    reading = read(write_pair(tmp_path, names), label_from="name")
    frame = pd.concat(list(reading))
    assert dict(zip(frame["title"], frame["label"], strict=True)) == {FAKE[0]: 1, REAL[0]: 0}
    assert all(record.label is None for record in reading.columns)


def test_without_a_column_of_labels_the_names_are_offered(tmp_path):
    with pytest.raises(DataError, match=r"The name says 'fake'.* add --label-from name"):
        read(write_pair(tmp_path))


def test_patterns_of_names_replace_the_known_words(tmp_path):
    write_pair(tmp_path, ("hoaxes.csv", "checked.csv"))
    with pytest.raises(DataError, match=r"say nothing of the label. Looked for: fake, fakes"):
        read(tmp_path, label_from="name")
    told = {"fake_values": ["hoax*"], "real_values": ["checked"]}
    frame = pd.concat(list(read(tmp_path, label_from="name", **told)))
    assert dict(zip(frame["title"], frame["label"], strict=True)) == {FAKE[0]: 1, REAL[0]: 0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_from": "header"}, "column or name. Received: --label-from header"),
        ({"label_from": "name", "label_column": "x"}, "not both"),
    ],
)
def test_options_that_do_not_go_together(tmp_path, options, message):
    with pytest.raises(UsageError, match=message):
        read(write_pair(tmp_path), **options)
