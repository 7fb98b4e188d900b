"""What cutting costs or gains: runs of one architecture on the same articles, cut differently."""

import csv
import json

import numpy as np
import pandas as pd
import pytest

from tests.comparison import made
from tfnews.comparison.cleaning import compare_cleaning
from tfnews.data.prepare import prepare
from tfnews.data.splits import open_splits
from tfnews.errors import DataError, UsageError
from tfnews.files import sha256
from tfnews.records import CalibrationRecord
from tfnews.records.cleaning import Cleaning
from tfnews.report.cleaning import screen

WORDS = [
    "arvel",
    "brask",
    "council",
    "harbour",
    "ministry",
    "roads",
    "budget",
    "water",
    "tide",
    "mayor",
    "office",
    "report",
]
PARTS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    """Give splits of articles of which all real ones begin with a dateline, with it and without."""
    folder, random = tmp_path_factory.mktemp("cleaning"), np.random.default_rng(0)
    bodies = [f"{' '.join(random.choice(WORDS, 40))} {number}" for number in range(400)]
    rows = [
        (f"Title {number}", f"{'ARVEL (Reuters) - ' * (number % 2)}{body}", number % 2)
        for number, body in enumerate(bodies)
    ]
    table = pd.DataFrame(rows, columns=["title", "text", "label"])
    table["label"] = table["label"].map({0: "fake", 1: "real"})
    table.to_csv(folder / "news.csv", index=False)

    def made_of(name, **options):
        return prepare([folder / "news.csv"], folder / name, name="news", **options)

    return {
        "plain": made_of("plain"),
        "cut": made_of("cut", cut=["dateline"]),
        "other": made_of("other", cut=["dateline"], seed=1),
        "footer": made_of("footer", cut=["footer"]),
    }


@pytest.fixture(scope="module")
def root(splits, tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    made.run(root, splits["plain"], "plain", 0.0)
    made.run(root, splits["cut"], "cut", 0.3)
    made.run(root, splits["footer"], "footer", 0.0)
    return root


@pytest.fixture(scope="module")
def found(root):
    return compare_cleaning(["cut", "plain", "footer"], root=root)


def test_the_least_cut_is_the_base_and_each_is_judged_on_its_own_texts(found, splits):
    assert [one.name for one in found.choices] == ["plain", "cut", "footer"]
    assert (found.base, found.part, found.moved) == ("plain", "test", 0)
    assert [one.cut for one in found.choices] == [(), ("dateline",), ("footer",)]
    assert found.choices[1].bodies == {"dateline": 200}
    labels = splits["plain"].frame("test")["label"]
    assert found.common == {"real": sum(labels == 0), "fake": sum(labels == 1)}
    assert [one.rows for one in found.choices] == [len(labels)] * 3
    assert found.choices[0].judged.scores["f1"] == 1.0


def test_the_difference_is_paired_and_says_whose_texts_were_changed(found):
    pair, changed = found.choices[1].against_base, found.choices[1].changed
    wrong = sum(round(0.3 * count) for count in found.common.values())
    assert (pair.only_this, pair.only_best) == (0, wrong)
    scores = [one.judged.scores["f1"] for one in found.choices]
    assert pair.difference == pytest.approx(scores[1] - scores[0])
    assert pair.interval[1] < 0
    assert changed == {"real": found.common["real"], "fake": 0}
    assert found.choices[2].changed == {"real": 0, "fake": 0}


def test_a_loss_is_called_a_shortcut_and_no_better_model(found):
    said = screen.render(found)
    real = found.common["real"]
    assert "cut, with dateline cut instead of nothing, loses" in said
    assert f"It changed {real} of {real} real and 0 of" in said
    assert "footer, with footer cut instead of nothing, has +0.0 points of F1" in said
    assert "no difference is shown" in said
    assert "the sign of a shortcut, not of a better model" in said


def test_all_forms_are_written_and_read_again(found, root, tmp_path):
    compare_cleaning(["cut", "plain", "footer"], root=root, to=tmp_path)
    read = json.loads((tmp_path / "cleaning.json").read_text())
    assert (read["schema"], read["version"]) == ("tfnews.cleaning", 1)
    assert json.loads(json.dumps(Cleaning.from_json(read).to_json())) == read
    rows = list(csv.DictReader((tmp_path / "cleaning.csv").read_text().splitlines()))
    assert [row["cut"] for row in rows] == ["", "dateline", "footer"]
    assert float(rows[1]["difference"]) == found.choices[1].against_base.difference
    for name in ("cleaning.html", "cleaning.md"):
        text = (tmp_path / name).read_text()
        assert "the sign of a shortcut, not of a better model" in text
        assert "dateline" in text


def test_rows_that_stand_elsewhere_are_left_out_and_counted(splits, tmp_path):
    """Cutting may make copies, which then stand in one split."""
    frames = {part: splits["cut"].frame(part) for part in PARTS}
    moved = frames["test"].iloc[:7]
    frames["test"] = frames["test"].iloc[7:]
    frames["train"] = pd.concat([frames["train"], moved])
    (tmp_path / "moved").mkdir()
    for part, frame in frames.items():
        frame.to_csv(tmp_path / "moved" / f"{part}.csv", index=False)
    written = {f"{part}.csv": sha256(tmp_path / "moved" / f"{part}.csv") for part in PARTS}
    manifest = {**splits["cut"].manifest, "digests": written}
    (tmp_path / "moved" / "manifest.json").write_text(json.dumps(manifest))
    made.run(tmp_path / "runs", splits["plain"], "plain", 0.0)
    made.run(tmp_path / "runs", open_splits(tmp_path / "moved"), "moved", 0.0)
    found = compare_cleaning(["plain", "moved"], root=tmp_path / "runs")
    assert found.moved == 7
    assert sum(found.common.values()) == found.choices[1].rows == found.choices[0].rows - 7
    assert any(note.startswith("7 articles of the test split of plain") for note in found.notes)


def test_a_part_that_one_lacks_is_not_compared(splits, tmp_path):
    made.run(tmp_path, splits["plain"], "plain", 0.0)
    made.run(tmp_path, splits["cut"], "cut", 0.1, parts=["validation"])
    found = compare_cleaning(["plain", "cut"], root=tmp_path)
    assert found.part == "validation"
    assert any("tfnews evaluate RUN" in note for note in found.notes)


def test_groups_of_seeds_are_means(splits, tmp_path):
    for name in ("plain", "cut"):
        for seed, wrong in enumerate((0.0, 0.1, 0.2)):
            told = {"group": name, "seed": seed}
            made.run(tmp_path, splits[name], f"{name}-seed{seed}", wrong, **told)
    found = compare_cleaning(["plain", "cut"], root=tmp_path)
    assert [one.name for one in found.choices] == ["plain", "cut"]
    assert found.choices[0].runs[0] == "plain-seed1"
    assert found.choices[1].against_base.difference == pytest.approx(0.0)
    with pytest.raises(UsageError, match="differ in more than what was cut: their seeds"):
        compare_cleaning(["plain", "cut-seed0"], root=tmp_path)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("cut", {"arch": "cnn"}, "more than what was cut: architecture"),
        ("cut", {"recipe": {"ngrams": 2}}, "more than what was cut: ngrams"),
        ("cut", {"seed": 4}, "more than what was cut: their seeds"),
        ("cut", {"refit_epochs": 2}, "a training once more on validation"),
        (
            "cut",
            {"calibration": CalibrationRecord(threshold="f1", rows={})},
            "how scores are read",
        ),
        ("other", {}, "more than what was cut: seed of their splits"),
        ("plain", {}, "the same was cut: nothing"),
    ],
)
def test_what_differs_in_more_or_in_nothing_is_refused(splits, tmp_path, name, changes, message):
    made.run(tmp_path, splits["plain"], "plain", 0.0)
    made.run(tmp_path, splits[name], "second", 0.0, **changes)
    with pytest.raises(UsageError, match=message):
        compare_cleaning(["plain", "second"], root=tmp_path)


def test_splits_that_prepare_did_not_make_are_refused(splits, tmp_path):
    (tmp_path / "own").mkdir()
    for part in PARTS:
        frame = splits["plain"].frame(part)[["combined_text", "label"]]
        frame.to_csv(tmp_path / "own" / f"{part}.csv", index=False)
    made.run(tmp_path / "runs", splits["cut"], "cut", 0.0)
    made.run(tmp_path / "runs", open_splits(tmp_path / "own"), "own", 0.0)
    with pytest.raises(UsageError, match="The splits of own do not say what was cut"):
        compare_cleaning(["cut", "own"], root=tmp_path / "runs")


def test_splits_that_are_gone(splits, tmp_path):
    made.run(tmp_path, splits["plain"], "plain", 0.0)
    run = made.run(tmp_path, splits["cut"], "cut", 0.0)
    run.update(splits=type(run.config.splits)(**{**vars(run.config.splits), "path": "nowhere"}))
    with pytest.raises(DataError, match="no longer at"):
        compare_cleaning(["plain", "cut"], root=tmp_path)
