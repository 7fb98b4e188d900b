"""Sets on which a fit once came to a useless model that was shown with a score."""

import csv

import numpy as np
import pytest

from tfnews.data.prepare import prepare
from tfnews.errors import DataError, UsageError
from tfnews.evaluation.calibrate import calibrate
from tfnews.models import load
from tfnews.models.family import Material
from tfnews.models.linear.tfidf import solve
from tfnews.models.text.normalise import characters
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
    """Give splits of 200 real texts and 8 fake ones, which are half of words of their own."""
    random = np.random.default_rng(0)
    told = ["shocking", "unbelievable", "secret"]
    rows = []
    for number in range(208):
        words = list(random.choice(COMMON, 30))
        if number < 8:
            words[5:20] = random.choice(told, 15)
        rows.append([" ".join(words), "fake" if number < 8 else "real"])
    return splits(tmp_path_factory.mktemp("imbalanced"), rows)


FITS = {
    "tfidf": {},
    "swivel20": {"weights": "none", "learning_rate": 0.02, "epochs": 12},
    "cnn": {
        "weights": "none",
        "epochs": 8,
        "learning_rate": 0.01,
        "assignments": ["filters=8"],
        "max_tokens": 40,
    },
}


@pytest.mark.parametrize("arch", FITS)
def test_eight_fake_texts_of_208_are_told(imbalanced, tmp_path, arch):
    said = []
    run = fit(imbalanced.path, arch, root=tmp_path, floor=False, say=said.append, **FITS[arch])
    assert run.config.recipe["class_weight"] == "balanced"
    assert any(line.startswith("Both classes weigh the same") for line in said)
    found = run.scores().validation.scores
    assert found["f1"] > 0.6
    assert found["always"]["f1"] == 0
    assert "Always giving real, the commoner class, would score F1 0.0000" in closing_words(run)
    assert "F1 of the fake class, 'fake', 2 of 52 texts" in closing_words(run)


def test_without_weights_the_fake_texts_are_missed_and_that_is_said(imbalanced, tmp_path):
    run = fit(imbalanced.path, root=tmp_path, class_weight="none")
    assert run.scores().validation.scores["f1"] == 0
    said = closing_words(run)
    assert "not shown to be any better than always giving real" in said
    assert "On these texts F1 would be 1.0000 at 0." in said
    command = f"tfnews calibrate {run.name} --method none --threshold f1"
    assert command in said
    calibrate(run, method="none", threshold="f1")  # what is said can be done


# Languages without spaces


def sentences(alphabet, told, seed):
    """Give 60 real and 60 fake texts without a space; those hold three signs in a row."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(120):
        signs = list(random.choice(list(alphabet), 60))
        if number % 2:
            for place in (5, 20, 35, 50):
                signs[place : place + len(told)] = told
        rows.append(["".join(signs) + "。", "fake" if number % 2 else "real"])
    return rows


CHINESE = [chr(0x4E00 + 7 * number) for number in range(200)]
THAI = [f"{chr(0x0E01 + n)}{vowel}" for n in range(40) for vowel in ("", "\u0e34", "\u0e48")]
WRITTEN = {"chinese": (CHINESE, list("震惊了")), "thai": (THAI, ["\u0e01\u0e37", "\u0e02\u0e31"])}


# Thai differs by its marks, of which tests of the rules themselves know.
@pytest.fixture(scope="module", params=["chinese", pytest.param("thai", marks=pytest.mark.slow)])
def unspaced(request, tmp_path_factory):
    return splits(tmp_path_factory.mktemp(request.param), sentences(*WRITTEN[request.param], 0))


SMALL_CNN = ["filters=8", "batch_size=8"]
READERS = {
    "tfidf": ("char", {}),
    "swivel20": (
        "piece",
        {"weights": "none", "learning_rate": 0.01, "epochs": 8, "assignments": ["batch_size=8"]},
    ),
    "cnn": (
        "piece",
        {"weights": "none", "epochs": 8, "learning_rate": 0.01, "assignments": SMALL_CNN},
    ),
    "word2vec": ("char", {"assignments": ["vector_epochs=3"]}),
}
SAID = {
    "char": "Characters are read, not words (analyzer=char)",
    "piece": "Pieces learnt from the training texts are read, not words (analyzer=piece)",
}


@pytest.mark.parametrize(
    "arch",
    [
        pytest.param(arch, marks=[pytest.mark.slow] if arch in ("cnn", "word2vec") else [])
        for arch in READERS
    ],
)
def test_texts_without_spaces_are_read_by_characters_or_pieces(unspaced, tmp_path, arch):
    """Split at spaces, each text was one unknown word, and F1 was 0."""
    said = []
    analyzer, options = READERS[arch]
    run = fit(unspaced.path, arch, root=tmp_path, say=said.append, **options)
    assert run.config.recipe["analyzer"] == analyzer
    assert any(line.startswith(SAID[analyzer]) for line in said)
    found = run.scores().validation.scores
    assert found["f1"] > 0.8 > found["always"]["f1"]
    tokenizer = load(run.path).preprocessor.tokenizer
    assert tokenizer.normalise == {"char": "characters", "piece": "pieces"}[analyzer]
    joined = [word for word in tokenizer.get_vocabulary() if len(characters(word)) > 1]
    assert bool(joined) == (arch != "word2vec")  # of tfidf, pairs


def test_probabilities_of_characters_are_scikit_learns(unspaced, tmp_path):
    run = fit(unspaced.path, root=tmp_path)
    frame = unspaced.frame("train")
    vectorizer, solution = solve(
        Material(frame["combined_text"], frame["label"]), run.config.recipe
    )
    texts = [*unspaced.frame("validation")["combined_text"], "NBA 2019 震惊了 ก่ e\u0301", ""]
    expected = solution.predict_proba(vectorizer.transform(texts))[:, 1]
    np.testing.assert_allclose(load(run.path).probabilities(texts), expected, atol=1e-5)


def test_published_words_do_not_read_texts_without_spaces(unspaced, tmp_path):
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("the 0.1 0.2\nof 0.3 0.4\n")
    with pytest.raises(DataError, match=r"no spaces between words.*word2vec, swivel20 --weights"):
        fit(unspaced.path, "swivel20", weights=str(vectors), root=tmp_path)


def test_a_solved_row_learns_no_pieces(unspaced, tmp_path):
    with pytest.raises(UsageError, match=r"tfidf learns no pieces.*analyzer=piece.*--arch .*cnn"):
        fit(unspaced.path, root=tmp_path, assignments=["analyzer=piece"])


def test_what_a_token_is_can_be_told(unspaced, tmp_path):
    run = fit(unspaced.path, root=tmp_path, assignments=["analyzer=word", "min_df=1"])
    assert run.config.recipe["analyzer"] == "word"
    assert load(run.path).preprocessor.tokenizer.normalise == "words"
