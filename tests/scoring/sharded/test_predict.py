"""Scoring on an engine: the answers are plain predict's, and what is finished stays finished."""

import csv
import gzip
import json
from collections import Counter

import pandas as pd
import pytest

from tests import tiny
from tests.data.forms import FORMS, articles
from tests.scoring.sharded import made
from tests.scoring.test_predict import StubClassifier
from tfnews import models
from tfnews.errors import DataError, RunError, UsageError
from tfnews.files import held
from tfnews.models import NewsClassifier
from tfnews.runs import Run
from tfnews.scoring.predict import BATCHES, predict
from tfnews.scoring.sharded import predict as sharded
from tfnews.scoring.sharded import shards
from tfnews.scoring.tally import Tally
from tfnews.training.fit import fit

FORM_NAMES = [form for form in FORMS if form != "packed.csv"]


@pytest.fixture
def model(tmp_path):
    return made.model(tmp_path / "model")


@pytest.fixture
def stub(monkeypatch):
    return made.stubbed(monkeypatch)


@pytest.fixture
def news(tmp_path):
    """Give a folder of three files of JSON lines, one of them packed."""
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "a-0.jsonl").write_text(made.lines(150))
    (folder / "a-1.jsonl.gz").write_bytes(gzip.compress(made.lines(64, 5).encode()))
    (folder / "a-2.jsonl").write_text(made.lines(30, 9))
    return folder


def test_answers_are_those_of_plain_predict_to_the_byte(model, stub, news, tmp_path):
    outcome = made.scored(model, news / "a-*", tmp_path / "out")
    tally = Tally(0.5)
    for number, file in enumerate(sorted(news.iterdir())):
        expected, _ = made.plain(model, file, tmp_path)
        assert made.joined(tmp_path / "out", number) == expected
        list(tally.watch(predict(model, file)))
    assert outcome.tally == tally
    assert [len(made.shards_of(tmp_path / "out", number)) for number in range(3)] == [3, 1, 1]
    assert (outcome.finished_before, outcome.finished, outcome.failures) == (0, 5, {})
    assert (outcome.class_names, outcome.trained_on) == (("real", "fake"), "made up")


def test_every_form_is_answered_and_accounted_for_as_by_plain_predict(model, stub, tmp_path):
    folder, out, notes = tmp_path / "forms", tmp_path / "out", Counter()
    folder.mkdir()
    for form in FORM_NAMES:
        (folder / form).write_bytes(FORMS[form](articles(70)))
    outcome = made.scored(model, folder / "*", out)
    for number, file in enumerate(sorted(folder.iterdir())):
        expected, account = made.plain(model, file, tmp_path)
        assert made.joined(out, number) == expected, file.name
        notes.update({what: count for what, count in account.items() if count})
    assert outcome.notes == notes
    assert notes


@pytest.mark.parametrize(
    "options",
    [
        {"threshold": 0.3},
        {"score_anyway": True, "batch_size": 3},
        {"id_column": "name", "title_column": "head", "text_column": "body"},
        {"format": "csv", "delimiter": "comma", "header": True, "encoding": "windows-1252"},
    ],
)
def test_every_option_means_what_it_means_to_plain_predict(model, stub, tmp_path, options):
    file = tmp_path / "news.csv"
    file.write_text("name,head,body,text\nx,One!,two!!,a b!\nx,,x,x\n" * 40)
    made.scored(model, file, tmp_path / "out", **options)
    assert made.joined(tmp_path / "out", 0) == made.plain(model, file, tmp_path, **options)[0]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_other_formats_hold_the_same(model, stub, news, tmp_path, format):
    made.scored(model, news / "a-0.jsonl", tmp_path / "out", output_format=format)
    read = {"csv": lambda path: pd.read_csv(path, dtype={"id": str}), "parquet": pd.read_parquet}
    frames = [read[format](path) for path in made.shards_of(tmp_path / "out", 0, format)]
    found, expected = pd.concat(frames), list(predict(model, news / "a-0.jsonl"))
    assert found["id"].tolist() == [answer.id for answer in expected]
    assert found["outcome"].tolist() == [answer.outcome for answer in expected]
    assert found["fake_probability"].dropna().tolist() == pytest.approx(
        [one.fake_probability for one in expected if one.fake_probability is not None]
    )


def test_unreadable_records_are_told_once_more_apart(model, stub, news, tmp_path):
    out = tmp_path / "out"
    made.scored(model, news / "a-0.jsonl", out)
    files = sorted(out.rglob("rejects-*.jsonl"))
    found = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    answers = enumerate(predict(model, news / "a-0.jsonl"), start=1)
    unreadable = [
        {"file": "a-0.jsonl", "record": number, "id": answer.id, "reason": answer.reason}
        for number, answer in answers
        if (answer.reason or "").startswith("unreadable record")
    ]
    assert found == unreadable
    assert len(found) == 6


class Dying(StubClassifier):
    """Answers so many shards, and then its machine has no more memory."""

    def __init__(self, shards):
        super().__init__()
        self.left = shards

    def probabilities(self, texts, batch_size=None):
        if not self.left:
            raise MemoryError
        self.left -= 1
        return super().probabilities(texts, batch_size)


def test_what_is_finished_is_not_scored_again(model, news, tmp_path, monkeypatch):
    out, dying, rest = tmp_path / "out", Dying(2), StubClassifier()
    monkeypatch.setattr(models, "load", lambda run, **_: dying)
    with pytest.raises(MemoryError):
        made.scored(model, news / "a-0.jsonl", out)
    before = {path: path.read_bytes() for path in made.shards_of(out, 0)}
    assert len(before) == 2
    monkeypatch.setattr(models, "load", lambda run, **_: rest)
    outcome = made.scored(model, news / "a-0.jsonl", out)
    assert (outcome.finished_before, outcome.finished) == (2, 3)
    assert set(*rest.calls).isdisjoint(text for call in dying.calls for text in call)
    assert made.joined(out, 0) == made.plain(model, news / "a-0.jsonl", tmp_path)[0]
    assert {path: path.read_bytes() for path in before} == before


def test_a_finished_job_opens_no_model_and_says_the_same(model, stub, news, tmp_path, monkeypatch):
    first = made.scored(model, news / "a-*", tmp_path / "out")
    monkeypatch.delattr(models, "load")
    again = made.scored(model, news / "a-*", tmp_path / "out")
    assert (again.tally, again.notes) == (first.tally, first.notes)
    assert (again.finished_before, again.finished) == (5, 5)


def test_a_file_in_stripes_is_answered_and_accounted_for_once(model, stub, tmp_path, monkeypatch):
    file = tmp_path / "a.csv"
    file.write_bytes(b"text\n" + "Ça va très bien!\n".encode("cp1252") * 300)
    monkeypatch.setattr(shards, "_STRIPE", 2000)
    expected, account = made.plain(model, file, tmp_path)
    outcome = made.scored(model, file, tmp_path / "out")
    assert len(stub.calls) == 2 * len(made.shards_of(tmp_path / "out", 0)) == 10
    assert made.joined(tmp_path / "out", 0) == expected
    assert outcome.notes == account != Counter()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threshold": 0.7}, "has other options. The threshold was not given"),
        ({"output_format": "csv"}, "has another --output-format"),
        ({"shard_records": 128}, "has shards of another size"),
        ({"file": "more"}, r"has other files.*a-0.jsonl differs"),
        ({"model": "other"}, "has another model"),
    ],
)
def test_another_job_does_not_go_on_in_the_same_folder(
    model, stub, news, tmp_path, change, message
):
    made.scored(model, news / "a-0.jsonl", tmp_path / "out")
    before = made.joined(tmp_path / "out", 0)
    if change.pop("file", None):
        (news / "a-0.jsonl").write_text(made.lines(151))
    if change.pop("model", None):
        (model / "weights").touch()
    with pytest.raises(UsageError, match=message):
        made.scored(model, news / "a-0.jsonl", tmp_path / "out", **change)
    assert made.joined(tmp_path / "out", 0) == before


def test_answers_and_files_may_be_moved_together(model, stub, news, tmp_path):
    made.scored(model, news / "a-0.jsonl", news / "out")
    moved = news.rename(tmp_path / "moved")
    assert made.scored(model, moved / "a-0.jsonl", moved / "out").finished_before == 3


def test_two_at_once_in_one_folder_are_told(model, stub, news, tmp_path):
    (tmp_path / "out").mkdir()
    refused = pytest.raises(RunError, match="Another process is writing answers")
    with held(tmp_path / "out" / ".lock", 0, RunError("free")), refused:
        made.scored(model, news / "a-0.jsonl", tmp_path / "out")


def test_a_file_that_breaks_off_is_told_after_all_others_are_scored(model, stub, news, tmp_path):
    whole = gzip.compress(made.lines(5_000).encode())
    (news / "a-1.jsonl.gz").write_bytes(whole[: len(whole) * 2 // 3])
    outcome = made.scored(model, news / "a-*", tmp_path / "out")
    with pytest.raises(DataError, match=r"a-1.jsonl.gz could not be read .* cut-off gzip file"):
        outcome.check_all_read()
    for number, name in ((0, "a-0.jsonl"), (2, "a-2.jsonl")):
        assert made.joined(tmp_path / "out", number) == made.plain(model, news / name, tmp_path)[0]
    assert len(made.shards_of(tmp_path / "out", 1)) > 1
    assert not json.loads((tmp_path / "out" / "answers.json").read_text())["complete"]
    with pytest.raises(DataError, match="could not be read"):
        made.scored(model, news / "a-*", tmp_path / "out").check_all_read()


def test_a_file_without_the_columns_is_told_before_anything_is_scored(model, stub, tmp_path):
    (tmp_path / "a.csv").write_text("text\na b!\n")
    (tmp_path / "b.csv").write_text("body\na b!\n")
    with pytest.raises(DataError, match=r"b\.csv"):
        made.scored(model, tmp_path / "*.csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_a_worker_says_of_the_model_reaches_the_user(model, stub, news, tmp_path, monkeypatch):
    def damaged(run, **_):
        raise RunError("The model is damaged.")

    monkeypatch.setattr(models, "load", damaged)
    with pytest.raises(RunError, match=r"The model is damaged\."):
        made.scored(model, news / "a-0.jsonl", tmp_path / "out")


def test_a_damaged_task_json_is_told(model, stub, news, tmp_path):
    (model / "task.json").write_text("{}")
    with pytest.raises(RunError, match=r"task\.json is not what tfnews writes"):
        made.scored(model, news / "a-0.jsonl", tmp_path / "out")


def test_a_shard_is_a_whole_number_of_what_is_read_ahead():
    """Else texts would be scored in other company, and differ in the last digit."""
    kinds, sizes = [NewsClassifier], set()
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        sizes.add(kind.prediction_batch)
    assert len(sizes) > 1
    assert all(sharded.SHARD % (BATCHES * size) == 0 for size in sizes)
    for size in (1, 7, 200, 5000):
        assert sharded._shard_records(size) % (BATCHES * size) == 0


def test_a_real_run_with_a_band_answers_the_same_to_the_last_digit(tmp_path):
    """Its own threshold, band and guards hold in the workers too."""
    splits = tiny.splits(tmp_path)
    run = Run(fit(splits.path, root=tmp_path / "runs", floor=False).path)
    band = {"low": 0.4, "high": 0.6, "coverage": 0.9}
    run.configure_classifier(threshold=0.45, band=band)
    texts = pd.concat([splits.frame(part) for part in ("train", "validation", "test")] * 3)
    file = tmp_path / "news.jsonl"
    texts[["title", "text"]].to_json(file, orient="records", lines=True)
    outcome = made.scored(run.path, file, tmp_path / "out", shard_records=None, batch_size=4)
    expected, _ = made.plain(run.path, file, tmp_path, batch_size=4)
    assert made.joined(tmp_path / "out", 0) == expected
    assert outcome.tally.unsure == expected.count('"unsure"') > 0
    assert outcome.tally.threshold == 0.45


def test_ids_of_csv_answers_are_read_back(model, stub, tmp_path):
    (tmp_path / "a.csv").write_text("id,text\n007,a b!\n,c d\n")
    made.scored(model, tmp_path / "a.csv", tmp_path / "out", output_format="csv")
    with made.shards_of(tmp_path / "out", 0, "csv")[0].open(newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == ["007", "2"]


def test_a_file_without_records_is_read_to_its_end(model, stub, tmp_path):
    (tmp_path / "a.csv").write_text("text\n")
    (tmp_path / "b.csv").write_text("text\na b!\n")
    for before in (0, 1):
        outcome = made.scored(model, tmp_path / "*.csv", tmp_path / "out")
        assert (outcome.finished_before, outcome.finished, outcome.tally.below) == (before, 1, 1)
    assert len(stub.calls) == 1


@pytest.mark.parametrize("damage", ["{", "{}", '{"tfnews": 1}', "[]"])
def test_a_damaged_list_of_answers_is_told(model, stub, news, tmp_path, damage):
    made.scored(model, news / "a-0.jsonl", tmp_path / "out")
    (tmp_path / "out" / "answers.json").write_text(damage)
    with pytest.raises(RunError, match=r"answers\.json is not what tfnews writes"):
        made.scored(model, news / "a-0.jsonl", tmp_path / "out")


@pytest.mark.parametrize("name", ["counts-00001.json", "read.json"])
def test_damaged_counts_are_told_and_made_anew_once_removed(model, stub, news, tmp_path, name):
    job = model, news / "a-0.jsonl", tmp_path / "out"
    first = made.scored(*job)
    path = tmp_path / "out" / "input-00000" / name
    path.write_text("{")
    with pytest.raises(RunError, match=rf"{name} is not what tfnews writes .* Remove it"):
        made.scored(*job)
    path.unlink()
    assert made.scored(*job).tally == first.tally
