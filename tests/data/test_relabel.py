import csv

import pytest

from tests import tiny
from tfnews.catalogue.names import PARTS
from tfnews.data.relabel import relabel, written
from tfnews.data.splits import open_splits
from tfnews.errors import DataError


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("set"), 60)


def filled(splits, path, answers):
    """Write a sheet of rows and fill it: {row: label}."""
    path.write_text(written(splits, sorted(answers)), encoding="utf-8")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows({**row, "label": answers[int(row["id"])]} for row in rows)
    return path


def test_filled_labels_stand_and_the_rest_stays(splits, tmp_path):
    before = splits.frame("train")
    other = {0: "real", 1: "fake"}
    flip = {row: other[1 - before["label"][row]] for row in (0, 3)}
    sheet = filled(splits, tmp_path / "sheet.csv", {**flip, 5: "unsure", 7: ""})
    made = relabel(splits, sheet, tmp_path / "out")
    after = made.frame("train")
    texts = before["combined_text"]
    assert texts[5] not in set(after["combined_text"])
    labels = dict(zip(after["combined_text"], after["label"], strict=True))
    for row in (0, 3):
        assert labels[texts[row]] == 1 - before["label"][row]
    assert labels[texts[7]] == before["label"][7]
    assert made.manifest["relabelled"]["changed"] == 2
    assert made.manifest["relabelled"]["left_out"] == 1
    assert sum(made.manifest["counts"]["train"].values()) == len(after) == len(before) - 1
    assert "left out by who looked at it" in (made.path / "rejects.csv").read_text("utf-8")
    for part in ("validation", "test"):
        assert made.digest(part) == splits.digest(part)


def test_a_label_stands_for_the_copies_of_the_text(tmp_path):
    """Else one text would be learnt with both labels."""
    for part in PARTS:
        lines = [f"{part} {number},{number % 2}" for number in range(6)]
        lines += ["said twice,1", "Said  twice,1"] if part == "train" else []
        (tmp_path / f"{part}.csv").write_text("\n".join(["combined_text,label", *lines]) + "\n")
    theirs = open_splits(tmp_path)
    sheet = filled(theirs, tmp_path / "sheet.csv", {6: "real"})
    after = relabel(theirs, sheet, tmp_path / "out").frame("train")
    assert after["label"][6:].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("answers", "said"),
    [({0: ""}, "has no label yet"), ({0: "true"}, "other words than asked for")],
)
def test_a_sheet_that_says_nothing_or_other_words(splits, tmp_path, answers, said):
    sheet = filled(splits, tmp_path / "sheet.csv", answers)
    with pytest.raises(DataError, match=said):
        relabel(splits, sheet, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_sheet_of_other_splits(splits, tmp_path):
    other = tiny.splits(tmp_path / "other", 60, seed=1)
    sheet = filled(other, tmp_path / "sheet.csv", {0: "real"})
    with pytest.raises(DataError, match="is not the one that was written beside this id"):
        relabel(splits, sheet, tmp_path / "out")


def test_one_class_must_not_vanish(splits, tmp_path):
    frame = splits.frame("train")
    answers = {int(row): "real" for row in frame.index[frame["label"] == 1]}
    sheet = filled(splits, tmp_path / "sheet.csv", answers)
    with pytest.raises(DataError, match="one class only"):
        relabel(splits, sheet, tmp_path / "out")
