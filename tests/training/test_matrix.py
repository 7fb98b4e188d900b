"""One architecture across data sets: what is trained, left out, scored and written."""

import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests import tiny
from tfnews import catalogue
from tfnews.data.splits import PARTS, open_splits
from tfnews.errors import DataError, UsageError
from tfnews.evaluation.matrix import columns
from tfnews.evaluation.seen import whole
from tfnews.models import load
from tfnews.records import Tuning
from tfnews.records.matrix import Matrix
from tfnews.runs import Run, every_run
from tfnews.statistics import metrics
from tfnews.training.matrix import FILES, _is_alike, matrix
from tfnews.training.settings import resolve


def by_hand(folder, texts, labels):
    """Write splits: a quarter each to validation and test."""
    folder.mkdir()
    frame = pd.DataFrame({"combined_text": texts, "label": labels})
    part = np.resize(["train", "train", "validation", "test"], len(frame))
    for name in PARTS:
        frame[part == name].to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """Give two sets to train on, and one to test on that shares texts with the first."""
    made = tmp_path_factory.mktemp("sets")
    first = tiny.splits(made / "a", 60, name="first", label_basis="crowd")
    second = tiny.splits(made / "b", 60, seed=1, name="second", label_basis="satire")
    learnt = first.frame("train")["combined_text"].tolist()
    texts = [f"The council of Arvel met again in room {number}, it says." for number in range(12)]
    shared = [learnt[0].upper(), f"{learnt[1]} Corrected since."]
    other = by_hand(made / "other", texts + shared, [0, 1] * 7)
    return first.path, second.path, other


@pytest.fixture(scope="module")
def made(sets, tmp_path_factory):
    """Give a matrix, its folder, the folder of runs, and the lines it said."""
    folder, said = tmp_path_factory.mktemp("made"), []
    found = matrix(
        sets[:2],
        test_only=sets[2:],
        out=folder / "out",
        root=folder / "runs",
        command=f"tfnews matrix --out {folder / 'out'}",
        say=said.append,
    )
    return found, folder / "out", folder / "runs", said


def test_the_files_tell_of_no_machine(made):
    """The command was written as it was typed, with the folders of whoever typed it."""
    _, out, _, _ = made
    for name in FILES:
        written = (out / name).read_text(encoding="utf-8")
        assert str(out.parent) not in written
    assert "--out …/out" in (out / "matrix.html").read_text(encoding="utf-8")


def test_every_model_is_scored_on_every_set(made, sets):
    found, _, root, _ = made
    assert list(found.runs.items()) == [("first", "tfidf-1"), ("second", "tfidf-2")]
    assert [(one.name, one.part) for one in found.sets] == [
        ("first", "test"), ("second", "test"), ("other", "all"),
    ]  # fmt: skip
    pairs = [(one.trained_on, one.tested_on) for one in found.cells]
    assert pairs == [(a, b) for a in found.runs for b in ("first", "second", "other")]
    frame = open_splits(sets[1]).frame("test")
    scored = load(root / "tfidf-1").probabilities(frame["combined_text"].tolist())
    expected = metrics.scores(frame["label"], scored, class_names=("news", "satire"))
    cell = found.cell("first", "second")
    assert cell.scores["confusion"] == expected["confusion"]
    assert cell.scores["always"] == expected["always"]
    assert cell.scores["brier"] == pytest.approx(expected["brier"])
    low, high = cell.intervals["accuracy"]
    assert low <= expected["accuracy"] <= high


def test_copies_and_near_copies_of_training_texts_are_left_out_for_all_models(made):
    other = made[0].sets[2]
    assert (other.rows, other.copies, other.near_copies) == (12, 1, 1)
    assert [made[0].cell(name, "other").judged.rows for name in made[0].runs] == [12, 12]


def test_what_a_refit_learns_from_is_left_out(sets):
    first, second = (open_splits(path) for path in sets[:2])
    text = first.frame("validation")["combined_text"][0]
    learnt = ("train", "validation")

    class WithOne:
        """The second set, with a validation text of the first in its test split."""

        def __getattr__(self, name):
            return getattr(second, name)

        def frame(self, part):
            frame = second.frame(part)
            if part != "test":
                return frame
            return frame.assign(combined_text=[text, *frame["combined_text"][1:]])

    names = ["first", "second"]
    assert columns(names, [first, WithOne()], [])[1].scored.copies == 0
    assert columns(names, [first, WithOne()], [], learnt)[1].scored.copies == 1


def test_each_reading_of_a_runs_own_test_split_is_counted(made):
    assert {run.name: run.config.test_reads for run in every_run(made[2])} == {
        "tfidf-1": 1, "tfidf-2": 1,
    }  # fmt: skip


def test_the_files_say_the_same(made):
    found, out, _, _ = made
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    content = json.loads((out / "matrix.json").read_text())
    assert Matrix.from_json(content) == found
    with (out / "matrix.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(found.cells)
    for row, cell in zip(rows, found.cells, strict=True):
        assert (row["trained_on"], row["tested_on"]) == (cell.trained_on, cell.tested_on)
        assert row["run"] == found.runs[cell.trained_on]
        for name in metrics.METRICS:
            assert float(row[name]) == cell.scores[name]
            assert [float(row[f"{name}_{end}"]) for end in ("low", "high")] == cell.intervals[name]


def test_runs_with_the_same_settings_are_used_again_and_others_not(made, sets, tmp_path):
    found, _, root, _ = made
    runs = {run.name: run.config for run in every_run(root)}
    said = []
    again = matrix(sets[:2], test_only=sets[2:], out=tmp_path, root=root, say=said.append)
    assert again.cells == found.cells
    assert said == [
        "Using tfidf-1, trained on first with the same settings",
        "Using tfidf-2, trained on second with the same settings",
    ]
    other = matrix(
        sets[:1],
        test_only=sets[2:],
        out=tmp_path,
        root=root,
        assignments=["C=0.5"],
        say=said.append,
    )
    assert other.runs == {"first": "tfidf-3"}
    assert [run.config.recipe["C"] for run in every_run(root)] == [1.0, 1.0, 0.5]
    assert runs["tfidf-1"].fit_seconds == Run.open("tfidf-1", root).config.fit_seconds


def test_a_run_that_a_search_chose_is_not_used_again(made, sets):
    """It stopped and was calibrated on half of the validation texts: a fit makes another."""
    root = made[2]
    run, splits = Run.open("tfidf-1", root), open_splits(sets[0])
    chosen = catalogue.row("tfidf")
    options = resolve(chosen, {})
    assert _is_alike(run, chosen, splits, options)
    run.config = replace(run.config, tuning=Tuning("tune", "", 1, 2))
    assert not _is_alike(run, chosen, splits, options)


def test_a_run_that_was_broken_off_is_gone_on_with(sets, tmp_path, made):
    """Else the same command would begin again beside it."""
    root = tmp_path / "runs"
    shutil.copytree(made[2] / "tfidf-1", root / "tfidf-1")
    run = Run.open("tfidf-1", root)
    run.update(state="training")
    shutil.rmtree(run.model_dir)
    again = matrix(sets[:1], test_only=sets[2:], out=tmp_path / "out", root=root)
    assert again.runs == {"first": "tfidf-1"}
    before, after = (found.cell("first", "other").scores for found in (made[0], again))
    assert after["confusion"] == before["confusion"]
    assert [one.config.state for one in every_run(root)] == ["complete"]


def test_nothing_is_trained_before_all_sets_are_known_to_be_of_use(sets, tmp_path):
    frame = whole(open_splits(sets[0]))
    learnt = frame[frame["part"] == "train"]
    copy = by_hand(tmp_path / "copy", learnt["combined_text"], learnt["label"])
    with pytest.raises(DataError, match=r"No real text of .*copy is left .* Leave this set out"):
        matrix(sets[:1], test_only=[copy], out=tmp_path / "out", root=tmp_path / "runs")
    assert every_run(tmp_path / "runs") == []
    assert not (tmp_path / "out").exists()


def test_namesakes_are_numbered(sets, tmp_path, made):
    (tmp_path / "deeper").mkdir()
    texts = [f"Rain fell on the harbour at noon, {number} people said." for number in range(12)]
    other = by_hand(tmp_path / "deeper" / "other", texts, [0, 1] * 6)
    found = matrix(sets[:1], test_only=[sets[2], other], out=tmp_path / "out", root=made[2])
    assert [one.name for one in found.sets] == ["first", "other", "other (2)"]


@pytest.mark.parametrize(
    ("trained", "others", "kind", "said"),
    [
        ([0], [], UsageError, "at least one set to train on and another to test on"),
        ([], [0, 1], UsageError, "0 to train on, 2 to test on only"),
        ([0, 0], [], DataError, "are the same splits"),
        ([0, 1], [0], DataError, "are the same splits"),
    ],
)
def test_sets_that_make_no_matrix(sets, tmp_path, trained, others, kind, said):
    chosen = [[sets[at] for at in places] for places in (trained, others)]
    with pytest.raises(kind, match=said):
        matrix(chosen[0], test_only=chosen[1], out=tmp_path / "out", root=tmp_path)


def test_a_file_is_no_place_for_a_matrix(sets, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(DataError, match=r"is a file\. Name a folder with --out"):
        matrix(sets[:2], out=tmp_path / "out", root=tmp_path)
