import itertools
from dataclasses import replace

import pytest

from tests.report.sample import CONFIG, part, report
from tfnews.records import Judged
from tfnews.report import falls, findings, screen, terminal, wording


def test_false_alarms_come_before_every_score():
    made = report(other_sets=())
    shown = screen.summary(made)
    lines = shown.splitlines()
    assert lines[0] == "nnlm128-1 on made_up, test split, label basis factcheck:"
    assert lines[1] == wording.false_alarms(report().parts["test"])
    assert lines[2] == findings.may_be_used(made, findings.ranked(made))
    assert lines[3] == wording.misses(report().parts["test"])
    assert shown.index("were called fake") < shown.index("accuracy")
    assert wording.resembles(("real", "fake"), "made_up") in lines[-1]


def test_without_test_scores_it_speaks_of_validation():
    parts = {"validation": part(1)}
    shown = screen.summary(report(parts=parts))
    assert "validation split" in shown.splitlines()[0]
    assert "\nThe model has not been scored on the test texts." in shown


@pytest.mark.parametrize("prevalences", [(0.01,), (0.02, 0.5)])
def test_flags_at_every_prevalence_asked_for(prevalences):
    shown = screen.summary(report(prevalences=prevalences))
    assert shown.count("of the texts you check are fake") == len(prevalences)
    for prevalence in prevalences:
        assert f"If {100 * prevalence:g} % of the texts" in shown


def test_floor_and_other_sets_are_said():
    made = report()
    shown = screen.summary(made)
    assert wording.floor(made.floor) in shown
    away = made.other_sets[0]
    assert falls.fall(made.parts["test"], away.judged, "elsewhere") in shown
    assert shown.count("No gain over the simplest model is shown") == 1  # not as a warning, too


def test_no_line_is_said_twice_and_no_gap_is_two_lines_high():
    lines = screen.summary(report(floor=None, other_sets=())).splitlines()
    said = [line for line in lines if line]
    assert len(said) == len(set(said))
    assert all(first or second for first, second in itertools.pairwise(lines))


def test_other_class_names_are_used():
    names = ("news", "clickbait")
    parts = {"test": part(0, names)}
    shown = screen.summary(report(names, parts=parts, floor=None, other_sets=()))
    assert "were called clickbait" in shown
    assert "F1 clickbait" in shown
    assert "fake" not in shown


def test_a_table_has_a_score_over_its_interval_in_each_column():
    made = part()
    lines = terminal.score_table(
        [("first", made), ("second-run", part(1))], ("real", "fake")
    ).splitlines()
    assert lines[0].split("  ")[-1].strip() == "ROC-AUC"
    assert len(lines) == 6
    always = part(1).scores["always"]
    assert lines[5].split() == [
        *("always", always["class"], "400"),
        *(f"{always[name]:.4f}" for name in ("fpr", "fnr", "accuracy", "f1", "weighted_f1")),
        "0.5000",
    ]
    scores, bounds = lines[1].split(), lines[2].split()
    columns = ("fpr", "fnr", "accuracy", "f1", "weighted_f1", "roc_auc")
    assert scores == ["first", "400", *(f"{made.scores[name]:.4f}" for name in columns)]
    found = [[float(end) for end in bound.split("–")] for bound in bounds]
    expected = [[round(end, 3) for end in made.intervals[name]] for name in columns]
    assert found == expected
    assert len({len(line) for line in lines}) == 1


def test_a_table_without_intervals_leaves_their_line_empty():
    lone = Judged(part().scores)
    lines = terminal.score_table([("first", lone)], ("real", "fake")).split("\n")
    assert (len(lines), lines[2]) == (4, "")


def test_runs_side_by_side():
    first, second = report(), report(config=replace(CONFIG, name="tfidf-1"))
    shown = screen.side_by_side([first, second])
    assert shown == terminal.score_table(
        [("nnlm128-1", first.parts["test"]), ("tfidf-1", second.parts["test"])],
        ("real", "fake"),
    )
