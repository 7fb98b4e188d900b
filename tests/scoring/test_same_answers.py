"""What a run answers to the same articles in every form that `prepare` reads."""

import gzip

import pandas as pd
import pytest

from tests.data.forms import FORMS, articles, as_csv, as_folder
from tfnews.data.prepare import prepare
from tfnews.scoring.predict import predict
from tfnews.training.fit import fit

COUNT = 100
LABELS = {"fake_values": ["hoax"], "real_values": ["fact"]}


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """Give the articles, a run on them as CSV in UTF-8 with commas, and its answers to that."""
    folder = tmp_path_factory.mktemp("usual")
    rows, path = articles(COUNT), folder / "usual.csv"
    path.write_bytes(as_csv(rows))
    splits = prepare([path], folder / "splits", **LABELS)
    run = fit(splits.path, root=folder / "runs", floor=False, say=lambda line: None)
    found = list(predict(run, path))
    assert len(found) == len({answer.fake_probability for answer in found}) == COUNT
    return rows, run, found


@pytest.mark.parametrize("form", [form for form in FORMS if form != "packed.csv"])
def test_every_form_gets_the_same_answers_packed_or_not(tmp_path, usual, form):
    rows, run, answers = usual
    content = FORMS[form](rows)
    (tmp_path / form).write_bytes(content)
    (tmp_path / f"{form}.gz").write_bytes(gzip.compress(content))
    for name in (form, f"{form}.gz"):
        assert list(predict(run, tmp_path / name)) == answers


def test_a_folder_of_articles_gets_the_same_answers(tmp_path, usual):
    rows, run, answers = usual
    folder = as_folder(rows, tmp_path / "articles")
    found = list(predict(run, folder))
    assert [(one.fake_probability, one.label, one.outcome, one.reason) for one in found] == [
        (one.fake_probability, one.label, one.outcome, one.reason) for one in answers
    ]


def test_a_folder_of_articles_gives_the_same_splits(tmp_path, usual):
    rows, run, _ = usual
    folder = as_folder(rows, tmp_path / "articles")
    made = prepare([folder], tmp_path / "splits", label_from="name", **LABELS)
    table = prepare([run.path.parents[1] / "usual.csv"], tmp_path / "table", **LABELS)
    for part in ("train", "validation", "test"):
        one = made.frame(part).drop(columns=["source_file", "line"])
        other = table.frame(part).drop(columns=["source_file", "line", "site"])
        pd.testing.assert_frame_equal(one, other)
