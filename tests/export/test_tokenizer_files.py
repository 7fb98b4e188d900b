import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from tokenizers import Tokenizer

from tests.models.reduced import PROBES, TEXTS, small
from tests.models.subword_fixture import RECORDED, piece_model, vocabulary
from tfnews.export import tflite, tokenizer_files
from tfnews.export.snippets import classify
from tfnews.models.guards import Guards
from tfnews.models.text.pieces import PieceTokenizer
from tfnews.models.text.wordpiece import WordPieceTokenizer
from tfnews.models.text.words import WordTokenizer

CASES = [case["text"] for case in tokenizer_files.normaliser_vectors(WordTokenizer(["a"]))["cases"]]
SUBWORDS = {
    "WordPiece": lambda: WordPieceTokenizer(vocabulary()),
    "WordPiece, cased": lambda: WordPieceTokenizer(vocabulary(), lowercase=False),
    "with accents": lambda: WordPieceTokenizer(vocabulary(), strip_accents=False),
    "SentencePiece": lambda: PieceTokenizer(piece_model()),
    "SentencePiece, cased": lambda: PieceTokenizer(piece_model(), lowercase=False),
}
WORDS = {
    "words": lambda: WordTokenizer(["harbour", "été"], "words", 1),
    "characters": lambda: WordTokenizer(["harbour", "控", "t"], "characters", 1),
    "lower": lambda: WordTokenizer(["harbour", "été"], "lower", 1),
    "none": lambda: WordTokenizer(["harbour", "été"], "none", 0),
}
MEDIAPIPE = {name: make for name, make in SUBWORDS.items() if "Sentence" not in name} | WORDS


@pytest.mark.parametrize("name", SUBWORDS)
def test_tokenizers_libraries_give_the_same_ids(name):
    tokenizer = SUBWORDS[name]()
    texts = [*CASES, *PROBES, *(line["text"] for line in RECORDED["lines"])]
    theirs = Tokenizer.from_str(json.dumps(tokenizer_files.huggingface(tokenizer)))
    found = [one.ids for one in theirs.encode_batch(texts, add_special_tokens=False)]
    assert found == tokenizer(tf.constant(texts)).to_list()
    framed = theirs.encode("harbour").ids
    assert framed[0] == tokenizer.start_token_id
    assert framed[-1] == tokenizer.end_token_id


@pytest.mark.parametrize("name", MEDIAPIPE)
def test_the_normaliser_in_python_does_as_the_run_does(name):
    vectors = tokenizer_files.normaliser_vectors(MEDIAPIPE[name]())
    for case in vectors["cases"]:
        assert classify.normalise(case["text"], vectors["tokenizer"]) == case["normalised"]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_normaliser_in_javascript_does_as_the_run_does(tmp_path):
    vectors = [tokenizer_files.normaliser_vectors(make()) for make in MEDIAPIPE.values()]
    (tmp_path / "vectors.json").write_text(json.dumps(vectors), "utf-8")
    shutil.copy(tokenizer_files.snippet("normalise.js"), tmp_path / "normalise.mjs")
    program = """
        import { normalise } from "./normalise.mjs";
        import { readFileSync } from "node:fs";
        for (const { tokenizer, cases } of JSON.parse(readFileSync("vectors.json", "utf-8")))
          for (const { text, normalised } of cases) {
            const found = normalise(text, tokenizer);
            if (found !== normalised) throw Error(JSON.stringify([text, normalised, found]));
          }
    """
    (tmp_path / "run.mjs").write_text(program, "utf-8")
    done = subprocess.run(["node", "run.mjs"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


GUARDED = [*CASES, *PROBES, "harbour " * 200, "zzz " * 50, "控制" * 40, "1 2 3"]
GUARDED += ["dan is het aan de raad van de stad om te zeggen wat er moet " * 2]


@pytest.mark.parametrize(
    "fitted", [TEXTS, ["報告港湾事務所発表控制、" * 9] * 3], ids=["words", "characters"]
)
@pytest.mark.parametrize("old", [False, True], ids=["by language", "by vocabulary"])
def test_the_reference_code_refuses_what_the_guards_refuse(fitted, old):
    config = Guards.fit(fitted).get_config()
    guards = Guards(**{**config, "foreign": None if old else config["foreign"]})
    written = json.loads(json.dumps(tokenizer_files.guards_in_words(guards)))
    found = [classify.reason(text, written) for text in GUARDED]
    assert found == [guards.reason(text) for text in GUARDED]
    assert None in found
    cautions = [classify.caution(text, written) for text in GUARDED]
    assert cautions == [guards.caution(text) for text in GUARDED]
    assert any(cautions) != old


def test_a_run_without_guards():
    assert classify.reason("", tokenizer_files.guards_in_words(None)) is None


def test_the_python_snippet_runs_by_itself_beside_the_files(tmp_path):
    classifier = small("word2vec")
    tflite.write(tflite.for_device(classifier), tmp_path)
    text = " ".join(TEXTS[:2])
    done = subprocess.run(
        [sys.executable, "classify.py", text, ""],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    first, empty = (json.loads(line) for line in done.stdout.splitlines())
    np.testing.assert_allclose(
        first["fake_probability"], classifier.probabilities([text]), atol=1e-6
    )
    assert first["label"] == ("rumour" if first["fake_probability"] >= 0.4 else "news")
    assert first["reason"] is None
    assert empty["fake_probability"] is None
    assert empty["reason"].startswith("empty text")


def test_what_lies_beside_a_model(tmp_path):
    tflite.write(tflite.for_device(small("bert-tiny", num_layers=1)), tmp_path, "dynamic")
    assert {path.name for path in tmp_path.iterdir()} == {
        "model.tflite",
        "spec.json",
        "guards.json",
        "tokenizer.json",
        "normalise_vectors.json",
        "classify.py",
        "Classify.kt",
        "Classify.swift",
        "normalise.js",
    }
    spec = json.loads((tmp_path / "spec.json").read_text("utf-8"))
    assert spec["inputs"] == ["ids", "mask", "segment_ids"]
    assert spec["labels"] == ["news", "rumour"]
    assert spec["threshold"] == 0.4
    assert spec["quantization"] == "dynamic"
    assert spec["mediapipe"] == {"raw_text": True, "reason": None}
