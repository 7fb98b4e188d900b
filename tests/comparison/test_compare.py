"""Which run is best, which are as good, and which is named to be shipped."""

import csv
import json
import shutil

import numpy as np
import pytest

from tests import tiny
from tests.comparison import made
from tfnews.comparison import compare as module
from tfnews.comparison.compare import compare
from tfnews.data.prepare import prepare
from tfnews.errors import DataError, RunError, UsageError
from tfnews.records import Member, Ranking, Tuning
from tfnews.report.ranking import screen
from tfnews.runs import Run


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("home"), 300, label_basis="crowd")


@pytest.fixture(scope="module")
def root(splits, tmp_path_factory):
    """Give runs of which two tie, the better one being larger, and one is worse."""
    root = tmp_path_factory.mktemp("runs")
    made.run(root, splits, "large", 0.0, megabytes=50.0, arch="cnn")
    made.run(root, splits, "small", 0.05, megabytes=2.0)
    made.run(root, splits, "poor", 0.4, megabytes=1.0)
    return root


@pytest.fixture(scope="module")
def ranking(root):
    return compare(root=root)


def test_validation_decides_and_the_smallest_of_those_that_tie_is_shipped(ranking):
    assert [one.name for one in ranking.contenders] == ["large", "small", "poor"]
    assert (ranking.best, ranking.ship) == ("large", "small")
    assert [one.tied for one in ranking.contenders] == [True, True, False]
    assert (ranking.decided_on, ranking.shown_on) == ("validation", "test")
    assert ranking.named("large").score("validation") == 1.0


def test_a_run_that_half_of_validation_chose_is_named(splits, tmp_path):
    tuning = Tuning("tune", "", 3, 9, held_out_rows=40, held_out_f1=0.75)
    made.run(tmp_path, splits, "plain", 0.1)
    made.run(tmp_path, splits, "tuned", 0.0, tuning=tuning)
    (note,) = [note for note in compare(root=tmp_path).notes if "half of the validation" in note]
    assert "among many trials: tuned. Expect" in note
    assert "F1 of tuned 0.7500 on 40 validation texts that did not choose it." in note


def test_pairs_are_counted_against_the_best_on_both_parts(ranking, splits):
    assert ranking.named("large").against_best == {}
    for part in ("validation", "test"):
        labels = splits.frame(part)["label"]
        wrong = sum(round(0.4 * (labels == label).sum()) for label in (0, 1))
        pair = ranking.named("poor").against_best[part]
        assert (pair.only_this, pair.only_best) == (0, wrong)
        assert pair.worse
        assert pair.interval[1] < 0
        assert not ranking.named("small").against_best[part].worse


def test_the_front_holds_what_no_other_beats_at_its_cost(ranking):
    assert ranking.named("poor").fronts == ("latency", "size")  # the cheapest
    assert ranking.named("small").fronts == ("latency", "size")
    assert ranking.named("large").fronts == ("latency", "size")


def test_a_model_that_costs_more_and_is_no_better_is_on_no_front(splits, tmp_path):
    made.run(tmp_path, splits, "one", 0.1, megabytes=1.0)
    made.run(tmp_path, splits, "two", 0.1, megabytes=2.0)
    found = compare(root=tmp_path)
    assert found.named("one").fronts == ("latency", "size")
    assert found.named("two").fronts == ()
    assert found.ship == "one"


def test_readings_of_the_test_split_are_shown_and_none_is_added(ranking, root):
    assert [one.test_reads for one in ranking.contenders] == [1, 1, 1]
    assert Run.open("small", root).config.test_reads == 1
    assert "own test split was scored 3 times so far" in screen.render(ranking)


def test_it_goes_through_json(ranking):
    content = json.loads(json.dumps(ranking.to_json()))
    assert (content["schema"], content["version"]) == ("tfnews.ranking", 1)
    assert Ranking.from_json(content).contenders[1].name == "small"


def test_files_are_written(root, tmp_path):
    found = compare(root=root, to=tmp_path / "out")
    names = [f"compare.{ending}" for ending in ("csv", "html", "json", "md")]
    names += ["front-latency.png", "front-size.png"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    with (tmp_path / "out" / "compare.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["model"] for row in rows] == ["large", "small", "poor"]
    assert rows[1]["ship"] == "small"
    assert float(rows[2]["test_f1"]) == found.named("poor").score("test")
    assert float(rows[2]["test_difference_high"]) < 0


def test_a_file_in_the_place_of_the_folder(root, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="takes a folder"):
        compare(root=root, to=tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_run_without_test_scores_takes_part_and_is_named_with_the_command(splits, tmp_path):
    made.run(tmp_path, splits, "seen", 0.1)
    made.run(tmp_path, splits, "unseen", 0.0, parts=("validation",))
    found = compare(root=tmp_path)
    assert found.best == "unseen"
    assert "test" not in found.named("unseen").parts
    assert "test" not in found.named("seen").against_best
    assert any("tfnews evaluate unseen" in note for note in found.notes)


def test_runs_without_any_test_scores_are_shown_on_validation(splits, tmp_path):
    for name in ("one", "two"):
        made.run(tmp_path, splits, name, 0.1, parts=("validation",))
    found = compare(root=tmp_path)
    assert found.shown_on == "validation"
    assert any("are too good" in note for note in found.notes)
    assert "against" in screen.render(found)


def test_a_run_that_has_learnt_its_validation_texts_is_never_chosen(splits, tmp_path):
    """Its validation scores are those of texts it knows, once evaluate has scored it anew."""
    made.run(tmp_path, splits, "refitted", 0.0, refit_epochs=2)
    made.run(tmp_path, splits, "honest", 0.3)
    found = compare(root=tmp_path)
    assert (found.best, found.ship) == ("honest", "honest")
    assert found.contenders[-1].barred
    made.run(tmp_path, splits, "another", 0.0, refit_epochs=2)
    with pytest.raises(RunError, match="None of these can be chosen"):
        compare(["refitted", "another"], root=tmp_path)


def test_seeds_of_a_group_are_one_row_and_the_middle_one_is_shipped(splits, tmp_path):
    for seed, wrong in enumerate((0.0, 0.3, 0.1)):
        made.run(tmp_path, splits, f"many-seed{seed}", wrong, group="many", seed=seed)
    made.run(tmp_path, splits, "other", 0.5, megabytes=0.5)
    found = compare(root=tmp_path)
    many = found.named("many")
    assert many.runs == ("many-seed2", "many-seed0", "many-seed1")
    assert many.seeds == (2, 0, 1)
    assert found.ship == "many-seed2"
    single = [Run.open(name, tmp_path).scores().test.scores["f1"] for name in many.runs]
    assert many.score("test") == pytest.approx(np.mean(single))
    assert many.parts["test"].intervals["f1"] == [min(single), max(single)]
    assert many.test_reads == 3
    named = compare(["many", "other"], root=tmp_path)
    assert [one.name for one in named.contenders] == ["many", "other"]
    assert "3 seeds" in screen.render(named)


def test_a_group_alone(splits, tmp_path):
    for seed in (0, 1):
        made.run(tmp_path, splits, f"many-seed{seed}", 0.1, group="many", seed=seed)
    shown = screen.render(compare(["many"], root=tmp_path))
    assert "was compared with nothing else" in shown


# Runs of different splits


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("away"), 300, seed=5, name="elsewhere")


def test_runs_on_different_splits_are_refused_with_the_reason(root, other, tmp_path):
    stranger = made.run(tmp_path, other, "stranger", 0.1)
    with pytest.raises(UsageError, match="different splits") as refused:
        compare(["small", str(stranger.path)], root=root)
    for said in ("stranger", "small", "elsewhere", "--data SPLITS_OR_FILE"):
        assert said in str(refused.value)
    assert len(str(refused.value)) < 500


def test_by_default_the_splits_of_most_runs_are_taken_and_the_others_are_named(
    splits, other, tmp_path
):
    for name in ("one", "two"):
        made.run(tmp_path, splits, name, 0.1)
    for name in ("three", "four", "five"):
        made.run(tmp_path, other, name, 0.1)
    found = compare(root=tmp_path)
    assert {one.name for one in found.contenders} == {"three", "four", "five"}
    assert any("tfnews compare one two" in note for note in found.notes)


def test_a_split_that_keeps_groups_apart_is_shown_beside_the_random_one(splits, tmp_path):
    corpus = tmp_path / "corpus.csv"
    frames = [splits.frame(part) for part in ("train", "validation", "test")]
    rows = [row for frame in frames for row in frame.itertuples()]
    lines = ["title,text,label,outlet"]
    lines += [f'"{r.title}","{r.text}",{r.label},{n % 12}' for n, r in enumerate(rows)]
    corpus.write_text("\n".join(lines) + "\n", encoding="utf-8")
    made_of = {"name": splits.name, "format": "tfnews", "near_duplicates": 0}
    grouped = prepare(
        [corpus], tmp_path / "grouped", strategy="group", group_columns=["outlet"], **made_of
    )
    for name, wrong in (("one", 0.1), ("two", 0.2)):
        made.run(tmp_path / "runs", splits, name, wrong)
    held = made.run(tmp_path / "runs", grouped, "away", 0.4)
    made.run(tmp_path / "runs", grouped, "of-another-kind", 0.0, arch="cnn")
    found = compare(["one", "two"], root=tmp_path / "runs")
    beside = found.named("one").held_out
    assert (beside.run, beside.columns, beside.part) == ("away", ("outlet",), "test")
    assert beside.f1 == held.scores().test.scores["f1"]
    assert "F1, groups held out" in screen.render(found)
    on_grouped = compare(["away", "of-another-kind"], root=tmp_path / "runs")
    assert on_grouped.group_columns == ("outlet",)
    assert on_grouped.named("away").held_out is None


def test_ensembles_of_other_members_are_of_another_kind(splits, other, tmp_path):
    one, two = ((Member(name, "", "", name, True),) for name in ("tfidf", "cnn"))
    runs = [
        made.run(tmp_path, splits, name, 0.1, arch="ensemble", members=members)
        for name, members in (("one", one), ("also", one), ("two", two))
    ]
    kinds = [module._kind(run) for run in runs]
    assert kinds[0] == kinds[1] != kinds[2]


# Faults


def test_the_same_weights_under_two_names_are_said(splits, tmp_path):
    """Heads may be alike where the rest is not: those of ensembles hold nothing."""
    for name, rest in (("one", "a"), ("again", "a"), ("another", "b")):
        digests = {"model.weights.h5": rest * 64, "task.weights.h5": "0" * 64, "task.json": name}
        made.run(tmp_path, splits, name, 0.1, digests=digests)
    said = [note for note in compare(root=tmp_path).notes if "same weights" in note]
    assert said == ["The same weights stand in again, one: they are one model, however it is read."]


def test_one_run_is_nothing_to_compare(root):
    with pytest.raises(UsageError, match="two runs or more"):
        compare(["small"], root=root)
    with pytest.raises(UsageError, match="two runs or more"):
        compare(["small", str(root / "small")], root=root)


def test_namesakes_in_different_folders(root, tmp_path):
    shutil.copytree(root / "small", tmp_path / "small")
    with pytest.raises(UsageError, match="share the name small"):
        compare([root / "small", tmp_path / "small"], root=root)


def test_no_runs(tmp_path):
    with pytest.raises(RunError, match="no complete run"):
        compare(root=tmp_path)


def test_runs_in_training_are_left_out(root, splits, tmp_path):
    shutil.copytree(root, tmp_path / "runs")
    Run.open("poor", tmp_path / "runs").update(state="training")
    assert len(compare(root=tmp_path / "runs", splits=splits.path).contenders) == 2


@pytest.mark.parametrize("damage", ["gone", "cut", "no table"])
def test_lost_or_damaged_predictions(root, splits, tmp_path, damage):
    shutil.copytree(root, tmp_path / "runs")
    path = Run.open("poor", tmp_path / "runs").predictions_path("validation")
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:20]))
    else:
        path.write_text("row,label,fake_probability\n0,what,is this\n")
    with pytest.raises(RunError, match="tfnews evaluate poor"):
        compare(root=tmp_path / "runs", splits=splits.path)


def test_splits_that_are_gone(splits, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(splits.path, moved)
    for name in ("one", "two"):
        run = made.run(tmp_path / "runs", splits, name, 0.1)
        content = json.loads(run.config_path.read_text())
        content["splits"]["path"] = str(tmp_path / "gone")
        run.config_path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="no longer at"):
        compare(root=tmp_path / "runs")
    assert compare(root=tmp_path / "runs", splits=moved).best == "one"


def test_runs_whose_classes_have_other_names(root, splits, tmp_path):
    shutil.copytree(root, tmp_path / "runs")
    run = Run.open("poor", tmp_path / "runs")
    content = json.loads(run.config_path.read_text())
    content["splits"]["class_names"] = ["news", "satire"]
    run.config_path.write_text(json.dumps(content))
    with pytest.raises(RunError, match="different classes"):
        compare(root=tmp_path / "runs")
