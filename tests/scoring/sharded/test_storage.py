"""Files and answers at addresses, by a store that keeps them in a folder."""

import contextlib
import gzip
import os
from pathlib import Path

import pytest
from apache_beam.io import localfilesystem

from tests.scoring.sharded import made
from tfnews.errors import DataError, UsageError
from tfnews.scoring.sharded import storage

HOST = "kept://"


class KeptFileSystem(localfilesystem.LocalFileSystem):
    """Keeps kept://a/b in the file a/b below `root`; Beam finds it by its scheme."""

    root = None

    @classmethod
    def scheme(cls):
        return "kept"

    def _at(self, address):
        return os.path.join(self.root, address.removeprefix(HOST))

    def has_dirs(self):
        return False

    def _list(self, prefix):
        for one in super()._list(self.root):
            address = HOST + os.path.relpath(one.path, self.root)
            if address.startswith(prefix):
                yield one.__class__(address, one.size_in_bytes, one.last_updated_in_seconds)

    def _path_open(self, path, mode, *options):
        return super()._path_open(self._at(path), mode, *options)

    def create(self, path, *options):
        os.makedirs(os.path.dirname(self._at(path)), exist_ok=True)
        return self._path_open(path, "wb", *options)

    def exists(self, path):
        return super().exists(self._at(path))

    def size(self, path):
        return super().size(self._at(path))

    def checksum(self, path):
        return super().checksum(self._at(path))

    def delete(self, paths):
        super().delete([self._at(path) for path in paths])


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Give the folder of a store, with three files of news."""
    monkeypatch.setattr(KeptFileSystem, "root", str(tmp_path / "store"))
    news = tmp_path / "store" / "news"
    news.mkdir(parents=True)
    (news / "a-0.jsonl").write_text(made.lines(150))
    (news / "a-1.jsonl.gz").write_bytes(gzip.compress(made.lines(20).encode()))
    return tmp_path / "store"


def test_files_at_addresses_are_answered_to_addresses_as_plain_predict_does(
    tmp_path, store, monkeypatch
):
    model, stub = made.model(tmp_path / "model"), made.stubbed(monkeypatch)
    job = model, "kept://news/a-*", "kept://answers/one/"
    first = made.scored(*job)
    for number, name in enumerate(["a-0.jsonl", "a-1.jsonl.gz"]):
        expected, _ = made.plain(model, store / "news" / name, tmp_path)
        assert made.joined(store / "answers" / "one", number) == expected
    calls = len(stub.calls)
    (store / "answers" / "one" / "input-00000" / "counts-00001.json").unlink()
    again = made.scored(*job)
    assert (again.tally, again.finished_before, again.finished) == (first.tally, 3, 4)
    assert len(stub.calls) == calls + 1
    (store / "news" / "a-0.jsonl").write_text(made.lines(151))
    with pytest.raises(UsageError, match=r"kept://news/a-0\.jsonl differs"):
        made.scored(*job)


def test_a_file_at_an_address_that_breaks_off_is_told_and_tried_again(tmp_path, store, monkeypatch):
    model, _ = made.model(tmp_path / "model"), made.stubbed(monkeypatch)
    content = (store / "news" / "a-1.jsonl.gz").read_bytes()
    (store / "news" / "a-1.jsonl.gz").write_bytes(content[:60])
    for _ in range(2):
        outcome = made.scored(model, "kept://news/a-*", "kept://answers/two")
        assert list(outcome.failures) == ["kept://news/a-1.jsonl.gz"]
    assert outcome.finished == 3


def test_what_cannot_be_reached_is_told(tmp_path, store, monkeypatch):
    model, _ = made.model(tmp_path / "model"), made.stubbed(monkeypatch)
    with pytest.raises(UsageError, match="No file matches 'kept://news/b-"):
        made.scored(model, "kept://news/b-*", tmp_path / "out")
    with pytest.raises(UsageError, match="Beam has no library for nosuch:// here"):
        made.scored(model, "nosuch://news/b-*", tmp_path / "out")
    with pytest.raises(UsageError, match=r"kept://news holds other files, such as a-0\.jsonl"):
        made.scored(model, "kept://news/a-*", "kept://news")

    def broken(self, prefix):
        raise OSError("no network")

    monkeypatch.setattr(KeptFileSystem, "_list", broken)
    with pytest.raises(DataError, match=r"kept://news/a-.* cannot be reached: .*no network"):
        made.scored(model, "kept://news/a-*", tmp_path / "out")


def test_a_copy_goes_with_its_block_and_a_failed_write_leaves_nothing(store):
    with storage.local("kept://news/a-0.jsonl") as path:
        assert os.path.basename(path) == "a-0.jsonl"
        assert Path(path).read_text() == made.lines(150)
    assert not os.path.exists(path)
    with contextlib.suppress(KeyError), storage.written("kept://news/new.txt") as path:
        path.write_text("half")
        raise KeyError
    assert storage.text("kept://news/new.txt") is None
    storage.remove("kept://news/new.txt")
    assert storage.names("kept://news") == ["a-0.jsonl", "a-1.jsonl.gz"]
