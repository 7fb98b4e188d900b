import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_curve

from tfnews.errors import DataError, UsageError
from tfnews.statistics import thresholds
from tfnews.statistics.metrics import between
from tfnews.statistics.sample import flagged


def sample(count=400, seed=0):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, count)
    scores = 1 / (1 + np.exp(-generator.normal(2 * labels - 1, 1.2)))
    return labels, scores.astype(np.float32)


@pytest.mark.parametrize("said", ["f1", "youden", "fpr=0.01", "0.5", "0", "1", 0.25])
def test_rules_are_read_and_written_alike(said):
    found = thresholds.rule(said)
    assert thresholds.rule(str(found)) == found


@pytest.mark.parametrize("said", ["", "F1", "fpr", "fpr=", "fpr=0", "fpr=1", "1.5", "-0.1", "nan"])
def test_what_is_no_rule(said):
    with pytest.raises(UsageError, match="Allowed: f1, youden, fpr=SHARE"):
        thresholds.rule(said)


def test_the_best_f1():
    labels, scores = sample()
    found = thresholds.choose(thresholds.rule("f1"), labels, scores)
    best = f1_score(labels, flagged(scores, found))
    assert best >= max(f1_score(labels, flagged(scores, one)) for one in scores[:40])


def test_youden_s_index_is_highest():
    labels, scores = sample()
    found = thresholds.choose(thresholds.rule("youden"), labels, scores)
    called = flagged(scores, found)
    alarms, hits, _ = roc_curve(labels, scores)
    assert called[labels == 1].mean() - called[labels == 0].mean() == pytest.approx(
        (hits - alarms).max()
    )


def test_false_alarms_stay_at_their_share_of_new_texts():
    """By simulation, as a threshold at which the validation texts alone have so many would not."""
    rates = []
    for seed in range(300):
        found = thresholds.choose(thresholds.rule("fpr=0.05"), *sample(200, seed))
        labels, scores = sample(500, 1000 + seed)
        rates.append(flagged(scores, found)[labels == 0].mean())
    error = np.std(rates) / np.sqrt(len(rates))
    assert 0.05 - 0.01 - 3 * error < np.mean(rates) < 0.05 + 3 * error


def test_a_number_is_itself_whatever_the_texts():
    assert thresholds.choose(thresholds.rule("0.3"), np.zeros(2, int), np.zeros(2)) == 0.3


@pytest.mark.parametrize("said", ["f1", "youden", "fpr=0.2"])
@pytest.mark.parametrize("label", [0, 1])
def test_one_class_is_refused(said, label):
    with pytest.raises(DataError, match=r"no validation text is labelled .* --threshold 0\.5"):
        thresholds.choose(thresholds.rule(said), np.full(30, label), np.linspace(0, 1, 30))


def test_false_alarms_that_so_few_texts_cannot_promise():
    labels, scores = sample(100)
    with pytest.raises(DataError, match=r"A share of 0\.999 can be promised from 999 "):
        thresholds.choose(thresholds.rule("fpr=0.001"), labels, scores)


def test_a_target_that_no_threshold_meets():
    """The real texts score highest: whatever flags anything flags them."""
    labels = np.repeat([0, 1], 50)
    with pytest.raises(DataError, match=r"No threshold keeps false alarms at 0\.05 and flags any"):
        thresholds.choose(thresholds.rule("fpr=0.05"), labels, 1 - labels * 0.5)


@pytest.mark.parametrize(("below", "above"), [(0.2, 0.4), (0.5, 0.5 + 2**-23), (1 - 2**-24, 1.0)])
def test_a_threshold_between_two_scores_flags_the_upper_alone(below, above):
    """Half-way between neighbours in float32 there is nothing, and rounding went either way."""
    found = between(below, above)
    assert flagged([below, above], found).tolist() == [False, True]
