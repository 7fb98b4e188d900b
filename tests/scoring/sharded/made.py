"""A folder that looks like a model, files to score with a stub of it, and plain answers to them."""

import json
from pathlib import Path

from tests.scoring.test_predict import StubClassifier, StubGuards
from tfnews import models
from tfnews.data.decoding import Account
from tfnews.scoring.answers import write_predictions
from tfnews.scoring.predict import predict
from tfnews.scoring.sharded.predict import predict_files

SHARD = 64  # records: sixteen batches of the stub's


def model(folder: Path) -> Path:
    """Make a folder that looks like a model's."""
    folder.mkdir()
    config = {"class_names": ["real", "fake"], "trained_on": "made up", "threshold": 0.5}
    (folder / "task.json").write_text(json.dumps({"config": config}), encoding="utf-8")
    return folder


def stubbed(monkeypatch) -> StubClassifier:
    """Put a stub in the place of every model that is opened."""
    classifier = StubClassifier(StubGuards())
    monkeypatch.setattr(models, "load", lambda run, **_: classifier)
    return classifier


def lines(count: int, first: int = 0) -> str:
    """Return JSON lines of texts with one to ten exclamation marks; some are odd."""
    made = [json.dumps({"text": f"text {n}{'!' * (n % 10)}"}) for n in range(first, first + count)]
    for place, odd in enumerate(['{"text": "x"}', "broken", '{"text": []}', '{"text": ""}']):
        made[place * 7 :: 50] = [odd] * len(made[place * 7 :: 50])
    return "\n".join(made) + "\n"


def shards_of(out: Path, number: int, format: str = "jsonl") -> list[Path]:
    """Return the answers to one file, in order."""
    return sorted((out / f"input-{number:05d}").glob(f"answers-*.{format}"))


def joined(out: Path, number: int) -> str:
    """Return the answers to one file, put together."""
    return "".join(path.read_text(encoding="utf-8") for path in shards_of(out, number))


def plain(run: Path, file: Path, to: Path, **options: object) -> tuple[str, Account]:
    """Return what plain predict answers as JSON lines, and its account of the file."""
    account = Account()
    write_predictions(predict(run, file, account=account, **options), to / "plain.jsonl")
    return (to / "plain.jsonl").read_text(encoding="utf-8"), account


def scored(run: Path, pattern: object, out: Path, **options: object):
    """Score files in shards of 64 records, in this process."""
    return predict_files(run, pattern, out, **{"shard_records": SHARD, **options})
