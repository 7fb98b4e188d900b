import errno

import numpy as np
import pandas as pd
import pytest

from tfnews.data import spool
from tfnews.data.spool import SignatureFile, Spool

ODD = ["", " ", "nan", "a\r\nb\x00", '"', "\U0001f600", "é"]


def filled(folder):
    folder.mkdir()
    made = Spool(folder, folder.parent / "place")
    texts = pd.Series(ODD, dtype="str")
    made.add(pd.DataFrame({"text": texts, "label": np.arange(7, dtype=np.int8)}), _some(7))
    made.add(pd.DataFrame({"text": texts[:2], "line": ["3", "4"], "site": ["a", "b"]}), _some(2))
    return made


def _some(rows):
    return np.arange(4 * rows, dtype=np.uint32).reshape(rows, 4)


def test_texts_come_back_as_they_were_and_a_column_that_lacks_is_empty(tmp_path):
    made = filled(tmp_path / "rows")
    assert made.columns == ["text", "label", "line", "site"]
    assert made.starts == [0, 7, 9]
    found = made.read(["site", "text"], np.arange(9))
    assert found["text"].tolist() == ODD + ODD[:2]
    assert found["site"].tolist() == [""] * 7 + ["a", "b"]


def test_some_rows_are_read_chunk_by_chunk(tmp_path):
    made = filled(tmp_path / "rows")
    ((first, here), (second, there)) = made.chunks(["text"], np.array([1, 5, 8]))
    assert (first["text"].tolist(), here) == ([" ", "\U0001f600"], slice(0, 2))
    assert (second["text"].tolist(), there) == ([" "], slice(2, 3))
    ((only, here),) = made.chunks(["label"], np.array([2, 3]))
    assert (only["label"].tolist(), only["label"].dtype, here) == ([2, 3], np.int8, slice(0, 2))


@pytest.mark.parametrize("dense", [1, 100])
def test_signatures_are_read_where_they_lie(tmp_path, monkeypatch, dense):
    monkeypatch.setattr(spool, "_DENSE", dense)
    values = np.random.default_rng(0).integers(2**32, size=(50, 8), dtype=np.uint32)
    (tmp_path / "values").write_bytes(values.tobytes())
    rows = np.arange(1, 50, 2)
    found = SignatureFile(tmp_path / "values", 8, rows)
    assert found.shape == (25, 8)
    for asked in ([], [3], [24, 0, 0, 7], list(range(25))):
        assert (found[np.array(asked, np.int64)] == values[rows[asked]]).all()


def test_a_full_disk_is_told_of_the_place_that_was_named(tmp_path, monkeypatch):
    made = filled(tmp_path / "rows")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(spool, "_write", full)
    with pytest.raises(OSError, match="No space") as error:
        made.add(pd.DataFrame({"text": ["a"]}), _some(1))
    assert error.value.filename == str(tmp_path / "place")
