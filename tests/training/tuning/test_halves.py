"""Two halves of the validation split: one chooses, the other judges."""

import numpy as np
import pandas as pd
import pytest

from tfnews.data.splits import open_splits
from tfnews.errors import DataError
from tfnews.training.tuning.halves import Choosing, halve


def made(folder, labels, clusters):
    """Write splits whose validation part has these labels and clusters of copies."""
    for part in ("train", "validation", "test"):
        rows = {"combined_text": [f"{part} text {n}" for n in range(len(labels))]}
        frame = pd.DataFrame(rows | {"label": labels, "cluster": clusters})
        frame.to_csv(folder / f"{part}.csv", index=False)
    return open_splits(folder)


@pytest.mark.parametrize("seed", range(5))
def test_copies_stay_together_and_classes_are_halved(tmp_path, seed):
    generator = np.random.default_rng(seed)
    clusters = generator.integers(0, 60, 100)
    labels = clusters % 2
    found = halve(made(tmp_path, labels, clusters), seed)
    assert sorted([*found.choosing, *found.judging]) == list(range(100))
    assert not set(clusters[found.choosing]) & set(clusters[found.judging])
    for label in (0, 1):
        halves = [int((labels[rows] == label).sum()) for rows in (found.choosing, found.judging)]
        assert abs(halves[0] - halves[1]) <= 2


def test_a_seed_draws_the_same_halves_and_another_others(splits):
    first, second, third = (halve(splits, seed).choosing.tolist() for seed in (1, 1, 2))
    assert first == second != third


@pytest.mark.parametrize(
    ("labels", "clusters"),
    [([0, 1], [0, 1]), ([0, 0, 0, 1], range(4)), ([0, 0, 1, 1], [0, 1, 2, 2])],
)
def test_too_few_texts_are_refused(tmp_path, labels, clusters):
    with pytest.raises(DataError, match="cannot be parted in two halves"):
        halve(made(tmp_path, labels, list(clusters)), 0)


def test_trials_see_one_half_and_no_test_split(splits):
    halves = halve(splits, 0)
    seen = Choosing(splits, halves.choosing)
    whole = splits.frame("validation")
    texts = whole["combined_text"].iloc[halves.choosing].tolist()
    assert seen.frame("validation")["combined_text"].tolist() == texts
    assert len(seen.frame("train")) == len(splits.frame("train"))
    assert (seen.name, seen.digest("test")) == (splits.name, splits.digest("test"))
    with pytest.raises(DataError, match="reads no test split"):
        seen.frame("test")
