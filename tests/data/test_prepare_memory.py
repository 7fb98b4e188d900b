"""What `prepare` holds does not grow with the texts, and what waits on disk is not left there."""

import json
import random
import tracemalloc

import pyarrow as pa
import pytest

from tfnews.data import prepare as preparing
from tfnews.data.prepare import prepare
from tfnews.errors import DataError

WORDS, LETTERS = 60, 100  # few and long: it is texts that are to be large


def written(folder, rows):
    """Write distinct articles of 6,000 characters."""
    draw = random.Random(rows)
    path = folder / f"{rows}.jsonl"
    with path.open("w") as file:
        for row in range(rows):
            text = " ".join(f"{draw.randrange(5000):0{LETTERS}}" for _ in range(WORDS))
            about = {"label": ("real", "fake")[row % 2], "site": f"s{row // 2}"}
            file.write(json.dumps({"title": f"T{row}", "text": text, **about}) + "\n")
    return path


@pytest.fixture
def peak(tmp_path, monkeypatch):
    """Return the most that Python and Arrow held from the first row on, in bytes."""
    usual, gather = pa.default_memory_pool(), preparing._gather

    def gathered(*given):
        tracemalloc.start()  # here: before, formats are told by openings of a size of their own
        return gather(*given)

    def of(path):
        pool = pa.proxy_memory_pool(usual)
        pa.set_memory_pool(pool)
        options = {"strategy": "group", "group_columns": ("site",), "chunk_rows": 20}
        try:
            prepare([path], tmp_path / "out", force=True, **options)
            return tracemalloc.get_traced_memory()[1] + pool.max_memory()
        finally:
            tracemalloc.stop()
            pa.set_memory_pool(usual)

    monkeypatch.setattr(preparing, "_gather", gathered)
    return of


def test_three_times_as_many_texts_take_no_more_memory(tmp_path, peak, monkeypatch):
    monkeypatch.setattr("tfnews.data.banding._ROWS_AT_ONCE", 16)
    few, many = written(tmp_path, 60), written(tmp_path, 180)
    peak(few)  # what is imported and cached at first
    added = many.stat().st_size - few.stat().st_size
    assert peak(many) - peak(few) < 0.25 * added


def test_long_texts_are_held_some_at_a_time(tmp_path, monkeypatch):
    """Regression: a chunk of 5,000 rows held 5,000 books."""
    path = written(tmp_path, 60)
    monkeypatch.setattr("tfnews.data.chunks._CHARACTERS_AT_ONCE", 50_000)
    monkeypatch.setattr(preparing.Pool, "add", noting(preparing.Pool.add, chunks := []))
    prepare([path], tmp_path / "out")
    assert sum(chunks) == 60
    assert max(chunks) < 12


def noting(add, chunks):
    def _add(pool, frame, part):
        chunks.append(len(frame))
        add(pool, frame, part)

    return _add


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), DataError("made up")])
def test_what_ends_early_leaves_no_texts_beside_the_splits(tmp_path, monkeypatch, fault):
    path = written(tmp_path, 20)

    def ended(*_):
        assert len(list(tmp_path.glob(".out.*/*.arrow"))) == 1
        raise fault

    monkeypatch.setattr(preparing, "_split", ended)
    with pytest.raises(type(fault)):
        prepare([path], tmp_path / "out")
    assert list(tmp_path.iterdir()) == [path]


def test_texts_that_a_killed_process_left_are_swept(tmp_path):
    left = tmp_path / ".out.0123456789abcdef"
    left.mkdir()
    (left / "0.arrow").write_text("half a ch")
    splits = prepare([written(tmp_path, 40)], tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["40.jsonl", "out"]
    assert splits.manifest["rows"]["kept"] == 40
