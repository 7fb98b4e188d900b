import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    classification_report,
    confusion_matrix,
    f1_score,
    matthews_corrcoef,
    precision_score,
    recall_score,
    roc_auc_score,
)

from tfnews.errors import DataError, UsageError
from tfnews.statistics import metrics

LABELS = [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
PROBABILITIES = [0.1, 0.2, 0.3, 0.7, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0]


def test_the_scores_of_the_commoner_class_for_all():
    found = metrics.scores([0, 1, 1, 1], [0.9, 0.2, 0.1, 0.6], 0.5, ("news", "rumour"))["always"]
    assert found["class"] == "rumour"
    assert (found["rows"], found["accuracy"], found["fpr"], found["fnr"]) == (4, 0.75, 1, 0)
    assert found["f1"] == f1_score([0, 1, 1, 1], [1, 1, 1, 1])


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1, width=32)), min_size=1, max_size=40))
def test_no_threshold_has_a_higher_f1_than_the_best(rows):
    labels, probabilities = map(np.array, zip(*rows, strict=True))
    probabilities = probabilities.astype("float64")
    threshold, f1 = metrics.best_threshold(labels, probabilities)
    called = probabilities >= threshold
    assert f1 == pytest.approx(f1_score(labels, called, zero_division=0))
    for other in {*probabilities, 0.5}:
        assert f1 >= f1_score(labels, probabilities >= other, zero_division=0) - 1e-9


rows = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1, width=32)), min_size=1, max_size=40)


def _averaged(score, average):
    chosen = {"average": average, "labels": [0, 1], "zero_division": 0.0}
    return lambda labels, called, _: score(labels, called, **chosen)


def _calibration_error(labels, _, probabilities):
    expected = 0.0
    for low in range(15):
        inside = np.minimum(np.floor(probabilities * 15), 14) == low
        if inside.any():
            expected += abs(probabilities[inside].mean() - labels[inside].mean()) * inside.mean()
    return expected


# What scikit-learn makes of (labels, called, probabilities).
OTHERS = {
    "fpr": lambda labels, called, _: called[labels == 0].mean(),
    "fnr": lambda labels, called, _: 1 - called[labels == 1].mean(),
    "accuracy": lambda labels, called, _: accuracy_score(labels, called),
    **{
        f"{prefix}{name}": _averaged(score, average)
        for average, prefix in (("binary", ""), ("macro", "macro_"), ("weighted", "weighted_"))
        for name, score in (
            ("precision", precision_score), ("recall", recall_score), ("f1", f1_score),
        )
    },
    "roc_auc": lambda labels, _, probabilities: roc_auc_score(labels, probabilities),
    "pr_auc": lambda labels, _, probabilities: average_precision_score(labels, probabilities),
    "mcc": lambda labels, called, _: matthews_corrcoef(labels, called),
    "brier": lambda labels, _, probabilities: brier_score_loss(labels, probabilities),
    "ece": _calibration_error,
}  # fmt: skip


def test_scores_of_known_rows():
    scored = metrics.scores(LABELS, PROBABILITIES)
    assert scored["confusion"] == [[3, 1], [1, 5]]
    assert scored["rows"] == 10
    assert scored["accuracy"] == pytest.approx(0.8)
    assert scored["precision"] == scored["recall"] == scored["f1"] == pytest.approx(5 / 6)
    assert scored["fpr"] == pytest.approx(1 / 4)
    assert scored["fnr"] == pytest.approx(1 / 6)
    assert scored["roc_auc"] == pytest.approx(22 / 24)
    assert scored["mcc"] == pytest.approx((5 * 3 - 1) / (6 * 4))
    assert scored["brier"] == pytest.approx(0.12025)
    assert scored["classes"]["real"] == {
        "precision": 0.75, "recall": 0.75, "f1": 0.75, "support": 4,
    }  # fmt: skip


def test_scores_agree_with_the_report_the_studies_print():
    scored = metrics.scores(LABELS, PROBABILITIES, class_names=("news", "satire"))
    called = np.array(PROBABILITIES) >= 0.5
    printed = classification_report(
        LABELS, called, target_names=["news", "satire"], output_dict=True
    )
    table = {row["name"]: row["test"] for row in _table(scored, ("news", "satire"))}
    assert table["accuracy"]["f1"] == pytest.approx(printed["accuracy"])
    for name in ("news", "satire", "macro avg", "weighted avg"):
        wanted = printed[name]
        wanted["f1"] = wanted.pop("f1-score")
        assert table[name] == pytest.approx(wanted)


def test_a_text_at_the_threshold_is_flagged():
    assert metrics.scores([0, 1], [0.3, 0.3], threshold=0.3)["confusion"] == [[0, 1], [0, 1]]


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("probability", [0.0, 0.2, 1.0])
def test_one_class_gives_none_and_no_warning(label, probability):
    scored = metrics.scores([label] * 3, [probability] * 3)
    assert scored["roc_auc"] is scored["pr_auc"] is scored["mcc"] is None
    assert (scored["fpr"] is None) == (label == 1)
    assert (scored["fnr"] is None) == (label == 0)
    json.dumps(scored, allow_nan=False)


@given(rows)
def test_scores_are_json_and_within_bounds(pairs):
    labels, probabilities = map(list, zip(*pairs, strict=True))
    scored = metrics.scores(labels, probabilities)
    json.dumps(scored, allow_nan=False)
    for name in ("accuracy", "f1", "weighted_f1", "brier", "ece", "roc_auc", "pr_auc"):
        assert scored[name] is None or -1e-12 <= scored[name] <= 1 + 1e-12
    called = np.array(probabilities) >= 0.5
    assert scored["confusion"] == confusion_matrix(labels, called, labels=[0, 1]).tolist()


def test_every_row_of_the_table_is_held_against_another_implementation():
    assert set(OTHERS) == set(metrics.METRICS)


@given(rows, st.sampled_from([0.0, 0.3, 0.5, 1.0]))
def test_scores_are_those_of_scikit_learn(pairs, threshold):
    labels, probabilities = (np.array(side) for side in zip(*pairs, strict=True))
    called = (probabilities >= np.float32(threshold)).astype(int)
    scored = metrics.scores(labels, probabilities, threshold)
    for name, metric in metrics.METRICS.items():
        if set(metric.needs) <= set(labels):
            expected = OTHERS[name](labels, called, probabilities)
            assert scored[name] == pytest.approx(expected, abs=1e-9), name
        else:
            assert scored[name] is None, name


def test_fewer_is_better_for_errors_alone():
    lower = {name for name, metric in metrics.METRICS.items() if metric.lower_is_better}
    assert lower == {"fpr", "fnr", "brier", "ece"}


def test_an_unknown_score_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match=r"'f2'.*weighted_f1"):
        metrics.named("f2")


def test_a_class_may_be_called_as_a_row_of_the_report():
    """Read by name, scikit-learn's report gave such a class the row of the averages."""
    scored = metrics.scores(LABELS, PROBABILITIES, class_names=("accuracy", "macro avg"))
    assert scored["classes"]["accuracy"]["support"] == 4
    assert scored["classes"]["macro avg"]["support"] == 6
    assert len(_table(scored, ("accuracy", "macro avg"))) == 5


def test_reliability_counts_every_row_and_leaves_empty_bins_nan():
    bins = metrics.reliability(np.array([0, 1, 1]), np.array([0.0, 0.99, 1.0]))
    assert bins["count"].sum() == 3
    assert bins["count"][-1] == 2
    assert bins["fake_share"][-1] == 1
    assert np.isnan(bins["fake_share"][1:-1]).all()


@pytest.mark.parametrize(
    ("labels", "probabilities", "said"),
    [
        ([], [], "at least one row"),
        ([0, 1], [0.5], "one probability a row"),
        ([0, 2], [0.5, 0.5], "Received: 2"),
        ([0, 1], [0.5, float("nan")], "Received: nan"),
        ([0, 1], [0.5, 1.5], "Received: 1.5"),
    ],
)
def test_what_cannot_be_scored_is_refused(labels, probabilities, said):
    with pytest.raises(DataError, match=said):
        metrics.scores(labels, probabilities)


@pytest.mark.parametrize(
    ("tpr", "fpr", "prevalence", "share"),
    [
        (0.9, 0.1, 0.5, 0.9),
        (1.0, 0.01, 0.01, 0.01 / (0.01 + 0.0099)),
        (0.8, 0.0, 0.01, 1.0),
        (0.0, 0.0, 0.01, None),
        (None, 0.1, 0.01, None),
        (0.9, None, 0.01, None),
    ],
)
def test_flag_precision_is_bayes(tpr, fpr, prevalence, share):
    assert metrics.flag_precision(tpr, fpr, prevalence) == (
        None if share is None else pytest.approx(share)
    )


def test_flag_precision_at_the_measured_prevalence_is_the_precision():
    scored = metrics.scores(LABELS, PROBABILITIES)
    (flag,) = metrics.flag_precisions(scored, prevalences=[0.6])
    assert flag["precision"] == pytest.approx(scored["precision"])
    assert flag["low"] is None


def test_flag_precisions_take_the_bad_ends_of_the_intervals():
    scored = metrics.scores(LABELS, PROBABILITIES)
    flags = metrics.flag_precisions(scored, {"fpr": [0.1, 0.5], "fnr": [0.0, 0.4]})
    assert [flag["prevalence"] for flag in flags] == [0.01, 0.10]
    assert flags[1]["low"] == pytest.approx(0.06 / (0.06 + 0.45))
    assert flags[1]["low"] < flags[1]["precision"]


def _table(scored, names):
    return metrics.classification_table(scored, scored, names)
