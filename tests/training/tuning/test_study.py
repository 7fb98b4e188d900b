"""Which trials a search has: numbered, shared by processes, and tried again where one was killed.

Nothing is fitted here: a trial ends with a made-up score.
"""

import pytest

from tests.training.tuning.made import run_all, study
from tfnews.catalogue import rows
from tfnews.catalogue.names import PRUNERS
from tfnews.catalogue.rows import defaults, searched
from tfnews.catalogue.settings import SETTINGS
from tfnews.errors import RunError
from tfnews.records import TrialRecord
from tfnews.training.tuning.study import _distribution, front


def kill(claimed):
    """Leave a trial as a process leaves it that is no more."""
    claimed.lock.release()


def states(study):
    return [(one.number, one.state) for one in study.trials()]


# What is tried


@pytest.mark.parametrize("row", rows().values(), ids=rows())
def test_each_kind_is_searched_around_the_rows_own_settings(row):
    own, spaces = defaults(row), searched(row)
    assert len(spaces) >= 3
    for name, where in spaces.items():
        space = _distribution(name, where)
        assert space._contains(space.to_internal_repr(own[name])), name
        values = where.choices or (where.low, where.high)
        kind = SETTINGS[name].kind
        assert all(SETTINGS[name].allows(kind(value)) for value in values), name


def test_the_first_trial_has_the_rows_own_settings(splits, tmp_path):
    first, second = run_all(study(splits, tmp_path, trials=2))
    assert first == {"sublinear_tf": True, "C": 1.0}
    assert second != first


def test_a_seed_tries_the_same_and_another_something_else(splits, tmp_path):
    found = [
        run_all(study(splits, tmp_path / str(n), seed=seed, trials=8), lambda n: 1 / n)
        for n, seed in enumerate((1, 1, 2))
    ]
    assert found[0] == found[1]
    assert found[0][1:] != found[2][1:]
    assert len({one["C"] for one in found[0]}) == 8


@pytest.mark.parametrize("pruner", PRUNERS)
@pytest.mark.parametrize("epochs", [1, 2, 30])
def test_every_pruner_looks_at_each_epoch(splits, tmp_path, pruner, epochs):
    options = {"arch": "cnn", "epochs": epochs, "assignments": [], "pruner": pruner, "trials": 6}
    found, broken_off = study(splits, tmp_path, **options), []
    while (claimed := found.claim()) is not None:
        for epoch in range(epochs):
            claimed.trial.report(1 / claimed.number, epoch)
            if claimed.trial.should_prune():
                broken_off.append((claimed.number, epoch + 1))
                break
        found.finish(claimed, "complete", [1 / claimed.number])
    assert bool(broken_off) == (pruner != "none" and epochs > 1)
    if pruner == "median":
        assert broken_off[:1] == [(5, 2)] * (epochs > 1)


# Kills


@pytest.mark.parametrize("killed", [1, 3, 7])
def test_a_killed_search_comes_to_the_same(splits, tmp_path, killed):
    """The trial that was killed is tried again, and those after it try what they would have."""

    def scored(number):
        return 0.5 + number % 4 / 10

    peace = run_all(study(splits, tmp_path / "peace", trials=8), scored)
    first, tried = study(splits, tmp_path / "killed", trials=8), []
    for number in range(1, killed + 1):
        claimed = first.claim()
        tried.append(claimed.settings)
        if number < killed:
            first.finish(claimed, "complete", [scored(number)])
    kill(claimed)
    again = study(splits, tmp_path / "killed", trials=8)
    assert tried[:-1] + run_all(again, scored) == peace
    assert states(again) == [(number, "complete") for number in range(1, 9)]


def test_what_kills_its_process_each_time_is_given_up(splits, tmp_path):
    found = study(splits, tmp_path, trials=2)
    for _ in range(3):
        claimed = found.claim()
        assert claimed.number == 1
        kill(claimed)
    assert found.claim().number == 2
    assert states(found) == [(1, "failed"), (2, "running")]
    assert "ended 3 times" in found.trials()[0].fault


def test_half_a_line_of_the_journal_is_cut_off(splits, tmp_path):
    """A full disk leaves one, and with the next line behind it Optuna could read neither."""
    found = study(splits, tmp_path)
    found.finish(found.claim(), "complete", [0.5])
    with (found.folder / "journal.jsonl").open("ab") as file:
        file.write(b'{"op_code":6,"worker')
    again = study(splits, tmp_path)
    assert run_all(again) == run_all(study(splits, tmp_path / "other"))[1:]


def test_a_damaged_journal_is_told(splits, tmp_path):
    (study(splits, tmp_path).folder / "journal.jsonl").write_text("no JSON\n" * 3)
    with pytest.raises(RunError, match=r"journal\.jsonl is damaged"):
        study(splits, tmp_path)


# Several processes


def test_processes_share_a_search(splits, tmp_path):
    one, other = study(splits, tmp_path, trials=3), study(splits, tmp_path, trials=3)
    first, second = one.claim(), other.claim()
    assert (first.number, second.number) == (1, 2)
    assert first.settings != second.settings
    one.finish(first, "complete", [0.5])
    third = one.claim()
    assert (third.number, one.claim(), other.claim()) == (3, None, None)
    other.finish(second, "complete", [0.5])
    assert not other.settle()
    assert states(other) == [(1, "complete"), (2, "complete"), (3, "running")]


def test_only_models_that_may_be_chosen_are_kept(splits, tmp_path):
    found = study(splits, tmp_path)
    for number, f1 in enumerate((0.5, 0.7, 0.6), start=1):
        claimed = found.claim()
        (found.folder / "trials" / found.name_of(number)).mkdir()
        found.finish(claimed, "complete", [f1])
    assert [path.name for path in (found.folder / "trials").iterdir()] == ["tune-tfidf-trial2"]


# The best


def trial(number, f1, ms=None, state="complete"):
    return TrialRecord(number, state, {}, f1, ms)


def numbers(*trials):
    return [one.number for one in front(list(trials))]


def test_the_best_is_the_first_of_the_highest():
    assert numbers(trial(1, 0.5), trial(2, 0.7), trial(3, 0.7), trial(4, 0.9, state="pruned")) == [
        2
    ]
    assert numbers() == []


def test_the_front_is_what_no_other_beats_in_both():
    timed = [trial(1, 0.9, 5.0), trial(2, 0.8, 2.0), trial(3, 0.8, 3.0), trial(4, 0.7, 2.0)]
    assert numbers(*timed, trial(5, 0.6, 1.0)) == [1, 2, 5]
