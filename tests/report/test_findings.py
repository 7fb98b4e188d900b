"""The worst that stands comes first, and decides what a model may be used for."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.report.sample import least, other_set, part, report
from tfnews.records import Judged
from tfnews.report.findings import KINDS, may_be_used, ranked

HOME = {"fpr": (0.01, 0.05), "fnr": (0.01, 0.05), "macro_recall": (0.95, 0.99)}


def judged(confusion, names=("real", "fake"), **bounds):
    """Give scores of a confusion matrix, with the intervals that are named."""
    (tn, fp), (fn, tp) = confusion
    real, fake = tn + fp, fn + tp
    scores = {
        **part().scores,
        "class_names": list(names),
        "rows": real + fake,
        "confusion": confusion,
        "fpr": fp / real,
        "fnr": fn / fake,
        "macro_recall": (tn / real + tp / fake) / 2,
    }
    return Judged(scores, bounds)


def made(*others, home=None, **changes):
    home = home or judged([[97, 3], [3, 97]], **HOME)
    return report(parts={"test": home}, other_sets=others, **changes)


def away(name="elsewhere", confusion=((18, 82), (1, 99)), names=("real", "fake"), **bounds):
    refused = bounds.pop("refused", {})
    return other_set(name, judged([*map(list, confusion)], names, **bounds), refused=refused)


def audited(findings=True, learnable=True):
    """Give what is asked of an audit."""
    probe = SimpleNamespace(verdict="finding" if findings else "nothing", kind="text", name="a")
    probe.in_words = "A rule reaches all."
    return SimpleNamespace(
        name="made_up", class_names=("real", "fake"), probes=(probe,), overlap={},
        learnable=learnable,
    )  # fmt: skip


def kinds(made):
    return [(one.kind, one.where) for one in ranked(made)]


FAILED = {"fpr": (0.75, 0.88), "fnr": (0.0, 0.03), "macro_recall": (0.55, 0.62)}


def test_false_alarms_elsewhere_come_before_shortcuts_and_those_before_errors_at_home():
    found = ranked(made(away(**FAILED), audit=audited()))
    assert [one.kind for one in found] == ["mostly_wrong", "shortcut", "at_home"]
    assert found[0].said.startswith("Of 100 real texts of elsewhere, 82 were called fake")
    assert found[1].said.endswith("the labels can be had without reading.")
    assert found[2].said.startswith("Of 100 real texts, 3.0 were called fake")
    assert found[0].size == 0.75


def test_the_largest_share_that_is_shown_comes_first_whatever_the_order_and_the_kind_of_error():
    missing = away("second", ((99, 1), (90, 10)), fpr=(0, 0.03), fnr=(0.85, 0.94))
    for others in ((away(**FAILED), missing), (missing, away(**FAILED))):
        first, second, _ = ranked(made(*others))
        assert (first.where, second.where) == ("second", "elsewhere")
        assert first.said.startswith("Of 100 fake texts of second, 90 were called real")


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        ({"fpr": (0.06, 0.2)}, [("worse_elsewhere", "elsewhere")]),
        ({"fpr": (0.05, 0.9)}, []),  # may be chance
        ({}, []),  # too few texts for an interval
        ({"macro_recall": (0.49, 0.7)}, [("no_better_elsewhere", "elsewhere")]),
        ({"fpr": (0.75, 0.88), "refused": {"too short": 101}}, []),  # predict would not flag them
        ({"fnr": (0.75, 0.88), "names": ("news", "satire")}, []),  # another class than its own
        ({"fpr": (0.75, 0.88), "names": ("news", "satire")}, [("mostly_wrong", "elsewhere")]),
    ],
)
def test_only_what_stands_is_found(bounds, found):
    bounds = {"macro_recall": (0.55, 0.6)} | bounds
    assert kinds(made(away(**bounds))) == [*found, ("at_home", None)]


def test_a_small_shown_rise_elsewhere_comes_after_a_shortcut():
    found = kinds(made(away(fpr=(0.06, 0.2), macro_recall=(0.8, 0.9)), audit=audited()))
    assert found == [("shortcut", None), ("worse_elsewhere", "elsewhere"), ("at_home", None)]


def test_a_model_that_is_no_better_at_home_is_the_worst():
    home = judged([[20, 80], [15, 85]], fpr=(0.7, 0.9), fnr=(0.1, 0.2), macro_recall=(0.48, 0.6))
    assert kinds(made(away(**FAILED), home=home))[:2] == [
        ("no_better", None), ("mostly_wrong", "elsewhere"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("audit", "found"),
    [(audited(False), False), (audited(False, learnable=False), True), (audited(), True)],
)
def test_a_clean_audit_is_no_finding(audit, found):
    assert (("shortcut", None) in kinds(made(audit=audit))) is found


def test_the_least_report_has_one_that_stands_and_is_untested():
    assert kinds(least()) == [("untested", None), ("at_home", None)]
    assert {one.kind for one in ranked(report())} <= set(KINDS)


@pytest.mark.parametrize(
    ("shown", "said", "not_said"),
    [
        (made(), "may not be used on texts from elsewhere, where it is untried", "elsewhere ("),
        (made(away(**FAILED)), "may not be used on texts from elsewhere (elsewhere), nor", "tried"),
        (
            made(away("b", fpr=(0, 0.04), macro_recall=(0.9, 1))),
            "in order for a person to read, and like those of b; it may not be used on other",
            "elsewhere",
        ),
        (
            made(home=judged([[1, 9], [1, 9]], fpr=(0.8, 1.0), macro_recall=(0.6, 0.7))),
            "This model may not be used on any text, for it is not shown to work",
            "in order",
        ),
        (least(), "may not be used on any text yet", "in order"),
    ],
)
def test_the_use_follows_from_the_findings(shown, said, not_said):
    sentence = may_be_used(shown, ranked(shown))
    assert said in sentence
    assert not_said not in sentence
    assert sentence.count(". ") == 0


def test_sets_that_fail_are_named_once_and_never_without_end():
    others = [replace(away(**FAILED), name=f"set-{number}") for number in range(90)]
    shown = made(*others)
    assert len(may_be_used(shown, ranked(shown))) < 500
