"""Links in folders that others made."""

import os
import socket

import pytest

from tfnews.data.splits import open_splits
from tfnews.errors import DataError, RunError, WeightsError
from tfnews.links import check_links
from tfnews.models.transformer.convert import convert
from tfnews.models.transformer.pretrained import open_pretrained


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "inner" / "deep").mkdir(parents=True)
    (tmp_path / "inner" / "deep" / "file").write_text("x")
    return tmp_path / "inner"


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("link", "../secret"),
        ("deep/link", "../../secret"),
        ("link", "/etc/hostname"),
        ("link", ".."),
        ("link", "/"),
        ("link", "../no such file"),
        ("link", "deep/../../secret"),
    ],
)
def test_a_link_that_leads_out_is_refused(folder, name, target):
    (folder / name).symlink_to(target)
    with pytest.raises(WeightsError, match="is a link that leads out of that folder") as caught:
        check_links(folder, WeightsError)
    assert repr(name) in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_link_by_another_link_is_refused(folder):
    (folder / "first").symlink_to("second")
    (folder / "second").symlink_to("../secret")
    with pytest.raises(RunError, match="leads out"):
        check_links(folder, RunError)


@pytest.mark.parametrize("target", ["deep/file", "deep", "file not there", "link", "../inner/deep"])
def test_a_link_within_is_followed(folder, target):
    (folder / "link").symlink_to(target)
    check_links(folder, RunError)


def test_the_folder_itself_may_be_a_link(folder, tmp_path):
    (folder / "link").symlink_to("deep/file")
    (tmp_path / "other").symlink_to(folder)
    check_links(tmp_path / "other", RunError)


def test_hugging_faces_cache_links_within_its_repository(tmp_path):
    repository = tmp_path / "hub" / "models--someone--model"
    (repository / "blobs").mkdir(parents=True)
    (repository / "blobs" / "abc").write_text("x")
    snapshot = repository / "snapshots" / "0123"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").symlink_to("../../blobs/abc")
    check_links(snapshot, WeightsError)
    (snapshot / "vocab.txt").symlink_to("../../../secret")
    with pytest.raises(WeightsError, match=r"vocab\.txt"):
        check_links(snapshot, WeightsError)


def test_a_folder_called_snapshots_is_no_cache(folder, tmp_path):
    """Else a module could be named so as to reach two folders up."""
    (tmp_path / "x" / "snapshots").mkdir(parents=True)
    snapshot = folder.rename(tmp_path / "x" / "snapshots" / "1")
    (snapshot / "link").symlink_to("../../secret")
    with pytest.raises(WeightsError, match="leads out"):
        check_links(snapshot, WeightsError)


def a_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path)


@pytest.mark.parametrize("make", [os.mkfifo, a_socket])
def test_what_may_never_end_is_refused(folder, make, monkeypatch):
    """A task.json that was a pipe made the opening of a run wait for ever."""
    monkeypatch.chdir(folder / "deep")  # a socket's path may not be long
    make("task.json")
    with pytest.raises(RunError, match=r"'deep/task\.json' in .* is a pipe, a device or a socket"):
        check_links(folder, RunError)


def test_whoever_opens_a_folder_looks(folder, tmp_path):
    (folder / "train.csv").symlink_to("../secret")
    with pytest.raises(DataError, match=r"'train\.csv' in .* is a link"):
        open_splits(folder)
    with pytest.raises(WeightsError, match=r"'train\.csv' in .* is a link"):
        convert(folder, tmp_path / "out")
    with pytest.raises(WeightsError, match=r"'train\.csv' in .* is a link"):
        open_pretrained(str(folder))
