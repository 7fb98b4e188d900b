import csv
import dataclasses
import gzip
import json

import pandas as pd
import pytest
from pyarrow import parquet

from tfnews.errors import DataError, UsageError
from tfnews.scoring.answers import Prediction, write_predictions

ANSWERS = [
    Prediction("ä,1", 0.125, "real", "scored", None),
    Prediction("2", None, None, "not_scored", 'too short: 1 "word"'),
]
BY_NAME = [dataclasses.asdict(answer) for answer in ANSWERS]


def test_write_csv(tmp_path):
    write_predictions(ANSWERS, tmp_path / "a.csv")
    with open(tmp_path / "a.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["id", "fake_probability", "label", "outcome", "reason"]
    assert rows == [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for row in BY_NAME
    ]


@pytest.mark.parametrize("sign", ["\r", "\n", "\r\n", '"', ",", "", " "])
def test_a_sign_of_an_id_splits_no_row_of_csv(tmp_path, sign):
    """A carriage return stood bare, and readers took it for the end of the row."""
    answers = [Prediction(f"a{sign}b", 0.125, f"{sign}real", "scored", None), *ANSWERS]
    write_predictions(answers, tmp_path / "a.csv")
    found = pd.read_csv(tmp_path / "a.csv", dtype=str, keep_default_na=False)
    assert found["id"].tolist() == [answer.id for answer in answers]
    assert found["label"][0] == f"{sign}real"
    assert (tmp_path / "a.csv").read_bytes().endswith(b'""word"""\n')


def test_write_json_lines_compressed(tmp_path):
    write_predictions(ANSWERS, tmp_path / "a.jsonl.gz")
    with gzip.open(tmp_path / "a.jsonl.gz", "rt", encoding="utf-8") as file:
        assert [json.loads(line) for line in file] == BY_NAME


@pytest.mark.parametrize("count", [0, 2, 2500])
def test_write_parquet(tmp_path, count):
    write_predictions((ANSWERS * count)[:count], tmp_path / "a.parquet")
    rows = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    assert rows == (BY_NAME * count)[:count]


def test_write_table(tmp_path):
    write_predictions(ANSWERS, tmp_path / "a.txt", "table")
    header, first, second = (tmp_path / "a.txt").read_text(encoding="utf-8").splitlines()
    assert header.split("  ")[-1] == "resembles texts labelled, or why there is no number"
    assert header.split()[:3] == ["id", "fake", "probability"]
    assert first.endswith("0.125  real")
    assert second.endswith('-  too short: 1 "word"')


def test_a_class_name_in_a_table_steers_no_terminal(tmp_path):
    answers = [Prediction("1\x1b[2J", 0.5, "re\x07al", "scored", None)]
    write_predictions(answers, tmp_path / "a.txt", "table")
    assert not {"\x1b", "\x07"} & set((tmp_path / "a.txt").read_text(encoding="utf-8"))


def test_name_that_tells_no_format(tmp_path):
    with pytest.raises(UsageError, match="csv, jsonl, parquet, table"):
        write_predictions(ANSWERS, tmp_path / "scores")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.jsonl", "a.parquet"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, DataError])
def test_interruption_leaves_what_was_there(tmp_path, name, error):
    def stopping():
        yield from ANSWERS
        raise error

    (tmp_path / name).write_text("earlier answers")
    with pytest.raises(error):
        write_predictions(stopping(), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "earlier answers"
