"""What a search is asked for, told before TensorFlow starts."""

import importlib.util

import pytest

from tests import tiny
from tests.training.tuning.made import asked, study
from tfnews.catalogue import row
from tfnews.errors import RunError, TfnewsError, UsageError
from tfnews.training.settings import resolve
from tfnews.training.tuning.asked import _space


def refused(kind, *arguments, **changes):
    with pytest.raises(kind) as raised:
        asked(*arguments, **changes)
    assert len(str(raised.value)) <= 500
    return str(raised.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arch": "nosuch"}, "No architecture 'nosuch'"),
        ({"arch": "ensemble"}, "An ensemble is not trained"),
        ({"trials": 0}, "--trials must be a whole number from 1"),
        ({"trials": 2.5}, "--trials must be"),
        ({"hours": 0}, "--hours must be a number above 0"),
        ({"hours": float("nan")}, "--hours must be"),
        ({"budget_ms": -1}, "--budget-ms must be a number above 0"),
        ({"pruner": "medien"}, "Did you mean 'median'?"),
        ({"name": "a/b"}, "a/b"),
        ({"assignments": ["nosuch=1"]}, "Unknown setting 'nosuch'"),
        ({"assignments": ["refit=true"]}, "tfnews fit --refit"),
        ({"arch": "bert-tiny", "weights": "nosuch"}, "There are no pretrained weights"),
    ],
)
def test_what_is_wrong_is_told(splits, tmp_path, changes, said):
    assert said in refused(TfnewsError, splits, tmp_path, **{"assignments": [], **changes})
    assert list(tmp_path.iterdir()) == []


def test_nothing_left_to_search_is_told(splits, tmp_path):
    given = ["ngrams=1", "min_df=1", "max_features=10", "sublinear_tf=true", "C=1"]
    assert "Nothing is left to search" in refused(UsageError, splits, tmp_path, assignments=given)


def test_a_missing_library_is_told_with_what_to_install(splits, tmp_path, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "optuna" else found(name, *a)
    )
    assert "pip install 'tfnews[tune]'" in refused(UsageError, splits, tmp_path)


def test_what_is_given_is_not_searched(splits, tmp_path):
    found = asked(splits, tmp_path, arch="swivel20", weights="none", assignments=["min_count=2"])
    assert set(found.space) == {"learning_rate", "batch_size", "vocabulary_size"}
    assert found.options["min_count"] == 2


def test_weights_bring_their_own_vocabulary(splits, tmp_path):
    chosen = row("swivel20")
    options = resolve(chosen, {})
    assert set(_space(chosen, options, set())) == {"learning_rate", "batch_size"}


# Studies that are there


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": 1}, "seed 0, now 1"),
        ({"assignments": ["ngrams=2"]}, "ngrams 1, now 2"),
        ({"arch": "word2vec", "assignments": []}, "arch tfidf, now word2vec"),
        ({"pruner": "none"}, "pruner median, now none"),
        ({"budget_ms": 3}, "objectives f1, now f1 and ms"),
    ],
)
def test_a_study_goes_on_only_with_what_it_was_begun_with(splits, tmp_path, changes, said):
    study(splits, tmp_path, name="mine")
    told = refused(UsageError, splits, tmp_path, name="mine", **changes)
    assert "The study mine" in told
    assert said in told
    assert "--name" in told


def test_a_study_of_other_data_is_refused(splits, tmp_path):
    study(splits, tmp_path, name="mine")
    others = tiny.splits(tmp_path / "others", 200, seed=1)
    assert "splits have changed, or are others" in refused(
        UsageError, others, tmp_path, name="mine"
    )


def test_numbers_of_a_search_may_change(splits, tmp_path):
    study(splits, tmp_path, budget_ms=3)
    assert asked(splits, tmp_path, budget_ms=5, trials=9, hours=1).trials == 9


def test_a_folder_that_is_no_study_is_left_alone(splits, tmp_path):
    (tmp_path / "mine").mkdir()
    assert "holds no study" in refused(RunError, splits, tmp_path, name="mine")
    for content in ("", "{}", '{"format": "other"}', "[" * 10_000):
        (tmp_path / "mine" / "study.json").write_text(content)
        assert "not what tfnews writes" in refused(RunError, splits, tmp_path, name="mine")
