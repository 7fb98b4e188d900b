import json

import numpy as np
import pytest

from tests.models.reduced import PROBES, TEXTS, small
from tfnews.errors import ExportError
from tfnews.export import mediapipe, metadata, tflite, tokenizer_files
from tfnews.export.snippets import classify
from tfnews.models.text.words import WordTokenizer

MEDIAPIPE = ["bert-tiny", "distilbert", "swivel20"]


@pytest.fixture(scope="module", params=MEDIAPIPE)
def written(request, tmp_path_factory):
    """Give a classifier and the folder it was written to."""
    options = {} if request.param == "swivel20" else {"num_layers": 1}
    classifier, folder = small(request.param, **options), tmp_path_factory.mktemp("export")
    tflite.write(tflite.for_device(classifier), folder, name=request.param)
    return classifier, folder


def raw(folder, texts):
    pytest.importorskip("mediapipe.tasks.python.text", reason="mediapipe is not installed")
    content = (folder / tflite.MODEL_FILE).read_bytes()
    return mediapipe.answers(content, texts)


def test_mediapipe_reads_plain_english_from_the_file_alone(written):
    classifier, folder = written
    texts = [*TEXTS[:6], " ".join(TEXTS), "Harbour office, HARBOUR budget."]
    np.testing.assert_allclose(raw(folder, texts), classifier.probabilities(texts), atol=1e-6)


def test_the_normaliser_closes_what_mediapipe_reads_otherwise(written):
    classifier, folder = written
    rule = json.loads((folder / "spec.json").read_text("utf-8"))["tokenizer"]
    texts = [*PROBES, *(case["text"] for case in cases(folder)), "hArBoUr  öffice\u00a0budget"]
    texts = [text for text in texts if text]  # an empty one is for the guards
    expected = classifier.probabilities(texts)
    assert np.abs(raw(folder, texts) - expected).max() > 1e-6
    found = raw(folder, [classify.normalise(text, rule) for text in texts])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def cases(folder):
    return json.loads((folder / tokenizer_files.VECTORS_FILE).read_text("utf-8"))["cases"]


def test_what_is_attached_to_a_file(written):
    classifier, folder = written
    content = (folder / tflite.MODEL_FILE).read_bytes()
    files = metadata.attached(content)
    assert files["labels.txt"] == "news\nrumour\n"
    lines = files["vocab.txt"].splitlines()
    words = classifier.preprocessor.tokenizer.get_vocabulary()
    if isinstance(classifier.preprocessor.tokenizer, WordTokenizer):
        assert lines[:3] == ["<PAD> -1", f"<UNKNOWN> {len(words)}", f"{words[0]} 0"]
    else:
        assert lines == words
    assert content == (folder / tflite.MODEL_FILE).read_bytes()


def test_the_same_model_gives_the_same_file():
    cut = tflite.for_device(small("word2vec"))
    content = tflite.convert(cut, 16)
    about = metadata.describe(cut, "words")
    assert metadata.attach(content, about) == metadata.attach(content, about)


def test_case_variants_of_words():
    tokenizer = WordTokenizer(["vote", "été", "straße", "<PAD>", "<START>", "", "a\nb"], "lower", 1)
    lines, left_out = metadata.word_lines(tokenizer, case_variants=True)
    assert {"Vote 0", "VOTE 0", "Été 1", "ÉTÉ 1", "Straße 2"} < set(lines)
    assert "STRASSE 2" not in lines  # lower-cased it is another word
    assert left_out == ["<PAD>", "<START>", "", "a\nb"]
    assert len(metadata.word_lines(tokenizer, case_variants=False)[0]) == 5
    as_it_is = WordTokenizer(["vote"], "none", 0)
    assert metadata.word_lines(as_it_is, True)[0] == ["<PAD> -1", "<UNKNOWN> -1", "vote 0"]


REFUSED = {
    "tfidf": ({}, "n-grams of up to 2 words"),
    "albert": ({"num_layers": 1}, "SentencePiece"),
    "bert-tiny": ({"num_layers": 1, "long": "windows", "max_tokens": 12}, "windows of all of it"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_rows_whose_raw_text_mediapipe_cannot_read(name):
    options, said = REFUSED[name]
    about = metadata.describe(small(name, **options), name)
    assert said in about.reason
    assert about.vocabulary is None


def test_a_label_of_two_lines_is_refused():
    classifier = small("word2vec")
    classifier.class_names = ("real", "fa\nke")
    with pytest.raises(ExportError, match=r"is one line\. Received: .*fa\\nke"):
        metadata.describe(classifier, "words")
