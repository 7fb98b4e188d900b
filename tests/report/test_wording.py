from dataclasses import replace

import pytest

from tests.report.sample import CONFIG, DATA, FLOOR, other_set, part, report
from tfnews.records import Judged
from tfnews.report import falls, wording
from tfnews.report.content import DataSet, Report
from tfnews.statistics import metrics


def _part(real_wrong, real, fake_wrong=1, fake=100, names=("real", "fake"), intervals=None):
    labels = [0] * real + [1] * fake
    called = [1] * real_wrong + [0] * (real - real_wrong + fake_wrong) + [1] * (fake - fake_wrong)
    return Judged(metrics.scores(labels, called, class_names=names), intervals or {})


def test_shares_of_100_are_none_and_all_only_where_they_are():
    shares = (0, 0.003, 0.25, 0.9999, 1)
    assert [wording.in_100(share) for share in shares] == ["0", "0.3", "25", "99.9", "100"]


@pytest.mark.parametrize(
    ("wrong", "total", "bounds", "said"),
    [
        (
            34,
            1000,
            [0.023, 0.046],
            "Of 100 real texts, 3.4 were called fake (95 % interval 2.3 to 4.6)",
        ),
        (
            5,
            1000,
            [0.001, 0.01],
            "Of 1,000 real texts, 5.0 were called fake (95 % interval 1.0 to 10.0)",
        ),
        (250, 1000, None, "Of 100 real texts, 25 were called fake. Counted: 250 of 1,000."),
        (249, 250, (0.988, 1.0), "Of 100 real texts, 99.6 were called fake (95 % interval 98.8 to"),
        (9999, 10000, None, "Of 100 real texts, 99.9 were called fake."),
        (250, 250, (0.988, 1.0), "Of 100 real texts, 100 were called fake (95 % interval 98.8"),
        (
            0,
            1000,
            [0, 0.003],
            "None of 1,000 real texts was called fake; up to 3.0 of 1,000 cannot",
        ),
        (0, 0, None, "There were no real texts, so this cannot be said."),
    ],
)
def test_false_alarms(wrong, total, bounds, said):
    found = wording.false_alarms(_part(wrong, total, intervals={"fpr": bounds}))
    assert found.startswith(said)


def test_sets_that_are_not_about_fakes_keep_their_words():
    away = _part(3, 100, names=("news", "clickbait"))
    said = (
        wording.misses(away)
        + wording.false_alarms(away)
        + wording.resembles(("news", "clickbait"), "headlines")
    )
    assert "clickbait" in said
    assert "fake" not in said
    assert "fake" not in wording.with_names(metrics.METRICS["fpr"].label, ("news", "clickbait"))


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        (
            {"prevalence": 0.01, "precision": 0.231, "low": 0.151},
            "If 1 % of the texts you check are fake, 23 of 100 flags are right "
            "(15 with both error rates at the bad ends of their intervals).",
        ),
        (
            {"prevalence": 0.1, "precision": 0.9996, "low": None},
            "If 10 % of the texts you check are fake, 99.9 of 100 flags are right.",
        ),
        (
            {"prevalence": 0.1, "precision": None, "low": None},
            "If 10 % of the texts you check are fake: nothing is flagged, "
            "so no share of right flags can be given.",
        ),
    ],
)
def test_flags_right(flag, said):
    assert wording.flags_right(flag, ("real", "fake")) == said


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (60, "F1 falls from 0.99 to"),
        (0, "F1 stays at 0.99, where always giving fake reaches 0.67, and accuracy stays at"),
        (99, "where always giving fake reaches 0.50. Of"),
    ],
)
def test_the_fall_on_another_set_is_said(wrong, said):
    home, away = _part(0, 100), _part(wrong, 100, wrong or 1)
    assert said in falls.fall(home, away, "elsewhere")


def test_each_score_elsewhere_is_held_against_the_answer_that_suits_it_best():
    """Where real texts are the commoner, one answer is right for most, another has the best F1."""
    said = falls.fall(_part(0, 100), _part(30, 300, 50, 100), "elsewhere")
    assert "where always giving fake reaches 0.40, and accuracy" in said
    assert "where always giving real reaches 0.75. Of" in said


def test_a_clean_report_has_no_warning():
    made = report(floor=None)
    assert wording.warnings(made) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"test_reads": 3}, "scored 3 times"),
        ({"warnings": ("Mind this.", "Mind this.")}, "Mind this."),
        ({"parts": {"test": _part(5, 100)}}, "only 200 test texts"),
        ({"floor": FLOOR}, "No gain over the simplest model is shown"),
        ({"parts": {"validation": part()}}, "not been scored on the test texts"),
    ],
)
def test_each_warning(changes, said):
    found = wording.warnings(report(**({"floor": None} | changes)))
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    ("basis", "wrong", "said"),
    [
        ("publisher", 1, "style was learnt"),
        ("publisher", 200, "part of what the model learnt is the publishers' style"),
        ("factcheck", 1, "gives the classes away"),
        ("unstated", 1, "gives the classes away"),
        ("factcheck", 200, None),
    ],
)
def test_publishers_labels_and_near_perfect_scores_are_warned_of(basis, wrong, said):
    data = replace(DATA, label_basis=basis)
    made = report(floor=None, data=data, parts={"test": _part(wrong, 500, wrong, 500)})
    found = wording.warnings(made)
    assert len(found) == (said is not None)
    assert said is None or said in found[0]


def test_flags_follow_the_reports_prevalences():
    (said,) = wording.flags(report(prevalences=(0.2,)))
    assert said.startswith("If 20 % of the texts you check are fake, ")


@pytest.mark.parametrize(
    ("called", "bounds", "said"),
    [
        # 200 real and 8 fake texts: nothing flagged, all flagged, most found
        ([0] * 208, [0.5, 0.5], True),
        ([1] * 208, [0.5, 0.5], True),
        ([0] * 200 + [1] * 7 + [0], [0.7, 1.0], False),
        ([0] * 200 + [1] * 2 + [0] * 6, [0.49, 0.8], True),
    ],
)
def test_a_model_no_better_than_one_answer_for_all_is_told(called, bounds, said):
    """A model that flagged nothing was once shown with the F1 of the commoner class."""
    scores = metrics.scores([0] * 200 + [1] * 8, called)
    assert wording.always(Judged(scores)) == (
        "Always giving real, the commoner class, would score F1 0.0000 for fake and accuracy "
        "0.9615."
    )
    found = wording.no_better(Judged(scores, {"macro_recall": bounds}))
    assert (found is not None) == said
    if said:
        assert "not shown to be any better than always giving real" in found


def test_files_made_before_say_nothing_of_one_answer_for_all():
    judged = Judged({"class_names": ["real", "fake"], "f1": 0.5})
    assert (wording.always(judged), wording.no_better(judged)) == ("", None)


def test_a_shown_gain_is_no_warning():
    made = report(floor=replace(FLOOR, interval=(0.01, 0.02), gain_shown=True))
    assert wording.warnings(made) == []
    assert wording.floor(made.floor).startswith("Better than the simplest model")


def _with_away(names=("real", "fake"), basis="factcheck", **changes):
    away = other_set("away", _part(30, 100, names=names), label_basis=basis, **changes)
    parts = {"test": _part(5, 400, 5, 400)}
    return Report(CONFIG, DataSet("made_up", label_basis="factcheck"), parts, (away,))


@pytest.mark.parametrize(
    ("names", "basis", "warned"),
    [
        (("real", "fake"), "factcheck", False),
        (("real", "fake"), "unstated", False),
        (("real", "fake"), "publisher", True),
        (("news", "clickbait"), "factcheck", True),
    ],
)
def test_labels_that_mean_something_else_are_warned_of(names, basis, warned):
    report = _with_away(names, basis)
    said = " ".join(wording.warnings(report))
    assert ("two different questions" in said) is warned
    assert ("Labels in away do not mean what they mean in made_up" in said) is warned


def test_a_model_calls_no_text_by_another_sets_class():
    (said,) = falls.elsewhere(_with_away(("news", "clickbait")))
    assert "Of 100 news texts, 30 were called fake-like" in said
    assert "called clickbait" not in said


@pytest.mark.parametrize(
    ("refused", "warned"),
    [({}, False), ({"too short": 10}, False), ({"too short": 9, "other": 2}, True)],
)
def test_many_texts_that_predict_would_refuse_are_warned_of(refused, warned):
    said = " ".join(wording.warnings(_with_away(refused=refused)))
    expected = "11 of 200 texts of away are unlike the training texts (too short: 9; other: 2)"
    assert (expected in said) is warned
    assert ("no number" in said) is warned


def test_texts_left_out_are_counted_with_the_scores_before_and_after():
    before = part(7, count=250)
    said = falls.elsewhere(
        _with_away(shared_with_training=1234, near_copies_of_training=7, with_shared=before)
    )[1]
    after = _with_away().other_sets[0]
    assert said.startswith("Left out of away")
    assert ": copies 1,234, near-copies 7. Scored with them, 250 texts: " in said
    assert f"F1 {before.scores['f1']:.4f}, accuracy {before.scores['accuracy']:.4f}; with" in said
    assert f"without, {after.judged.rows} texts: F1 {after.scores['f1']:.4f}" in said


def test_scores_of_before_near_copies_were_looked_for_say_so():
    said = falls.elsewhere(_with_away(shared_with_training=2))[1]
    assert said.endswith(": copies 2; nobody looked for near-copies.")


def test_nothing_is_said_twice_where_nothing_was_left_out():
    said = falls.elsewhere(_with_away(shared_with_training=0, near_copies_of_training=0))[1]
    assert said.endswith(": copies 0, near-copies 0.")


def test_p_values_are_never_0():
    assert wording.p_value(0.0) == "< 0.001"
    assert wording.p_value(0.0421) == "0.042"
