"""Runs that differ in their seed alone."""

import re

import pytest

from tests import tiny
from tfnews.comparison.compare import compare
from tfnews.errors import FitInterruptedError, RunError, UsageError
from tfnews.groups import find_group
from tfnews.runs import Run
from tfnews.training import keeping
from tfnews.training import seeds as module
from tfnews.training.asked import check, check_seeds
from tfnews.training.members import check as check_members
from tfnews.training.seeds import closing_words, fit_seeds, resume_seeds

SWIVEL = {"arch": "swivel20", **tiny.SWIVEL, "epochs": 1}


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("splits"))


@pytest.fixture(scope="module")
def runs(splits, tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return fit_seeds(2, data=splits.path, **SWIVEL, seed=5, root=root, floor=False)


def test_runs_are_named_by_group_and_seed(runs):
    assert [run.name for run in runs] == ["swivel20-seeds-1-seed5", "swivel20-seeds-1-seed6"]
    assert [run.config.seed for run in runs] == [5, 6]
    for run in runs:
        opened = Run.open(run.path)
        assert opened.config.group == "swivel20-seeds-1"
        assert opened.config.to_json()["group"] == "swivel20-seeds-1"


def test_seeds_make_other_models(runs):
    first, second = (run.predictions_path("validation").read_text() for run in runs)
    assert first != second


def test_mean_and_range_are_said(runs):
    scores = [run.scores().validation.scores["f1"] for run in runs]
    said = closing_words(runs)
    mean = sum(scores) / 2
    assert f"F1 {mean:.4f} ({min(scores):.4f} to {max(scores):.4f})" in said
    assert "seeds 5, 6" in said


def test_word_vectors_are_written_for_the_projector(runs, splits):
    folder = runs[0].logs_dir / "words"
    words = (folder / "words.tsv").read_text(encoding="utf-8").splitlines()
    vectors = (folder / "vectors.tsv").read_text(encoding="utf-8").splitlines()
    assert len(words) == len(vectors) == len(set(words))
    assert {len(line.split("\t")) for line in vectors} == {20}
    assert not any(" " in word or "\t" in word for word in words)
    texts = splits.frame("train")["combined_text"].str.lower()
    texts = [set(re.findall(r"\w+", text)) for text in texts]
    assert all(sum(word in text for text in texts) > 1 for word in words)
    config = (folder / "projector_config.pbtxt").read_text()
    assert 'metadata_path: "words.tsv"' in config


def test_a_taken_name_is_told_before_the_first_run_is_trained(runs, splits, monkeypatch):
    monkeypatch.setattr(module, "fit", lambda **options: pytest.fail("trained"))
    root = runs[0].path.parent
    options = {"data": splits.path, **SWIVEL, "root": root}
    with pytest.raises(RunError, match="swivel20-seeds-1-seed6"):
        fit_seeds(3, name="swivel20-seeds-1", seed=6, **options)
    assert module._free("swivel20-seeds", root) == "swivel20-seeds-2"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((1, "cnn"), "--seeds must be"),
        ((3, "tfidf"), "every seed gives the same run"),
        ((3, None), "every seed gives the same run"),
        ((3, "cnn", "a-run"), "--resume"),
        ((3, "cnn", None, True), "--dry-run"),
    ],
)
def test_what_cannot_be_asked(arguments, said):
    with pytest.raises(UsageError, match=said):
        check_seeds(*arguments)


# Broken off


@pytest.fixture(scope="module")
def broken(splits, tmp_path_factory):
    """Give the folder of a group of three of which one is complete and one was broken off."""
    root, saved = tmp_path_factory.mktemp("broken"), []
    save = keeping.save

    def once(*arguments):
        if saved:
            raise KeyboardInterrupt
        saved.append(save(*arguments))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeping, "save", once)
        with pytest.raises(FitInterruptedError, match=r"tfnews fit --resume g$"):
            fit_seeds(3, name="g", data=splits.path, **SWIVEL, seed=5, root=root, floor=False)
    return root


LACKING = "g-seed6 is not complete; seed 7 not begun"


def test_what_a_broken_group_lacks_is_said_by_all(broken, runs, splits):
    """A group that was broken off looked like one of fewer seeds."""
    assert find_group("g", broken).lacking == LACKING
    notes = compare(["g", runs[0]], root=broken).notes
    assert any("Of the group g 1 run is compared" in note for note in notes)
    assert any(f"{LACKING}. Go on with it: tfnews fit --resume g" in note for note in notes)
    with pytest.raises(RunError, match=r"exists .*not whole: g-seed6.*tfnews fit --resume g"):
        fit_seeds(3, name="g", data=splits.path, **SWIVEL, seed=5, root=broken)
    with pytest.raises(RunError, match=f"The group g is not whole: {LACKING}"):
        check_members(["g", runs[0]], root=broken)
    with pytest.raises(RunError, match=r"it is a group of runs .*g-seed5, g-seed6"):
        Run.open("g", broken)
    check(resume="g", root=broken)


def test_a_broken_group_is_gone_on_with_to_the_same_end(broken, runs):
    first = Run.open("g-seed5", broken)
    before = first.config_path.stat().st_mtime_ns
    done = resume_seeds("g", root=broken, floor=False)
    assert [run.config.seed for run in done] == [5, 6, 7]
    assert {run.config.state for run in done} == {"complete"}
    assert first.config_path.stat().st_mtime_ns == before
    for run, whole in zip(done, runs, strict=False):  # seeds 5 and 6, never broken off
        found, expected = (one.predictions_path("validation") for one in (run, whole))
        assert found.read_text() == expected.read_text()
    assert find_group("g", broken).lacking == ""
    assert not any("Of the group" in note for note in compare(["g", runs[0]], root=broken).notes)
    with pytest.raises(RunError, match="All runs of the group g are complete"):
        check(resume="g", root=broken)


def test_a_group_of_before_seeds_were_kept_is_resumed_as_far_as_is_known(broken):
    group = find_group("g", broken)
    for run in group.runs:
        run.update(group_seeds=(), state="training" if run.config.seed == 6 else "complete")
    assert find_group("g", broken).lacking == "g-seed6 is not complete"
