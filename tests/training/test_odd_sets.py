"""Sets on which a fit once came to a useless model that was shown with a score."""

import csv

import numpy as np
import pytest

from tfnews.data.prepare import prepare
from tfnews.training.fit import closing_words, fit

COMMON = [f"word{number}" for number in range(60)]


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["text", "label"])
        table.writerows(rows)
    return path


def splits(folder, rows):
    source = write(folder / "news.csv", rows)
    chosen = {"text_column": "text", "label_column": "label"}
    values = {"fake_values": ["fake"], "real_values": ["real"]}
    return prepare([source], folder / "splits", ratios=(0.5, 0.25, 0.25), **chosen, **values)


@pytest.fixture(scope="module")
def imbalanced(tmp_path_factory):
    """Give splits of 200 real texts and 8 fake ones, each of which holds one of three words."""
    random = np.random.default_rng(0)
    told = ["shocking", "unbelievable", "secret"]
    rows = []
    for number in range(208):
        words = list(random.choice(COMMON, 30))
        if number < 8:
            words[5:8] = told
        rows.append([" ".join(words), "fake" if number < 8 else "real"])
    return splits(tmp_path_factory.mktemp("imbalanced"), rows)


FITS = {
    "tfidf": {},
    "swivel20": {"weights": "none", "learning_rate": 0.02, "epochs": 12},
    "cnn": {"weights": "none", "epochs": 6, "assignments": ["filters=8"], "max_tokens": 40},
}


@pytest.mark.parametrize("arch", FITS)
def test_eight_fake_texts_of_208_are_told(imbalanced, tmp_path, arch):
    said = []
    run = fit(imbalanced.path, arch, root=tmp_path, floor=False, say=said.append, **FITS[arch])
    assert run.config.recipe["class_weight"] == "balanced"
    assert any(line.startswith("Both classes weigh the same") for line in said)
    found = run.scores().validation.scores
    assert found["f1"] == 1
    assert found["always"]["f1"] == 0
    assert "Always giving real, the commoner class, would score F1 0.0000" in closing_words(run)
    assert "F1 of the fake class, 'fake', 2 of 52 texts" in closing_words(run)


def test_without_weights_the_fake_texts_are_missed_and_that_is_said(imbalanced, tmp_path):
    run = fit(imbalanced.path, root=tmp_path, class_weight="none")
    assert run.scores().validation.scores["f1"] == 0
    said = closing_words(run)
    assert "not shown to be any better than always giving real" in said
    assert "On these texts F1 would be 1.0000 at 0." in said
    assert f"tfnews predict {run.name} FILE --threshold 0." in said
